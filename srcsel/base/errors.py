"""Every error srcsel raises on purpose. Each message says what happened, why, and what to do.

SrcselError
├── InputError            what was handed in cannot be used (shell exit status 2)
│   ├── UnknownNameError  a name that is not registered; lists the nearest ones
│   ├── MissingPathError  a path that leads to nothing
│   ├── FeatureError      features or labels of the wrong shape, type or content
│   ├── QuotaError        more than one person, or all together, may take of a shared computer
│   └── PictureError      one picture cannot be read
├── ModelError            a source model cannot be loaded or run
│   └── DownloadError     its weights, or a public dataset, cannot be fetched
├── EngineError           what carries out a run, such as a Ray, is gone or failed meanwhile
├── NotAvailable          a measure does not apply here ("n/a"), with the reason
├── StoreError            the work folder cannot be read or written
└── Cancelled             the person asked to stop; what was finished is kept
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from srcsel.base.phrases import bare, cut, spoken, whole_path

NEAR = 0.55  # of `difflib`'s ratio, from which a name is near another
FEW = 12  # names that are listed where none is near


class SrcselError(Exception):
    """Base of all errors below; `str(error)` is written for the person in front of the page."""


class InputError(SrcselError):
    """What was handed in cannot be used."""


def _near(name: str, names: list[str]) -> list[str]:
    """Return at most three names that may be meant: first those that hold it."""
    asked = {bare(name), bare(name.rpartition("/")[2])} - {""}
    own = {known: bare(known) for known in names}
    holding = [n for n, one in own.items() if one and any(a in one for a in asked if len(a) > 2)]
    best = sorted(holding, key=lambda n: len(own[n]))[:3]
    if best:
        return best
    close = difflib.get_close_matches(bare(name), own.values(), n=3, cutoff=NEAR)
    return [next(n for n, one in own.items() if one == c) for c in dict.fromkeys(close)]


class UnknownNameError(InputError):
    """A name that is not registered. The message lists the nearest registered names."""

    def __init__(self, what: str, name: str, known: Iterable[str], search: str = "") -> None:
        """Name what was looked for: `what` is its kind ("measure"), `name` what was asked, `known`
        what exists; search: how to find one, where none is near.
        """
        names = sorted(known)
        near = _near(name, names)
        hint = f" Did you mean {' or '.join(map(cut, near))}?" if near else ""
        if names and not near:
            few = f"Known: {', '.join(map(cut, names))}."
            many = spoken(f"None of {len(names):,} is called like it.", search)
            hint = f" {few if len(names) <= FEW else many}"
        super().__init__(f"There is no {what} named '{cut(name)}'.{hint}")
        self.name = name


class MissingPathError(InputError):
    """A path that leads to nothing; `path` is what was looked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"I cannot open {whole_path(path)}: there is no such file or folder.")
        self.path = path


class FeatureError(InputError):
    """Features or labels of the wrong shape, type or content."""


class QuotaError(InputError):
    """More than one person, or all together, may take; says whose limit it is and what to do."""


class PictureError(InputError):
    """One picture cannot be read; the message is the reason, without the path.

    lasting: whether the file itself is why. Otherwise time or memory was short, and it may be read
    another time: that must not be remembered.
    """

    def __init__(self, reason: str, *, lasting: bool = True) -> None:
        super().__init__(reason)
        self.lasting = lasting


class ModelError(SrcselError):
    """A source model cannot be loaded or run."""


class DownloadError(ModelError):
    """Weights or a public dataset cannot be fetched: offline, gated, unknown, or the disk is
    full.
    """


class EngineError(SrcselError):
    """What carries out a run is gone or failed in the middle of it; finished work is kept."""


class NotAvailable(SrcselError):
    """A measure does not apply to this input; shown as "n/a" with this reason, never ranked."""


class StoreError(SrcselError):
    """The work folder cannot be read or written."""


class Cancelled(SrcselError):
    """The person asked to stop. Everything finished so far is stored."""

    def __init__(
        self, message: str = "Stopped. What was finished is kept; Continue goes on from there."
    ) -> None:
        """Keep one wording for every place that stops."""
        super().__init__(message)
