"""The big interactive map. Everything around it is Streamlit; the scatter itself is a component of ours.

Plotly loses zoom and selection whenever a figure changes and cannot show a picture on hover; this keeps both
over changes of model, method and theme, and sends only picture numbers back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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
    select: bool = False,
    classes: Collection[int] | None = None,
    selected: tuple[int, ...] = (),
    stamp: int = 0,
) -> Selection | None:
    """Draw the map; hovering a dot shows its picture from thumbnail set `set_id`.

    `title` is the model's name, for those who cannot see the map. With `select` the person can lasso, box or
    click, and the Selection is returned (None before the first). `classes` (class ids) hides all others.
    `selected` is lit whenever `stamp` differs from the last one drawn, so that a page can set or clear it.
    """
    groups = class_groups(dataset.classes, dataset.counts)
    points = map_points(projection, dataset, groups, classes)
    state = _component()(
        key=key,
        data={
            "points": points,
            "settings": {
                "groups": _looks(groups, points),
                "classes": [plain(name) for name in dataset.classes],
                "thumbs": f"{prefix()}/thumbs/{set_id}",
                "select": select,
                "drag": "lasso" if select else "pan",
                "selected": list(selected),
                "stamp": stamp,
                "height": height,
                "alt": map_alt(projection, dataset, title, len(points)),
            },
        },
        on_selection_change=_noop,
    )
    return _selection(state.get("selection"))


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


def _selection(value: Any) -> Selection | None:
    """Check what came from the browser: it may hold anything."""
    if not isinstance(value, dict) or not isinstance(value.get("rows"), list):
        return None
    rows = {int(r) for r in value["rows"] if isinstance(r, int | float) and r >= 0}
    return Selection(tuple(sorted(rows)), str(value.get("how", ""))[:8])


@cache
def _component() -> Any:
    return component(
        "srcsel_map", **{kind: (_FOLDER / f"map.{kind}").read_text("utf-8") for kind in ("html", "css", "js")}
    )


def _noop() -> None:
    """Exist, so that the component's state has an attribute before the first selection."""
