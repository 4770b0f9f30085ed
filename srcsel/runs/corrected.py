"""What a run corrects: in which pictures, and in which stored run."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from srcsel.base.errors import SrcselError
from srcsel.base.phrases import count, plain
from srcsel.base.records import Before, Corrections, Dataset, Result, Run
from srcsel.base.settings import Settings
from srcsel.base.watch import Unsaid, Watch
from srcsel.pictures.corrections import require_there, without_idle
from srcsel.pictures.dataset import list_pictures, uncorrected
from srcsel.runs.settled import with_settled
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain
from srcsel.verdict.correction import asks_the_same, kept

_COUNTED = re.compile(r"(,? (without [\d,]+ pictures?|with [\d,]+ new labels?))+$")
"""What the title of a corrected run ends in."""


def correction_of(result: Result, known: Corrections) -> Run:
    """Ask the same of a run's pictures with all these corrections, as a run of its own."""
    run = result.run
    name = _COUNTED.sub("", run.title) or plain(result.dataset.name)
    counts = (
        f" without {count(len(known.left_out), 'picture')}" if known.left_out else "",
        f" with {count(len(known.relabeled), 'new label')}" if known.relabeled else "",
    )
    return replace(
        run,
        id=RunStore.new_id(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        left_out=known.left_out,
        relabeled=known.relabeled,
        corrects=run.id,
        title=name + ",".join(filter(None, counts)),
    )


def name_of(result: Result) -> str:
    """Name a run for where what is corrected stands beside it: without the counts in its title."""
    title = result.run.title
    short = _COUNTED.sub("", title) if result.run.corrections else title
    return short or result.dataset.name


def as_it_corrects(run: Run, watch: Watch) -> tuple[Run, Dataset | None]:
    """Return the run with those of its corrections that change something, and the pictures as they
    lie in the folder; None where it says nothing about them.

    Raises UnknownNameError for a picture to correct that is not there, else as `load_dataset`.
    """
    if not run.corrections:
        return run, None
    # what is odd about all pictures is not said beside what is odd about those that stay
    whole = uncorrected(run, Unsaid(watch))
    every = list_pictures(run.ref) if whole.sampled_from else whole
    require_there(run.corrections, every)
    known = without_idle(run.corrections, every)
    return replace(run, relabeled=known.relabeled), whole


def before_of(run: Run, runs: RunStore, settings: Settings) -> Before | None:
    """Return what is kept of the answer before this run's corrections; None where there is none.

    That is the run that it names, else the newest one that asks the same of the pictures as they
    lie in the folder.
    """
    if not run.corrections and not run.corrects:
        return None
    for run_id in [run.corrects] if run.corrects else _alike(run, runs):
        found = _answer(run_id, run, runs)
        if found is not None:
            return kept(with_settled(found, settings))
    return None


def _alike(run: Run, runs: RunStore) -> Iterator[str]:
    """Yield the person's runs of the same reference with nothing corrected, newest first."""
    for one in runs.list():
        if one.ref == run.ref and one.person == run.person and one.complete:
            with contextlib.suppress(SrcselError):
                if not from_plain(Run, runs.question(one.id)).corrections:
                    yield one.id


def _answer(run_id: str, run: Run, runs: RunStore) -> Result | None:
    """Load a finished run that differs from `run` in its corrections only."""
    try:
        asked = from_plain(Run, runs.question(run_id))
        if run_id == run.id or not asks_the_same(asked, run):
            return None
        found = runs.load(run_id)
    except SrcselError:
        return None
    return found if found.complete and found.scores else None
