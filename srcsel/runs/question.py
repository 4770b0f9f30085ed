"""The person's question as a Run, and a Run as the shell command that asks it again."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from srcsel.base.errors import InputError, SrcselError
from srcsel.base.paths import lasting
from srcsel.base.phrases import plain
from srcsel.base.records import HEADLINE, Result, Run
from srcsel.base.settings import load_settings
from srcsel.features.extract import PRECISIONS, precision_named
from srcsel.measures import MEASURES, find
from srcsel.models import catalog
from srcsel.pictures.corrections import Relabeled, corrections
from srcsel.runs.race_rules import MANY
from srcsel.store.runs import RunStore
from srcsel.verdict.measured import contest

Metric = Literal["cosine", "euclidean"]
Measures = str | Sequence[str] | None
"""Names, one text with commas, "all", or None for the two bars and what the verdict leans on."""

_SPOKEN = {kind: word for word, kind in PRECISIONS.items()}
LONGEST = 200  # characters of a title
SETS = (catalog.BUNDLED, "demo")
"""Names of several models that a command uses: what they stand for ships with srcsel."""


def new_run(
    ref: str | Path,
    models: str | Sequence[str] = catalog.BUNDLED,
    measures: Measures = None,
    *,
    temperature: float = 0.5,
    metric: Metric = "cosine",
    device: str | None = None,
    precision: str = "float32",
    engine: str | None = None,
    seed: int = 0,
    left_out: Sequence[str] = (),
    relabeled: Relabeled = (),
    corrects: str = "",
    title: str = "",
    race: bool | None = None,
    all_pictures: bool = False,
) -> Run:
    """Put a question, complete and checked by name, under a new id.

    Raises UnknownNameError for models or measures that do not exist, and InputError as `Run` and
    `corrections` do. device None = SRCSEL_DEVICE; engine None = SRCSEL_RAY where that is set, else
    this computer; race None = a fast answer where there are more than `race_rules.MANY` models.
    left_out, relabeled: as `load_dataset`; corrects: the id of the run that they correct.
    all_pictures: also of very many. title: its first LONGEST characters, on one line.
    """
    known = corrections(left_out, relabeled)
    found = catalog.find_models(models)
    return Run(
        id=RunStore.new_id(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        ref=lasting(str(ref)),
        models=tuple(model.id for model in found),
        measures=measure_names(measures),
        temperature=temperature,
        metric=metric,
        device=device or load_settings().device,
        precision=precision_named(precision),
        engine=engine or load_settings().engine,
        seed=seed,
        left_out=known.left_out,
        relabeled=known.relabeled,
        corrects=corrects,
        title=plain(title)[:LONGEST],
        race=len(found) > MANY if race is None else race,
        all_pictures=all_pictures,
    )


def measure_names(measures: Measures) -> tuple[str, ...]:
    """Resolve a choice of measures to names, in order, each once. Raises UnknownNameError."""
    if measures is None:
        return HEADLINE
    if measures == "all":
        return (*HEADLINE, *sorted(set(MEASURES) - set(HEADLINE)))
    asked = measures.split(",") if isinstance(measures, str) else measures
    names = tuple(dict.fromkeys(find(name.strip()).name for name in asked if name.strip()))
    if not names:
        raise InputError(f"No measure is named. Choose from: {', '.join(MEASURES)}, or all.")
    return names


def command(run: Run) -> str:
    """Write the shell command that asks the same again; what is as usual, and the device, is left
    out.
    """
    words = ["srcsel", "rank", run.ref, "--models", named_models(run.models)]
    if set(run.asked) != set(HEADLINE):
        words += ["--measures", ",".join(run.asked)]
    for name in ("temperature", "metric", "precision", "engine", "seed"):
        value, usual = getattr(run, name), getattr(Run, name)
        words += [f"--{name}", _SPOKEN.get(value, str(value))] if value != usual else []
    if run.race != (len(run.models) > MANY):
        words += ["--race" if run.race else "--no-race"]
    words += ["--all-pictures"] if run.all_pictures else []
    for path in run.left_out:
        words += ["--leave-out", path]
    for path, name in run.relabeled:
        words += ["--relabel", path, name]
    return shlex.join(words)


def commands(result: Result) -> list[str]:
    """Write what a shell can do with a run: ask the same again, then what follows from it."""
    words = [command(result.run)]
    if not result.complete:
        return words
    run_id = result.run.id
    words += [f"srcsel settle {run_id}"] if contest(result) else []
    return [
        *words,
        f"srcsel evidence {run_id}",
        f"srcsel curve {run_id}",
        f"srcsel report {run_id}",
    ]


def named_models(ids: Sequence[str]) -> str:
    """Return the name of the set that holds just these models, else their ids with commas."""
    for name in SETS:
        with contextlib.suppress(SrcselError):  # a checkout whose demo models were not trained yet
            if tuple(ids) == tuple(model.id for model in catalog.find_models(name)):
                return name
    return ",".join(ids)
