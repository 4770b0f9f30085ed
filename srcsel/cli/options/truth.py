"""What evidence, settle and curve are asked with."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from srcsel.cli.options._shared import add_device, add_json, add_models

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


def evidence(commands: Commands) -> ArgumentParser:
    """Add `srcsel evidence`."""
    evidence = commands.add_parser(
        "evidence", help="measure the accuracy really reached, and which score foretold it"
    )
    evidence.add_argument(
        "folder", help="pictures as for rank, which runs first; or the id of a finished run"
    )
    add_models(evidence)
    evidence.add_argument(
        "--check",
        choices=("probe", "finetune", "both"),
        default="probe",
        help=(
            "probe (default): a linear classifier on the features; finetune: the whole network is"
            " trained from that classifier on, in the way that does best on a part of the training"
            " pictures; where none beats the classifier, that is kept"
        ),
    )
    evidence.add_argument(
        "--shots", default="10", help="training pictures of each class, or all; default: 10"
    )
    evidence.add_argument(
        "--seeds", type=int, default=3, help="trainings of each model, one split each; default: 3"
    )
    evidence.add_argument(
        "--epochs", type=int, default=15, help="passes over the training pictures; default: 15"
    )
    evidence.add_argument(
        "--learning-rate",
        type=float,
        metavar="RATE",
        help=(
            "of the training; default: the better of 0.0002 and 0.0006, chosen on a part of the"
            " training pictures"
        ),
    )
    evidence.add_argument("--measures", default="all", help="names with commas, or all (default)")
    add_device(evidence)
    add_json(evidence)
    return evidence


def settle(commands: Commands) -> ArgumentParser:
    """Add `srcsel settle`."""
    settle = commands.add_parser(
        "settle",
        help="train the models that a run cannot tell apart, until their order is clear",
        description=(
            "Train the models that a run cannot tell apart, in a race: each on one split of the"
            " pictures after the other, the same for all; who is behind beyond doubt leaves. The"
            " verdict then says what was measured. Stopped, the same command goes on."
        ),
    )
    settle.add_argument(
        "run_id",
        metavar="RUN",
        help="id of a finished run, as in its link; or latest; or pictures as for rank, which run"
        " first",
    )
    settle.add_argument(
        "--minutes", type=float, default=10.0, help="time allowed for the trainings; default: 10"
    )
    add_models(settle)
    add_device(settle)
    add_json(settle)
    return settle


def curve(commands: Commands) -> ArgumentParser:
    """Add `srcsel curve`."""
    curve = commands.add_parser(
        "curve", help="more pictures? how many, and what they would bring, from a finished run"
    )
    curve.add_argument(
        "folder",
        metavar="RUN",
        help="id of the run, or latest; or pictures as for rank, which then runs first",
    )
    add_models(curve)
    add_json(curve)
    return curve
