"""A table matched to the pictures of a folder: which picture has which label, and what does not
fit.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.base.phrases import count, cut, some_of
from srcsel.base.records import Unreadable
from srcsel.pictures.layouts import is_part, split_of
from srcsel.pictures.tables.cells import cell
from srcsel.pictures.tables.columns import Columns, find_columns
from srcsel.pictures.tables.lists import Listed, opened
from srcsel.pictures.tables.names import Finder, related, spellings, stem
from srcsel.pictures.tables.rows import Rows

SHOWN = 3  # names in a sentence
WIDE = "Its row in {} has more cells than the heading. Put quotes round what holds a separator."
SEVERAL = "Several pictures go by this name. Write their folders too in {}."
LOOSE = (
    "In {}, {} name{} a picture but for its ending or the zeros before a number (7 for 0007.jpg,"
    " 7.dcm for 7.png), or with what Label Studio writes before it (1a2b3c4d-7.png): that picture"
    " is meant. If that is wrong, write the names as they are."
)
ELSEWHERE = (
    "{} names another folder than '{}', in which all pictures lie: they are told by their names"
    " alone."
)
UNNAMED = "It is not named in {}."
NAMED = 1000  # rows without a picture that are listed one by one


@dataclass(frozen=True)
class Labeled:
    """What a table says about the pictures of a folder."""

    table: Path
    labels: dict[str, str]  # picture -> its one label
    skipped: tuple[Unreadable, ...]  # pictures without one label, and rows without a picture
    rows: int  # that name something
    matched: int  # that name a file of the folder
    missing: tuple[str, ...]  # what the first of the other rows name
    notes: tuple[str, ...]  # how it was read, and what was left out
    known: bool = True  # whether the column of the labels is called like one
    whole: bool = False  # whether it names every picture

    @property
    def fits(self) -> bool:
        """Whether at least half of the rows name a file here, or every picture is named, and any
        gets a label.
        """
        return bool(self.labels) and (2 * self.matched >= self.rows or self.whole)


def read_table(
    table: Path, folder: Path, pictures: Iterable[str], known: Iterable[str] = ()
) -> Labeled:
    """Match the rows of `table` to `pictures` (paths relative to `folder`, POSIX).

    `known`: other files there, reported for another reason already. Raises InputError where the
    table cannot be read, or has no column of file names or none of labels.
    """
    try:
        part = split_of(table.stem)
        finder = Finder(pictures, folder.name, part)
        rows, said = opened(table, finder)
    except OSError as error:
        raise InputError(
            f"{table.name} cannot be read: {error.strerror}. Ask for permission, or copy it anew."
        ) from error
    beside = Finder(known, folder.name)

    def matched(finder: Finder) -> Labeled:
        found = find_columns(rows.sample, table.name, lambda text: finder.find(text)[0] is not None)
        return _Matching(finder, beside, found, table).read(rows, said)

    first, refused = None, None
    try:
        first = matched(finder)
    except InputError as error:
        refused = error
    if first is not None and first.matched == first.rows:
        return first
    with contextlib.suppress(InputError):
        again = matched(Finder(finder.paths, folder.name, part, loose=True))
        more = again.matched - (first.matched if first else 0)
        if more and again.labels:
            note = LOOSE.format(table.name, count(more, "row"), "s" if more == 1 else "")
            return replace(again, notes=(*again.notes, note))
    if (first is None or not first.matched) and (inside := _common(finder.paths)):
        with contextlib.suppress(InputError):
            other = Finder(finder.paths, inside.rpartition("/")[2], part, loose=True, inside=inside)
            again = matched(other)
            if again.labels:
                note = ELSEWHERE.format(table.name, cut(inside))
                return replace(again, notes=(*again.notes, note))
    if first is None:
        assert refused is not None
        raise refused
    return first


def _common(pictures: Iterable[str]) -> str:
    """Return the only folder that pictures lie in, where its name says nothing but that; "" = there
    is none.
    """
    places = {path.rpartition("/")[0] for path in pictures}
    place = places.pop() if len(places) == 1 else ""
    last = place.rpartition("/")[2]
    return place if is_part(last) and not split_of(last) else ""


def left_out(n: int, pictures: int, what: str) -> str:
    """Say how many pictures of how many are left out for what they are."""
    return f"{n:,} of {count(pictures, 'picture')} {'is' if n == 1 else 'are'} {what} and left out."


class _Matching:
    """Collects what the rows say, row after row."""

    def __init__(self, finder: Finder, known: Finder, columns: Columns, table: Path) -> None:
        self.finder, self.known, self.columns, self.table = finder, known, columns, table
        self.labels: dict[str, str] = {}
        self.asked: dict[str, str] = {}  # picture -> the path that claims it
        self.skipped: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.counts: dict[str, int] = defaultdict(int)
        self.written: dict[str, set[str]] = defaultdict(set)
        self.bracketed: tuple[str, str] | None = None  # a label as written, and as read

    def read(self, rows: Rows | Listed, said: str) -> Labeled:
        """Go through all rows and sum up."""
        for number, row in enumerate(rows):
            if number >= self.columns.start:
                self._take(row)
        name = self.table.name
        for path in self.finder.paths - self.labels.keys() - self.skipped.keys():
            self.skipped[path] = UNNAMED.format(name)
            self.counts["unnamed"] += 1
        pictures = [Unreadable(p, why, "label") for p, why in self.skipped.items()]
        others = [Unreadable(p, why, "row") for p, why in self.missing.items()]
        labels = {p: label for p, label in self.labels.items() if p not in self.skipped}
        notes = (said, self.columns.said, *self._stray(rows), *self._sums(), *self._alike())
        return Labeled(
            self.table,
            labels,
            (*pictures, *others),
            self.counts["rows"],
            self.counts["matched"],
            tuple(self.missing)[:SHOWN],
            tuple(note for note in notes if note),
            self.columns.known,
            not self.counts["unnamed"],
        )

    def _take(self, row: list[str]) -> None:
        name = self.columns.file_of(row)
        self.counts["rows"] += 1
        path, several = self.finder.find(name, self.columns.part_of(row))
        if path is None:
            self._lost(name, several, self.columns.too_wide(row))
            return
        self.counts["matched"] += 1
        if self.columns.too_wide(row):
            self._leave(path, "wide", WIDE.format(self.table.name))
            return
        label = self.columns.label_of(row)
        before = self.asked.setdefault(path, name)
        if before != name and not _same_file(before, name):
            self._leave(
                path,
                "claimed",
                f"Rows of {self.table.name} with different folders could"
                f" mean it: {cut(before)} and {cut(name)}. Keep the folders in the paths.",
            )
        elif self.columns.has_several(row):
            self._leave(path, "many", f"It has several classes at once in {self.table.name}.")
        elif not label:
            self._leave(path, "empty", f"It has no label in {self.table.name}.")
        elif self.labels.setdefault(path, label) != label:
            self._leave(
                path,
                "torn",
                f"It has two labels in {self.table.name},"
                f" '{cut(self.labels[path])}' and '{cut(label)}'. Keep the right one.",
            )
        column = self.columns.label
        if column is not None and column < len(row) and self.labels.get(path) == label:
            if label == cell(row, column):
                self.written[label].add(row[column])
            else:
                self.bracketed = self.bracketed or (cell(row, column), label)

    def _lost(self, name: str, several: bool, wide: bool) -> None:
        if self.known.find(name)[0] is not None:
            self.counts["matched"] += 1
            return
        self.counts["lost"] += 1
        if several:
            self.counts["several"] += 1
        if wide:
            self.counts["wide"] += 1
        if len(self.missing) < NAMED:
            self.missing[name or "(empty name)"] = (
                WIDE.format(self.table.name)
                if wide
                else SEVERAL.format(self.table.name)
                if several
                else f"It is named in {self.table.name}, but the folder has no such picture."
            )

    def _leave(self, path: str, why: str, reason: str) -> None:
        if path not in self.skipped:
            self.counts[why] += 1
            self.skipped[path] = reason

    def _stray(self, rows: Rows | Listed) -> list[str]:
        if not rows.stray:
            return []
        lines = count(rows.stray, "line")
        return [
            f"{lines} of {self.table.name} {'has' if rows.stray == 1 else 'have'} a stray"
            " quotation mark; each line was read on its own, without it."
        ]

    def _sums(self) -> list[str]:
        """Say how many rows and pictures found no partner."""
        table, counts, said = self.table.name, self.counts, []
        if counts["lost"]:
            first = next(iter(self.missing))
            torn = f" ({counts['several']:,} fit several)" if counts["several"] else ""
            said.append(
                f"{counts['lost']:,} of {count(counts['rows'], 'row')} of {table} name no"
                f" picture of this folder{torn}, for example {cut(first)}."
            )
        if n := counts["wide"]:
            said.append(
                f"{count(n, 'row')} of {table} {'has' if n == 1 else 'have'} more cells than the"
                f" heading and {'is' if n == 1 else 'are'} left out. Put quotes round names that"
                ' hold a separator: "Tomato, early blight".'
            )
        for why, what in (
            ("unnamed", f"not named in {table}"),
            ("empty", f"without a label in {table} (empty, nan or the like)"),
            ("many", f"given several classes at once in {table}"),
            ("torn", f"given two labels in {table}"),
            ("claimed", f"meant by several rows of {table} with different folders"),
        ):
            if n := counts[why]:
                said.append(left_out(n, len(self.finder.paths), what))
        return said

    def _alike(self) -> list[str]:
        """Say which labels were read as one although they are written in several ways, and that
        brackets around them are gone.
        """
        several = {
            label: forms for label, forms in self.written.items() if label and len(forms) > 1
        }
        bare = [
            f"Labels that stand alone in brackets are read without them: {cut(written)} as"
            f" '{cut(label)}'."
            for written, label in [self.bracketed or ("", "")]
            if written
        ]
        return bare + [
            f"The class '{cut(label)}' is written in {len(forms)} ways in {self.table.name} that"
            " differ in blanks around it or in how accents are stored"
            f" ({some_of(sorted(forms), SHOWN, show=lambda form: cut(ascii(form)))}); they are"
            " read as one class."
            for label, forms in list(several.items())[:SHOWN]
        ]


def _same_file(one: str, other: str) -> bool:
    """Tell whether two rows that mean the same picture can mean the same file elsewhere too."""
    return related(stem(spellings(one)[0]), stem(spellings(other)[0]))
