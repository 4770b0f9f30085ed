"""Source models by what they are: "timm:params<30M,commercial,size=224", a hub and conditions.

The models of a query come in the order of a plain prior, the likeliest first.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import SourceModel
from srcsel.models import finding
from srcsel.models.hubs import HUBS
from srcsel.models.licenses import allows_commercial_use
from srcsel.models.prior import likeliest_first, on_imagenet

EVERYWHERE = "any"  # instead of a hub's name: all of them

Value = Callable[[SourceModel], float | None]

NUMBERS: dict[str, tuple[Value, str]] = {
    "params": (lambda m: m.params, "number of weights, as params<30M"),
    "gmacs": (lambda m: m.gmacs, "billions of multiply-adds a picture, as gmacs<2"),
    "size": (lambda m: m.input_size, "pixels it reads, as size=224"),
    "dim": (lambda m: m.dim, "width of its features, as dim<=1024"),
    "imagenet": (
        lambda m: None if (known := on_imagenet(m)) is None else 100 * known,
        "published accuracy in percent, as imagenet>75",
    ),
    "year": (lambda m: m.year, "of its paper, as year>=2022"),
    "download": (
        lambda m: None if m.download_bytes is None else m.download_bytes / 1e6,
        "MB, as download<100",
    ),
}
FLAGS: dict[str, tuple[Callable[[SourceModel], bool], str]] = {
    "commercial": (
        lambda m: allows_commercial_use(m.license),
        "the licence surely allows commercial use",
    ),
    "here": (lambda m: m.download_bytes == 0, "already on this computer"),
}
TOP = "top"
SIGNS = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}
CONDITION = re.compile(
    rf"({'|'.join((*NUMBERS, TOP))})\s*(<=|>=|=|<|>)(.*)", re.DOTALL | re.IGNORECASE
)
OTHERWISE = {"≤": "<=", "≥": ">=", "==": "=", "=<": "<=", "=>": ">="}
"""How else people write the signs."""
LICENSE = re.compile(
    r"(?:with\s+)?(?:an?\s+)?(commercial|here)(?:\s+(?:licen[cs]e|use))?", re.IGNORECASE
)
"""How people write the flags."""
BETWEEN = re.compile(r"[,;]|\s+and\s+", re.IGNORECASE)
_PARTS = (
    rf"(?:{'|'.join((*NUMBERS, TOP))})\s*(?:<=|>=|=<|=>|==|[=<>≤≥])\s*[\d.]+[kmgb]?(?!\w)",
    rf"(?:with\s+)?(?:an?\s+)?(?:{'|'.join(FLAGS)})(?:\s+(?:licen[cs]e|use))?+(?![\w-])",
    r"(?:at\s+)?\d+\s*(?:px|pixels?)(?!\w)",
)
_PART = rf"(?:{'|'.join(_PARTS)})"
_BEHIND = "".join(rf"(?<!\b{word})" for word in ("non", "not", "no", "with", "a", "an", "at"))
_WITHIN = "".join(rf"(?<!\b{word}\s)" for word in ("non", "not", "no"))
APART = re.compile(
    rf"(?<=\S){_BEHIND}\s+(?={_PART})|{_WITHIN}(?<![\w-])(?P<one>{_PART})\s+(?=\S)", re.IGNORECASE
)
"""Blanks where a comma is meant: before and behind what is no word to search for."""
NEAR = 0.75  # of `difflib`: so like a flag is a slip of the pen, and no name of a model
PIXELS = re.compile(r"(?:at\s+)?(\d+)\s*(?:px|pixels?)", re.IGNORECASE)
NUMBER = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgb]?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """Which models, and at most how many of them."""

    hubs: tuple[str, ...]
    words: str = ""  # as in the search
    conditions: tuple[Callable[[SourceModel], bool], ...] = ()
    top: int | None = None

    def fits(self, model: SourceModel) -> bool:
        """Tell whether a model is one of those meant, but for `top`."""
        return all(holds(model) for holds in self.conditions) and finding.fits(model, self.words)

    def models(self) -> list[SourceModel]:
        """Return the models that fit, the likeliest first; yardsticks are never among them."""
        every = [m for hub in self.hubs for m in HUBS[hub].models() if not m.yardstick]
        return likeliest_first([m for m in every if self.fits(m)], every)[: self.top]


def is_query(text: str) -> bool:
    """Tell whether `text` begins as a query, "timm:" or "any:", or has a condition all the same:
    then its hub is one that there is not.
    """
    hub, colon, rest = text.partition(":")
    known = hub.strip().lower() in (*HUBS, EVERYWHERE)
    likely = "/" not in text and bool(set("<>=≤≥") & set(rest))  # an address or a path is none
    return bool(colon) and (known or likely)


def joined(parts: Iterable[str]) -> list[str]:
    """Put a query's conditions back to it, which commas have divided from it."""
    whole: list[str] = []
    for part in parts:
        if whole and is_query(whole[-1]) and _is_meant(_plain(_apart(part)[0])):
            whole[-1] += f",{part}"
        else:
            whole.append(part)
    return whole


def parse(text: str) -> Query:
    """Read a query: "HUB:WORDS,CONDITION,...", each part but the hub optional; words in quotation
    marks are never a condition.

    Raises UnknownNameError for an unknown hub, InputError for a condition that cannot be read; it
    names those there are.
    """
    hub, _, rest = text.partition(":")
    hub = hub.strip().lower()
    if hub not in (*HUBS, EVERYWHERE):
        raise UnknownNameError("hub", hub, [*HUBS, EVERYWHERE])
    first, *others = ([_plain(one) for one in _apart(part)] for part in BETWEEN.split(rest))
    words = " ".join(one for one in first if not _looks_so(one))
    asked = [one for one in first if _looks_so(one)] + [one for part in others for one in part]
    top, conditions = None, []
    for part in filter(None, asked):
        if part in FLAGS:
            conditions.append(FLAGS[part][0])
            continue
        name, sign, number = _read(part, text)
        if name == TOP:
            top = _top(sign, number, text)
        else:
            conditions.append(_holds(NUMBERS[name][0], sign, number))
    hubs = tuple(HUBS) if hub == EVERYWHERE else (hub,)
    return Query(hubs, words.strip('"'), tuple(conditions), top)


def asked(
    hub: str | None = None,
    words: str = "",
    *,
    max_params: float | None = None,
    size: int | None = None,
    commercial: bool = False,
) -> Query:
    """Return what is asked of the search. Raises UnknownNameError for an unknown hub."""
    if hub is not None and hub not in HUBS:
        raise UnknownNameError("hub", hub, HUBS)
    numbers = (("params", "<=", max_params), ("size", "=", size))
    conditions = [
        _holds(NUMBERS[name][0], sign, number)
        for name, sign, number in numbers
        if number is not None
    ]
    conditions += [FLAGS["commercial"][0]] if commercial else []
    return Query(tuple(HUBS) if hub is None else (hub,), words, tuple(conditions))


def written(
    hub: str | None = None,
    words: str = "",
    *,
    max_params: float | None = None,
    size: int | None = None,
    commercial: bool = False,
) -> str:
    """Write as a query what is asked of the search, for the address and the shell."""
    words = re.sub('[",;<>=]', " ", words).strip()
    is_word = BETWEEN.split(words) == _apart(words) == [_plain(words)] and not _looks_so(words)
    parts = [words if is_word else f'"{words}"']
    parts += [] if max_params is None else [f"params<={max_params / 1e6:g}M"]
    parts += [] if size is None else [f"size={size}"]
    parts += ["commercial"] if commercial else []
    return f"{hub or EVERYWHERE}:" + ",".join(filter(None, parts))


def _apart(part: str) -> list[str]:
    """Cut "params<30M commercial size=224" where others write commas; not what is quoted."""
    return [part] if '"' in part else APART.sub(r"\g<one>,", part).split(",")


def _plain(part: str) -> str:
    """Write a condition as the others are: "at 224 pixels" is size=224."""
    for sign, usual in OTHERWISE.items():
        part = part.replace(sign, usual)
    part = part.strip()
    if pixels := PIXELS.fullmatch(part):
        return f"size={pixels[1]}"
    flag = LICENSE.fullmatch(part)
    return flag[1].lower() if flag else part


def _is_meant(part: str) -> bool:
    """Tell a condition, also one with a slip of the pen in it, from the name of a model."""
    near = difflib.get_close_matches(part.lower(), FLAGS, 1, NEAR)
    return _is_condition(part) or bool(near or set("<>") & set(part))


def _is_condition(part: str) -> bool:
    return part in FLAGS or CONDITION.fullmatch(part) is not None


def _looks_so(part: str) -> bool:
    """Tell a condition, also a wrong one, from words to search for."""
    return _is_condition(part) or bool(set("<>=") & set(part))


def _read(part: str, text: str) -> tuple[str, str, float]:
    found = CONDITION.fullmatch(part)
    number = NUMBER.fullmatch(found[3]) if found else None
    if found is None or number is None:
        raise InputError(f"'{part}' in '{text}' is no condition on models. {_known()}")
    return found[1].lower(), found[2], float(number[1]) * UNITS[number[2].lower()]


def _top(sign: str, number: float, text: str) -> int:
    if sign != "=" or not 1 <= number < math.inf or number != int(number):
        raise InputError(f"In '{text}' say how many models at most as top=20: 1 or more.")
    return int(number)


def _holds(value: Value, sign: str, number: float) -> Callable[[SourceModel], bool]:
    """Return a condition; what is not known of a model fits none."""
    compare = SIGNS[sign]

    def holds(model: SourceModel) -> bool:
        own = value(model)
        return own is not None and compare(own, number)

    return holds


def _known() -> str:
    numbers = [f"{name} ({what})" for name, (_, what) in NUMBERS.items()]
    flags = [f"{name} ({what})" for name, (_, what) in FLAGS.items()]
    return f"Known: {', '.join([*numbers, *flags, 'top (at most so many, as top=20)'])}."
