"""How much one person, and all together, may take of a computer that several share.

| variable | means | default |
|---|---|---|
| SRCSEL_MOST_RUNS, ..._ALL | runs waiting or under way: one person's, all | 20, 200 |
| SRCSEL_MOST_UPLOADS, ..._ALL | GB of unpacked zips | 20, 100 |
| SRCSEL_MOST_FEATURES, ..._ALL | GB of stored features | 50, 200 |
| SRCSEL_CACHE | GB of all that is kept beside runs; beyond it what no run needs goes | 50 |
| SRCSEL_DOWNLOADS | GB of weights that srcsel fetched; beyond it the longest unused go | 50 |
| SRCSEL_UPLOAD_DAYS | days an upload stays after it was last used | 30 |

"none" takes a limit away. Those of one person hold where people sign in.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

from srcsel.base.errors import InputError, QuotaError

GB = 10**9
NONE = "none"
_behalf = [""]  # for whom this process works, the latest last


@dataclass(frozen=True)
class Quota:
    """A limit for one person and one for all; infinite where there is none."""

    variable: str  # of one person's; that of all adds _ALL
    one: float
    all: float

    def require(
        self, mine: float | None, everybody: float, more: float, texts: tuple[str, str]
    ) -> None:
        """Raise QuotaError where `more` is too much on top of what one person and all have.

        mine: None where nobody signed in, for whom only the limit of all holds. texts: what to do,
        for one person's limit and for that of all.
        """
        if mine is not None and mine + more > self.one:
            raise QuotaError(f"{texts[0]} {self._raise_it('')}")
        if everybody + more > self.all:
            raise QuotaError(f"{texts[1]} {self._raise_it('_ALL')}")

    def _raise_it(self, suffix: str) -> str:
        return f"Whoever runs the dashboard can raise the limit ({self.variable}{suffix})."


@dataclass(frozen=True)
class Quotas:
    """One reading of the environment."""

    runs: Quota
    uploads: Quota  # in bytes
    features: Quota  # in bytes
    cache: float  # bytes
    downloads: float  # bytes
    upload_days: float


def load_quotas() -> Quotas:
    """Read the environment now. Raises InputError for what is no limit."""
    return Quotas(
        _quota("SRCSEL_MOST_RUNS", 20, 200, 1),
        _quota("SRCSEL_MOST_UPLOADS", 20, 100, GB),
        _quota("SRCSEL_MOST_FEATURES", 50, 200, GB),
        _limit("SRCSEL_CACHE", 50) * GB,
        _limit("SRCSEL_DOWNLOADS", 50) * GB,
        _limit("SRCSEL_UPLOAD_DAYS", 30),
    )


@contextlib.contextmanager
def on_behalf_of(person: str) -> Iterator[None]:
    """Let what this process stores inside count for a person; "" = nobody signed in."""
    _behalf.append(person)
    try:
        yield
    finally:
        _behalf.pop()


def whose() -> str:
    """Return for whom what this process stores now counts."""
    return _behalf[-1]


def _quota(name: str, one: float, everybody: float, unit: int) -> Quota:
    return Quota(name, _limit(name, one) * unit, _limit(f"{name}_ALL", everybody) * unit)


def _limit(name: str, usual: float) -> float:
    text = os.environ.get(name, "").strip().lower()
    if text == NONE:
        return math.inf
    try:
        number = float(text) if text else usual
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise InputError(
            f"{name} is a number from 0 on, or {NONE} for no limit; it is '{text[:40]}'."
        )
    return number
