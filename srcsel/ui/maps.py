"""The big interactive map. Everything around it is Streamlit; the scatter itself is a component of ours.

Plotly loses zoom and selection whenever a figure changes and cannot show a picture on hover; this keeps both
over changes of model, method and theme, and sends only picture numbers back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.components.v2 import component

from srcsel.charts import Group, class_groups
from srcsel.records import Dataset, Projection
from srcsel.ui.show import plain, prefix

METHODS = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}
_FOLDER = Path(__file__).parent / "map"


@dataclass(frozen=True)
class Selection:
    """What the person picked on a map: picture numbers of the dataset, and how ("lasso", "box", "click", "clear")."""

    rows: tuple[int, ...]
    how: str


def embedding_map(
    projection: Projection,
    dataset: Dataset,
    *,
    set_id: str,
    title: str,
    key: str,
    height: int = 480,
    room: int = 0,
    on_select: Callable[[Selection], None] | None = None,
    classes: Collection[int] | None = None,
    selected: tuple[int, ...] = (),
    stamp: int = 0,
) -> None:
    """Draw the map; hovering a dot shows its picture from thumbnail set `set_id`.

    `title` is the model's name, for those who cannot see the map. With `on_select` the person can lasso, box or
    click; it is called before the script runs again. `classes` (class ids) leaves all others out. `selected` is
    lit whenever `stamp` differs from the last one drawn, so that a page can set or clear the selection. With `room`,
    the map is lower in a window that could not hold `height` and so many pixels of other things.
    """
    groups = class_groups(dataset.classes, dataset.counts)
    points = map_points(projection, dataset, groups, classes)
    _component()(
        key=key,
        data={
            "points": points,
            "settings": {
                "groups": _looks(groups, points),
                "classes": [plain(name) for name in dataset.classes],
                "thumbs": f"{prefix()}/thumbs/{set_id}",
                "select": on_select is not None,
                "drag": "lasso" if on_select else "pan",
                "selected": list(selected),
                "stamp": stamp,
                "height": height,
                "room": room,
                "alt": map_alt(projection, dataset, title, len(points)),
            },
        },
        on_selection_change=lambda: tell(key, on_select),
    )


def map_points(
    projection: Projection, dataset: Dataset, groups: list[Group], classes: Collection[int] | None = None
) -> pd.DataFrame:
    """One line a dot: place, color group, class, picture number, file name. Dots never change order between maps."""
    of_class = np.zeros(len(dataset.classes), dtype=np.uint8)
    for i, group in enumerate(groups):
        of_class[list(group.classes)] = i
    labels = dataset.labels[projection.rows]
    keep = np.ones(len(labels), dtype=bool) if classes is None else np.isin(labels, list(classes))
    rows = projection.rows[keep]
    return pd.DataFrame(
        {
            "x": np.asarray(projection.xy[keep, 0], dtype=np.float32),
            "y": np.asarray(projection.xy[keep, 1], dtype=np.float32),
            "group": of_class[labels[keep]],
            "klass": labels[keep].astype(np.uint16),
            "row": rows.astype(np.int32),
            "file": [plain(dataset.paths[r]) for r in rows.tolist()],
        }
    )


def map_alt(projection: Projection, dataset: Dataset, title: str, drawn: int) -> str:
    """Say in words what the map shows, from the same data."""
    largest = [plain(dataset.classes[c]) for c in np.argsort(-dataset.counts, kind="stable")[:5]]
    more = len(dataset.classes) - len(largest)
    tail = f" and {more} more" if more > 0 else ""
    return (
        f"{METHODS[projection.method]} map of {drawn:,} pictures as {plain(title)} sees them, one dot a picture. "
        f"Classes: {', '.join(largest)}{tail}."
    )


def _looks(groups: list[Group], points: pd.DataFrame) -> list[dict[str, Any]]:
    """Return every group's look; groups without a dot stay, so that colors and legend never jump."""
    present = set(points["group"].unique().tolist())
    return [
        {
            "name": plain(g.name),
            "light": g.light,
            "dark": g.dark,
            "shape": g.shape,
            "other": len(g.classes) > 1,
            "empty": i not in present,
        }
        for i, g in enumerate(groups)
    ]


def tell(key: str, on_select: Callable[[Selection], None] | None) -> None:
    """Check what came from the browser, which may be anything, and hand it on."""
    value = st.session_state[key].get("selection")
    if on_select is None or not isinstance(value, dict) or not isinstance(value.get("rows"), list):
        return
    rows = {int(r) for r in value["rows"] if isinstance(r, int | float) and r >= 0}
    on_select(Selection(tuple(sorted(rows)), str(value.get("how", ""))[:8]))


@cache
def _component() -> Any:
    html, css, js = ((_FOLDER / f"map.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return component("srcsel_map", html=html, css=css, js=js)
