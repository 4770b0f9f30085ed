"""What is kept on this computer, and whether it is fit, in the shell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from srcsel.base.errors import InputError
from srcsel.base.phrases import count, megabytes, plain
from srcsel.base.settings import load_settings
from srcsel.jobs import space
from srcsel.jobs.doctor import Finding, examine, is_well
from srcsel.jobs.space import Kept
from srcsel.store.cache import GB
from srcsel.store.cache import clean as make_space
from srcsel.store.serialize import to_plain


def cache(*, clean: bool = False, limit: float | None = None) -> tuple[dict[str, Any], str]:
    """Look at what is kept, after making space where that is wanted: as JSON, and in words.

    limit: in GB. Raises InputError for one that is no number from 0 on, or without `clean`.
    """
    if limit is not None and not (clean and 0 <= limit < math.inf):
        raise InputError("--limit is a number of GB from 0 on, together with --clean.")
    settings, told = load_settings(), ""
    done = make_space(settings, None if limit is None else limit * GB) if clean else None
    kept = space.kept(settings)
    if done is not None:
        told = f"{space.cleaned(done)}\n"
    as_json = {
        "home": str(settings.home),
        "limit": kept.limit if kept.limit < math.inf else None,
        "counted": kept.counted,
        "needed": kept.needed,
        "shares": to_plain(kept.shares),
        "removed": None if done is None else {"bytes": done.bytes, "files": done.files},
    }
    return as_json, f"{told}{settings.home}\n{_table(kept)}{space.sentence(kept)}\n"


def doctor() -> tuple[dict[str, Any], str, bool]:
    """Examine this computer: as JSON, in words, and whether nothing is wrong."""
    found = examine()
    well = is_well(found)
    wrong = sum(finding.state == "wrong" for finding in found)
    end = "Nothing is wrong." if well else f"{count(wrong, 'thing')} to mend, marked with !"
    return {"well": well, "findings": to_plain(found)}, f"{_lines(found)}{end}\n", well


def _lines(found: Sequence[Finding]) -> str:
    marks = {"ok": " ", "note": "~", "wrong": "!"}
    lines = []
    for finding in found:
        head = f"{marks[finding.state]} {finding.check.replace('_', '-'):<10} "
        lines.append(f"{head}{plain(finding.said)}\n")
        if finding.remedy:
            lines.append(f"{'':<13}-> {plain(finding.remedy)}\n")
    return "".join(lines)


def _table(kept: Kept) -> str:
    lines = []
    for share in kept.shares:
        needed = f", {megabytes(share.needed)} needed by runs" if share.needed else ""
        note = needed if share.removable else ", not counted"
        lines.append(f"  {share.title:<50}{megabytes(share.bytes):>12}{note}\n")
    return "".join(lines)
