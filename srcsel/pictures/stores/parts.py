"""Which part of a data set a shard is by its name, train-00000-of-00002 or test/data-00000, and how
one part alone is asked for.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from srcsel.base.addresses import Address
from srcsel.base.phrases import listed
from srcsel.pictures.kinds import ending, without_ending
from srcsel.pictures.layouts import Remedy, split_of, typed

_NUMBER = re.compile(r"[\W_]*\d+([\W_]*of[\W_]*\d+.*)?$", re.IGNORECASE)
_COUNTED = re.compile(r"(?P<head>.*?)(?P<number>\d+)(?P<tail>[\W_]*of[\W_]*\d+)?", re.IGNORECASE)
SEVERAL = (
    "The shards are parts of a data set, {}: they are taken together, and the classes are those"
    " that they say."
)


def part_of(name: str) -> str:
    """Return the part that the name of a shard (relative, POSIX) says, "" = none: "train" of
    "data/train-00000-of-00002.parquet" and of "cifar10-train-000.tar".
    """
    *folders, last = name.split("/")
    stem = _stem(last)
    words = re.split(r"[\W_]+", stem)
    said = (split_of(text) for text in (stem, words[0], words[-1], *reversed(folders)))
    return next((part for part in said if part and not part.startswith(("zoom", "fold"))), "")


def are_numbered(names: Collection[str]) -> bool:
    """Tell whether some shards (relative, POSIX) are the pieces of one whole by their names: all
    alike but for numbers without a gap, as x-00 and x-01; n01440764 and n01443537 are none.
    """
    stems = [without_ending(name.rpartition("/")[2]) for name in names]
    found = [_COUNTED.fullmatch(stem) for stem in stems]
    told = [one for one in found if one is not None]
    numbers = sorted(int(one["number"]) for one in told)
    alike = len(told) == len(stems) and len({(one["head"], one["tail"]) for one in told}) == 1
    return alike and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def about_parts(pictures: Mapping[str, int], around: Path | Address) -> list[str]:
    """Say that shards of several parts are taken together; pictures: how many by shard."""
    counts = Counter[str]()
    for name, count in pictures.items():
        counts[part_of(name)] += count
    if len(counts) < 2:
        return []
    told = [
        f"'{part}' ({n:,} {'picture' if n == 1 else 'pictures'})" if part else f"others ({n:,})"
        for part, n in sorted(counts.items(), key=lambda one: (not one[0], one[0]))
    ]
    return [SEVERAL.format(listed(told)) + typed(remedies(pictures, around))]


def remedies(pictures: Mapping[str, int], around: Path | Address) -> list[Remedy]:
    """Return how the part to learn from is asked for, where one name means its shards alone."""
    by_part = defaultdict[str, list[str]](list)
    for name in pictures:
        by_part[part_of(name)].append(name)
    if len(by_part) < 2:
        return []
    likely = [part for part in by_part if part not in ("", "test")]
    most = max(likely, key=lambda p: sum(map(pictures.__getitem__, by_part[p])), default="")
    main = "train" if "train" in by_part else most
    asked = _asked(by_part[main], pictures) if main else ""
    return [Remedy(f"Only {main}", str(around.joinpath(*asked.split("/"))))] if asked else []


def _asked(wanted: list[str], every: Collection[str]) -> str:
    """Return what stands for these shards and no others, "" = nothing."""
    folders = {name.rpartition("/")[0] for name in wanted}
    if len(folders) > 1:
        return ""
    (folder,) = folders
    head = f"{folder}/" if folder else ""
    inside = [name for name in every if name.startswith(head)]
    if folder and sorted(inside) == sorted(wanted):
        return folder
    if len(wanted) == 1:
        return wanted[0]
    last = wanted[0].rpartition("/")[2]
    for pattern in (f"{_stem(last)}-*{ending(last)}", f"{_stem(last)}*{ending(last)}"):
        if sorted(fnmatch.filter(inside, head + pattern)) == sorted(wanted):
            return head + pattern
    return ""


def _stem(last: str) -> str:
    return _NUMBER.sub("", without_ending(last))
