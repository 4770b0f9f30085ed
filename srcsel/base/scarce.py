"""Whether an error says that memory was short, however it is said, and the sentence for it."""

from __future__ import annotations

import errno

from srcsel.base.errors import ModelError

NOT_ENOUGH = (
    "There was not enough memory. What was finished is kept. Close other programs, choose smaller"
    " models, or raise the limit that was set (ulimit -v, a container's), and start again."
)
ADDRESSES = 8 * 10**9
"""Bytes of addresses that torch, OpenVINO and their threads reserve together; 4 to 5 GB hung."""
SAID = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate",
    "not enough memory",
    "unable to allocate",
    "alloc_cpu",
    "bad_alloc",
    "can't start new thread",
    "failed to map segment",
    "resource temporarily unavailable",
)
"""How torch, OpenVINO, OpenBLAS and the system's loader say it; they raise plain RuntimeErrors and
ImportErrors."""
LOST = ("cuda error", "cuda driver", "cudnn", "cublas", "no cuda gpus", "hip error", "mps backend")
"""How torch says that a graphics card failed."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Tell whether a device or the computer had too little memory; what caused it counts too."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.EAGAIN):
            return True
        text = str(error).lower()
        if isinstance(error, (RuntimeError, ImportError, OSError)) and any(w in text for w in SAID):
            return True
        error = error.__cause__ or error.__context__
    return False


def require_addresses() -> None:
    """Raise ModelError where a limit (ulimit -v) leaves too few addresses to run networks.

    They would not fail in words: starting a thread may then wait for ever, or a library end the
    process.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most not in (resource.RLIM_INFINITY, -1) and most < ADDRESSES:
        raise ModelError(
            f"This process may use {most / 1e9:.1f} GB of addresses (ulimit -v), and running"
            f" networks takes {ADDRESSES / 1e9:.0f} GB, most of which is never filled. Raise the"
            " limit, for example with ulimit -v unlimited, and start again."
        )


def is_lost(error: BaseException) -> bool:
    """Tell whether a graphics card failed, or is gone, for another reason than its memory."""
    text = str(error).lower()
    failed = isinstance(error, RuntimeError) and any(words in text for words in LOST)
    return failed and not is_out_of_memory(error)
