"""The libraries below Pillow write to the terminal on their own; here they are told not to.

Not by turning standard error away meanwhile: it is the whole process's, and other threads write to
it.
"""

import contextlib
import ctypes
import functools
import logging

from PIL import Image


@functools.cache
def hush() -> None:
    """Take libtiff's voice and keep Pillow's log from falling through to standard error; once."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # whoever wants the log still has it
    lib = _below_pillow()
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        with contextlib.suppress(AttributeError):  # linked in, and out of reach (Windows)
            setter = getattr(lib, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)


def unpacks(compression: int) -> bool:
    """Say whether libtiff was built with what unpacks this TIFF compression; True where unknown."""
    configured = getattr(_below_pillow(), "TIFFIsCODECConfigured", None)
    return configured is None or bool(configured(ctypes.c_uint16(compression)))


@functools.cache
def _below_pillow() -> ctypes.CDLL | None:
    """Open Pillow's own module: names are looked up in the very libraries that it was linked to."""
    with contextlib.suppress(OSError, AttributeError):
        return ctypes.CDLL(Image.core.__file__)
    return None
