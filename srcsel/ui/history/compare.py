"""Two runs side by side: what was asked differently, and what came out differently."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import Result
from srcsel.measures import MEASURES
from srcsel.runs.question import PRECISIONS
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import state
from srcsel.ui.parts import cards
from srcsel.ui.parts.show import md, plain
from srcsel.verdict.correction import before_and_after
from srcsel.verdict.readings import model_places
from srcsel.verdict.wording import how_sure

SETTINGS = {
    "measures": "Scores",
    "temperature": "Temperature of the neighbour score",
    "metric": "Distance of the separation score",
    "seed": "Seed of the re-checks",
}
OTHER_PICTURES = (
    "These two runs did not score the same pictures, so their answers and places are not compared."
)
WIDE = 140  # pixels of a run's column; pressing a cell twice shows all of it
LETTERS = 36  # of a model's name, so that both runs stay in sight beside it
_NUMBERS = {kind: f"{word} ({kind})" for word, kind in PRECISIONS.items()}


def draw(first: RunSummary, second: RunSummary) -> None:
    """Draw the comparison, the earlier run first."""
    older, newer = sorted((first, second), key=lambda run: (run.created, run.id))
    results = [state.result(run.id) for run in (older, newer)]
    before, after = results
    st.header("What changed", anchor=False)
    if before is None or after is None:
        st.info("One of these runs has no results yet.", icon=":material/hourglass_empty:")
        return
    heads = _heads(older, newer)
    corrected = after.before is not None and after.before.run == before.run.id
    same = before.dataset.digest == after.dataset.digest or corrected
    if corrected:
        st.markdown(md(before_and_after(after)))
    elif same:
        st.markdown(_outcome(older, newer))
    else:
        st.info(OTHER_PICTURES, icon=":material/info:")
    changed = pd.DataFrame(list(changes(before, after)), columns=["", *heads])
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What was asked**")
        if changed.empty:
            st.caption("The same pictures, models and settings.")
        else:
            # the later run stays in sight however long the first one's list of scores is
            wide = dict.fromkeys(heads, st.column_config.TextColumn(width=WIDE))
            st.dataframe(changed, hide_index=True, alt="Settings that differ", column_config=wide)
    if not same:
        return
    with right:
        st.markdown("**Where each starting model came**")
        st.dataframe(ranks(before, after, heads), hide_index=True, alt="Ranks in both runs")


def _heads(older: RunSummary, newer: RunSummary) -> list[str]:
    """Return two column heads that differ, as short as that allows."""
    pair = (older, newer)
    for heads in ([cards.name(run) for run in pair], [phrases.when(run.created) for run in pair]):
        if heads[0] != heads[1]:
            return heads
    return [f"{heads[0]} ({place})" for place in ("first", "second")]


def _outcome(older: RunSummary, newer: RunSummary) -> str:
    before, after = (_said(run) for run in (older, newer))
    if before != after:
        return f"The answer changed from {before} to {after}."
    return f"Both say: {'start from ' if after.startswith('**') else ''}{after}."


def _said(run: RunSummary) -> str:
    if run.kind == "cannot tell" or not run.winner_title:
        said = how_sure(run.kind, run.cause)
        return f"“{said}”" if run.winner_title else "nothing yet"
    return f"**{md(cards.winner(run))}**"


def changes(before: Result, after: Result) -> Iterator[tuple[str, str, str]]:
    """Yield (what, before, after) for everything about the question that differs; plain text."""
    pairs = {
        "Pictures": [
            f"{len(r.dataset.paths):,} in {plain(r.dataset.name)}" for r in (before, after)
        ],
        "Classes": [f"{len(r.dataset.classes):,}" for r in (before, after)],
        "Left out by hand": [f"{len(r.run.left_out):,}" for r in (before, after)],
        "With another label": [f"{len(r.run.relabeled):,}" for r in (before, after)],
        "Starting models": [f"{len(r.run.models):,}" for r in (before, after)],
    }
    if (
        before.dataset.digest != after.dataset.digest
        and pairs["Pictures"][0] == pairs["Pictures"][1]
    ):
        pairs["Pictures"][1] += ", other content"
    others = len(set(after.run.models) - set(before.run.models))
    if others and pairs["Starting models"][0] == pairs["Starting models"][1]:
        all_of_them = others == len(after.run.models)
        said = "all others" if all_of_them else phrases.count(others, "other")
        pairs["Starting models"][1] += f", {said}"
    for field, title in SETTINGS.items():
        pairs[title] = [_text(getattr(r.run, field)) for r in (before, after)]
    pairs["Numbers"] = [_NUMBERS.get(r.run.precision, r.run.precision) for r in (before, after)]
    for what, (old, new) in pairs.items():
        if old != new:
            yield what, old, new


def ranks(before: Result, after: Result, heads: list[str]) -> pd.DataFrame:
    """Return one row a model with its place in the order of every table, best of `after` first."""
    models = {model.id: plain(model.title) for r in (before, after) for model in r.models}
    titles = dict(zip(models, phrases.cut_apart([*models.values()], LETTERS), strict=True))
    old, new = (model_places(r) for r in (before, after))
    order = sorted(
        titles, key=lambda model: (new.get(model, 10**6), old.get(model, 10**6), titles[model])
    )
    rows = [(titles[model], _place(old.get(model)), _place(new.get(model))) for model in order]
    return pd.DataFrame(rows, columns=["Starting model", *heads])


def _place(rank: int | None) -> str:
    return "–" if rank is None else str(rank)


def _text(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return ", ".join(MEASURES[name].title if name in MEASURES else plain(name) for name in value)
