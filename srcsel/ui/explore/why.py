"""Why this score: which classes are weak, which are mixed up and on what pictures, every picture's
own part.
"""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from srcsel.base.phrases import cut_apart
from srcsel.base.records import Dataset, Inside, Result
from srcsel.base.spreadsheet import to_csv
from srcsel.charts import classes as class_charts
from srcsel.charts import mixed
from srcsel.explore import inside
from srcsel.pictures import thumbs
from srcsel.ui.app import frame
from srcsel.ui.parts import choices, words
from srcsel.ui.parts.making import get_inside
from srcsel.ui.parts.show import WRAPPED, figure, md, plain, prefix

BARS = 12  # classes drawn as bars; the table has all
PAIRS, PAIRS_PRESENTING = 9, 4  # pairs of pictures shown of two classes
PAIR = "Nearest neighbours that cross over"
LINE = 44  # characters of a pair of classes that stand in one line
ROWS = 1000  # pictures in the table; the download has all


def show(result: Result, model: str, set_id: str) -> None:
    """Draw why `model` scores as it does on the run's pictures, or how the worker looks at them
    meanwhile.
    """
    seen = get_inside(result, model)
    if seen is None:
        return
    dataset = result.dataset
    left, right = st.columns([3, 2], gap="large")
    with left:
        _classes(seen, dataset)
    with right:
        pair = _pairs(seen, dataset, f"{result.run.id}-{model}")
    if pair is not None:
        # new ones: on a phone the pictures come after their pair
        left, right = st.columns([3, 2], gap="large")
        with left:
            _pictures_of(pair, seen, dataset, set_id)
        with right:
            _square(seen, dataset)
    if not frame.presenting():
        _table(seen, dataset, set_id)


def _classes(seen: Inside, dataset: Dataset) -> None:
    st.header("Weak and strong classes", anchor=False)
    found = inside.by_class(seen, dataset.labels)
    order = np.lexsort((found.silhouette, found.right))  # the weakest first
    first = order[:BARS]
    names = [dataset.classes[c] for c in first]
    parts = {name: getattr(found, name)[first] for name in class_charts.PARTS}
    st.plotly_chart(
        class_charts.class_bars(names, parts, found.means, theme=choices.theme(), scale=_scale()),
        key="why-classes",
        config={"displayModeBar": False},
        alt=class_charts.class_alt(names, parts),
    )
    text = "The weakest class is on top. Dotted lines: the mean over all pictures."
    if len(order) <= BARS or frame.presenting():
        st.caption(text)
        return
    st.caption(f"{text} These are the {BARS} weakest of {len(order):,} classes.")
    with st.expander(f"All {len(order):,} classes", icon=":material/table_rows:"):
        st.dataframe(
            _all_classes(found, dataset, order),
            hide_index=True,
            alt="Scores of every class",
            column_config={
                "Neighbours right (kNN)": st.column_config.NumberColumn(format="percent"),
                "Neighbours agree (SCL gain)": st.column_config.NumberColumn(format="%.3f"),
                "Stands apart (MSC)": st.column_config.NumberColumn(format="%.3f"),
            },
        )


def _all_classes(found: inside.ByClass, dataset: Dataset, order: np.ndarray) -> pd.DataFrame:
    columns = {
        f"{long} ({short})": getattr(found, name)[order]
        for name, (long, short) in class_charts.PARTS.items()
    }
    names = [plain(dataset.classes[c]) for c in order]
    return pd.DataFrame({"Class": names, "Pictures": dataset.counts[order], **columns})


def _pairs(seen: Inside, dataset: Dataset, key: str) -> inside.Mixed | None:
    """Draw the worst pairs of classes in words; returns the one whose pictures to show."""
    st.header("Mixed up most", anchor=False)
    found = inside.mixed_up(seen, dataset.labels)
    if not found:
        st.success(
            "No classes are mixed up: the nearest neighbours of every picture share its label."
        )
        return None
    known = sorted({c for pair in found for c in (pair.one, pair.two)})
    short = dict(
        zip(known, cut_apart([plain(dataset.classes[c]) for c in known], LINE), strict=True)
    )
    told = [f"{short[p.one]} and {short[p.two]}: {share_words(p.share)}" for p in found]
    event = st.dataframe(
        pd.DataFrame({PAIR: told}),
        hide_index=True,
        row_height=WRAPPED if any(len(text) > LINE for text in told) else None,
        # narrow at first, then stretched: it breaks its lines where the table ends
        column_config={PAIR: st.column_config.TextColumn(width="small")},
        on_select="rerun",
        selection_mode="single-row-required",
        key=f"why-pairs-{key}",
        alt="Pairs of classes that are mixed up most",
    )
    st.caption(
        "Of the five nearest neighbours of each picture of the two. Tick a row to see its pictures"
        " below."
    )
    rows = event["selection"]["rows"]
    return found[rows[0]] if rows and rows[0] < len(found) else found[0]


def _scale() -> float:
    return choices.PRESENTING if frame.presenting() else 1.0


def _square(seen: Inside, dataset: Dataset) -> None:
    chosen, shares = inside.square(seen, dataset.labels)
    names = [dataset.classes[c] for c in chosen]
    st.plotly_chart(
        mixed.mixed_map(names, shares, theme=choices.theme(), scale=_scale()),
        key="why-square",
        config={"displayModeBar": False},
        alt=mixed.mixed_alt(names, shares),
    )
    left_out = len(dataset.classes) - len(names)
    more = (
        f" The other {words.count(left_out, 'class', 'classes')} are mixed up less."
        if left_out
        else ""
    )
    st.caption(
        "Of 100 nearest neighbours of the pictures of a row's class, so many are of the class"
        f" above. The stronger its colour, the more mixed up; framed: the class itself.{more}"
    )


def _both(dataset: Dataset, pair: inside.Mixed) -> str:
    return f"{plain(dataset.classes[pair.one])} and {plain(dataset.classes[pair.two])}"


def share_words(share: float) -> str:
    """Return a share as "23 %", "under 1 %"."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "under 1 %"


def _pictures_of(pair: inside.Mixed, seen: Inside, dataset: Dataset, set_id: str) -> None:
    alike = inside.crossings(seen, dataset.labels, pair.one, pair.two)
    most = PAIRS_PRESENTING if frame.presenting() else PAIRS
    shown = f"the {most} most alike are shown" if len(alike) > most else "the most alike first"
    st.markdown(
        f"**{md(_both(dataset, pair))}: {share_words(pair.share)} of nearest neighbours cross"
        f" over.** {words.count(len(alike), 'pair')} of near neighbours, {shown}."
    )
    st.html(pairs_html(alike[:most], dataset, set_id))


def pairs_html(alike: list[tuple[int, int, float]], dataset: Dataset, set_id: str) -> str:
    """Write pairs of pictures side by side as HTML; names are escaped."""
    cards = []
    for one, two, similarity in alike:
        pictures = "".join(
            figure(set_id, row, dataset.paths[row], dataset.classes[dataset.labels[row]], size=320)
            for row in (one, two)
        )
        said = escape(f"Similarity {similarity:.2f} of 1")
        cards.append(f'<div><div class="srcsel-pics">{pictures}</div><p>{said}</p></div>')
    return f'<div class="srcsel-pairs">{"".join(cards)}</div>'


def _table(seen: Inside, dataset: Dataset, set_id: str) -> None:
    st.header("Every picture", anchor=False)
    numbers = each_picture(seen, dataset)
    shown = numbers.head(ROWS)
    links = [f"{prefix()}{thumbs.url(set_id, row)}" for row in shown.index]
    rows = shown.map(lambda v: plain(v) if isinstance(v, str) else v)
    rows.insert(0, "Picture", links)
    st.dataframe(
        rows,
        hide_index=True,
        row_height=72,
        height=460,
        placeholder="n/a",
        key="why-table",
        alt="Every picture's own part of the scores, the worst first",
        column_config={
            "Picture": st.column_config.ImageColumn(width="small"),
            "File": st.column_config.TextColumn(width="medium"),
            "Neighbours right": st.column_config.NumberColumn(
                format="%d of 5", help="Of the five nearest pictures"
            ),
            "SCL gain": st.column_config.NumberColumn(
                format="%.2f", help="Its own part of the neighbour score"
            ),
            "MSC": st.column_config.NumberColumn(
                format="%.2f", help="Its own part of the separation score"
            ),
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        of = (
            f"The worst {ROWS:,} of {len(numbers):,}"
            if len(numbers) > ROWS
            else f"All {len(numbers):,}"
        )
        st.caption(
            f"{of} pictures, the worst first. Their mean is the model's score.", width="content"
        )
        st.download_button(
            "All pictures (CSV)",
            lambda: to_csv(list(numbers), numbers.itertuples(index=False)).encode(),
            "srcsel-every-picture.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="why-csv",
        )


def each_picture(seen: Inside, dataset: Dataset) -> pd.DataFrame:
    """One line a picture, the worst first, the index its number: what the model makes of it.

    Names as they are.
    """
    labels = dataset.labels
    rows = pd.DataFrame(
        {
            "File": dataset.paths,
            "Label": [dataset.classes[c] for c in labels],
            "Neighbours say": [dataset.classes[c] for c in seen.guess],
            "Neighbours right": (
                (labels[seen.neighbors[:, : inside.VOTERS]] == labels[:, None]).sum(axis=1)
            ),
            "SCL gain": seen.gain,
            "MSC": seen.silhouette,
        }
    )
    return rows.sort_values(["SCL gain", "MSC"], kind="stable")
