"""What the jobs of the dashboard are doing: `srcsel status`."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from srcsel.base.phrases import plain
from srcsel.base.records import JobStatus
from srcsel.jobs.left import time_left

KINDS = {
    "rank": "run",
    "check": "looking at pictures",
    "map": "map",
    "taken": "what each model took pictures for",
    "sheets": "small pictures",
    "inside": "looking through a model",
    "suspects": "pictures worth a look",
    "measures": "every measure",
    "evidence": "accuracy reached",
    "settle": "settling it",
    "report": "report",
}


def job_json(job: JobStatus) -> dict[str, Any]:
    """Return a job as its JSON values; who asked is not handed on."""
    return {
        "id": job.id,
        "kind": job.kind,
        "about": about(job),
        "state": job.state,
        "ahead": job.ahead,
        "share": job.share,
        "what": job.what,
        "seconds_left": job.seconds_left,
    }


def about(job: JobStatus) -> str:
    """Return what a job is about: a run's title or pictures, else the run's id."""
    run = job.payload.get("run")
    if isinstance(run, dict):
        return str(run.get("title") or run.get("ref", ""))
    return str(job.payload.get("run_id") or job.payload.get("ref", ""))


def print_jobs(jobs: list[JobStatus]) -> None:
    """Print one row a job, those that run first, then in the order they will be taken."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    if not jobs:
        console.print("Nothing runs and nothing waits.")
        return
    table = Table("job", "about", "done", "what", "id", box=None, pad_edge=False)
    for job in jobs:
        said = ", ".join(filter(None, (job.what, time_left(job))))
        done = f"{100 * job.share:.0f} %" if job.state == "running" else "waits"
        cells = (KINDS.get(job.kind, job.kind), plain(about(job)), done, said, job.id)
        table.add_row(*map(Text, cells))
    console.print(table)
