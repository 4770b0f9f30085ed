"""What a person types or pastes for a path: one reading for the pages, the shell, Python and links.

Text is read once (`typed`), links are followed once (`opened`), and that very path is checked and
handed on. `written` is the way back: a text that is read as the same path again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from srcsel.base import access
from srcsel.base.addresses import address_of
from srcsel.base.errors import InputError, MissingPathError
from srcsel.base.phrases import cut, whole_path

NAMED = ("demo:", "public:")  # references that are no paths
BELOW = "*"  # as the last part of a path: the classes are the folders below those of the path
LONGEST_NAME = 255  # bytes of a file's name, on every usual disk
LONGEST_PATH = 4096  # bytes of a whole path that a system takes

_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\ufeff"  # come along with pasting
_QUOTES = "\"'`“”„‟‘’‚«»‹›"
_URL = re.compile(r"file:(?=/)", re.IGNORECASE)
_STARRED = re.compile(r"[/\\]+\*[/\\]*$")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def clean(text: str) -> str:
    """Return `text` without the blanks, unseen letters and quotes around it."""
    text = _bare(text)
    while text[:1] and text[0] in _QUOTES:
        text = text[1:]
        text = _bare(text[:-1] if text[-1:] and text[-1] in _QUOTES else text)
    return text


def named(text: str) -> str | None:
    """Return "demo:NAME" or "public:NAME" where the text says so, None where it means a path."""
    text = clean(text)
    return text if text.startswith(NAMED) else None


def typed(text: str) -> Path:
    """Return the absolute path that a text means; links and ".." stay as they are.

    Quotes, blanks, `~` and file:// addresses with their escapes are read; a relative path begins
    where the program was started. Raises InputError for what can be no path of this computer.
    """
    text = clean(text)
    if address_of(text) is not None:
        raise InputError(
            f"{whole_path(text)} is an address of a store, and here a path of this computer is"
            " needed."
        )
    if not text:
        raise InputError(
            "No folder was chosen. Give the path of a folder with one sub-folder per class."
        )
    if os.name != "nt" and _WINDOWS.match(text):
        raise InputError(
            f"{whole_path(text)} is a path of a Windows computer, and this one is none. Give the"
            " path as this computer names it, with / between the folders."
        )
    if _URL.match(text):
        text = _of_address(text)
    try:
        path = Path(text).expanduser().absolute()
    except (RuntimeError, ValueError) as error:  # a home folder nobody has
        said = f"I cannot open {whole_path(text)}: {error} Copy the path again."
        raise InputError(said) from error
    _require_possible(path)
    return path


def opened(text: str, *, model: bool = False) -> Path:
    """Return the path that a text means with all links followed, where it exists and may be opened.

    `model`: it is to be a model file. Raises InputError, MissingPathError where there is nothing.
    """
    path = typed(text)
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        access.require(_as_far_as_it_goes(path), model=model)  # before a word about what is there
        raise MissingPathError(path) from error
    access.require(real, model=model)
    return real


def written(path: Path) -> str:
    """Return a text that `typed` reads as this very path."""
    text = str(path)
    return text if clean(text) == text else text + os.sep


def starred(ref: str) -> tuple[str, int]:
    """Take `/*` off the end of a reference; return the rest and how often it stood there.

    A folder that is really called `*` keeps its name. Raises InputError as `typed`.
    """
    rest, depth = clean(ref), 0
    while _STARRED.search(rest) and (address_of(rest) is not None or not typed(rest).exists()):
        rest, depth = _STARRED.sub("", rest) or os.sep, depth + 1
    return rest, depth


def lasting(ref: str) -> str:
    """Return a reference that means the same from everywhere: names as they are, paths absolute and
    with all links followed. What is not there stays as it was typed.

    Raises InputError as `opened`, but for what is missing.
    """
    if (name := named(ref)) is not None:
        return name
    rest, depth = starred(ref)
    if (address := address_of(rest)) is not None:
        access.require_address(address)
        return f"{address}{'/*' * depth}"
    try:
        return str(Path(written(opened(rest)), *[BELOW] * depth)) if depth else written(opened(ref))
    except MissingPathError:
        return ref


def _bare(text: str) -> str:
    before = None
    while before != text:
        before, text = text, text.strip().strip(_UNSEEN)
    return text


def _of_address(text: str) -> str:
    """Return the path of a file: address."""
    try:
        parts = urlsplit(_URL.sub("file:", text.replace("?", "%3F").replace("#", "%23")))
        host = (parts.hostname or "").lower()
        path = os.fsdecode(unquote_to_bytes(parts.path))
    except ValueError as error:
        raise InputError(
            f"{whole_path(text)} is no address of a file. Copy the path itself: /home/me/leaves."
        ) from error
    if os.name == "nt":
        return f"//{host}{path}" if host not in ("", "localhost") else path.lstrip("/")
    if host not in ("", "localhost"):
        raise InputError(
            f"{whole_path(text)} lies on another computer, {cut(host)}. Give a path of this one:"
            " file:/// with three strokes, or the path itself."
        )
    return path


def _require_possible(path: Path) -> None:
    try:
        longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
        whole = len(os.fsencode(path))
    except UnicodeEncodeError as error:
        raise InputError(
            "This is no path: it has letters that no file's name can have. Copy the path again."
        ) from error
    if "\0" in str(path) or longest > LONGEST_NAME or whole > LONGEST_PATH:
        raise InputError(
            "This is no path: a name in it is too long or cannot be one. Copy the path again."
        )


def _as_far_as_it_goes(path: Path) -> Path:
    """Follow the links of what exists of a path, for a check; never raises."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return _as_far_as_it_goes(path.parent)
