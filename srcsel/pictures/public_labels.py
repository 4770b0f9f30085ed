"""The classes of public data sets' pictures, from the annotation that each comes with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import DownloadError
from srcsel.pictures.public import PublicSet


def annotation(about: PublicSet, dataset: Any, half: Path) -> dict[str, Any]:
    """Read every picture's class from the files the set came with; paths relative to its folder,
    sorted.
    """
    pairs = sorted(
        (path.relative_to(half).as_posix(), label)
        for path, label in _READERS[about.name](half, dataset)
    )
    if not pairs:
        raise DownloadError(
            f"{about.title} was downloaded but holds no pictures. Delete {half} and try again."
        )
    classes = sorted({label for _, label in pairs})
    number = {label: k for k, label in enumerate(classes)}
    return {"classes": classes, "pictures": [(path, number[label]) for path, label in pairs]}


_Labeled = Iterable[tuple[Path, str]]


def _flowers(half: Path, dataset: Any) -> _Labeled:
    from scipy.io import loadmat

    base, names = half / "flowers-102", getattr(dataset, "classes", None)
    # 1-based; of picture 1, 2, ...
    labels = loadmat(base / "imagelabels.mat", squeeze_me=True)["labels"]
    for number, label in enumerate(np.atleast_1d(labels).tolist(), 1):
        name = names[label - 1] if names else f"flower {label:03d}"
        yield base / "jpg" / f"image_{number:05d}.jpg", name


def _pets(half: Path, _dataset: Any) -> _Labeled:
    base = half / "oxford-iiit-pet"
    for split in ("trainval", "test"):
        for line in (base / "annotations" / f"{split}.txt").read_text().splitlines():
            picture = line.split()[0]
            yield base / "images" / f"{picture}.jpg", picture.rsplit("_", 1)[0].replace("_", " ")


def _textures(half: Path, _dataset: Any) -> _Labeled:
    base = half / "dtd" / "dtd"
    for split in ("train", "val", "test"):
        for line in (base / "labels" / f"{split}1.txt").read_text().split():
            yield base / "images" / line, line.split("/")[0]


def _food(half: Path, _dataset: Any) -> _Labeled:
    base = half / "food-101"
    for split in ("train", "test"):
        for label, pictures in json.loads((base / "meta" / f"{split}.json").read_text()).items():
            yield from (
                (base / "images" / f"{picture}.jpg", label.replace("_", " "))
                for picture in pictures
            )


def _land(half: Path, _dataset: Any) -> _Labeled:
    return ((path, path.parent.name) for path in (half / "eurosat" / "2750").glob("*/*.jpg"))


def _imagenette(half: Path, dataset: Any) -> _Labeled:
    names = {wnid: words[0] for wnid, words in zip(dataset.wnids, dataset.classes, strict=True)}
    return ((path, names[path.parent.name]) for path in half.glob("imagenette2-320/*/*/*.JPEG"))


_READERS: dict[str, Callable[[Path, Any], _Labeled]] = {
    "Flowers102": _flowers,
    "OxfordIIITPet": _pets,
    "DTD": _textures,
    "EuroSAT": _land,
    "Food101": _food,
    "Imagenette": _imagenette,
}
