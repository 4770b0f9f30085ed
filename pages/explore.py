"""One map, large: a loop around some dots shows their pictures."""

import streamlit as st

from srcsel.command import command
from srcsel.records import Result
from srcsel.ui import explore, frame, maps, results, state
from srcsel.ui.show import empty_state, md
from srcsel.ui.watch import watch_run

HEIGHT = 600  # pixels of the map, at most
ROOM = 350  # pixels of a window that title, controls and legend take


def main() -> None:
    """Read the run the address names, and draw its map."""
    frame.header("Explore")
    run_id = state.read("run")
    result = state.result(run_id) if run_id else None
    if run_id and (result is None or not result.scores):
        job = watch_run(run_id)
        if job is not None and job.state != "done":
            return
    if result is None or not result.scores:
        empty_state(
            "Nothing to explore yet",
            "The map needs a finished run. Choose pictures first, or look at the finished example on the home page.",
            "Choose pictures",
            "images",
        )
        return
    frame.command(command(result.run))
    explore.push(result.run.id)
    draw(result)


@st.fragment
def draw(result: Result) -> None:
    """Draw controls, map and pictures; a selection draws only these again."""
    dataset = result.dataset
    left, middle, right = st.columns([3, 2, 4], vertical_alignment="bottom")
    with left:
        model = results.choose_model(result)
    with middle:
        method = results.choose_method()
    with right:
        classes = explore.choose_classes(dataset)
    map_side, picture_side = st.columns([3, 2], gap="medium")
    with map_side:
        projection = results.get_map(result, model, method)
        if projection is None:
            return
        set_id = results.pictures(result)
        lit, stamp = explore.pushed(result.run.id)
        maps.embedding_map(
            projection, dataset, set_id=set_id, title=results.models_on_show(result)[model], key="explore-map",
            height=HEIGHT, room=ROOM, on_select=explore.keep(result.run.id), classes=classes,
            selected=lit, stamp=stamp,
        )  # fmt: skip
        st.caption(f"{results.MAP_CAPTION} {md(results.sampled(result, projection))}")
    with picture_side:
        shown = explore.drawn(projection, dataset, classes)
        explore.side(result.run.id, dataset, set_id, shown, height=HEIGHT)


main()
