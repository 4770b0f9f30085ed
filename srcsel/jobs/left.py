"""What a page and the shell say of the time left, in words."""

from __future__ import annotations

import time

from srcsel.base import phrases
from srcsel.base.records import JobStatus
from srcsel.jobs.progress import GUESS

QUIET = 10.0  # seconds without a word of the worker from which that is said
LATE = 3.0  # seconds that a step may take longer before that is said


def time_left(job: JobStatus, now: float | None = None) -> str:
    """Say how long a running job still takes at `now`, seconds since the epoch; as `in_words`."""
    quiet = 0.0 if job.told is None else max(0.0, (now or time.time()) - job.told)
    return in_words(job.seconds_left, job.seconds_least, job.why, quiet)


def in_words(left: float | None, least: float | None, why: str, quiet: float) -> str:
    """Say how long work still takes: "about 40 s left", with the reason `why` where that has just
    risen; "" where it is not known.

    left: seconds as it was last told, `quiet` seconds ago; least: what of it comes after the step
    under way. It counts down meanwhile, but never below that: a step that takes longer says so.
    """
    if left is None:
        return f"no news for {phrases.duration(quiet)}" if quiet > QUIET else ""
    if least is None:
        said = f"{phrases.about(left)} left"
        return f"{said} when last heard {phrases.duration(quiet)} ago" if quiet > QUIET else said
    rest = max(left - quiet, least)
    late = quiet - (left - least)
    if late <= LATE or why == GUESS:  # a guess stands until there is something to measure by
        reason = f": {why}" if why and rest >= phrases.FEW else ""  # the last seconds need none
        return f"{phrases.about(rest)} left{reason}"
    after = f", then {phrases.about(rest)}" if rest >= 1 else ""
    return f"this step takes longer than thought{after}"
