"""Which table of a folder says the classes, or that its folder names do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut, some_of
from srcsel.base.records import Unreadable
from srcsel.pictures.layouts import parts_among, split_of
from srcsel.pictures.tables.candidates import (
    SURE,
    candidates,
    look,
    names_folders,
    require_open,
    stem_of,
    unread,
    workbooks,
)
from srcsel.pictures.tables.joined import joined
from srcsel.pictures.tables.misfit import misfit
from srcsel.pictures.tables.read import Labeled
from srcsel.pictures.walk import Tree

AGREE = 0.95  # of the labels that fit the folder names, where both say the same
OWN = 0.8  # classes a picture, from which a table sorts nothing
SHOWN = 4  # names in a sentence


@dataclass(frozen=True)
class Choice:
    """The table that was taken, None where the folder names are the classes; what to say."""

    read: Labeled | None
    notes: tuple[str, ...] = ()
    unused: tuple[Unreadable, ...] = ()


def choose(tree: Tree) -> Choice:
    """Look into the tables of a folder and take the one that fits.

    Raises InputError where a table called labels.* does not fit, where several fit, or where none
    does and the folders are no classes either.
    """
    require_open(tree)
    tables = candidates(tree)
    maps = [name for name in tables if names_folders(tree, name)]
    choice = _choice(tree, [name for name in tables if name not in maps])
    taken = choice.read.table.relative_to(tree.folder).as_posix() if choice.read else ""
    said = [
        f"{name} names the folders, not pictures, so the folder names are the classes. To call the"
        " classes otherwise, rename the folders."
        for name in maps
    ]
    return replace(choice, notes=(*choice.notes, *said, *unread(tree, tables, taken)))


def _choice(tree: Tree, names: Sequence[str]) -> Choice:
    sure = [name for name in names if stem_of(name) == SURE]
    read, wrong = look(tree, sure)
    if wrong and not read:
        raise InputError(" ".join(wrong.values()))
    if read:
        fitting = [one for one in read if one.fits]
        if not fitting:
            raise InputError(misfit(read[0], tree.pictures))
        choice = _one_of(tree, read, fitting, wrong)
        return replace(choice, notes=(*choice.notes, *_passed_over(names, fitting[0])))
    read, wrong = look(tree, [name for name in names if name not in sure])
    fitting = [one for one in read if one.fits]
    firsts = _firsts(tree)
    if len(firsts) > 1:
        return _beside_folders(tree, firsts, read, fitting, wrong)
    if fitting:
        return _one_of(tree, read, fitting, wrong)
    if (read or wrong) and not _wrapped(tree):
        raise _none(tree, read, wrong)
    unused = _unused(tree, read, [], wrong)
    return replace(
        unused,
        notes=(
            *unused.notes,
            *workbooks(tree, every=len(tree.places) == 1, told=list(map(_name, read))),
        ),
    )


def _beside_folders(
    tree: Tree,
    firsts: Counter[str],
    read: Sequence[Labeled],
    fitting: Sequence[Labeled],
    wrong: Mapping[str, str],
) -> Choice:
    """Decide between the folder names and tables that may be about something else."""
    classes = 2 * len(parts_among(firsts)) <= len(firsts)
    fitting = [one for one in fitting if one.known or not classes]  # else it says something else
    meant = [one for one in fitting if _meant(one, firsts)]
    if meant and not all(_agrees(one) for one in meant):
        return _one_of(tree, read, meant, wrong)
    if len(meant) == 1 and len(meant[0].labels) >= AGREE * len(tree.pictures):
        return _one_of(tree, read, meant, wrong)
    parts = 2 * len(parts_among(firsts)) > len(firsts)
    if parts and not meant and any(one.rows and one.missing for one in read):
        raise _none(tree, read, wrong)
    unused = _unused(tree, read, meant, wrong)
    return replace(
        unused, notes=(*unused.notes, *workbooks(tree, every=parts, told=list(map(_name, read))))
    )


def _unused(
    tree: Tree, read: Sequence[Labeled], meant: Sequence[Labeled], wrong: Mapping[str, str]
) -> Choice:
    """Leave the classes to the folder names, and say why no table gives them."""
    said = {_name(one): _little(one, len(tree.pictures)) for one in read}
    said |= {_name(one): "it gives the same classes as the folder names." for one in meant}
    said |= {table: f"the folder names are the classes. {why}" for table, why in wrong.items()}
    return Choice(
        None,
        tuple(f"{table} was not used: {why}" for table, why in said.items()),
        tuple(Unreadable(t, f"It was not used: {why}", "table") for t, why in said.items()),
    )


def _little(read: Labeled, pictures: int) -> str:
    """Say how little a table says of this folder."""
    said = f"it labels {len(read.labels):,} of the {pictures:,} pictures"
    if not read.known:
        said = "none of its columns is called like one of labels"
    elif not read.fits and read.missing:
        said = (
            f"{read.matched:,} of its {read.rows:,} rows name a picture of this folder (it looks"
            f" for {cut(read.missing[0])})"
        )
    return f"{said}, and the folder names are the classes."


def _one_of(
    tree: Tree, read: Sequence[Labeled], fitting: Sequence[Labeled], wrong: Mapping[str, str]
) -> Choice:
    """Take the only table that fits, or the only one that is no template, or those of the parts of
    one set together; else ask.
    """
    real = [one for one in fitting if not _template(one)]
    if not real and len(read) + len(wrong) > 1:
        raise _none(tree, read, wrong)
    real = real or list(fitting)
    real = [one for one in real if not any(_within(one, other) for other in real)]
    taken = real[0] if len(real) == 1 else joined(tree, real)
    if taken is None:
        told = "; ".join(f"{_name(one)} labels {len(one.labels):,} pictures" for one in real)
        first = tree.folder / real[0].table.relative_to(tree.folder)
        raise InputError(
            f"There are {len(real)} tables of labels that fit: {told}. Call the one with the labels"
            f" labels.csv, or give its path instead of the folder's, for example {first}."
        )
    others = [one for one in read if one not in real]
    said = [f"{_name(taken)} gives the classes. {_why_not(one, taken)}" for one in others]
    aside = [f"{table} was set aside. {why}" for table, why in wrong.items()]
    return Choice(taken, (*_otherwise(taken), *said, *aside))


def _otherwise(taken: Labeled) -> list[str]:
    """Say that the folder names, which are not used, sort the pictures otherwise."""
    firsts = sorted({path.split("/", 1)[0] for path in taken.labels if "/" in path})
    if len(firsts) < 2 or 2 * len(parts_among(firsts)) > len(firsts) or _agrees(taken):
        return []
    shown = some_of(firsts, SHOWN, show=lambda name: f"'{cut(name)}'")
    return [
        f"{_name(taken)} gives the classes. The folders {shown} sort the pictures"
        " otherwise; take the table away to use their names."
    ]


def _none(tree: Tree, read: Sequence[Labeled], wrong: Mapping[str, str]) -> InputError:
    """Say of every table why it does not give the classes."""
    said = (
        f"{_name(one)} seems to be a form to fill in, not labels."
        if one.fits
        else misfit(one, tree.pictures)
        for one in sorted(read, key=lambda one: one.fits)
    )
    return InputError(" ".join((*said, *wrong.values())))


def _why_not(other: Labeled, taken: Labeled) -> str:
    if not other.fits:
        return (
            f"{_name(other)} was set aside: {other.matched:,} of its {other.rows:,} rows name a"
            " picture of this folder."
        )
    if _within(other, taken):
        return f"{_name(other)} says the same of fewer pictures."
    if split_of(stem_of(_name(other))) == "test" and len(set(other.labels.values())) > 1:
        return f"{_name(other)} was set aside, as its name says that it is for a test."
    return f"{_name(other)} was set aside: it seems to be a form to fill in, not labels."


def _passed_over(names: Sequence[str], taken: Labeled) -> list[str]:
    """Name the tables that nobody looked into, as one is called labels.*."""
    others = [n for n in names if stem_of(n) != SURE and not n.lower().endswith(".txt")]
    if not others:
        return []
    verb = "was" if len(others) == 1 else "were"
    return [f"{_name(taken)} gives the classes. {some_of(others, SHOWN)} {verb} not looked into."]


def _meant(read: Labeled, firsts: Counter[str]) -> bool:
    """Tell whether a table sorts most pictures of the folders it speaks of, into two classes or
    more, and not nearly each into one of its own.
    """
    touched = {path.split("/", 1)[0] for path in read.labels}
    there = sum(firsts[name] for name in touched)
    classes = len(set(read.labels.values()))
    return 1 < classes <= max(2, OWN * len(read.labels)) and 2 * len(read.labels) >= there


def _agrees(read: Labeled) -> bool:
    """Tell whether a table and the folder names sort the pictures alike."""
    pairs = Counter((path.split("/", 1)[0], label) for path, label in read.labels.items())
    by_folder: dict[str, int] = defaultdict(int)
    by_label: dict[str, int] = defaultdict(int)
    for (folder, label), n in pairs.items():
        by_folder[folder], by_label[label] = max(by_folder[folder], n), max(by_label[label], n)
    least = min(sum(by_folder.values()), sum(by_label.values()))
    return least >= AGREE * len(read.labels)


def _template(read: Labeled) -> bool:
    """Tell whether a table is a form to fill in: one label throughout, or called so."""
    stem = stem_of(read.table.name)
    called = any(word in stem for word in ("sample", "submission", "template"))
    return called or len(set(read.labels.values())) == 1 or split_of(stem) == "test"


def _within(one: Labeled, other: Labeled) -> bool:
    """Tell whether another table says all that this one does, and more."""
    return len(one.labels) < len(other.labels) and one.labels.items() <= other.labels.items()


def _wrapped(tree: Tree) -> bool:
    """Tell whether class folders may lie in the only folder there is."""
    return len({place.split("/")[1] for place in tree.places if "/" in place}) > 1


def _firsts(tree: Tree) -> Counter[str]:
    return Counter(path.split("/", 1)[0] for path in tree.pictures if "/" in path)


def _name(read: Labeled) -> str:
    return read.table.name
