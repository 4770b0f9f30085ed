"""A run while it goes: each model's bars, the model under way growing, a sketch of its map, and who
is ahead, in words.

The component glides from one drawing to the next; the numbers of finished models come from the
stored answer so far, those of the model under way from the worker's last glimpse. Nothing is
computed here, and a glimpse goes nowhere else.
"""

from __future__ import annotations

import dataclasses
from functools import cache, lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from srcsel.base.records import Glimpse, JobStatus, Part, Result
from srcsel.charts import PAINT, class_groups
from srcsel.ui.app import frame, state
from srcsel.ui.parts import choices, mine, watch, words
from srcsel.ui.parts.show import md, plain
from srcsel.verdict import tried
from srcsel.verdict.readings import bar_length, bar_start, model_order, names_of, pick_scores

BARS = ("silhouette", "supcon")
HEADS = ("", "How well the groups separate", "How well neighbours agree", "Pictures seen")
KEY = "Not final: grows with the pictures seen"
ROW, LEAST, MOST = 36, 330, 520  # pixels: of a model, of the sketch
_FOLDER = Path(__file__).parent / "live"


def watch_live(job: JobStatus) -> None:
    """Draw a run under way, again each second; the whole page once its answer stands or it
    stopped.
    """
    st.fragment(_look, run_every=watch.EVERY)(job.id)


def mine_on(ref: str) -> JobStatus | None:
    """Return this person's run of the pictures `ref` that is under way and not yet answered; None
    where there is none.
    """
    for job in state.board().active():
        run = job.payload.get("run")
        if job.kind == "rank" and isinstance(run, dict) and run.get("ref") == ref:
            result = state.result(job.id)
            if mine.job_is_mine(job) and not (result is not None and result.complete):
                return job
    return None


def watch_beside(job: JobStatus) -> None:
    """Draw a run under way on a page that is about something else, with the way to its answer."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**A run on these pictures is under way.**", width="content")
        st.page_link(frame.page("results"), label="See it large", query_params={"run": job.id})
    watch_live(job)


def _look(job_id: str) -> None:
    job, result = state.board().status(job_id), state.result(job_id)
    if job.state not in watch.ACTIVE or (result is not None and result.complete):
        st.rerun()
    draw(job, result)


def draw(job: JobStatus, result: Result | None) -> None:
    """Draw a run under way once. result: its answer so far."""
    job = announced(job)
    with st.container(border=True, key="live"):
        watch.head(job, _scored(result))
        glimpse = None if job.state == "queued" else state.board().glimpse(job.id)
        _component()(key=f"live-{job.id}", data=shown(job, result, glimpse))
        if result is not None and result.prior is not None:
            st.caption(md(tried.in_brief(result.prior)))
        watch.failures(job)


def announced(job: JobStatus) -> JobStatus:
    """Return a run whose worker has not told anything yet with the models it was asked for, so that
    what will come is seen from the press on.
    """
    run = job.payload.get("run")
    if job.parts or not isinstance(run, dict):
        return job
    waiting = (Part(str(model), "waiting") for model in run.get("models", ()))
    return dataclasses.replace(job, parts=tuple(waiting))


def shown(job: JobStatus, result: Result | None, glimpse: Glimpse | None) -> dict[str, Any]:
    """Return all that the component draws."""
    parts = [part for part in job.parts if part.name not in watch.OTHER_PARTS]
    models = _models(parts, result, glimpse)
    paint = PAINT[choices.theme()]
    sketched = result is not None and glimpse is not None and bool(glimpse.rows)
    facts = _sketch(result, glimpse) if result is not None and glimpse and sketched else {}
    return {
        "lead": lead(job, parts, result),
        "heads": HEADS,
        "key": KEY,
        "models": models,
        "paint": {"soon": paint["line"], "line": paint["ink"]},
        "height": max(LEAST, min(MOST, ROW * len(models))),
        "empty": "Here a map of the pictures grows as a model looks at them.",
        "caption": "",
        "sketch": None,
    } | facts


def lead(job: JobStatus, parts: list[Part], result: Result | None) -> tuple[str, str]:
    """Say who is ahead and how many are to come: ("Ahead so far: Strokes", ", 4 models to go")."""
    scored = _scored(result)
    to_go = sum(p.name not in scored and p.state not in ("failed", "dropped") for p in parts)
    rest = f", {words.count(to_go, 'model')} to go" if to_go else ", the answer is being written"
    if job.state == "queued":
        return "No model is scored yet", ""  # what it waits for stands above
    if result is None or not parts:
        return "Getting the pictures ready", ""
    yardsticks = {m.id for m in result.models if m.yardstick}
    rivals = [m for m in model_order(result) if m not in yardsticks]
    if not rivals:
        return "No model is scored yet", rest if to_go else ""
    name = plain(names_of(result)[rivals[0]])
    return f"{'Ahead' if len(rivals) > 1 else 'Scored'} so far: {name}", rest


def _scored(result: Result | None) -> set[str]:
    return set() if result is None else {s.model for s in result.scores}


def _models(
    parts: list[Part], result: Result | None, glimpse: Glimpse | None
) -> list[dict[str, Any]]:
    """Return the rows: scored models best first, the one under way, those to come, who is out."""
    bars = {} if result is None else _bars(result)
    titles = {m.id: m.title for m in result.models} if result else {}
    yardsticks = {m.id for m in result.models if m.yardstick} if result else set()
    paint = PAINT[choices.theme()]
    known = {part.name: part for part in parts}
    first = next((m for m in bars if m not in yardsticks), None)
    rows = []
    for name in (
        *bars,
        *sorted((p for p in known if p not in bars), key=lambda p: _turn(known[p])),
    ):
        part = known.get(name, Part(name, "done"))
        seen = glimpse if glimpse is not None and glimpse.model == name else None
        kind = _kind(part, name in bars, seen)
        ahead = name == first
        look = "yardstick" if name in yardsticks else "winner" if ahead else "close"
        own = bars.get(name, {}) if kind != "soon" or seen is None else _grown(seen, bars)
        rows.append(
            {
                "id": name,
                "title": plain(titles.get(name) or watch.title(name)),
                "kind": kind,
                "ahead": ahead,
                "color": paint[look],
                "bars": own,
                "said": said(part, scored=name in bars),
                "full": plain(part.note),
                "share": _share(part, scored=name in bars),
            }
        )
    return rows


def _kind(part: Part, scored: bool, glimpse: Glimpse | None) -> str:
    if scored:
        return "finished"
    if glimpse is not None and part.state in ("running", "scoring"):
        return "soon"
    return "at-work" if part.state in ("running", "scoring", "downloading") else "to-come"


def _turn(part: Part) -> int:
    """Order of the models without scores: those under way, those to come, those that are out."""
    if part.state in ("failed", "dropped"):
        return 3
    return {"scoring": 0, "running": 1, "downloading": 1}.get(part.state, 2)


def said(part: Part, *, scored: bool) -> str:
    """Say in a few words where a model is."""
    if part.state == "stored":
        return "Reused from before"
    if scored:
        return "Scored"
    if part.state == "running" and part.total:
        return f"{part.done:,} of {part.total:,}"
    if part.state == "dropped":
        return f"Dropped after {words.count(part.done, 'picture')}" if part.done else "Dropped"
    return words.progress(part)


def _share(part: Part, *, scored: bool) -> float | None:
    """Return how far the step under way is, 0..1; -1 where that is not known, None for no step."""
    if scored or part.state not in ("running", "scoring", "downloading"):
        return None
    return words.share(part) or -1.0 if part.state != "scoring" else -1.0


def _grown(
    glimpse: Glimpse, scored: dict[str, dict[str, tuple[float, float]]]
) -> dict[str, tuple[float, float]]:
    """Return the bars of the model under way, as long as the share of the pictures it has seen:
    scores of few pictures come out higher, and are nothing to compare with. Chance stands further
    out for few pictures as well, so they begin where the bars of scored models do, if there are.
    """
    share = glimpse.seen / max(1, glimpse.total)
    grown = {}
    for name, (chance, end) in glimpse.bars.items():
        starts = [bars[name][0] for bars in scored.values() if name in bars]
        start = median(starts) if starts else chance
        grown[name] = (start, start + share * (end - chance))
    return grown


@lru_cache(maxsize=8)
def _bars(result: Result) -> dict[str, dict[str, tuple[float, float]]]:
    """Where each scored model's bars begin and end, best model first."""
    found: dict[str, dict[str, tuple[float, float]]] = {m: {} for m in model_order(result)}
    for measure in BARS:
        for model, score in pick_scores(result, measure, "whitened").items():
            found[model][measure] = (bar_start(score), bar_length(score)[0])
    return found


def _sketch(result: Result, glimpse: Glimpse) -> dict[str, Any]:
    """Return the sketch with its colours, names and words.

    How many pictures were seen stands in the model's row alone: a glimpse is older than that.
    """
    dataset, dark = result.dataset, choices.theme() == "dark"
    groups = class_groups(dataset.classes, dataset.counts)
    of = {c: g for g, group in enumerate(groups) for c in group.classes}
    there = [k for k, row in enumerate(glimpse.rows) if row < len(dataset.labels)]
    rows, x, y = ([some[k] for k in there] for some in (glimpse.rows, glimpse.x, glimpse.y))
    labels = [int(dataset.labels[row]) for row in rows]
    name = plain(names_of(result)[glimpse.model])
    return {
        "sketch": {
            "rows": rows,
            "x": x,
            "y": y,
            "classes": labels,
            "groups": [of[c] for c in labels],
        },
        "groups": [group.dark if dark else group.light for group in groups],
        "names": {str(g.classes[0]): plain(g.name) for g in groups if len(g.classes) == 1},
        "alt": f"A sketch of how {name} sees the pictures, one dot each, coloured by class.",
        "caption": (
            f"How {name} sees the pictures so far. Close = similar. A quick sketch: the map of the"
            " answer is drawn with more care."
        ),
    }


@cache
def _component() -> Any:
    html, css, js = (
        (_FOLDER / f"live.{kind}").read_text("utf-8") for kind in ("html", "css", "js")
    )
    return component("srcsel_live", html=html, css=css, js=js)
