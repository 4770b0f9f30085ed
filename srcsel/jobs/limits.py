"""What one person, and all together, may have waiting: asked before a job is queued, and with it
whether there is room for more features (`srcsel.store.owned`).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from srcsel.base.phrases import count
from srcsel.base.quotas import Quotas, load_quotas
from srcsel.store import owned

COMPUTE = "compute"  # the lane whose jobs make features


def require(db: sqlite3.Connection, home: Path, lane: str, person: str) -> None:
    """Raise QuotaError where `person` may queue no further job in a lane."""
    _require_turn(db, lane, person, load_quotas())
    if lane == COMPUTE:
        owned.require_room(home / "features", person, 1)  # byte: at the limit nothing is begun


def _require_turn(db: sqlite3.Connection, lane: str, person: str, quotas: Quotas) -> None:
    what = "run" if lane == COMPUTE else "request"
    everybody, mine = db.execute(
        "select count(*), coalesce(sum(person=?), 0) from jobs where lane=? and state in"
        " ('queued','running')",
        (person, lane),
    ).fetchone()
    quotas.runs.require(
        mine if person else None,
        everybody,
        1,
        (
            f"You have {count(mine, what)} waiting or under way, and that is the most for one"
            " person. Wait until one is done, or stop one on its page.",
            f"{count(everybody, what)} of all people are waiting or under way, and that is the"
            " most. Try again when some are done.",
        ),
    )
