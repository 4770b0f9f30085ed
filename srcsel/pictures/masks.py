"""Masks that lie beside the pictures they belong to: "benign (1)_mask.png" beside
"benign (1).png".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

_MASK = re.compile(
    r"(?P<of>.+)[\W_](mask|masks|seg|segm|segmentation|groundtruth|gt|labelmap|annotation)"
    r"([\W_]?\d+)?",
    re.IGNORECASE,
)


def masks_of(paths: Iterable[str]) -> dict[str, str]:
    """Return mask -> the picture it belongs to, of paths (POSIX): those called like another of the
    same folder, with a word for masks behind its name.
    """
    paths = list(paths)
    named = {path: found["of"] for path in paths if (found := _MASK.fullmatch(_stem(path)))}
    if not named:
        return {}
    there = {(_folder(path), _stem(path)): path for path in paths if path not in named}
    pairs = {path: there.get((_folder(path), of)) for path, of in named.items()}
    return {path: of for path, of in pairs.items() if of is not None}


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]  # a Path for each of a million takes seconds


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def said(masks: dict[str, str]) -> list[str]:
    """Say that masks were left out; nothing where there are none."""
    if not masks:
        return []
    mask, of = next(iter(sorted(masks.items())))
    many = "1 picture is" if len(masks) == 1 else f"{len(masks):,} pictures are"
    one, other = (PurePosixPath(path).name for path in (mask, of))
    return [f"{many} left out as masks of the pictures they lie beside: {one} of {other}."]
