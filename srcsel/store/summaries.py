"""What History shows of each run, without reading its answer."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from srcsel.base.records import Result, VerdictCause, VerdictKind
from srcsel.store import files
from srcsel.store.serialize import from_plain


@dataclass(frozen=True)
class RunSummary:
    """One line of History."""

    id: str
    title: str
    created: str  # ISO 8601, UTC
    ref: str
    name: str  # of the dataset
    images: int
    classes: int
    winner_title: str  # "" where nothing was scored yet
    kind: VerdictKind
    models: int
    complete: bool
    race: bool = False  # a fast answer
    example: bool = False  # shipped with srcsel, read-only
    cause: VerdictCause = ""  # of "cannot tell"
    person: str = ""  # as of the Run
    measured: bool = False  # the answer is what training the close models came to
    winner: str = ""  # id; "" also where an earlier version stored the run


def summary_of(result: Result) -> RunSummary:
    """Make the line of a result."""
    titles = {model.id: model.title for model in result.models}
    winner = result.verdict.winner or ""
    return RunSummary(
        id=result.run.id,
        title=result.run.title,
        created=result.run.created,
        ref=result.run.ref,
        name=result.dataset.name,
        images=len(result.dataset.paths),
        classes=len(result.dataset.classes),
        winner_title=titles.get(winner, winner),
        winner=winner,
        kind=result.verdict.kind,
        models=len(result.models),
        complete=result.complete,
        race=result.run.race,
        cause=result.verdict.cause,
        person=result.run.person,
        measured=bool(result.verdict.measured),
    )


def summaries(root: Path, notes: list[str], *, example: bool) -> list[RunSummary]:
    """Read the lines of all runs in a folder, newest first; what is damaged is told in `notes`."""
    found = []
    for path in sorted(root.glob("*/run.json"), reverse=True):
        try:
            summary = from_plain(RunSummary, files.read_json(path)["summary"])
            _same(summary.id, path.parent.name)
        except (files.DamagedFileError, FileNotFoundError, *files.NOT_SO):
            notes.append(
                f"The stored run {path.parent.name} is damaged and is left out of the list."
            )
            continue
        found.append(dataclasses.replace(summary, example=example))
    return sorted(found, key=lambda summary: (summary.created, summary.id), reverse=True)


def _same(found: str, expected: str) -> None:
    """Raise ValueError where a file says that it is another's."""
    if found != expected:
        raise ValueError(f"Expected {expected}, got {found}.")
