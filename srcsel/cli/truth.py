"""evidence, settle and curve."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from srcsel.base.errors import InputError
from srcsel.cli.looking import latest
from srcsel.cli.output import DONE, NOTHING, give, hand_over, say

if TYPE_CHECKING:
    from srcsel.base.records import Protocol


def evidence(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Train the models, and compare with the scores."""
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.cli.evidence_tables import print_evidence
    from srcsel.evidence.gather import gather, ranked
    from srcsel.runs.public_json import to_json
    from srcsel.runs.settled import with_settled
    from srcsel.store.features import open_runs
    from srcsel.store.serialize import to_plain

    protocols = _protocols(arguments)
    with Bars() as bars:
        run_id = ranked(
            arguments.folder,
            arguments.models,
            arguments.measures,
            device=arguments.device,
            watch=bars,
        )
        found = [gather(run_id, p, measures=arguments.measures, watch=bars) for p in protocols]
    settings = load_settings()
    result = with_settled(open_runs(settings).load(run_id), settings)

    def show() -> None:
        for evidence in found:
            print_evidence(result, evidence)

    give(arguments.json, lambda: {**to_json(result), "evidence": to_plain(found)}, show)
    return DONE if any(evidence.accuracies for evidence in found) else NOTHING


def settle(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Train the first ones until it is clear which is best."""
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.evidence.settle import settle
    from srcsel.store.features import open_runs
    from srcsel.verdict.measured import unfinished

    name = arguments.run_id
    if name == "latest":
        name = latest(open_runs(load_settings()))
    with Bars() as bars:
        result = settle(
            name,
            arguments.models,
            minutes=arguments.minutes,
            device=arguments.device,
            watch=bars,
        )
    hand_over(result, arguments.json)
    if not (reason := unfinished(result)):
        return DONE
    say(f"srcsel: {reason}")
    return NOTHING


def curve(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Foretell what more pictures would bring."""
    from srcsel.base.bars import Bars
    from srcsel.base.settings import load_settings
    from srcsel.cli.growth import print_outlook
    from srcsel.evidence.gather import ranked
    from srcsel.evidence.outlook import make
    from srcsel.runs.public_json import to_json
    from srcsel.store.features import open_runs
    from srcsel.store.serialize import to_plain

    runs = open_runs(load_settings())
    name = latest(runs) if arguments.folder == "latest" else arguments.folder
    with Bars() as bars:
        outlook = make(ranked(name, arguments.models, None, watch=bars), watch=bars)
    result = runs.load(outlook.run)
    give(
        arguments.json,
        lambda: {**to_json(result), "outlook": to_plain(outlook)},
        lambda: print_outlook(result, outlook),
    )
    return DONE


def _protocols(arguments: argparse.Namespace) -> list[Protocol]:
    """Make the protocols that were asked for; shots and seeds are checked as numbers here."""
    from srcsel.base.records import Protocol

    shots = str(arguments.shots)
    if shots != "all" and not shots.isdecimal():
        raise InputError(
            f"--shots is the number of training pictures of each class, or all; got '{shots}'."
        )
    trained = Protocol(
        "finetune",
        shots=None if shots == "all" else int(shots),
        seeds=tuple(range(arguments.seeds)),
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
    )
    return {
        "probe": [Protocol("probe")],
        "finetune": [trained],
        "both": [Protocol("probe"), trained],
    }[arguments.check]
