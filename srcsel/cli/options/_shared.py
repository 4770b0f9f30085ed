"""What several commands are asked with."""

from __future__ import annotations

from argparse import ArgumentParser

from srcsel.base.sample_size import ALL_UP_TO, SIZE


def add_models(command: ArgumentParser) -> None:
    """Add the source models of a run that is made first, where none is there."""
    command.add_argument(
        "--models",
        default="bundled",
        help="as for rank; default: bundled. A run's own are used with its id",
    )


def add_device(command: ArgumentParser) -> None:
    """Add what networks are computed on."""
    command.add_argument("--device", help="auto, cpu, cuda or mps; default: auto, or SRCSEL_DEVICE")


def add_whole(parser: ArgumentParser) -> None:
    """Add the choice of all of very many pictures."""
    parser.add_argument(
        "--all-pictures",
        action="store_true",
        help=(
            f"of more than {ALL_UP_TO:,} pictures use all, and not a sample of about {SIZE:,}; says"
            " first how long that takes"
        ),
    )


def add_scoring(command: ArgumentParser) -> None:
    """Add measures and what they are computed with."""
    command.add_argument(
        "--measures", help="names with commas, or all; default: the two bars, kNN and LogME"
    )
    command.add_argument(
        "--temperature", type=float, default=0.5, help="of SCL, corrected reading; default: 0.5"
    )
    command.add_argument("--metric", default="cosine", help="of MSC: cosine (default) or euclidean")
    command.add_argument(
        "--seed", type=int, default=0, help="of the re-checks and maps; default: 0"
    )


def add_json(command: ArgumentParser) -> None:
    """Add where the answer is to be written as JSON."""
    command.add_argument(
        "--json", metavar="FILE", help="write JSON; - = to standard output, and nothing else"
    )
