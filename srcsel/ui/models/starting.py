"""The price, and starting the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from srcsel.base import sampling
from srcsel.base.errors import SrcselError
from srcsel.base.records import Listing, Run, SourceModel
from srcsel.base.settings import load_settings
from srcsel.jobs import foretelling
from srcsel.jobs.pace import Pace
from srcsel.runs.question import new_run
from srcsel.ui.app import navigation
from srcsel.ui.models import precision
from srcsel.ui.models.engine import HERE
from srcsel.ui.parts import cards, price, words
from srcsel.ui.parts.asking import submit_run
from srcsel.ui.parts.show import plain


def run_button(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> str:
    """Draw the button that says the price; a press submits the run and opens its results.

    Returns what to say below its row: of how many models the price is not known.
    """
    every, n = bool(options.get("all_pictures")), len(listing.paths)
    pictures = sampling.used(n, all_pictures=every)
    cost = price.estimate(models, pictures, pace_for(listing, models, options))
    if every and pictures > sampling.ALL_UP_TO:
        pairs = sum(sampling.comparing(n, m.dim or sampling.USUAL_WIDTH) for m in models)
        cost = replace(cost, seconds=cost.seconds + pairs)
    label = cost.label() if models else "Tick at least one model"
    note = (
        "An estimate for this computer's processor; what was done before is reused and takes no"
        " time."
    )
    if str(options.get("engine", HERE)) != HERE:
        note = "An estimate for this computer's processor alone; with a cluster it may take less."
    elif options.get("precision") == precision.FAST and not precision.exact_anyway(models):
        note = (
            "An estimate for exact numbers on this computer's processor; fast ones may take less."
        )
    if st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        disabled=not models,
        help=note if models else None,
    ):
        start(listing, models, options)
    if models and cost.unknown:
        return f"How much work is not known for {words.count(cost.unknown, 'model')}."
    return ""


def pace_for(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> Pace:
    """Return what foretells the run, by what earlier ones on this computer took."""
    settings = load_settings()
    setting = foretelling.setting_of(
        str(options.get("engine") or settings.engine),
        str(options.get("device") or settings.device),
        str(options.get("precision") or precision.EXACT),
        settings,
    )
    pace = foretelling.pace_of(models, setting, settings, raced=bool(options.get("race")))
    pace.know(classes=len(listing.classes))
    return pace


def question(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> Run:
    """Put the question that the run button asks."""
    return new_run(
        listing.ref, [model.id for model in models], title=plain(listing.name), **options
    )


def start(listing: Listing, models: Sequence[SourceModel], options: dict[str, Any]) -> None:
    """Submit the run and go to its results.

    The same question asked again joins the job already there.
    """
    try:
        run = question(listing, models, options)
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return
    if (run_id := submit_run(run)) is not None:
        navigation.go("results", run=run_id, model=None, again=None)
