"""Starting workers and seeing that they live.

Liveness needs no process ids: a worker holds a lock on its lane's file that the kernel frees
however it ends. A job that runs in a lane whose lock is free has lost its worker.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from srcsel.base import access
from srcsel.base.errors import Cancelled
from srcsel.jobs.base import Table, lane_lock, lock_path

LOST = (
    "The worker stopped unexpectedly (killed or out of memory). What was finished is kept; press"
    " Continue."
)
START_ATTEMPTS = 3
"""After so many workers in a row that ended before they took a job, the waiting jobs are failed,
not retried.
"""

NOT_STARTED = 1
"""Exit status of a Python process that ended with an error outside any job."""

_children: dict[
    str, list[subprocess.Popen[bytes]]
] = {}  # by lane's lock file; kept so that none stays a zombie
_coming: dict[
    str, subprocess.Popen[bytes]
] = {}  # started last and not yet seen to hold the lock, by lane's lock file
_misfires: dict[str, int] = {}  # workers in a row that ended at once, by lane's lock file
_starting = threading.Lock()  # pages run in threads of one process


def tend(folder: Path, table: Table, lane: str, *, start: bool = False) -> None:
    """Fail the job of a lane whose worker is gone, and start one where one is wanted."""
    with _starting:
        _tend(folder, table, lane, start=start)


def _tend(folder: Path, table: Table, lane: str, *, start: bool) -> None:
    from filelock import Timeout

    key = str(lock_path(folder, lane))
    _reap(key)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with lane_lock(folder, lane):  # nobody else can claim in this lane meanwhile
            waiting = _fail_lost(table, lane)
    except Timeout:  # a worker has it
        _coming.pop(key, None)
        return
    coming = _coming.get(key)
    if access.outdated(folder):
        return  # our worker would leave at once; the other server's takes what waits
    if (waiting or start) and (coming is None or coming.poll() is not None):
        _start(folder, table, lane)


def _fail_lost(table: Table, lane: str) -> bool:
    """Fail the job whose worker is gone; return whether another one waits in the lane."""
    with table.open(write=True) as db:
        db.execute(
            "update jobs set state=case cancel when 1 then 'cancelled' else 'failed' end, "
            "error=case cancel when 1 then ? else ? end, ended=?, seconds_left=null "
            "where lane=? and state='running'",
            (str(Cancelled()), LOST, time.time(), lane),
        )
        waiting = db.execute("select 1 from jobs where lane=? and state='queued'", (lane,))
        return waiting.fetchone() is not None


def _start(folder: Path, table: Table, lane: str) -> None:
    """Start a worker, which takes the lane's lock itself before it claims anything.

    Until it has it, this process starts no other; should another process do, the one that comes
    second finds the lane taken and ends.
    """
    key = str(lock_path(folder, lane))
    if _misfires.get(key, 0) >= START_ATTEMPTS:
        _give_up(folder, table, lane)
        _misfires[key] = 0
        return
    log = log_path(folder, f"worker-{lane}")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "srcsel.jobs.worker", str(folder), lane]
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=_environment(folder),
            start_new_session=True,  # so that it survives the server and its Ctrl-C
            creationflags=_creation_flags(),
        )
    _children.setdefault(key, []).append(child)
    _coming[key] = child


def _give_up(folder: Path, table: Table, lane: str) -> None:
    log = log_path(folder, f"worker-{lane}")
    last = (log.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
    error = f"The worker cannot be started ({last}). See {log}, mend it, and press Continue."
    with table.open(write=True) as db:
        db.execute(
            "update jobs set state='failed', error=?, ended=? where lane=? and state='queued'",
            (error, time.time(), lane),
        )


def log_path(folder: Path, name: str) -> Path:
    """Where the log of a job, or of a lane's worker ("worker-compute"), lies."""
    return folder / "logs" / f"{name}.log"


def _reap(key: str) -> None:
    """Let ended workers of this process go, and count those that ended before they could work."""
    for child in list(_children.get(key, ())):
        if child.poll() is None:
            continue
        _children[key].remove(child)
        _misfires[key] = _misfires.get(key, 0) + 1 if child.returncode == NOT_STARTED else 0


def _creation_flags() -> int:
    """Say for Windows what a new session and `os.nice` say elsewhere."""
    if sys.platform != "win32":
        return 0
    return (
        subprocess.CREATE_NEW_PROCESS_GROUP
        | subprocess.DETACHED_PROCESS
        | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    )


def _environment(folder: Path) -> dict[str, str]:
    """Copy the server's environment, with one core left to the server and to whoever uses the
    computer.
    """
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    packages = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [packages, os.environ.get("PYTHONPATH", "")]))
    passed = {name: value for name, value in os.environ.items() if name != "SRCSEL_PASSWORD"}
    return {
        **passed,
        "SRCSEL_HOME": str(folder.parent),
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
    }
