"""Corrections of a picture set as a table that people edit: file, label, change, new_label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut, plain
from srcsel.base.records import Corrections, Dataset
from srcsel.base.spreadsheet import as_named, to_csv
from srcsel.pictures.corrections import corrections
from srcsel.pictures.tables.encoding import HEAD, encoding_of
from srcsel.pictures.tables.rows import Kind, Rows, require_size

COLUMNS = ("file", "label", "change", "new_label")
LEAVE_OUT, NEW_LABEL = "leave out", "new label"
"""What `change` says."""
WORD = 40  # letters of another word there that are repeated
TABLE = Kind(
    "corrections",
    "Its first line is file,change,new_label; then comes one line a picture, such as"
    f" 'red/1.png,{LEAVE_OUT}' or 'red/2.png,{NEW_LABEL},blue'. Explore writes one (Corrections as"
    " CSV).",
)


def corrections_csv(known: Corrections, labels: Mapping[str, str]) -> str:
    """Write corrections; labels: path -> class before, "" where that is not known."""
    new = dict(known.relabeled)
    rows = [
        (path, labels.get(path, ""), NEW_LABEL if path in new else LEAVE_OUT, new.get(path, ""))
        for path in sorted({*known.left_out, *new})
    ]
    return to_csv(COLUMNS, rows)


def corrected_csv(dataset: Dataset, known: Corrections) -> str:
    """Write the pictures of a set that stay, with the classes they have then: file, label."""
    out, new = set(known.left_out), dict(known.relabeled)
    pairs = zip(dataset.paths, dataset.labels.tolist(), strict=True)
    rows = ((p, new.get(p, dataset.classes[k])) for p, k in pairs if p not in out)
    return to_csv(("file", "label"), rows)


def read_corrections(path: str | Path) -> Corrections:
    """Read what `corrections_csv` wrote, or a table like it by hand.

    `change` may be missing: then a picture without a new label is left out. Raises InputError where
    that is no such table, or a line cannot be meant so.
    """
    table = Path(path)
    try:
        require_size(table, TABLE)
        encoding, _ = encoding_of(table, list)
        with table.open(encoding=encoding, errors="replace") as file:
            empty = not file.read(HEAD).strip("\ufeff \t\r\n,;")
    except OSError as error:
        raise InputError(
            f"The corrections {table} cannot be read: {error.strerror}. Check the path."
        ) from error
    if empty:
        raise InputError(f"{table.name} is empty, so it corrects nothing. {TABLE.needs}")
    return _read(table.name, Rows(table, encoding, TABLE))


def _read(name: str, rows: Iterable[Sequence[str]]) -> Corrections:
    lines = iter(rows)
    heads = [re.sub(r"[\W_]", "", head.casefold()) for head in next(lines, ())]
    if "file" not in heads or not {"newlabel", "change"} & set(heads):
        raise InputError(f"{name} is no table of corrections. {TABLE.needs}")
    at = {head: heads.index(head) for head in ("file", "change", "newlabel") if head in heads}
    out: set[str] = set()
    new: dict[str, str] = {}
    for number, row in enumerate(lines, 2):
        # as written: cut or composed otherwise, a name may be another file's
        said = {head: as_named(row[k]) if k < len(row) else "" for head, k in at.items()}
        file, label = said["file"], said.get("newlabel", "")
        label = label if label.strip() else ""
        usual = NEW_LABEL if label else LEAVE_OUT
        change = said.get("change", "").strip().casefold() or usual
        if change != usual or not file:
            raise InputError(
                f"Line {number} of {name} cannot be meant so{_why(change)}. {TABLE.needs}"
            )
        if label and new.get(file, label) != label:
            raise InputError(f"{name} gives {cut(file)} two new labels. Keep the right one.")
        if label:
            new[file] = label
        else:
            out.add(file)
    if not out and not new:
        raise InputError(f"{name} names no picture, so it corrects nothing. {TABLE.needs}")
    return corrections(out, new)


def _why(change: str) -> str:
    """Name a change that there is not."""
    if change in (LEAVE_OUT, NEW_LABEL):
        return ""
    return f": '{cut(plain(change), WORD)}' is neither '{LEAVE_OUT}' nor '{NEW_LABEL}'"
