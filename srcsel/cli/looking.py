"""models, report, cache, doctor, status, uploads and app: nothing is computed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import InputError
from srcsel.cli.output import DONE, NOTHING, give, say, write

if TYPE_CHECKING:
    from srcsel.store.runs import RunStore


def models(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """List source models."""
    from srcsel.cli.tables import print_models
    from srcsel.models.catalog import search, unreadable
    from srcsel.models.finding import best_first
    from srcsel.runs.public_json import model_json
    from srcsel.store.serialize import to_plain

    found, bad = search(arguments.search, hub=arguments.hub), unreadable(arguments.hub)
    if arguments.search:
        found = best_first(found, arguments.search)

    def told() -> dict[str, Any]:
        return {"models": [model_json(model) for model in found], "unreadable": to_plain(bad)}

    give(arguments.json, told, lambda: print_models(found))
    for file in bad:
        say(f"{file.path} in the weights folder is not listed. {file.reason}")
    if not found:
        say(f"No source model fits '{arguments.search}'. Use fewer words, or another hub.")
    return DONE


def report(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Write the report of a run."""
    from srcsel.base.settings import load_settings
    from srcsel.report import make
    from srcsel.report.numbers import to_csv
    from srcsel.store.features import open_runs

    runs = open_runs(load_settings())
    run_id = latest(runs) if arguments.run_id == "latest" else arguments.run_id
    result = runs.load(run_id)
    if arguments.csv:
        write(to_csv(result), arguments.csv)
        if arguments.csv != "-":
            say(f"Written: {arguments.csv}")
    if arguments.html or not arguments.csv:
        target = arguments.html or f"srcsel-{run_id}.html"
        write(make.write({"run_id": run_id}).decode(), target)
        say(f"Written: {target}")
    return DONE


def cache(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Tell what is kept, or make room."""
    from srcsel.cli.keeping import cache

    told, text = cache(clean=arguments.clean, limit=arguments.limit)
    give(arguments.json, lambda: told, lambda: write(text, "-"))
    return DONE


def doctor(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """Try what this computer can do."""
    from srcsel.cli.keeping import doctor

    told, text, well = doctor()
    give(arguments.json, lambda: told, lambda: write(text, "-"))
    return DONE if well else NOTHING


def status(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """List what runs and waits."""
    from srcsel.base.settings import load_settings
    from srcsel.cli.queue import job_json, print_jobs
    from srcsel.jobs import Board

    jobs = Board(load_settings().jobs).active()
    told = {"jobs": [job_json(job) for job in jobs]}
    give(arguments.json, lambda: told, lambda: print_jobs(jobs))
    return DONE


def uploads(arguments: argparse.Namespace, _: Sequence[str]) -> int:
    """List or remove the pictures that were handed in."""
    from srcsel.cli.uploads import print_uploads, upload_json
    from srcsel.pictures import uploads

    for key in arguments.remove:
        uploads.remove(key)
    found = uploads.listed()
    told = {"uploads": [upload_json(one) for one in found]}
    give(arguments.json, lambda: told, lambda: print_uploads(found))
    return DONE


def app(arguments: argparse.Namespace, extra: Sequence[str]) -> int:
    """Become the server of the dashboard."""
    package = Path(__file__).parents[1]
    places = (package / "_app" / "app.py", package.parent / "app.py")  # in the wheel; in a checkout
    script = next((place for place in places if place.is_file()), None)
    if script is None:
        raise InputError(
            f"The dashboard is missing: {places[0]} is not there. Install srcsel again."
        )
    if arguments.insecure:
        os.environ["SRCSEL_INSECURE"] = "1"
    flags = [flag for flag in extra if flag != "--"]
    for name in ("port", "address"):
        value = getattr(arguments, name)
        flags += [] if value is None else [f"--server.{name}", value]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(script), *flags])


def latest(runs: RunStore) -> str:
    """Return the id of the person's newest run."""
    own = [run.id for run in runs.list() if not run.example]
    if not own:
        raise InputError("There is no run yet. Make one with srcsel rank FOLDER.")
    return own[0]
