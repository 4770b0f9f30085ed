"""Small pieces of sentences: counts, lists, sizes, durations, and text made safe to show."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def count(n: int, noun: str, many: str = "") -> str:
    """Return "1 picture" or "1,240 pictures"."""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Join names as in a sentence: "A, B and C"."""
    return some_of(names, len(names))


def some_of(
    named: Sequence[T],
    most: int,
    noun: str = "",
    *,
    show: Callable[[T], object] = str,
    between: str = ", ",
) -> str:
    """Join what is named, as `show` writes it, as in a sentence; of much more than `most` the first
    ones: "A, B and C", "A, B and 12 more classes" where `noun` is "classes".
    """
    rest = len(named) - most
    if rest < 2:  # the last one's name takes no more room than "1 more"
        most, rest = len(named), 0
    shown = [str(show(one)) for one in named[:most]]
    shown += [f"{rest:,} more {noun}".rstrip()] if rest else []
    return between.join(shown[:-1]) + " and " * (len(shown) > 1) + "".join(shown[-1:])


def one_line(text: str) -> str:
    """Return a foreign text in one line that any terminal can show: other signs as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def within(low: float, high: float) -> str:
    """Write an interval of shares 0..1 in whole percent, rounded outwards: "70 to 76"."""
    return "{} to {}".format(*outwards(low, high))


def outwards(low: float, high: float) -> tuple[int, int]:
    """Return an interval of shares in whole percent, rounded outwards; 0.29 are 29."""
    return math.floor(round(100 * low, 9)), math.ceil(round(100 * high, 9))


def spoken(*parts: str) -> str:
    """Join headline, sentences and facts; empty ones are left out."""
    return " ".join(part for part in parts if part)


def share(firsts: float) -> int:
    """Round "in x of 100 re-checks"; 100 only if always."""
    return 100 if firsts > 100 - 1e-9 else min(99, round(firsts))


def shares(firsts: Mapping[str, float]) -> dict[str, int]:
    """Round shares of 100 so that they still add to 100, by largest remainder; 100 only if always.

    What does not add to 100 is rounded one by one.
    """
    if abs(sum(firsts.values()) - 100) > 1e-6:
        return {name: share(value) for name, value in firsts.items()}
    whole = {name: min(int(value + 1e-9), share(value)) for name, value in firsts.items()}
    spare = 100 - sum(whole.values())
    open_ = [name for name in firsts if firsts[name] > whole[name] + 1e-9 and whole[name] < 99]
    by_rest = sorted(open_, key=lambda name: whole[name] - firsts[name])
    return {name: n + (name in by_rest[:spare]) for name, n in whole.items()}


def capital(text: str) -> str:
    """Return the text with its first letter a capital."""
    return text[:1].upper() + text[1:]


def significant(value: float, digits: int) -> str:
    """Write a number with so many digits that count, without zeros behind; never as 1e-05."""
    shown = float(f"{value:.{digits}g}")
    if shown.is_integer():
        return f"{shown:z,.0f}"
    return f"{Decimal(repr(shown)):f}"


def digits(value: float) -> str:
    """Two digits below ten, whole numbers above."""
    return f"{value:,.0f}" if value >= 9.95 else significant(value, 2)


def moment(seconds: float) -> str:
    """Say how long one picture takes: "0.42 ms", "14 ms", "120 ms", "1.3 s"."""
    return f"{digits(1000 * seconds)} ms" if seconds < 0.9995 else f"{digits(seconds)} s"


def rounded(value: float, digits: int) -> float:
    """Round as text with so many digits says it, so that a table that formats numbers itself shows
    what every text does; never -0.0.
    """
    return float(f"{value:z.{digits}f}")


def millions(weights: int) -> str:
    """Say a number of weights: three digits below a hundred million ("4.65 million")."""
    value = weights / 1e6
    return f"{value:,.0f} million" if value >= 99.95 else f"{significant(value, 3)} million"


NAMED = 80
"""Characters of a name or whatever else somebody wrote that a message repeats at most."""
PATH = 400
"""Up to so many a path is repeated as a whole, for it is compared and copied."""


def cut(name: str, length: int = NAMED) -> str:
    """Cut a name of more than `length` characters in its middle: beginnings and ends tell apart."""
    head = (length - 1) * 2 // 3
    if len(name) <= length:
        return name
    return f"{name[:head].rstrip()}…{name[-(length - 1 - head) :].lstrip()}"


def cut_apart(names: Sequence[str], length: int = NAMED) -> list[str]:
    """Cut names of more than `length` characters so that those that differ still do: in the middle,
    or where that makes some the same, to their ends, or around the place where they differ.
    """
    short = {name: cut(name, length) for name in names}
    groups: dict[str, list[str]] = {}
    for name, label in short.items():
        groups.setdefault(label, []).append(name)
    for alike in groups.values():
        if len(alike) > 1:
            ends = [f"…{name[1 - length :].lstrip()}" for name in alike]
            apart = ends if len(set(ends)) == len(alike) else _around(alike, length)
            short.update(zip(alike, apart, strict=True))
    return [short[name] for name in names]


def _around(names: list[str], length: int) -> list[str]:
    """Cut names to their beginning and the place from which they differ."""
    head = length // 3
    room = length - head - 2  # for what follows, between two ellipses
    first, last = min(names), max(names)  # what these two share at their beginning, all share
    pairs = enumerate(zip(first, last, strict=False))
    same = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    begin = next((i + 1 for i in range(same - 1, -1, -1) if not first[i].isalnum()), 0)
    if same - begin >= room:  # a long word: what differs in it is to be seen
        begin = same - room // 2
    return [
        f"{name[:head].rstrip()}…{name[begin : begin + room].rstrip()}"
        + ("…" if begin + room < len(name) else "")
        for name in names
    ]


def bare(name: str) -> str:
    """Return a name without what people write differently: capitals, blanks, separators."""
    return re.sub(r"[\W_]+", "", name).casefold()


def whole_path(text: object) -> str:
    """Repeat a path whole; what is longer than paths are is cut as any name."""
    return str(text) if len(str(text)) <= PATH else cut(str(text))


def word(n: int) -> str:
    """Return a number in words up to twelve."""
    return _WORDS[n] if n < len(_WORDS) else str(n)


_UNSEEN = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)


def plain(name: object) -> str:
    """Put `name` on one line, without control characters, text-direction tricks and halves of
    letters, which no file or page can hold.
    """
    return " ".join(_UNSEEN.sub(" ", str(name)).split())


def megabytes(size: int) -> str:
    """Return bytes as "610 MB", "1.4 GB", "under 1 MB" (1 MB = 1,000,000 bytes)."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else "under 1 MB"


FEW = 7.5
"""Seconds below which no number is said: there an estimate is off by half of it soon."""


def duration(seconds: float) -> str:
    """Return seconds as "a few seconds", "20 s", "4 min", "1 h 20 min", rounded for an estimate."""
    if seconds < FEW:
        return "a few seconds"
    if seconds < 55:
        return f"{5 * round(seconds / 5):.0f} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def about(seconds: float) -> str:
    """Return an estimate as "a few seconds", "about 20 s", as `duration`."""
    said = duration(seconds)
    return said if said.startswith("a ") else f"about {said}"


def when(created: str, now: datetime | None = None) -> str:
    """Return an ISO 8601 time as "today 14:05", "yesterday 09:30" or "3 Mar 2026", in local
    time.
    """
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    moment, now = moment.astimezone(), (now or datetime.now(UTC)).astimezone()
    days = (now.date() - moment.date()).days
    if days in (0, 1):
        return f"{'yesterday' if days else 'today'} {moment:%H:%M}"
    return f"{moment.day} {moment:%b %Y}"
