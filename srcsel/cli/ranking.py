"""rank and score."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srcsel.base.errors import InputError
from srcsel.cli.output import KEPT, NOTHING, STOPPED, hand_over, say

if TYPE_CHECKING:
    from srcsel.base.records import Result


def rank(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Answer for a folder."""
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.jobs import shell
    from srcsel.jobs.ranking import ranked
    from srcsel.pictures.corrections import corrections
    from srcsel.pictures.tables import read_corrections
    from srcsel.runs.run import new_run

    given = read_corrections(arguments.corrections) if arguments.corrections else corrections()
    run = new_run(
        arguments.folder,
        arguments.models,
        arguments.measures,
        temperature=arguments.temperature,
        metric=arguments.metric,
        device=arguments.device,
        precision=arguments.precision,
        engine=arguments.engine,
        seed=arguments.seed,
        left_out=[*given.left_out, *arguments.leave_out],
        relabeled=[*given.relabeled, *map(tuple, arguments.relabel)],
        title=arguments.title,
        race=arguments.race,
        all_pictures=arguments.all_pictures,
    )
    status = [NOTHING]

    def ready(result: Result) -> None:
        with bars.aside():
            status.append(hand_over(result, arguments.json))

    def leave() -> None:
        try:
            bars.close()
            say(KEPT)
        finally:  # whoever reads along may have ended too
            os._exit(STOPPED)

    with Bars() as bars, shell.told(run, load_settings().jobs, bars, leave) as told:
        ranked(run, told, ready)
    return status[-1]


def score(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Answer for features that are there."""
    from srcsel.base.bars import Bars
    from srcsel.cli.arrays import read_features
    from srcsel.runs.given import rank_features

    names = _names([Path(file) for file in arguments.files])
    given = Path(arguments.labels) if arguments.labels else None
    loaded = {
        name: read_features(Path(file), given)
        for name, file in zip(names, arguments.files, strict=True)
    }
    labels = next(iter(loaded.values()))["y"]
    for name, arrays in loaded.items():
        if arrays["y"].shape != labels.shape or not (arrays["y"] == labels).all():
            raise InputError(
                f"The labels y of {name} differ from those of {names[0]}. Models are compared on"
                " the same pictures in the same order: save one y for all."
            )
    with Bars() as bars:
        result = rank_features(
            {name: arrays["X"] for name, arrays in loaded.items()},
            labels,
            measures=arguments.measures,
            logits={
                name: arrays["logits"] for name, arrays in loaded.items() if "logits" in arrays
            },
            temperature=arguments.temperature,
            metric=arguments.metric,
            seed=arguments.seed,
            all_pictures=arguments.all_pictures,
            watch=bars,
        )
    return hand_over(result, arguments.json)


def _names(files: Sequence[Path]) -> list[str]:
    """Name models after their files, with as much of the path as it takes to tell them apart."""
    stems = [file.stem for file in files]
    names = [
        str(file.with_suffix("")) if stems.count(file.stem) > 1 else file.stem for file in files
    ]
    if len(set(names)) < len(names):
        raise InputError("The same file is given twice. Give each model's features once.")
    return names
