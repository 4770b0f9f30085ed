"""The parts of the results page: score bars, the map beside them, what was sampled, what failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from srcsel import charts
from srcsel import race as rules
from srcsel.records import DOTS, HEADLINE, MOST_DOTS, Failure, JobStatus, Projection, Reading, Result
from srcsel.ui import checking, frame, maps, state, table, thumbs, verdict, watch, words
from srcsel.ui.show import error_state, md
from srcsel.wording import READINGS

if TYPE_CHECKING:
    from srcsel.charts import Theme

BARS = {"silhouette": ("How well the groups separate", "MSC"), "supcon": ("How well neighbours agree", "SCL")}
READING_MEANS = {
    "whitened": "**Whitened**: what all pictures have in common is taken out first, and every direction counts the "
    "same. The verdict uses this reading.",
    "raw": "**As in the papers**: the formulas on the untouched features. Good for comparing with published "
    "numbers; it can favour models that see hardly any difference.",
}
MAP_CAPTION = (
    "A sketch of how this model sees your pictures. Close = similar. Gaps between far groups mean little. "
    "The scores use the full features, not this sketch."
)
LEAST_MAP = 420  # pixels
ROOM = 440  # pixels of a window that verdict, controls and legend take
_score_bars = lru_cache(maxsize=16)(charts.score_bars)  # Plotly takes longer for them than all else on the page
PRESENTING = 1.25  # times larger, as the frame's type in presenter mode


def theme() -> Theme:
    """Tell which theme the browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def models_on_show(result: Result) -> dict[str, str]:
    """Return id -> title of the scored models, in the order of the bars."""
    titles = {m.id: m.title for m in result.models}
    return {m: titles[m] for m in charts.model_order(result)}


def notes(result: Result, which: Reading) -> None:
    """Say why scores and verdict differ, in amber where they do, and whatever else the verdict notes.

    Several notes take one line until they are opened, so that the charts stay in sight.
    """
    texts = [md(note.text) for note in result.verdict.notes if note.reading in (which, None)]
    title = verdict.disagreement(result, which)
    if not texts or (frame.presenting() and not title):
        return
    icon = ":material/call_split:" if title else ":material/info:"
    if len(texts) == 1:
        st.warning(texts[0], title=title, icon=icon) if title else st.info(texts[0], icon=icon)
        return
    label = f"**{title}.** {texts[0]}" if title else texts[0]
    with st.container(key="differ" if title else "notes"), st.expander(label):  # its arrow stands where the icon would
        st.markdown("\n".join(f"- {text}" for text in texts[1:]))


def choose_model(result: Result) -> str:
    """Draw the box that chooses the model looked at; bars choose too. The choice lives in the address."""
    titles = models_on_show(result)
    default = result.verdict.winner if result.verdict.winner in titles else next(iter(titles))
    chosen = state.choose("model", list(titles), default, "starting model") or default
    _pick("model", "Your pictures as seen by", list(titles), chosen, titles.__getitem__)
    return chosen


def map_controls(result: Result) -> tuple[str, str]:
    """Draw model and kind of map side by side; returns (model, method). Presenter mode keeps only the model."""
    if frame.presenting():
        return choose_model(result), "umap"
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        model = choose_model(result)
    with right:
        return model, choose_method()


def reading() -> Reading:
    """Return the reading that is on show; presenter mode has only the whitened one."""
    if frame.presenting():
        return "whitened"
    return "raw" if state.choose("reading", list(READINGS), "whitened", "reading") == "raw" else "whitened"


def choose_reading(chosen: Reading) -> None:
    """Draw the switch between the two readings."""
    if not frame.presenting():
        _switch("reading", "Reading of the scores", list(READINGS), chosen, READINGS.__getitem__, labelled=False)


def choose_method() -> str:
    """Draw the switch between the kinds of map."""
    chosen = state.choose("method", list(maps.METHODS), "umap", "kind of map") or "umap"
    _switch("method", "Kind of map", list(maps.METHODS), chosen, maps.METHODS.__getitem__)
    return chosen


def bars(result: Result, which: Reading, chosen: str) -> None:
    """Draw the two score bars under each other; pressing a bar chooses its model."""
    scale = PRESENTING if frame.presenting() else 1.0
    for measure, (heading, short) in BARS.items():
        if not charts.pick_scores(result, measure, which):
            continue
        jargon = "" if frame.presenting() else f" ({short})"
        st.markdown(f"**{heading}**{jargon}", help=None if frame.presenting() else table.help_of(measure) or None)
        key = f"bars-{measure}"
        st.plotly_chart(
            _score_bars(result, measure, which, theme=theme(), chosen=chosen, scale=scale),
            key=key,
            on_select=lambda key=key: pressed(key),
            selection_mode="points",
            config={"displayModeBar": False},
            alt=charts.bars_alt(result, measure, which),
        )
    if not frame.presenting():
        st.caption(READING_MEANS[which])


def map_beside(result: Result, model: str, method: str, height: int) -> None:
    """Draw the chosen model's map, or see to it that the worker makes it. Nothing is computed here."""
    title = next(m.title for m in result.models if m.id == model)
    projection = get_map(result, model, method)
    if projection is None:
        return
    maps.embedding_map(
        [maps.Pane(projection, title)], result.dataset, set_id=pictures(result), name=f"results {result.run.id}",
        key="results-map", height=height, room=ROOM,
    )  # fmt: skip
    st.caption(f"{MAP_CAPTION} {sampled(result, projection)}")


def get_map(result: Result, model: str, method: str, cap: int = DOTS) -> Projection | None:
    """Read the map of `cap` dots at most; where there is none, submit its job and draw how it goes."""
    cap = DOTS if len(result.dataset.paths) <= DOTS else max(DOTS, min(cap, MOST_DOTS[method]))
    projection = state.runs().projection(result.run.id, model, method, result.run.seed, cap)
    if projection is not None:
        return projection
    board = state.board()
    ranking = board.for_run(result.run.id)
    if not result.complete and ranking is not None and ranking.state in watch.ACTIVE:
        st.info("The map is drawn when the scores are done.", icon=":material/hourglass_top:")
        return None
    payload: dict[str, object] = {"run_id": result.run.id, "model": model, "method": method}
    payload |= {} if cap == DOTS else {"points": cap}
    job = next((j for j in board.recent(50) if j.kind == "map" and j.payload == payload), None)
    if job is None or job.state == "done":  # done, and yet no map: it was deleted since
        job = board.status(board.submit("map", payload))
    watch.watch_job(job, _map_progress)
    return None


def pictures(result: Result) -> str:
    """Return the thumbnail set of a run's pictures.

    Bundled ones that are not on disk yet get written out by the worker; the page is drawn again when they are.
    """
    dataset = result.dataset
    if dataset.ref.startswith("demo:") and not dataset.folder.is_dir():
        job = checking.check_job(dataset.ref)
        if job.state in watch.ACTIVE:
            watch.watch_job(job, lambda _: None)
    return thumbs.register(dataset.folder, dataset.paths)


def sampled(result: Result, projection: Projection) -> str:
    """Say how many pictures the map shows, and that the scores use all."""
    drawn, total = len(projection.rows), len(result.dataset.paths)
    if drawn == total:
        return f"Showing all {words.count(total, 'picture')}."
    return f"Showing {drawn:,} of {total:,} pictures, the same share of each class. Scores use all pictures."


def remarks(result: Result) -> None:
    """Say what was sampled or left out, and which models or scores did not work, in words."""
    titles = {m.id: m.title for m in result.models}
    told = {rules.summary(result.race)} if result.race else set()  # stands with the race
    for note in (note for note in result.notes if note not in told):
        st.caption(f":material/info: {md(note)}")
    for failure in (f for f in result.failures if f.measure in HEADLINE):  # the others say why in their table
        what = f"{md(titles.get(failure.model, failure.model))}, {md(table.title_of(failure.measure))}"
        st.caption(f":material/error: {what}: n/a. {md(failure.reason)}")
    failed: dict[str, list[Failure]] = {}
    left = {d.model for d in result.race.dropped} if result.race else set()  # the race says why
    for failure in (f for f in result.failures if not f.measure and f.model not in left):
        failed.setdefault(failure.reason, []).append(failure)
    for reason, same in failed.items():
        names = ", ".join(md(titles.get(f.model, f.model)) for f in same)
        details = "\n\n".join(f"{f.model}\n{f.detail}" for f in same if f.detail)
        error_state(f"Could not be scored: {names}", md(reason), details)


def _pick(name: str, label: str, options: list[str], chosen: str, shown: Callable[[str], str]) -> None:
    key = f"results-{name}"
    st.session_state[key] = chosen
    st.selectbox(label, options, format_func=shown, key=key, on_change=_moved, args=(name, key))


def _switch(
    name: str, label: str, options: list[str], chosen: str, shown: Callable[[str], str], *, labelled: bool = True
) -> None:
    key = f"results-{name}"
    st.session_state[key] = chosen
    st.segmented_control(
        label, options, format_func=shown, key=key, required=True, on_change=_moved, args=(name, key),
        label_visibility="visible" if labelled else "collapsed",
    )  # fmt: skip


def _moved(name: str, key: str) -> None:
    state.write(**{name: st.session_state[key]})


def pressed(key: str) -> None:
    """Choose the model whose bar was pressed."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        model = points[0].get("customdata")
        state.write(model=model[0] if isinstance(model, list) else model)


def _map_progress(job: JobStatus) -> None:
    if job.state == "failed":
        st.error(md(job.error) or "The map could not be made.", icon=":material/error:")
    elif job.state == "cancelled":
        st.info("The map was stopped before it was done.", icon=":material/pause_circle:")
    else:
        st.markdown("Drawing this map for the first time. It is kept, so the next time it shows at once.")
        st.progress(job.share, text=md(job.what) or None)
    watch.buttons(job)
