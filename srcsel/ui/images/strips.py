"""A strip of pictures for each class of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from srcsel.base.records import Listing
from srcsel.pictures import thumbs
from srcsel.ui.parts.show import plain, prefix

EACH = 6  # pictures of a class


def class_rows(
    listing: Listing,
    broken: set[str],
    counts: Sequence[int] | None = None,
    here: np.ndarray | None = None,
) -> list[tuple[int, int, list[int]]]:
    """Return (class, its readable pictures, rows of up to EACH of them) for each class, in
    order; `counts` (c,) of readable pictures where the listing is a preview; here (m,), rising: the
    rows of pictures that lie on this computer, None where all do.
    """
    rows = []
    if here is not None:
        aside = [row for row, path in enumerate(listing.paths) if path in broken] if broken else []
        every = np.bincount(listing.labels, minlength=len(listing.classes))
        counts = (every - np.bincount(listing.labels[aside], minlength=len(every))).tolist()
    shown = np.arange(len(listing.paths)) if here is None else here
    order = shown[np.argsort(listing.labels[shown], kind="stable")]
    ends = np.searchsorted(listing.labels[order], np.arange(len(listing.classes) + 1))
    for label in range(len(listing.classes)):
        members = order[ends[label] : ends[label + 1]].tolist()
        if broken:
            members = [row for row in members if listing.paths[row] not in broken]
        # from all over the class, not only its first files
        step = max(1, len(members) // (3 * EACH))
        count = len(members) if counts is None else counts[label]
        rows.append((label, count, members[::step][:EACH]))
    return rows


def class_html(
    listing: Listing, rows: list[tuple[int, int, list[int]]], ranges: Mapping[str, Any]
) -> str:
    """Write the strips as HTML, `ranges` as in `Dataset`. Names are escaped here."""
    shown = [row for _, _, members in rows for row in members]
    set_id = thumbs.register(listing.folder, [listing.paths[row] for row in shown], ranges)
    at = {row: place for place, row in enumerate(shown)}
    figures = []
    for label, count, members in rows:
        name = escape(plain(listing.classes[label]))
        images = "".join(
            f'<img src="{prefix()}{thumbs.url(set_id, at[row], 320)}" alt="{name}" loading="lazy">'
            for row in members
        )
        figures.append(
            f'<figure><figcaption title="{name}"><b>{name}</b><span>{count:,}</span></figcaption>'
            f'<div class="srcsel-thumbs">{images}</div></figure>'
        )
    return f'<div class="srcsel-classes">{"".join(figures)}</div>'
