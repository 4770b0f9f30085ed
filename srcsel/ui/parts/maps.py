"""The big interactive map, or two beside each other.

Everything around it is Streamlit; this is a component of ours.

Plotly loses zoom and selection whenever a figure changes and cannot show a picture on hover; this
keeps both over changes of model, method, colours and theme, draws up to 100,000 dots, and sends
only picture numbers back. (Embedding Atlas, made for so many, fetches its database from another
server while it runs, which our content policy refuses.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st
from streamlit.components.v2 import component

from srcsel.base.phrases import cut_apart, some_of
from srcsel.base.records import DOTS, Dataset, Inside, Projection, Result
from srcsel.explore.filling import filled
from srcsel.models.called import named
from srcsel.pictures import thumbs
from srcsel.ui.parts import words
from srcsel.ui.parts.coloring import Coloring, color_dots
from srcsel.ui.parts.show import plain, prefix

METHODS = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}
ON_MAP, IN_LEGEND = 24, 44  # letters of a class's name; a longer one is cut
NEAR = 6  # neighbours joined to the picture that was pressed
_FOLDER = Path(__file__).parent / "map"
_SCRIPTS = ("shapes", "places", "outlines", "names", "pictures", "pane", "hands", "legend", "map")


@dataclass(frozen=True)
class Selection:
    """What the person picked: picture numbers of the dataset, and how ("lasso", "box", "add",
    "find", "clear").
    """

    rows: tuple[int, ...]
    how: str


@dataclass(frozen=True, eq=False)
class Pane:
    """One map: its places, the model's name, and what the model makes of every picture where that
    is known.
    """

    projection: Projection
    title: str
    inside: Inside | None = None


def embedding_map(
    panes: Sequence[Pane],
    dataset: Dataset,
    *,
    set_id: str,
    name: str,
    key: str,
    color: str = "class",
    height: int = 480,
    room: int = 0,
    on_select: Callable[[Selection], None] | None = None,
    classes: Collection[int] | None = None,
    pinned: Sequence[int] = (),
    selected: Selection | None = None,
    stamp: int = 0,
    picture: int | None = None,
) -> None:
    """Draw one map, or two beside each other that share view, selection and colours (a key of
    coloring.COLORS).

    Hovering a dot shows its picture from thumbnail set `set_id`. The browser tab remembers the zoom
    under `name`. A press opens the page's drawer, which shows `picture` at first. With `on_select`
    the person can lasso or box; it is called before the script runs again. `classes` (class ids)
    leaves all others out; `pinned` ones get the colours, the others are grey. `selected` is lit
    whenever `stamp` differs from the last one drawn, so that a page can set or clear the selection.
    With `room`, the map is lower in a window that could not hold `height` and so many pixels of
    other things.
    """
    whole = drawn_rows(panes, dataset)
    rows = drawn_rows(panes, dataset, classes)
    titles, insides = [p.title for p in panes], [p.inside for p in panes]
    coloring = color_dots(color, titles, insides, dataset, rows, pinned)
    tables = {f"pane{i}": pane_table(pane, rows, coloring, i) for i, pane in enumerate(panes)}
    chosen = selected or Selection((), "clear")
    settings = {
        "groups": _looks(coloring),
        "scale": coloring.scale,
        "byClass": coloring.kind == "class",
        "groupOf": coloring.of_class,
        "even": panes[0].projection.method == "pca",
        "classes": _names(dataset.classes),
        "short": _short(dataset.classes),
        "titles": [plain(pane.title) for pane in panes],
        "alts": [map_alt(pane.projection, dataset, pane.title, len(rows)) for pane in panes],
        "set": set_id,
        "thumbs": f"{prefix()}/thumbs/{set_id}",
        "sheets": _sheets(dataset, set_id, whole),
        "name": name,
        "select": on_select is not None,
        "drag": "lasso" if on_select else "pan",
        "selected": list(chosen.rows),
        "focus": picture,
        "stamp": stamp,
        "height": height,
        "room": room,
    }
    _component()(
        key=key,
        data={"points": points_table(dataset, rows, whole), **tables, "settings": settings},
        on_selection_change=lambda: tell(key, on_select),
    )


def drawn_rows(
    panes: Sequence[Pane], dataset: Dataset, classes: Collection[int] | None = None
) -> np.ndarray:
    """Return which pictures all maps draw, (m,) sorted; with `classes`, only those of these class
    ids.
    """
    rows = panes[0].projection.rows
    for pane in panes[1:]:
        rows = np.intersect1d(rows, pane.projection.rows, assume_unique=True)
    return rows if classes is None else rows[np.isin(dataset.labels[rows], list(classes))]


def points_table(dataset: Dataset, rows: np.ndarray, whole: np.ndarray | None = None) -> pa.Table:
    """One line a dot, the same for all maps: picture number, class, file name.

    Dots never change order. whole: (w,) the pictures of the map without a filter, whose small
    copies lie on sheets; each dot then has its place there.
    """
    columns = {
        "row": rows.astype(np.int32),
        "klass": dataset.labels[rows].astype(np.uint16),
        "file": _files(dataset.paths, rows.astype(np.int64).tobytes()),
    }
    if whole is not None and len(whole) <= DOTS:
        columns["cell"] = np.searchsorted(whole, rows).astype(np.int32)
    return pa.table(columns)


def _sheets(dataset: Dataset, set_id: str, whole: np.ndarray) -> str | None:
    """Return the address of the sheets of small pictures; None where they would be too many."""
    if len(whole) > DOTS:
        return None
    if len(whole) < len(dataset.paths):
        drawn = [dataset.paths[row] for row in whole]
        set_id = thumbs.register(dataset.folder, drawn, dataset.ranges)
    return f"{prefix()}/thumbs/{set_id}"


@lru_cache(maxsize=4)
def _files(paths: tuple[str, ...], rows: bytes) -> pa.Array:
    return pa.array([plain(paths[r]) for r in np.frombuffer(rows, dtype=np.int64).tolist()])


def pane_table(pane: Pane, rows: np.ndarray, coloring: Coloring, number: int) -> pa.Table:
    """One line a dot of one map: place, colour group, value of a score, and where its neighbours
    are (-1: not drawn).
    """
    at = np.searchsorted(pane.projection.rows, rows)
    xy = _placed(pane.projection)[at]
    columns = {"x": xy[:, 0], "y": xy[:, 1], "group": coloring.of[number]}
    if coloring.scale:
        columns["value"] = coloring.values[number]
    if pane.inside is not None:
        place = np.full(len(pane.inside.neighbors), -1, dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        near = place[pane.inside.neighbors[rows, :NEAR]]  # (m, 6)
        columns |= {f"n{k}": near[:, k] for k in range(near.shape[1])}
    return pa.table(columns)


def _placed(projection: Projection) -> np.ndarray:
    xy = np.ascontiguousarray(projection.xy, dtype=np.float32)
    return _filled(xy.tobytes(), projection.method)


@lru_cache(maxsize=8)
def _filled(xy: bytes, method: str) -> np.ndarray:
    return filled(np.frombuffer(xy, dtype=np.float32).reshape(-1, 2), method)


def map_alt(projection: Projection, dataset: Dataset, title: str, drawn: int) -> str:
    """Say in words what the map shows, from the same data."""
    largest = [plain(dataset.classes[c]) for c in np.argsort(-dataset.counts, kind="stable")]
    name = plain(named(projection.model, title))
    return (
        f"{METHODS[projection.method]} map of {drawn:,} pictures as {name} sees them, one"
        f" dot a picture. Classes: {some_of(largest, 5)}."
    )


def _looks(coloring: Coloring) -> list[dict[str, Any]]:
    """Return every group's look; groups without a dot stay, so that colours and legend never
    jump.
    """
    present = set(np.concatenate(coloring.of).tolist())
    short = cut_apart([look["name"] for look in coloring.groups], IN_LEGEND)
    return [
        look | {"empty": i not in present, "short": short[i]}
        for i, look in enumerate(coloring.groups)
    ]


def tell(key: str, on_select: Callable[[Selection], None] | None) -> None:
    """Check what came from the browser, which may be anything, and hand it on."""
    value = st.session_state[key].get("selection")
    if on_select is None or not isinstance(value, dict) or not isinstance(value.get("rows"), list):
        return
    rows = {int(r) for r in value["rows"] if isinstance(r, int | float) and r >= 0}
    on_select(Selection(tuple(sorted(rows)), str(value.get("how", ""))[:8]))


def _names(classes: tuple[str, ...]) -> list[str]:
    return [plain(name) for name in classes]


@lru_cache(maxsize=8)
def _short(classes: tuple[str, ...]) -> list[str]:
    return cut_apart([plain(name) for name in classes], ON_MAP)


@cache
def _component() -> Any:
    html, css = ((_FOLDER / f"map.{kind}").read_text("utf-8") for kind in ("html", "css"))
    script = "\n".join((_FOLDER / f"{part}.js").read_text("utf-8") for part in _SCRIPTS)
    return component("srcsel_map", html=html, css=css, js=script)


MAP_CAPTION = (
    "A sketch of how this model sees the pictures. Close = similar. Gaps between far groups mean"
    " little. The scores use the full features, not this sketch."
)


def sampled(result: Result, projection: Projection, classes: Collection[int] | None = None) -> str:
    """Say how many pictures the map shows, and that the scores use all; `classes` (class ids) as
    of `embedding_map`.
    """
    drawn, total, labels = len(projection.rows), len(result.dataset.paths), result.dataset.labels
    if classes is not None and len(classes) < len(result.dataset.classes):
        wanted = list(classes)
        shown = int(np.isin(labels[projection.rows], wanted).sum())
        whole = int(np.isin(labels, wanted).sum())
        which = "class" if len(wanted) == 1 else "classes"
        part = "all" if shown == whole else f"{shown:,} of"
        of_them = f"{words.count(whole, 'picture')} of the chosen {which}"
        return f"Showing {part} {of_them}. Scores use all {total:,}."
    if drawn == total:
        return f"Showing all {words.count(total, 'picture')}."
    return (
        f"Showing {drawn:,} of {total:,} pictures, the same share of each class. Scores use all"
        " pictures."
    )
