"""What the commands are asked with that compute nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from srcsel.cli.options._shared import add_json

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


def models(commands: Commands) -> ArgumentParser:
    """Add `srcsel models`."""
    models = commands.add_parser("models", help="list the source models on offer")
    models.add_argument(
        "--hub", help="only this hub: packaged, demo, timm, torchvision, checkpoints, pixels"
    )
    models.add_argument("--search", default="", metavar="TEXT", help="words that must occur")
    add_json(models)
    return models


def report(commands: Commands) -> ArgumentParser:
    """Add `srcsel report`."""
    report = commands.add_parser(
        "report", help="write a finished run as one HTML file, or its numbers as CSV"
    )
    report.add_argument("run_id", metavar="RUN", help="id of the run, as in its link; or latest")
    report.add_argument(
        "--html", metavar="FILE", help="default, without --csv: srcsel-RUN.html in this folder"
    )
    report.add_argument("--csv", metavar="FILE", help="every number; - = to standard output")
    return report


def cache(commands: Commands) -> ArgumentParser:
    """Add `srcsel cache`."""
    cache = commands.add_parser(
        "cache",
        help="what is kept on this computer, how large it is; make space",
        description=(
            "List what is kept and what of it your runs need. Beyond the limit (SRCSEL_CACHE, in"
            " GB; usually 50) what no run needs goes after a run, the least recently used first."
        ),
    )
    cache.add_argument(
        "--clean", action="store_true", help="remove what no run needs, down to the limit, now"
    )
    cache.add_argument(
        "--limit",
        type=float,
        metavar="GB",
        help="with --clean: down to so much; 0 removes all that no run needs",
    )
    add_json(cache)
    return cache


def doctor(commands: Commands) -> ArgumentParser:
    """Add `srcsel doctor`."""
    doctor = commands.add_parser(
        "doctor",
        help="whether this computer is fit for srcsel, each problem with its remedy",
        description=(
            "Look at versions, disk, device, roots, sign-in, what is kept, where weights are looked"
            " for and the log, and run a small test. Exit status 1 where something is wrong."
        ),
    )
    add_json(doctor)
    return doctor


def status(commands: Commands) -> ArgumentParser:
    """Add `srcsel status`."""
    status = commands.add_parser(
        "status", help="what the dashboard's jobs are doing, and which wait in which order"
    )
    add_json(status)
    return status


def uploads(commands: Commands) -> ArgumentParser:
    """Add `srcsel uploads`."""
    uploads = commands.add_parser(
        "uploads", help="zips that were uploaded to the dashboard: list them, or remove some"
    )
    uploads.add_argument(
        "--remove",
        action="append",
        default=[],
        metavar="ID",
        help="remove this one for all who uploaded it; repeatable",
    )
    add_json(uploads)
    return uploads


def app(commands: Commands) -> ArgumentParser:
    """Add `srcsel app`."""
    app = commands.add_parser(
        "app",
        help="open the dashboard at http://127.0.0.1:8501",
        description=(
            "Open the dashboard at http://127.0.0.1:8501, for this computer only; where that port"
            " is taken, at the next free one."
        ),
        epilog=(
            "For others in your network: --address 0.0.0.0"
            " with SRCSEL_HOSTS, the names it answers to, and a sign-in: SRCSEL_PASSWORD, or [auth]"
            " in .streamlit/secrets.toml (docs/team.md). Every further option goes to Streamlit."
        ),
    )
    told = {"port": "default: 8501, or the next free one", "address": "default: 127.0.0.1"}
    for name, what in told.items():
        app.add_argument(f"--{name}", f"--server.{name}", metavar=name.upper(), help=what)
    app.add_argument(
        "--insecure",
        action="store_true",
        help=(
            "for others in your network, but without a sign-in: whoever reaches the address can see"
            " all pictures and runs, start, stop and delete runs, and use this computer"
        ),
    )
    return app
