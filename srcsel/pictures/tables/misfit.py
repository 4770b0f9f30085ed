"""What to say of a table that fits a folder too little."""

from __future__ import annotations

from collections.abc import Iterable

from srcsel.base.phrases import count, cut, some_of
from srcsel.pictures.tables.names import base, stem
from srcsel.pictures.tables.read import SEVERAL, SHOWN, Labeled


def misfit(read: Labeled, pictures: Iterable[str]) -> str:
    """Say what a table that fits too little looks for, and what lies there instead."""
    here = sorted(pictures)
    if not here:
        return f"{read.table.name} cannot be used: there are no pictures beside or below it."
    table, many = read.table.name, count(len(here), "picture")
    if 2 * read.matched >= read.rows:
        reason = next((u.reason for u in read.skipped if u.kind == "label"), "")
        return (
            f"{table} gives {'the one picture' if len(here) == 1 else f'none of the {many}'} here"
            f" {'no' if len(here) == 1 else 'one'} label. For example {cut(here[0])}: {reason}"
        )
    share = "none" if not read.matched else f"only {read.matched:,}"
    said = (
        f"{table} does not fit this folder: {share} of its {count(read.rows, 'row')}"
        f" {'name' if read.matched > 1 else 'names'}"
        f" {'the one picture' if len(here) == 1 else f'one of the {many}'} here."
    )
    if read.missing:
        asked, there = (some_of(names, SHOWN, show=cut) for names in (read.missing, here))
        said += f" It looks for {asked}; here lie {there}."
    several = next((u for u in read.skipped if u.reason == SEVERAL.format(table)), None)
    endings = {stem(base(path)) for path in here} & {stem(base(name)) for name in read.missing}
    if several is not None:
        said += f" {cut(several.path)}: {several.reason}"
    elif endings and not read.matched:
        said += " (Some names agree but for their folder or ending.)"
    return (
        f"{said} Write the paths of these files into the table, choose the folder it was made for,"
        " or take the table away to use the folder names."
    )
