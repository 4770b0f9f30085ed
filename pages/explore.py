"""One or two maps, large: a loop around some dots shows their pictures.

Beside it, why, and what is worth a look.
"""

import numpy as np
import streamlit as st

from srcsel.base.records import Result
from srcsel.runs.question import command
from srcsel.ui.app import frame, state
from srcsel.ui.explore import explore, near, panel
from srcsel.ui.parts import choices, correct_bar, drawers, making, maps, opened
from srcsel.ui.parts.show import empty_state, md
from srcsel.ui.parts.watch import watch_run

HEIGHT = 620  # pixels of a map, at most
ROOM = 330  # pixels of a window that title, controls, legend and caption take
ROOM_PRESENTING = 410


def main() -> None:
    """Read the run the address names, and draw the part of the page it names."""
    head = st.container(horizontal=True, vertical_alignment="center")
    with head:
        frame.header("Explore")
    run_id = opened.run()
    result = state.result(run_id) if run_id else None
    if run_id and (result is None or not result.scores):
        job = watch_run(run_id)
        if job is not None and job.state != "done":
            return
    if result is None or not result.scores:
        empty_state(
            "Nothing to explore yet",
            "The map needs a finished run. Choose pictures first, or look at the finished example"
            " on the home page.",
            "Choose pictures",
            "images",
        )
        return
    result = state.answered(result)
    frame.command(command(result.run))
    frame.computed_on(result.run.engine)
    explore.enter(result)
    with head:
        view = explore.choose_view()
    if view == "map":
        draw(result)
    elif view == "why":
        from srcsel.ui.explore import why

        model, set_id = choices.choose_model(result), making.pictures(result)
        why.show(result, model, set_id)
        drawers.draw(result, set_id, [model])
    else:
        from srcsel.ui.explore import suspects

        set_id = making.pictures(result)
        suspects.show(result, set_id)
        drawers.draw(result, set_id, [])


@st.fragment
def draw(result: Result) -> None:
    """Draw controls, maps and pictures; a selection draws only these again."""
    dataset, titles, run_id = result.dataset, choices.models_on_show(result), result.run.id
    model, second, color, method = explore.choose_maps(result)
    models = [model] if second is None else [model, second]
    shares = [5, 2] if second else [2, 1] if frame.presenting() else [3, 2]
    map_side, picture_side = st.columns(shares, gap="medium")
    with picture_side:
        classes = explore.choose_pictures(result)
    with map_side:
        place, below = st.container(), st.container()
        cap = explore.choose_dots(dataset, method)
        projections = {m: making.get_map(result, m, method, cap) for m in models}
        with below:
            seen = {m: making.get_inside(result, m) for m in models}
        panes = [maps.Pane(p, titles[m], seen[m]) for m, p in projections.items() if p is not None]
        if len(panes) < len(models):
            return
        set_id = making.pictures(result)
        chosen, stamp = explore.pushed(run_id)
        with place:
            maps.embedding_map(
                panes,
                dataset,
                set_id=set_id,
                name=f"explore {run_id}",
                key="explore-map",
                color=color,
                height=HEIGHT,
                room=ROOM_PRESENTING if frame.presenting() else ROOM,
                on_select=explore.keep(run_id),
                classes=classes,
                pinned=choices.pinned(dataset),
                selected=chosen,
                stamp=stamp,
                picture=drawers.opened(result),
            )
            sketch = "" if frame.presenting() else f"{maps.MAP_CAPTION} "
            st.caption(f"{sketch}{md(maps.sampled(result, panes[0].projection, classes))}")
    shown = maps.drawn_rows(panes, dataset, classes)
    with picture_side:
        beside(result, panes, set_id, shown, classes)
    if len(panes) == 2 and not frame.presenting():
        with map_side:
            moved(result, panes, set_id, shown)
    drawers.draw(result, set_id, models)


def beside(
    result: Result, panes: list[maps.Pane], set_id: str, shown: np.ndarray, classes: list[int]
) -> None:
    """Draw the selected pictures; before there are any, what the models get right."""
    dataset, run_id = result.dataset, result.run.id
    rows = panel.chosen_rows(run_id, dataset, shown, classes)
    panel.buttons(run_id, dataset, shown, rows, classes)
    with st.container(key="explore-pictures"):
        if rows:
            panel.side(result, set_id, shown, rows)
        else:
            panel.start(run_id, dataset, panes, shown)
    correct_bar.bar(result, rows)


def moved(result: Result, panes: list[maps.Pane], set_id: str, shown: np.ndarray) -> None:
    """Draw the pictures whose neighbours differ most between the two models."""
    st.header("Moved most", anchor=False)
    line = st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    )
    found = near.moved(panes, result.dataset, set_id, shown)
    with line:
        st.caption(
            "Pictures whose six nearest differ most between the two models.", width="content"
        )
        if found:
            st.button(
                "Light them on the maps",
                on_click=explore.put,
                args=(result.run.id, found),
                key="explore-moved",
            )


main()
