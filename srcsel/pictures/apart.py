"""Decoding in processes of its own, with a bound on time and memory, that can be ended.

A decoder of other people's files may take hours, all memory, or the whole process with it, and a
thread cannot be stopped. So every file is decoded in one of a few processes that stay for the next
ones: a process for each picture would cost more than the picture. What they do is in `decoding`.

Own, and not a pool of a library: those of `multiprocessing` (pebble's too) run the caller's script
a second time in each process, which `srcsel.rank` in a plain script does not survive, or fork a
server full of threads; joblib's cannot end one process. Here a process reads what to do from its
standard input, and whatever it prints goes nowhere.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import pickle
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from srcsel.base import children
from srcsel.base.errors import PictureError
from srcsel.pictures.decoding import GOES_ON, WAITS

MOST = 8  # processes at most, and no more than there are cores
WAIT = 120.0  # seconds after which a process is ended, also where the computer is busy
MOMENT = 10.0  # the same, for what somebody waits for; `bounds` has that of a processor
IDLE = 60.0  # seconds after which a process that has nothing to do goes
LOOK = 1.0  # seconds between two looks at the clock
PIPE = 1 << 20  # bytes that a pipe holds, where that can be chosen: fewer turns for the same file

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc gives a picture's memory back after each one otherwise, and asks for it again: decoding
    # takes a fifth less time, which is more than handing pictures over costs
    "MALLOC_MMAP_THRESHOLD_": str(8 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}

TOO_SLOW = "Decoding it takes too long: it is damaged, or made to. Save it anew as JPEG or PNG."
BUSY = (
    "Decoding it was stopped after {:.0f} seconds, as the computer is busy. Look again when it is"
    " less so."
)
ENDED = (
    "The process that decoded it was ended, most likely as memory was short. Close other programs,"
    " and look again."
)
CRASHED = "The library that decodes it broke over this file. Save it anew as JPEG or PNG."
NOT_STARTED = "No process could be started to decode pictures ({}). Close other programs."

_CRASHES = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT")

Given = ParamSpec("Given")
Made = TypeVar("Made")


def call(function: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """Return what `function`, found by its name, makes of what can be pickled, in another process.

    Waits while all are at work. Raises PictureError, also where the process had to be ended;
    `lasting` says whether the file itself is why.
    """
    return _pool.call(function, args, kwargs)


def hurried(function: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
    """As `call`, for a moment only: what takes longer raises PictureError, not lasting."""
    return _pool.call(function, args, kwargs, hurried=True)


def end() -> None:
    """End all processes, whatever they do; the next call starts new ones."""
    _pool.end()


class _EndedError(PictureError):
    """Somebody else ended the process, as a system does that runs out of memory."""


class _Process:
    """One process that decodes, and what ends it."""

    def __init__(self) -> None:
        self._popen, asked, answered = children.start(
            "srcsel.pictures.decoding",
            ENVIRONMENT,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            pipesize=PIPE,
        )
        self._pipes = asked, answered
        self._turn = threading.Lock()
        self._since: float | None = time.monotonic()  # when it was taken; None = it waits
        self._last = time.monotonic()
        self._overdue = self._ready = self._hurried = self.gone = False

    def ask(
        self, function: Callable[..., Any], args: Any, kwargs: Any, *, hurried: bool
    ) -> tuple[str, Any]:
        """Return its answer. Raises PictureError where it ends without one, and is `gone` then."""
        requests, answers = self._pipes
        request = function, args, kwargs, hurried
        self._hurried = hurried
        try:
            if not self._ready:
                pickle.load(answers)
                with self._turn:  # to start takes no time of the picture's
                    self._ready, self._since = True, time.monotonic()
            # in one piece: `pickle.dump` writes several, each of which may wake the other side
            requests.write(pickle.dumps(request, pickle.HIGHEST_PROTOCOL))
            requests.flush()
            while (answer := pickle.load(answers))[0] in (WAITS, GOES_ON):
                with self._turn:  # to wait for a turn takes no time
                    self._since = math.inf if answer[0] == WAITS else time.monotonic()
            return answer
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._why() from error
        except BaseException:
            self.end()  # an answer may be half read
            raise
        finally:
            with self._turn:
                self._since, self._last = None, time.monotonic()

    def tick(self) -> None:
        """End it where it is overdue, or has had nothing to do for long."""
        with self._turn:
            now = time.monotonic()
            if self._since is None:
                idle = now - self._last > IDLE
                self.gone = self.gone or idle  # nobody may take it between here and its end
            elif now - self._since > (MOMENT if self._hurried and self._ready else WAIT):
                self._overdue, idle = True, False
                self._popen.kill()
            else:
                return
        if idle:
            self.end()

    def take(self) -> bool:
        """Reserve it for a request; False where it is gone, or ended by itself."""
        with self._turn:
            self._since = time.monotonic()
            if not self.gone and self._popen.poll() is None:
                return True
        self.end()
        return False

    def end(self) -> None:
        """End it, whatever it does."""
        self.gone = True
        self._popen.kill()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):  # what was not written yet cannot be
                pipe.close()
        self._popen.wait()

    def _why(self) -> PictureError:
        """End what is left of a process that gave no answer, and say why it gave none."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(LOOK)
        code = self._popen.poll()
        self.end()
        if self._overdue:
            return PictureError(BUSY.format(MOMENT if self._hurried else WAIT), lasting=False)
        if not self._ready:
            return PictureError(NOT_STARTED.format(f"it ended with {code}"), lasting=False)
        name = _signal(code)
        if name == "SIGXCPU":
            return PictureError(TOO_SLOW, lasting=not self._hurried)
        return PictureError(CRASHED) if name in _CRASHES else _EndedError(ENDED, lasting=False)


def _signal(code: int | None) -> str:
    """Return the name of the signal that ended a process, "" where none did."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-(code or 0)).name
    return ""


class _Pool:
    """A few processes, started when they are needed."""

    def __init__(self) -> None:
        self._free: queue.LifoQueue[_Process | None] = queue.LifoQueue()  # None = not started
        self._all: set[_Process] = set()
        self._clock: threading.Thread | None = None
        self._turn = threading.Lock()
        for _ in range(min(MOST, os.cpu_count() or 1)):
            self._free.put(None)

    def call(
        self, function: Callable[..., Made], args: Any, kwargs: Any, *, hurried: bool = False
    ) -> Made:
        """Call it; where the process was ended by somebody else, once more in another."""
        try:
            return self._once(function, args, kwargs, hurried=hurried)
        except _EndedError:
            return self._once(function, args, kwargs, hurried=hurried)

    def _once(
        self, function: Callable[..., Made], args: Any, kwargs: Any, *, hurried: bool
    ) -> Made:
        process = self._free.get()
        try:
            if process is not None and not process.take():
                self._all.discard(process)
                process = None
            process = process or self._started()
            kind, value = process.ask(function, args, kwargs, hurried=hurried)
        finally:
            if process is not None and process.gone:
                self._all.discard(process)
                process = None
            self._free.put(process)
        if kind == "refused":
            reason, lasting = value
            raise PictureError(reason, lasting=lasting)
        if kind == "broken":
            raise RuntimeError(f"The process that decodes pictures failed: {value}")
        return value

    def end(self) -> None:
        """End all processes; the next call starts new ones."""
        for process in list(self._all):
            process.end()

    def _started(self) -> _Process:
        try:
            process = _Process()
        except OSError as error:
            raise PictureError(NOT_STARTED.format(error.strerror), lasting=False) from error
        with self._turn:
            self._all.add(process)
            if self._clock is None:
                self._clock = threading.Thread(target=self._tick, daemon=True)
                self._clock.start()
        return process

    def _tick(self) -> None:
        while True:
            time.sleep(LOOK)
            for process in list(self._all):
                process.tick()


_pool = _Pool()
atexit.register(end)


def _forget() -> None:
    """Leave the processes to the one that forked us: two must not talk to the same."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
