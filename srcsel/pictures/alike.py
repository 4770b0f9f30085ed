"""What class names alone show: some that look the same, several in one, one that may be none or
not sorted yet.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from srcsel.base.phrases import cut, some_of

MOST = 6  # groups of names in a sentence
_LIST = re.compile(r"[\[({].*['\",].*[\])}]", re.DOTALL)  # ['cat', 'dog']
_DATE = re.compile(r"(19|20)\d\d[-_. ]?(0[1-9]|1[0-2])([-_. ]?([0-2]\d|3[01]))?(?!\d)")
_UNSORTED = re.compile(
    r"(\d+ )?(unknown|unsorted|unlabell?ed|unclassified|unassigned|uncategori[sz]ed|undefined"
    r"|untagged|unidentified|misc(ellaneous)?|various|leftovers|background google|clutter"
    r"|new folder|untitled folder|te?mp|to ?do|to ?sort|tbd|unbekannt|unsortiert|inconnue?s?"
    r"|desconocid[oa]s?)"
    r"( (class(es)?|images?|pictures?|photos?|files?))?"
)
"""What folders are called whose pictures nobody has sorted yet."""


def about_names(classes: Sequence[str]) -> list[str]:
    """Say all that the names of classes show, each in a sentence with what to do."""
    return [
        *look_alikes(classes),
        *joined(classes),
        *perhaps_none(classes),
        *perhaps_unsorted(classes),
        *dates(classes),
    ]


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
    told = some_of(
        groups, MOST, "groups", show=lambda names: " and ".join(map(_exactly, names)), between="; "
    )
    return [
        f"Some classes differ only in capitals, blanks, signs or the form of letters: {told}."
        " They are kept apart. If they are one class, write them alike."
    ]


def joined(classes: Sequence[str]) -> list[str]:
    """Say which class names seem to be several labels of one picture, written in one cell.

    "Mass|Nodule" where "Mass" stands in another name too; between blanks or commas, which names
    have too, each must be a class of its own ("scab rust" beside "scab" and "rust"), or all names
    be made of few words, of one as of several. A list in brackets is one wherever it stands.
    """
    mixed = _mixed(classes)
    found = [
        name
        for name in classes
        if name in mixed
        or _LIST.fullmatch(name)
        or any(_is_joined(name, sign, classes) for sign in "|;, ")
    ]
    if not found:
        return []
    shown = some_of(found, MOST, show=_quoted)
    return [
        f"Some classes seem to be several labels of one picture: {shown}. Each combination"
        " counts as a class of its own. If that is not meant, give each picture one label."
    ]


def perhaps_none(classes: Sequence[str]) -> list[str]:
    """Say that a class -1 beside others that are counted from 0 or 1 may stand for no class, as
    programs that sort write it; beside 1 alone it is the other of two.
    """
    found = [name for name in classes if re.fullmatch(r"-1(?:\.0*)?", name)]
    others = {name for name in classes if name not in found}
    counted = all(re.fullmatch(r"\d+(?:\.0*)?", name) for name in others)
    if not found or not counted or {_looks(name) for name in others} <= {"1"}:
        return []
    return [
        f"There is a class '{found[0]}', which many programs write where there is none. Its"
        " pictures are taken for a class of their own. If they have none, leave them out."
    ]


def perhaps_unsorted(classes: Sequence[str]) -> list[str]:
    """Say that a class among others is called as pictures are that nobody has sorted yet."""
    found = [name for name in classes if _UNSORTED.fullmatch(_in_words(name))]
    if not found or len(found) == len(classes):
        return []
    shown = some_of(found, MOST, show=_quoted)
    what = "is taken for a class" if len(found) == 1 else "are taken for classes"
    return [f"{shown} {what}. If those pictures are only not sorted yet, leave them out."]


def _quoted(name: str) -> str:
    return f"'{cut(name)}'"


def _in_words(name: str) -> str:
    """Return a name in small letters, with one blank between words and no signs around."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", name).casefold()).strip()


def dates(classes: Sequence[str]) -> list[str]:
    """Say that the class names are dates."""
    if len(classes) < 2 or not all(map(_DATE.match, classes)):
        return []
    return [
        f"The classes are called like dates ('{cut(classes[0])}'): these say when pictures were"
        " taken, not what they show. Sort them into one folder per class, or add a table labels.csv"
        " (file,label)."
    ]


def _mixed(classes: Sequence[str]) -> list[str]:
    """Return the names of several words where these are no more than such names, and as many to a
    name as it takes: "clear", "clear water", "haze primary water". Those of colour and kind, two
    words each, are none.
    """
    words = {name: name.split() for name in classes}
    several = [name for name in classes if len(words[name]) > 1]
    counts = {len(words[name]) for name in several}
    distinct = {word for name in classes for word in words[name]}
    return several if len(counts) > 1 and len(distinct) <= len(several) else []


def _is_joined(name: str, sign: str, classes: Sequence[str]) -> bool:
    parts = {part.strip() for part in name.split(sign)} - {""}
    if len(parts) < 2:
        return False
    if sign in ", ":
        return parts <= set(classes)
    others = {p.strip() for other in classes if other != name for p in other.split(sign)}
    return bool(parts & others)


def _looks(name: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = re.sub("[\"'`]+", "", plain).strip()
    plain = re.sub(r"(?<=\D)[\s_-]+|(?<=\d)[\s_-]+(?=\D)", "", plain)
    number = re.fullmatch(r"([+-]?)0*(\d+)(?:[.,]0*)?", plain)
    return "".join(number.groups()) if number else plain


def _exactly(name: str) -> str:
    """Return the name in quotes; letters that look alike as their codes where that is all."""
    plain = unicodedata.normalize("NFC", name) == name
    return f"'{cut(name)}'" if plain else f"'{cut(name)}' ({cut(ascii(name)[1:-1])})"
