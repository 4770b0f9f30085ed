"""Whose a run is, where people sign in with accounts: they see, stop, continue and delete theirs.

A link opens a run for reading to everybody who may use the dashboard. Those in SRCSEL_OWNER (e-mail
addresses, separated by commas) see and may change all, also what was made without a sign-in.
Without accounts, or with one password for all, nobody can be told apart: everybody is the owner.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import JobStatus
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import state
from srcsel.ui.people import people

NOT_YOURS = "This run is somebody else's, so you can look at it but not change it."


def person() -> str:
    """Return the id of who looks at this page; "" where nobody signs in with an account."""
    who = _who()
    return who.id if who else ""


def asker() -> str:
    """Return for whom jobs are queued: an account, or with one password for all this browser."""
    who = people.person_of(st.context.cookies)
    return who.id if who else ""


def is_mine(whose: str) -> bool:
    """Tell whether this person may change what belongs to `whose` (the `person` of a run)."""
    if people.way() != "oidc":
        return True
    who = _who()
    return who is not None and (who.id == whose or _owns_all(who))


def visible(runs: Iterable[RunSummary]) -> list[RunSummary]:
    """Return the runs that this person's lists show: their own, and the examples."""
    return [run for run in runs if run.example or is_mine(run.person)]


def job_is_mine(job: JobStatus) -> bool:
    """Tell whether this person may stop or continue a job: their own, that of their run, or one of
    before people signed in that is about no run.
    """
    if job.person and is_mine(job.person):
        return True
    run = job.payload.get("run")
    if isinstance(run, dict):
        return is_mine(str(run.get("person", "")))
    run_id = job.payload.get("run_id")
    return not job.person if run_id is None else run_is_mine(str(run_id))


def run_is_mine(run_id: str) -> bool:
    """Tell whether this person may change a run. An example has no person: it is the owner's."""
    if people.way() != "oidc":
        return True
    try:
        return is_mine(state.runs().load(run_id).run.person)
    except (SrcselError, FileNotFoundError):
        return is_mine("")


def _who() -> people.Person | None:
    return people.person_of(st.context.cookies) if people.way() == "oidc" else None


def _owns_all(who: people.Person) -> bool:
    owners = os.environ.get("SRCSEL_OWNER", "").lower().split(",")
    return bool(who.name) and who.name.lower() in (owner.strip() for owner in owners)
