"""What a run will take: the speeds of earlier runs on this computer, under what they depend on."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace

from srcsel.base.records import SourceModel
from srcsel.base.settings import Settings
from srcsel.features.backends.choice import LARGEST, TINY
from srcsel.features.extract import precision_named
from srcsel.jobs.pace import Pace
from srcsel.models.hubs import hub_of, work_of
from srcsel.store import speeds


def pace_of(
    models: Sequence[SourceModel], setting: str, settings: Settings, *, raced: bool = False
) -> Pace:
    """Return what hears how a run goes and says what is left, with what earlier runs of this
    setting measured.

    Before it has heard anything, `Pace.foretold` says what the whole run will take.
    """
    known, names = speeds.recalled(settings.jobs), {_name(setting, m): m.id for m in models}
    alike = {n: speed for n, speed in known.models.items() if n.startswith(setting)}
    return Pace(
        {model.id: work_of(hub_of(model), model) for model in models},
        {model.id: model.dim for model in models},
        raced=raced,
        converts=_converted(models, setting),
        known=replace(known, models={names.get(n, n): speed for n, speed in alike.items()}),
    )


def remember(
    models: Sequence[SourceModel],
    setting: str,
    pace: Pace,
    settings: Settings,
    *,
    crowded: bool = False,
) -> None:
    """Keep what a run measured, for those to come; crowded: while other programs computed."""
    measured = pace.measured()
    there = [model for model in models if model.id in measured.models]
    if there:
        named = {_name(setting, model): measured.models[model.id] for model in there}
        speeds.keep(settings.jobs, replace(measured, models=named), crowded=crowded)


def remember_maps(pace: Pace, settings: Settings, *, crowded: bool = False) -> None:
    """Keep what a run's maps took, for those to come; crowded: as `remember`."""
    drawn = pace.drawn()
    if drawn != speeds.Speeds():
        speeds.keep(settings.jobs, drawn, crowded=crowded)


def setting_of(engine: str, device: str, precision: str, settings: Settings) -> str:
    """Name what the speeds of all models depend on."""
    where = settings.device if device == "auto" else device
    return f"{engine} {where} {precision_named(precision)} "


def _converted(models: Sequence[SourceModel], setting: str) -> set[str]:
    """Return the models whose networks may be converted, as `srcsel.features.backends` decides."""
    on_card = setting.split()[1].startswith(("cuda", "mps"))
    if on_card or importlib.util.find_spec("openvino") is None:
        return set()
    return {m.id for m in models if m.params is None or TINY <= m.params <= LARGEST}


def _name(setting: str, model: SourceModel) -> str:
    return f"{setting}{model.id} {model.revision}"
