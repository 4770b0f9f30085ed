"""What is done about one picture in a process that does nothing else (see `apart`)."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from srcsel.base import access
from srcsel.base.errors import PictureError
from srcsel.pictures import bounds, decoder, refused
from srcsel.pictures.decoder import FORMATS, Decoded
from srcsel.pictures.deep import Ranges
from srcsel.pictures.quiet import hush
from srcsel.pictures.reading import opened, read

NO_MEMORY = (
    "The picture is too large for the memory that decoding may take here. Close other programs and"
    " look again, or save a smaller copy."
)

WAITS, GOES_ON = "waits", "goes on"  # answers on the way: about the turn of a large picture

Made = TypeVar("Made")


def look(data: bytes, *, hint: int | None = None, ranges: Ranges | None = None) -> Decoded:
    """Decode the bytes of a picture file, with what was noticed on the way.

    Raises PictureError.
    """
    hush()
    try:
        return decoder.decode(data, hint=hint, ranges=ranges, turn=bounds.turn)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError(NO_MEMORY, lasting=False) from error
    except Exception as error:  # decoders raise anything at all on hostile bytes
        certain = isinstance(error, (decoder.NothingToSee, decoder.TooCostly))
        lasting = certain or not bounds.tight()
        raise PictureError(refused.why(data, error), lasting=lasting) from error


def of_file(
    path: Path,
    digest: str,
    limits: Mapping[str, str],
    function: Callable[..., Made],
    *args: Any,
) -> tuple[Made] | None:
    """Read a picture file and return what `function` makes of its bytes; None where they are not
    those of `digest`, "" = any.

    limits: those of whoever asks (`access.limits`), who may have others by now than this process
    was started with. Raises PictureError.
    """
    access.take(limits)
    with bounds.unlimited():
        data = read(path).data
    if digest and hashlib.sha256(data).hexdigest() != digest:
        return None
    return (function(data, *args),)


def made(
    data: bytes,
    wanted: Mapping[int, Sequence[Callable[[Image.Image], Made]]],
    ranges: Ranges | None = None,
) -> dict[int, list[Made]]:
    """Decode a picture for several hints, and return what each function makes of it, by hint.

    Each gets what it would get alone; hints that decode in the same size share it.
    """
    pictures: dict[tuple[int, int], Image.Image] = {}  # size the file is decoded in -> picture
    found = {}
    for hint, functions in wanted.items():
        size = _decoded_size(data, hint) if len(wanted) > 1 else (0, 0)
        if size not in pictures:
            pictures[size] = look(data, hint=hint, ranges=ranges).picture
        found[hint] = [function(pictures[size]) for function in functions]
    return found


def thumbnail(data: bytes, size: int, ranges: Ranges | None = None) -> bytes:
    """Return a small JPEG whose longest side is at most `size` pixels (never enlarged)."""
    picture = look(data, hint=size, ranges=ranges).picture
    picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def size_of(path: Path) -> tuple[int, int]:
    """Read a picture's width and height in pixels from its first bytes, without decoding it.

    Raises PictureError.
    """
    hush()
    decoder.prepare()
    with opened(path) as file:
        try:
            with Image.open(file, formats=FORMATS) as image:
                return image.size
        except Exception as error:  # decoders raise anything at all on hostile bytes
            raise PictureError(refused.damage(error)) from error


def _decoded_size(data: bytes, hint: int) -> tuple[int, int]:
    """Return the size a file is decoded in for a hint; (0, 0) where decoding will say what is wrong
    with it.
    """
    hush()
    decoder.prepare()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.draft(None, (hint, hint))
            return image.size
    except Exception:  # noqa: BLE001 (decoders raise anything at all on hostile bytes)
        return 0, 0


def serve() -> None:
    """Do what comes in on standard input, one request after the other, until that is closed."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:  # whatever is printed must not be an answer
        os.dup2(nowhere.fileno(), 1)
    bounds.keep(lambda waits: _answer(answers, (WAITS if waits else GOES_ON, None)))
    with contextlib.suppress(EOFError, BrokenPipeError):  # nobody asks, or waits, any more
        _answer(answers, ("ready", None))
        while True:
            _answer(answers, _done(*pickle.load(requests)))


def _answer(answers: Any, answer: tuple[str, Any]) -> None:
    answers.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    answers.flush()


def _done(function: Callable[..., Any], args: Any, kwargs: Any, hurried: bool) -> tuple[str, Any]:
    try:
        with bounds.one_picture(hurried=hurried):
            return "done", function(*args, **kwargs)
    except PictureError as error:
        return "refused", (str(error), error.lasting)
    except MemoryError:
        return "refused", (NO_MEMORY, False)
    except BrokenPipeError:  # it waited, and nobody waits for it any more
        raise
    except Exception as error:  # noqa: BLE001 (it is raised where the answer is waited for)
        return "broken", f"{type(error).__name__}: {error}"
