"""What rank and score are asked with."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import TYPE_CHECKING

from srcsel.cli.options._shared import add_device, add_json, add_scoring, add_whole

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


def rank(commands: Commands) -> ArgumentParser:
    """Add `srcsel rank`."""
    rank = commands.add_parser("rank", help="rank source models for a folder of labelled pictures")
    rank.add_argument(
        "folder",
        help=(
            "one sub-folder a class, or with a labels.csv; 'FOLDER/*' takes the folders below as"
            " the classes; or such a table; or s3://BUCKET/FOLDER, demo:NAME, public:NAME"
        ),
    )
    rank.add_argument(
        "--models",
        default="bundled",
        help=(
            "ids, presets (small, balanced, strongest), hubs (packaged, demo, pixels), queries"
            " ('timm:params<30M,commercial,top=20') or checkpoint files (FILE or"
            " FILE=ARCHITECTURE), with commas; ID@PIXELS reads pictures"
            " at another size than the model's own; default: bundled, all that come with srcsel"
        ),
    )
    add_device(rank)
    rank.add_argument(
        "--precision",
        default="exact",
        help=(
            "exact (default; float32) or fast (bfloat16: larger models take half the time, scores"
            " hardly change)"
        ),
    )
    rank.add_argument(
        "--engine",
        metavar="NAME",
        help=(
            "what computes features: local (this computer; default), ray (the Ray that SRCSEL_RAY"
            " names, or one that is started here) or ray:HOST:PORT"
        ),
    )
    rank.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="FILE",
        help="a picture to leave out, relative; repeatable",
    )
    rank.add_argument(
        "--relabel",
        action="append",
        nargs=2,
        default=[],
        metavar=("FILE", "CLASS"),
        help="a picture and the class it belongs to, one there is or a new one; repeatable",
    )
    rank.add_argument(
        "--corrections",
        metavar="FILE.csv",
        help=(
            "a table of pictures to leave out or give another class (file, change, new_label), as"
            " Explore writes it; says what changed since the same was asked without"
        ),
    )
    rank.add_argument(
        "--race",
        action=BooleanOptionalAction,
        help=(
            "fast answer: models that the first pictures rule out are not scored on all; usual with"
            " more than 20 models"
        ),
    )
    add_whole(rank)
    rank.add_argument("--title", default="", help="name of the run in History")
    add_scoring(rank)
    add_json(rank)
    return rank


def score(commands: Commands) -> ArgumentParser:
    """Add `srcsel score`."""
    score = commands.add_parser("score", help="score features you have: one file a model")
    score.add_argument(
        "files",
        nargs="+",
        metavar="FILE.npz",
        help=(
            "keys X (n, d), y (n,), optional logits (n, c); also .npy, .csv, .parquet, .pt and"
            " .safetensors"
        ),
    )
    score.add_argument(
        "--labels",
        metavar="FILE",
        help="labels in a file of their own: .npy, .csv with a column label, .txt with one a line",
    )
    add_whole(score)
    add_scoring(score)
    add_json(score)
    return score
