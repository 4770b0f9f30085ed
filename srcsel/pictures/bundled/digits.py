"""Target: real handwritten digits as ink on paper.

The strokes are scikit-learn's; only ink and paper are drawn.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from srcsel.base.errors import StoreError
from srcsel.pictures.bundled.paint import as32, color, noise

CLASSES = tuple(str(k) for k in range(10))
EACH = 50  # pictures of each class
_SIDE = 96
# 1,797 rows of 64 grey levels 0..16 and the digit
_FILE = Path("datasets", "data", "digits.csv.gz")


def find_data() -> Path:
    """Find scikit-learn's data file without importing scikit-learn, which the page process must not
    do.

    Raises StoreError where it is not there.
    """
    found = importlib.util.find_spec("sklearn")
    folders = found.submodule_search_locations if found else None
    path = Path(folders[0]) / _FILE if folders else _FILE
    if not path.is_file():
        raise StoreError(
            f"The handwritten digits come with scikit-learn, whose file {path} is missing. "
            "Install it again: pip install --force-reinstall scikit-learn."
        )
    return path


@cache
def _scans() -> tuple[np.ndarray, ...]:
    """Read the real digits, for each class (EACH, 8, 8) float32 in 0..1, chosen once and for
    all.
    """
    table = np.loadtxt(find_data(), delimiter=",", dtype=np.float32)  # (1797, 65)
    rng = np.random.default_rng(8)
    return tuple(
        table[rng.permutation(np.flatnonzero(table[:, 64] == k))[:EACH], :64].reshape(EACH, 8, 8)
        / 16
        for k in range(len(CLASSES))
    )


def draw(rng: np.random.Generator, label: int, number: int) -> Image.Image:
    """Draw scan `number` of the digit `label`, enlarged, on tinted paper under uneven light; 96 x
    96 RGB.
    """
    scan = Image.fromarray(np.pad(_scans()[label][number], 2))  # 12 x 12
    side = int(rng.integers(92, 112))
    large = scan.resize((side, side), Image.Resampling.BICUBIC).rotate(
        rng.normal(0, 7), Image.Resampling.BICUBIC
    )
    left, top = (int(v) for v in (side - _SIDE) / 2 + rng.uniform(-5, 5, 2))
    strokes = np.asarray(large.crop((left, top, left + _SIDE, top + _SIDE)))  # (96, 96)
    steep = rng.uniform(5, 9)
    ink = 1 / (1 + np.exp(-steep * (strokes - rng.uniform(0.38, 0.52)) * 2))
    ink = (ink * rng.uniform(0.65, 1.0) * (0.75 + 0.25 * noise(rng, _SIDE, 9)))[..., None]
    paper = as32(color(rng.uniform(0.05, 0.17), rng.uniform(0.02, 0.25), rng.uniform(0.8, 1.0)))
    pen = as32(color(rng.uniform(0.55, 0.72), rng.uniform(0.0, 0.9), rng.uniform(0.1, 0.5)))
    grain = noise(rng, _SIDE, 60)[..., None] * 14 + noise(rng, _SIDE, (3, 30))[..., None] * 8
    light = 0.8 + 0.25 * noise(rng, _SIDE, 2)[..., None]
    pixels = ((paper - grain) * (1 - ink) + pen * ink) * light
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
