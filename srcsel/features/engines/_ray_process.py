"""The process that talks to Ray, from outside: it joins, asks, and says what goes wrong."""

from __future__ import annotations

import contextlib
import pickle
import queue
import re
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from srcsel.base import children
from srcsel.base.errors import EngineError, InputError
from srcsel.features.engines._ray_driver import LEAVING, Order, Rows

LOOK = 0.5  # seconds between two looks at the stop button
PROBE = 5.0  # seconds between two looks whether the head still answers
PATIENCE = 5.0  # seconds in which a head has to answer at all
AHEAD = 8  # answers that wait to be stored, so that Ray waits for a slow disk
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray reports its use over the internet otherwise
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",  # after which a head is gone
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}
_VERSIONS = re.compile(
    r"Ray:\s*(?P<their_ray>\S+)\s+Python:\s*(?P<their_python>\S+)\s.*?"
    r"Ray:\s*(?P<our_ray>\S+)\s+Python:\s*(?P<our_python>\S+)",
    re.DOTALL,
)
_PLACE = re.compile(r"^\[[^\]]*\]\s*(\([^)]*\)\s*)?(\S+:\d+:\s*)?")
SILENT = (
    "No Ray answers at {} ({}). Start one there (ray start --head), check the address, or leave it"
    " away: then a Ray is started on this computer."
)
REFUSED = (
    "The Ray at {} cannot be used: {}. This computer has to be one of its own (ray start"
    " --address=...). Or let this computer alone do the work."
)
UNSTARTED = (
    "Ray could not be started on this computer: {}. Start again when the computer is less busy, or"
    " let this computer do the work without Ray."
)
OTHER = (
    "The Ray at {} is version {their_ray} with Python {their_python}, and here it is {our_ray} with"
    " Python {our_python}. Install the same versions on all computers of the cluster."
)
GONE = (
    "The Ray {} is gone: its head, or the way to it, ended in the middle of the work. What was"
    " finished is kept. Start Ray again and continue, or let this computer do the work."
)


def require_answer(address: str) -> None:
    """Raise InputError where nothing answers at HOST:PORT."""
    try:
        _probe(address)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(SILENT.format(address, why)) from error


class Driver:
    """The process that talks to Ray."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._folder = tempfile.TemporaryDirectory(prefix="srcsel-ray-", ignore_cleanup_errors=True)
        self._popen, asked, answered = children.start(
            "srcsel.features.engines._ray_driver", ENVIRONMENT, stderr=self._log
        )
        self._pipes = asked, answered
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue(AHEAD)
        self._reader = threading.Thread(target=self._read, args=(self._pipes[1],), daemon=True)
        self._reader.start()

    def join(self, address: str) -> dict[str, Any]:
        """Have it join; return what Ray offers. Raises InputError."""
        self._ask("join", (address, self._folder.name))
        kind, value = self._answers.get()
        if kind == "joined":
            return value
        what = value[0] if kind == "broken" else self._last_words()
        found = _VERSIONS.search(what)
        if found is not None and "ersion" in what:
            raise InputError(OTHER.format(address, **found.groupdict()))
        if _is_gone(address):
            raise InputError(SILENT.format(address, "it ended while it was joined"))
        why = _first_sentence(what)
        raise InputError(REFUSED.format(address, why) if address else UNSTARTED.format(why))

    def stream(self, order: Order, address: str, where: str, look: Any) -> Iterator[Rows]:
        """Yield the rows that Ray hands over; `look` is called while there are none.

        Raises InputError for a picture that went bad, EngineError where Ray is gone or failed.
        """
        self._ask("stream", order)
        probed = time.monotonic()
        while True:
            try:
                kind, value = self._answers.get(timeout=LOOK)
            except queue.Empty:
                look()
                if address and time.monotonic() - probed > PROBE:
                    self._require_head(address, where)
                    probed = time.monotonic()
                continue
            if kind == "rows":
                yield value
            elif kind == "end":
                return
            elif kind == "refused":
                raise InputError(value)
            elif kind == "gone" or _is_gone(address):
                raise EngineError(GONE.format(where))
            else:
                raise EngineError(
                    f"Ray could not do the work ({value[0].splitlines()[0][:300]}). What was"
                    " finished is kept. Start again, or let this computer do the work."
                )

    def end(self) -> None:
        """End it, whatever it does, and the Ray that it started."""
        with contextlib.suppress(OSError):
            self._pipes[0].close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(LEAVING + LOOK)
        self._popen.kill()
        self._popen.wait()
        while self._reader.is_alive():  # it may wait for room
            with contextlib.suppress(queue.Empty):
                self._answers.get(timeout=0.05)
        for pipe in self._pipes:
            with contextlib.suppress(OSError):
                pipe.close()
        self._log.close()
        self._folder.cleanup()

    def _ask(self, kind: str, value: Any) -> None:
        with contextlib.suppress(OSError):  # it ended: its answer says so
            self._pipes[0].write(pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL))
            self._pipes[0].flush()

    def _read(self, answers: BinaryIO) -> None:
        try:
            while True:
                self._answers.put(pickle.load(answers))
        except (EOFError, OSError, pickle.UnpicklingError):
            self._answers.put(("gone", ("it ended", "")))

    def _require_head(self, address: str, where: str) -> None:
        if _is_gone(address):
            raise EngineError(GONE.format(where))

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-4000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "without a word"


def _probe(address: str) -> None:
    """Raise OSError or ValueError where nothing answers."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        pass


def _first_sentence(said: str) -> str:
    """Return what Ray or its log says first, without the time and place that a log begins with."""
    line = _PLACE.sub("", said.strip()).splitlines()[0]
    return re.split(r"\. +(?=[A-Z])", line)[0][:300].rstrip(".")


def _is_gone(address: str) -> bool:
    if not address:
        return False
    try:
        _probe(address)
    except OSError:
        return True
    return False
