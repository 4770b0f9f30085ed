"""Corrections that a person is making to the pictures of a run, kept until they are wanted.

<a folder of the run>/<hash of the person>.json     what holds now, and what held before each change
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.records import Corrections
from srcsel.store import files
from srcsel.store.serialize import from_plain, to_plain

CHANGES = 20  # that can be undone
HELD = 100_000  # pictures named in all of them together, at most


@dataclass(frozen=True)
class Draft:
    """Corrections as they are now, and as they were before each change, the last change last."""

    now: Corrections
    past: tuple[Corrections, ...] = ()


def read(place: Path, person: str, start: Corrections) -> Draft:
    """Return what this person corrects; `start` where nothing is kept, or what is kept is
    damaged.
    """
    with contextlib.suppress(OSError, files.DamagedFileError, *files.NOT_SO):
        return from_plain(Draft, files.read_json(_path(place, person)))
    return Draft(start)


def change(place: Path, person: str, draft: Draft, new: Corrections) -> Draft:
    """Keep `new` as what holds now; `undo` goes back. Raises StoreError."""
    if new == draft.now:
        return draft
    past, room = [draft.now, *reversed(draft.past)][:CHANGES], HELD
    for kept, one in enumerate(past):
        room -= len(one.left_out) + len(one.relabeled)
        if room < 0:
            past = past[: max(kept, 1)]
            break
    return _kept(place, person, Draft(new, tuple(reversed(past))))


def undo(place: Path, person: str, draft: Draft) -> Draft:
    """Keep what held before the last change. Raises StoreError."""
    if not draft.past:
        return draft
    return _kept(place, person, Draft(draft.past[-1], draft.past[:-1]))


def _kept(place: Path, person: str, draft: Draft) -> Draft:
    files.write_json(_path(place, person), to_plain(draft))
    return draft


def _path(place: Path, person: str) -> Path:
    return place / f"{files.text_hash(person)}.json"
