"""Public data sets by name: torchvision downloads and checks them, their own annotation gives the
labels.

The table and `stored` need no torchvision; `public_download.fetch` is the worker's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import Listing
from srcsel.store import files

INDEX = "pictures.json"  # written last: a folder that has it is complete


@dataclass(frozen=True)
class PublicSet:
    """What the pages show of a public data set before anything is downloaded."""

    name: str  # as in "public:NAME" and torchvision
    title: str
    classes: int
    pictures: int
    download_bytes: int
    license: str  # SPDX id or the makers' words; "unknown" where they state none
    source: str  # its home page


PUBLIC: dict[str, PublicSet] = {
    s.name: s
    for s in (
        PublicSet(
            "Flowers102",
            "Oxford flowers",
            102,
            8189,
            344_878_000,
            "unknown",
            "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        ),
        PublicSet(
            "OxfordIIITPet",
            "Oxford cats and dogs",
            37,
            7349,
            811_092_049,
            "CC-BY-SA-4.0",
            "https://www.robots.ox.ac.uk/~vgg/data/pets/",
        ),
        PublicSet(
            "DTD",
            "Describable textures",
            47,
            5640,
            625_239_812,
            "for research purposes",
            "https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        ),
        PublicSet(
            "EuroSAT",
            "EuroSAT land use from space",
            10,
            27_000,
            94_280_567,
            "MIT",
            "https://github.com/phelber/EuroSAT",
        ),
        PublicSet(
            "Food101",
            "Food-101 dishes",
            101,
            101_000,
            4_996_278_331,
            "scientific fair use only",
            "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
        ),
        PublicSet(
            "Imagenette",
            "Imagenette, ten easy ImageNet classes",
            10,
            13_394,
            341_663_724,
            "ImageNet terms, non-commercial research",
            "https://github.com/fastai/imagenette",
        ),
    )
}
"""Sizes as served in 2024 to 2026; both splits of each set together."""


def stored(name: str, home: Path) -> Listing:
    """List a set that was downloaded before.

    Raises UnknownNameError, InputError where it was not.
    """
    about = find(name)
    try:
        held = files.read_json(home / name / INDEX)
        classes, pairs = tuple(held["classes"]), held["pictures"]
        paths, labels = (
            tuple(path for path, _ in pairs),
            np.array([label for _, label in pairs], np.int64),
        )
    except (files.DamagedFileError, FileNotFoundError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{about.title} is not on this computer yet. Check or run it once: that downloads "
            f"{about.download_bytes / 1e6:,.0f} MB (licence: {about.license})."
        ) from error
    source = "the data set's own annotation"
    return Listing(
        f"public:{name}",
        about.title,
        home / name,
        paths,
        labels,
        classes,
        (),
        source,
        about.license,
    )


def find(name: str) -> PublicSet:
    """Return what the table says of a set; raises UnknownNameError."""
    if name not in PUBLIC:
        raise UnknownNameError("public data set", name, PUBLIC)
    return PUBLIC[name]
