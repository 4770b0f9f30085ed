"""Answering a run under a watch that says how long it still takes, and remembering what its steps
took.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from srcsel.base.records import Result, Run
from srcsel.base.settings import load_settings
from srcsel.jobs import foretelling

if TYPE_CHECKING:
    from srcsel.jobs.board_watch import BoardWatch

DECODE_GMACS = 0.5
"""Decoding a picture costs about as much as this many 1e9 multiply-adds of a network on the same
computer.
"""


def ranked(
    run: Run, told: BoardWatch, ready: Callable[[Result], object] = lambda _: None
) -> Result:
    """Answer `run`; `ready` is told the answer when it stands, before the maps are drawn.

    Raises as `srcsel.runs.run.answer`.
    """
    from srcsel.runs.run import answer, models_of

    settings = load_settings()
    models, _ = models_of(run)
    setting = foretelling.setting_of(run.engine, run.device, run.precision, settings)
    pace = foretelling.pace_of(models, setting, settings, raced=run.race)
    cost = {name: each + 0.05 for name, each in pace.work.items()}
    shares = {name: each + DECODE_GMACS for name, each in cost.items()}  # with their scores
    race = {"race": 0.01} if run.race else {}
    told.plan(
        {
            "pictures": DECODE_GMACS,
            "opening": DECODE_GMACS,
            **race,
            **shares,
            "maps": 0.2 * sum(shares.values()),
        },
        {model.id: model.title for model in models},
        pace,
    )

    def crowded() -> bool:  # the work of an engine elsewhere looks like that of other programs
        return run.engine == "local" and told.crowded

    def stands(result: Result) -> None:  # the maps, which may be stopped, tell nothing of models
        foretelling.remember(models, setting, pace, settings, crowded=crowded())
        ready(result)

    try:
        return answer(run, watch=told.watch, ready=stands)
    finally:
        foretelling.remember_maps(pace, settings, crowded=crowded())
