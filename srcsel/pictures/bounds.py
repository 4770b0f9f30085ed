"""How much time and memory the decoding of one picture may take, kept by the system.

Every picture may take SECONDS and MEMORY, and a little of both for each pixel that its header
speaks of: so a small file that never ends is found out soon. Large pictures take turns with those
of all processes that share a work folder, so that their memory does not add up; waiting for a turn
is told to whoever asked, and is no time of the picture's. What somebody waits for in front of a
page may take MOMENT seconds, and no turn: it comes later.

Nothing is limited before `keep`, which a process calls that does nothing but decode. On Windows no
such limits exist, and on macOS none for memory: there `apart` watches the clock alone.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from srcsel.base.errors import PictureError
from srcsel.base.settings import load_settings
from srcsel.pictures.decoder import LARGE

try:
    import resource
except ImportError:  # Windows
    resource = None

SECONDS = 10.0  # of a processor, for any picture
SECONDS_A_PIXEL = 2e-7  # 40 s more for the largest
MEMORY = 512 * 2**20  # bytes beside the file, for any picture
BYTES_A_PIXEL = 40  # 8 GB more for the largest, but never more than half of the computer has
MOMENT = 2.0  # seconds of a processor, for what somebody waits for
PATIENCE = 1800.0  # seconds to wait for a turn; each of those before takes two minutes at most
HEARD = 5.0  # seconds between two words that it is still waited: so it ends where nobody hears them

NO_TURN = "Other large pictures are being decoded just now. Look again in a few minutes."
NOT_AT_ONCE = "It takes longer than a moment."

_kept = _tight = _hurried = False
_tell: Callable[[bool], object] = bool  # nobody hears it
_used = 0  # bytes of addresses in use before this picture
_statm: int | None = None  # where Linux says so, kept open


def keep(tell: Callable[[bool], object]) -> None:
    """Limit this process from now on; `tell` hears that a picture waits for its turn, and that it
    waits no more.
    """
    global _kept, _statm, _tell
    _tell = tell
    if resource is not None:
        _kept = True
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError):
            _statm = os.open("/proc/self/statm", os.O_RDONLY)


@contextlib.contextmanager
def one_picture(*, hurried: bool = False) -> Iterator[None]:
    """Limit what is done inside, which is about one picture; `hurried`: somebody waits for it."""
    global _used, _hurried
    _hurried = hurried
    if not _kept or resource is None:
        yield
        return
    _used = _addresses()
    _allow(0)
    try:
        yield
    finally:  # the next file is read without them
        _limit(resource.RLIMIT_AS, None)
        _limit(resource.RLIMIT_CPU, None)


@contextlib.contextmanager
def unlimited() -> Iterator[None]:
    """Lift the limit of memory inside, where a file is read: the picture's is beside the file."""
    global _used
    if not _kept or resource is None:
        yield
        return
    _limit(resource.RLIMIT_AS, None)
    yield
    _used = _addresses()
    _allow(0)


@contextlib.contextmanager
def turn(pixels: int) -> Iterator[None]:
    """Decode a picture inside that holds so many pixels in memory, when its turn comes.

    Raises PictureError where that takes too long.
    """
    if _hurried and pixels > LARGE:
        raise PictureError(NOT_AT_ONCE, lasting=False)
    _allow(pixels)
    if pixels <= LARGE:
        yield
        return
    lock = FileLock(_lock_file())
    try:
        _await(lock)
    except OSError:  # a work folder that cannot be written, which others will say
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _await(lock: FileLock) -> None:
    """Acquire a lock. Raises PictureError where it is not free for long, OSError."""
    with contextlib.suppress(Timeout):
        lock.acquire(timeout=0)
        return
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        _tell(True)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=HEARD)
            _tell(False)
            return
    raise PictureError(NO_TURN, lasting=False)


def tight() -> bool:
    """Tell whether this picture had less memory than any picture of its size may take, so that it
    may have failed for that alone.
    """
    return _tight


def _allow(pixels: int) -> None:
    global _tight
    if not _kept or resource is None:
        return
    seconds = time.process_time() + (MOMENT if _hurried else SECONDS + SECONDS_A_PIXEL * pixels)
    _limit(resource.RLIMIT_CPU, math.ceil(seconds))
    wanted = MEMORY + BYTES_A_PIXEL * pixels
    granted = min(wanted, max(MEMORY, _half_of_all()))
    fits = not _used or _limit(resource.RLIMIT_AS, _used + granted)
    _tight = bool(_used) and (granted < wanted or not fits)


def _limit(kind: int, value: int | None) -> bool:
    """Set a limit that can be raised again, None = none; False where only less is allowed."""
    assert resource is not None
    _, most = resource.getrlimit(kind)
    free = most == resource.RLIM_INFINITY
    fits = free or (value is not None and value <= most)
    with contextlib.suppress(OSError, ValueError):  # a system that keeps no such limit
        resource.setrlimit(kind, (most if value is None or not fits else value, most))
    return fits


def _addresses() -> int:
    """Return the bytes of addresses this process uses, as RLIMIT_AS counts them; 0 = unknown."""
    if _statm is None:
        return 0
    return int(os.pread(_statm, 64, 0).split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _half_of_all() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _lock_file() -> Path:
    folder = load_settings().home
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / "large.lock"
