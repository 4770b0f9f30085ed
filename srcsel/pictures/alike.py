"""Class names that eyes and programs may take for the same."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

MOST = 6  # groups of names in a sentence


def look_alikes(classes: Sequence[str]) -> list[str]:
    """Say which class names differ only in what eyes and programs often overlook: capitals, blanks,
    a decimal zero, Unicode form, quotation marks.
    """
    alike = defaultdict(list)
    for name in classes:
        alike[_looks(name)].append(name)
    groups = [names for names in alike.values() if len(names) > 1]
    if not groups:
        return []
    told = "; ".join(" and ".join(map(_exactly, names)) for names in groups[:MOST])
    more = f" and {len(groups) - MOST:,} more groups" if len(groups) > MOST else ""
    return [
        f"Some classes differ only in capitals, blanks, signs or the form of letters: {told}{more}."
        " They are kept apart. If they are one class, write them alike."
    ]


def _looks(name: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = re.sub("[\"'`]+", "", plain).strip()
    plain = re.sub(r"(?<=\D)[\s_-]+|(?<=\d)[\s_-]+(?=\D)", "", plain)
    number = re.fullmatch(r"([+-]?)0*(\d+)(?:[.,]0*)?", plain)
    return "".join(number.groups()) if number else plain


def _exactly(name: str) -> str:
    """Return the name in quotes; letters that look alike as their codes where that is all."""
    plain = unicodedata.normalize("NFC", name) == name
    return f"'{name}'" if plain else f"'{name}' ({ascii(name)[1:-1]})"
