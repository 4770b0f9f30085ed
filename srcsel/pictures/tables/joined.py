"""Lists of the parts of one set (train.txt, val.txt), read together as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from srcsel.base.phrases import listed
from srcsel.base.records import Unreadable
from srcsel.pictures.layouts import split_of
from srcsel.pictures.tables.read import UNNAMED, Labeled, left_out, read_table
from srcsel.pictures.walk import Tree


def joined(tree: Tree, several: Sequence[Labeled]) -> Labeled | None:
    """Read tables that are called like different parts as one; None where one is not, or where two
    give a picture different labels.
    """
    parts = {split_of(one.table.stem.casefold()) for one in several}
    if "" in parts or len(parts) < len(several):
        return None
    read = [_of_its_own(tree, one) for one in several]
    labels = {path: label for one in read for path, label in one.labels.items()}
    if any(labels[path] != label for one in read for path, label in one.labels.items()):
        return None
    names = listed([one.table.name for one in several])
    aside = {one.path: one for part in read for one in part.skipped if one.path not in labels}
    unnamed = [path for path in tree.pictures if path not in labels and path not in aside]
    notes = [f"{names} are parts of one list and are read together."]
    if unnamed:
        notes.append(left_out(len(unnamed), len(tree.pictures), f"not named in {names}"))
    return replace(
        read[0],
        labels=labels,
        skipped=(
            *(Unreadable(path, UNNAMED.format(names), "label") for path in unnamed),
            *aside.values(),
        ),
        rows=sum(one.rows for one in read),
        matched=sum(one.matched for one in read),
        missing=tuple(name for one in read for name in one.missing),
        notes=(*notes, *dict.fromkeys(note for one in read for note in one.notes)),
        whole=not unnamed,
    )


def _of_its_own(tree: Tree, one: Labeled) -> Labeled:
    """Read a table again, beside the pictures alone that it names."""
    others = {aside.path for aside in one.skipped if aside.reason == UNNAMED.format(one.table.name)}
    mine = [path for path in tree.pictures if path not in others]
    return read_table(one.table, tree.folder, mine, (aside.path for aside in tree.skipped))
