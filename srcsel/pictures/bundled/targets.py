"""The demo's picture sets, written out as ordinary folders: one sub-folder a class, JPEG files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from srcsel.base.errors import StoreError, UnknownNameError
from srcsel.pictures.bundled import butterflies, digits, tiles

if TYPE_CHECKING:
    from PIL import Image

VERSION = "1"  # part of the folder's name; raise it with any change to the pictures
QUALITY = 92  # of the JPEG files, 1..100


@dataclass(frozen=True)
class Target:
    """One picture set. `draw(rng, label, number)` makes picture `number` of class `label`."""

    name: str
    title: str  # what the pages show
    description: str  # one or two plain sentences
    classes: tuple[str, ...]  # sorted
    each: int  # pictures of each class
    draw: Callable[[np.random.Generator, int, int], Image.Image]

    @property
    def pictures(self) -> int:
        """How many pictures the set holds."""
        return self.each * len(self.classes)


TARGETS: dict[str, Target] = {
    t.name: t
    for t in (
        Target(
            "butterflies",
            "Butterflies",
            "Drawn butterflies of ten made-up species, any way round, over blurred meadows. Colour"
            " helps, but some species copy each other.",
            butterflies.CLASSES,
            butterflies.EACH,
            butterflies.draw,
        ),
        Target(
            "digits",
            "Handwritten digits",
            "Real handwriting: scans of the digits 0 to 9 that come with scikit-learn, enlarged, as"
            " ink on paper.",
            digits.CLASSES,
            digits.EACH,
            digits.draw,
        ),
        Target(
            "tiles",
            "Glazed tiles",
            "Computed walls of glazed tiles in ten ornaments. Colours, scale and wear vary; only"
            " the ornament tells.",
            tiles.CLASSES,
            tiles.EACH,
            tiles.draw,
        ),
    )
}


def write_target(name: str, folder: Path) -> Path:
    """Write the pictures of `name` as `folder`/<class>/<number>.jpg and return `folder`.

    Does nothing where `folder` is already there: it appears whole or not at all. The same version
    of srcsel writes the same pictures. Raises UnknownNameError, and StoreError where the disk does
    not let it.
    """
    if name not in TARGETS:
        raise UnknownNameError("demo picture set", name, TARGETS)
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as partial:
            whole = Path(partial) / "whole"
            _draw_all(TARGETS[name], whole)
            _move(whole, folder)
    except OSError as error:
        raise StoreError(
            f"The demo pictures could not be written to {folder}: {error.strerror or error}. "
            "Free some space or set SRCSEL_HOME to a folder that can be written."
        ) from error
    return folder


def _draw_all(target: Target, folder: Path) -> None:
    for label, class_name in enumerate(target.classes):
        (folder / class_name).mkdir(parents=True)
        for number in range(target.each):
            rng = np.random.default_rng([label, number, sum(target.name.encode())])
            image = target.draw(rng, label, number)
            image.save(folder / class_name / f"{number:03d}.jpg", quality=QUALITY, subsampling=0)


def _move(whole: Path, folder: Path) -> None:
    """Rename into place; when another process was faster, its folder (the same pictures) stays."""
    try:
        whole.replace(folder)
    except OSError:
        if not folder.is_dir():
            raise
