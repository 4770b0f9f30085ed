"""One or two maps, large: a loop around some dots shows their pictures. Beside it, why, and what is worth a look."""

import streamlit as st

from srcsel.command import command
from srcsel.records import Result
from srcsel.ui import explore, frame, inside, maps, near, results, state
from srcsel.ui.show import empty_state, md
from srcsel.ui.watch import watch_run

HEIGHT = 600  # pixels of a map, at most
ROOM = 385  # pixels of a window that title, controls and legend take


def main() -> None:
    """Read the run the address names, and draw the part of the page it names."""
    head = st.container(horizontal=True, vertical_alignment="center", gap="large")
    with head:
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
    explore.enter(result)
    with head:
        view = explore.choose_view()
    if view == "map":
        draw(result)
    elif view == "why":
        from srcsel.ui import why

        why.show(result, results.choose_model(result), results.pictures(result))
    else:
        from srcsel.ui import suspects

        suspects.show(result, results.pictures(result))


@st.fragment
def draw(result: Result) -> None:
    """Draw controls, maps and pictures; a selection draws only these again."""
    dataset, titles, run_id = result.dataset, results.models_on_show(result), result.run.id
    columns = st.columns([3, 3, 2], vertical_alignment="bottom")
    with columns[0]:
        model = results.choose_model(result)
    with columns[1]:
        second = explore.choose_second(result, model)
    with columns[2]:
        method = results.choose_method()
    models = [model] if second is None else [model, second]
    columns = st.columns([3, 3, 2, 2] if len(dataset.paths) > explore.DOTS else [3, 3, 2], vertical_alignment="bottom")
    with columns[0]:
        color = explore.choose_color(second is not None)
    with columns[1]:
        classes = explore.choose_classes(dataset)
    with columns[2]:
        explore.choose_file(result)
    with columns[-1]:
        cap = explore.choose_dots(dataset, method)
    map_side, picture_side = (st.container(), st.container()) if second else st.columns([3, 2], gap="medium")
    with map_side:
        projections = {m: results.get_map(result, m, method, cap) for m in models}
        place, below = st.container(), st.container()
        with below:
            seen = {m: inside.get_inside(result, m) for m in models}
        panes = [maps.Pane(p, titles[m], seen[m]) for m, p in projections.items() if p is not None]
        if len(panes) < len(models):
            return
        set_id = results.pictures(result)
        chosen, stamp = explore.pushed(run_id)
        with place:
            maps.embedding_map(
                panes, dataset, set_id=set_id, name=f"explore {run_id}", key="explore-map", color=color,
                height=HEIGHT, room=ROOM, on_select=explore.keep(run_id), classes=classes, selected=chosen, stamp=stamp,
            )  # fmt: skip
            st.caption(f"{results.MAP_CAPTION} {md(results.sampled(result, panes[0].projection))}")
    with picture_side:
        beside(result, panes, set_id, classes)


def beside(result: Result, panes: list[maps.Pane], set_id: str, classes: list[int]) -> None:
    """Draw the pictures: the one that was pressed, the selected ones, those that moved most between two models."""
    dataset, run_id = result.dataset, result.run.id
    shown = maps.drawn_rows(panes, dataset, classes)
    rows = explore.chosen_rows(run_id, dataset, shown, classes)
    chosen = explore.selected(run_id)
    if len(panes) == 2:
        left, right = st.columns([3, 2], gap="large")
        with right:
            st.subheader("Moved most", anchor=False)
            st.caption("Pictures whose six nearest differ most between the two models.")
            found = near.moved(panes, dataset, set_id, shown)
            if found:
                st.button("Light them on the maps", on_click=explore.put, args=(run_id, found), key="explore-moved")
    else:
        left = st.container()
    with left:
        explore.side(run_id, dataset, set_id, shown, rows, height=HEIGHT)
        if chosen and chosen.focus is not None and rows:
            near.picture(rows[0], dataset, set_id, panes)


main()
