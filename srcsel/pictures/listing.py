"""What a folder of pictures seems to hold, from names alone: classes, pictures, and what is left
aside and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from srcsel.base.errors import InputError, MissingPathError, UnknownNameError
from srcsel.base.paths import BELOW, named, opened, starred, written
from srcsel.base.phrases import cut, some_of
from srcsel.base.records import Dataset, Listing, Unreadable
from srcsel.base.settings import load_settings
from srcsel.pictures import beside, masks, stores
from srcsel.pictures.kinds import ending
from srcsel.pictures.layouts import FOLDER_NAMES, FOLDERS_BELOW
from srcsel.pictures.tables import read_table
from srcsel.pictures.tables.candidates import candidates
from srcsel.pictures.tables.choose import choose
from srcsel.pictures.tables.misfit import misfit
from srcsel.pictures.tables.read import Labeled
from srcsel.pictures.tables.rows import SUFFIXES as TABLES
from srcsel.pictures.walk import Tree, missing, walk

NESTING = 4  # wrapper folders looked through before the class folders
BOXES = frozenset({"labels", "label", "annotations", "annotation", "imagesets", "bboxes"})
"""Folders beside the pictures that hold what a detector learns from."""
SHOWN = 8  # folders in a sentence
LIGHT = 1_000_000  # bytes of a table that is read while a person waits
EACH, MOST_CLASSES = 6, 200  # pictures of a class, and classes, in a preview


def list_pictures(ref: str) -> Listing:
    """List the pictures of a folder, "demo:NAME" or "public:NAME" with their classes; opens none of
    them.

    A folder holds one sub-folder a class (deeper folders count to their first level), or a table
    of file and label (labels.csv, or another that fits); one wrapper folder around either, as zips
    unpack, is looked through. `ref` may also be such a table, or a path that ends in `/*`: then the
    classes are the folders below those of the path. Raises InputError with what to do where
    nothing can be listed.
    """
    found = _listed(ref, None)
    assert found is not None
    return found


def list_quickly(ref: str) -> Listing | None:
    """List as `list_pictures`, None where a table of more than LIGHT bytes would have to be read:
    a worker does that, and `preview` is what a page shows of it.
    """
    return _listed(ref, LIGHT)


def preview(dataset: Dataset) -> Listing:
    """Return a few pictures of each class, from all over it, as if they were all."""
    order = np.argsort(dataset.labels, kind="stable")
    ends = np.searchsorted(dataset.labels[order], np.arange(len(dataset.classes) + 1))
    rows: list[int] = []
    for start, end in list(pairwise(ends.tolist()))[:MOST_CLASSES]:
        step = max(1, (end - start) // (3 * EACH))  # not only its first files
        rows += order[start:end:step][:EACH].tolist()
    paths = tuple(dataset.paths[row] for row in rows)
    return Listing(
        *(dataset.ref, dataset.name, dataset.folder, paths, dataset.labels[rows], dataset.classes),
        label_source=dataset.label_source,
        license=dataset.license,
    )


def _listed(ref: str, most: int | None) -> Listing | None:
    """List; `most`: bytes of a table, where one may not be larger."""
    if (known := named(ref)) is not None:
        kind, _, name = known.partition(":")
        if kind == "demo":
            return _demo(name, known)
        from srcsel.pictures import public

        return public.stored(name, load_settings().public)
    if stores.is_apart(ref):
        found = stores.stored(ref)
        if found is None and most is None:
            raise InputError(stores.NOT_FETCHED.format(ref))
        return found
    rest, depth = starred(ref)
    try:
        path = opened(rest)
    except MissingPathError as error:
        raise InputError(missing(error.path)) from error
    if depth:
        return _by_inner_folders(walk(path), depth, path)
    if path.is_file() and path.suffix.lower() in TABLES:
        return None if _is_heavy(path, most) else _by_given_table(path)
    tree = walk(path)
    if most is not None and any(_is_heavy(path / table, most) for table in tables_below(tree)):
        return None
    return _list_folder(tree, written(path), path.name or str(path))


def list_below(tree: Tree, ref: str, name: str, depth: int) -> Listing:
    """List what lies in a folder that was looked through; `depth`: as /* behind its path."""
    if depth:
        return _by_inner_folders(tree, depth, tree.folder)
    return _list_folder(tree, ref, name)


def tables_below(tree: Tree) -> list[str]:
    """Return the tables that `list_below` may look into, of whatever lies around the classes."""
    found, head = [], ""
    for _ in range(NESTING):
        found += [head + name for name in candidates(tree)]
        firsts = {place.split("/", 1)[0] for place in tree.places}
        only = next(iter(firsts)) if len(firsts) == 1 else ""
        if not only:
            break
        head, tree = f"{head}{only}/", tree.below(only)
    return found


def _is_heavy(table: Path, most: int | None) -> bool:
    try:
        library = ending(table.name) in (".mat", ".parquet", ".xml")  # that takes long to start
        return most is not None and (library or table.stat().st_size > most)
    except OSError:  # reading it says why
        return False


def _list_folder(tree: Tree, ref: str, name: str) -> Listing:
    if not tree.pictures:
        raise InputError(_nothing(tree))
    notes: list[str] = []
    unused: list[Unreadable] = []
    for _ in range(NESTING):
        firsts = {place.split("/", 1)[0] for place in tree.places}
        choice = choose(tree)
        notes += choice.notes
        unused += choice.unused
        if choice.read is not None:
            found = _by_table(tree, choice.read, ref, name, notes)
            return replace(found, skipped=(*found.skipped, *unused))
        only = next(iter(firsts)) if len(firsts) == 1 else ""
        inside = tree.below(only) if only else tree
        if not only or not (any("/" in path for path in inside.pictures) or _has_table(inside)):
            break
        notes += _about_bare(tree)
        tree = inside
    found = _by_folders(tree, ref, name, notes)
    return replace(found, skipped=(*found.skipped, *unused))


def _has_table(tree: Tree) -> bool:
    return any("/" not in path and not path.endswith(".txt") for path in tree.tables)


def _by_given_table(table: Path) -> Listing:
    """List by a table the person named: beside its pictures, or in a folder beside theirs."""
    tree = walk(table.parent)
    if not tree.pictures and table.parent.parent != table.parent:
        tree = walk(table.parent.parent)
    read = read_table(table, tree.folder, tree.pictures, (u.path for u in tree.skipped))
    if not read.fits:
        raise InputError(misfit(read, tree.pictures))
    return _by_table(tree, read, written(table), table.stem, [])


def _by_table(tree: Tree, read: Labeled, ref: str, name: str, notes: Sequence[str]) -> Listing:
    others = [one for one in tree.skipped if tree.folder / one.path != read.table]
    found = _listing(tree, read.labels, [*others, *read.skipped], ref, name, read.table.name)
    return replace(found, notes=(*notes, *read.notes))


def _by_folders(tree: Tree, ref: str, name: str, notes: Sequence[str]) -> Listing:
    labels = {path: path.partition("/")[0] for path in tree.pictures if "/" in path}
    if not labels:
        raise InputError(
            f"I see {len(tree.pictures):,} pictures but no class folders in {tree.folder}. Put the"
            " pictures of each class into a folder of their own, named like the class, or add a"
            " table labels.csv with the columns file and label."
            + "".join(f" {note}" for note in (*notes, *beside.notes_of(tree)))
        )
    labels, aside, said = _without_masks(tree, labels)
    found = _listing(tree, labels, aside, ref, name, FOLDER_NAMES)
    return replace(found, notes=(*notes, *_about_bare(tree), *said, *beside.notes_of(tree)))


def _by_inner_folders(tree: Tree, depth: int, path: Path) -> Listing:
    """List by the folders that lie `depth` below the first ones, of one name together."""
    labels = {
        picture: picture.split("/")[depth]
        for picture in tree.pictures
        if picture.count("/") > depth
    }
    if not labels:
        raise InputError(
            f"No pictures lie in folders below those of {path}. Give the path without /* to take"
            " its folders as the classes."
        )
    ref = str(path.joinpath(*[BELOW] * depth))
    labels, aside, said = _without_masks(tree, labels)
    found = _listing(tree, labels, aside, ref, path.name or str(path), FOLDERS_BELOW)
    return replace(found, notes=(*_about_bare(tree, depth), *said))


def _without_masks(
    tree: Tree, labels: Mapping[str, str]
) -> tuple[Mapping[str, str], list[Unreadable], list[str]]:
    """Return the labels of what is no mask, all that is left aside, and what to say of masks."""
    apart = masks.masks_of(labels)
    aside = [
        Unreadable(mask, f"It seems to be a mask of {cut(of)}, beside which it lies.", "label")
        for mask, of in apart.items()
    ]
    kept = {path: label for path, label in labels.items() if path not in apart}
    return kept, [*tree.skipped, *_loose(tree, labels), *aside], masks.said(apart)


def _loose(tree: Tree, labels: Mapping[str, str]) -> list[Unreadable]:
    return [
        Unreadable(path, "It lies outside the class folders, so its class is unknown.")
        for path in tree.pictures
        if path not in labels
    ]


def _about_bare(tree: Tree, depth: int = 0) -> list[str]:
    """Say which folders hold no picture and so are no class."""
    bare = tree.bare(depth)
    if not bare:
        return []
    told = some_of(bare, SHOWN, show=lambda name: f"'{cut(name)}' ({tree.held(name)})")
    said = f"The folder {told} holds no picture that can be read, so it is no class."
    if len(bare) > 1:
        said = f"The folders {told} hold no picture that can be read: they are no classes."
    if any(name.rpartition("/")[2].casefold() in BOXES for name in bare):
        said += " Boxes and masks are not read: each picture needs one class, by folder or table."
    return [said]


def _listing(
    tree: Tree,
    labels: Mapping[str, str],
    skipped: list[Unreadable],
    ref: str,
    name: str,
    source: str,
) -> Listing:
    paths = tuple(sorted(labels))
    classes = tuple(sorted(set(labels.values())))
    number = {name: k for k, name in enumerate(classes)}
    rows = np.fromiter(map(number.__getitem__, map(labels.__getitem__, paths)), np.int64)
    aside = tuple(sorted(skipped, key=lambda u: u.path))
    return Listing(ref, name, tree.folder, paths, rows, classes, aside, source)


def _nothing(tree: Tree) -> str:
    kinds = Counter(ending(u.path) or "without ending" for u in tree.skipped)
    seen = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(4))
    files = "file" if kinds.total() == 1 else "files"
    if [*kinds] == ["without ending"]:
        seen, files = f"{kinds.total():,} {files}", "without an ending"
    (usual, _), *_ = kinds.most_common(1) or [("", 0)]
    most = next((u for u in tree.skipped if (ending(u.path) or "without ending") == usual), None)
    why = "" if most is None else beside.hidden_kind(tree, most) or most.reason
    hint = f" I see {seen} {files}. {why}" if why else ""
    return (
        f"There are no pictures in {tree.folder}. I look for files ending in .jpg, .png, .webp,"
        f" .tif, .bmp and .gif, in one folder per class.{hint}{_only_tables(tree)}"
    )


def _only_tables(tree: Tree) -> str:
    """Say that a table alone does not bring the pictures; "" where there is none."""
    found = [name for name in tables_below(tree) if not name.endswith(".txt")]
    if not found:
        return ""
    return (
        f" {cut(found[0])} lies here without the pictures that it may name: put them beside it."
        " Those at addresses (https://...) must be downloaded first; those that are numbers in a"
        " table, saved as PNG."
    )


def _demo(name: str, ref: str) -> Listing:
    """Write the demo target out as an ordinary folder, once, and list it."""
    from srcsel.pictures.bundled import targets

    if name not in targets.TARGETS:
        raise UnknownNameError("demo target", name, targets.TARGETS)
    folder = load_settings().public / f"demo-{name}-{targets.VERSION}"
    return _list_folder(walk(targets.write_target(name, folder)), ref, targets.TARGETS[name].title)
