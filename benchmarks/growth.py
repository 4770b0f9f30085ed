"""Whether pictures cost the same however many there are: the check of a folder, features of two
small networks, and what is held in memory meanwhile, of 2,000 and of 20,000 pictures.

Each number of pictures is a folder of its own and a fresh process. Small networks, so that what is
done for each picture beside them counts most.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks._common import forget_most, most_held, tell

COUNTS = (2_000, 20_000)
MODELS = ("demo/glyphs", "demo/textures")
CLASSES = 10
SIZE = (160, 120)  # pixels of a picture
MOST = 1.1  # times the seconds and the memory that a picture may cost where they are ten times many
MEANS = (
    "ms a picture; KB a picture = most that was held above what was held before; limit = times the"
    " smaller set's, of time and of memory"
)


def make_pictures(folder: Path, count: int) -> None:
    """Noise of few pixels, enlarged: all different, quickly made."""
    chance = np.random.default_rng(0)
    for c in range(CLASSES):
        (folder / f"class{c}").mkdir(parents=True)
    for i in range(count):
        small = chance.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize(SIZE, Image.Resampling.BILINEAR)
        picture.save(folder / f"class{i % CLASSES}" / f"{i:05d}.jpg", quality=85)


def side(folder: Path) -> dict[str, float]:
    """Time one set in this process, imports and the first network's warm-up aside."""
    import timm  # noqa: F401
    import torch

    from srcsel.base.settings import load_settings
    from srcsel.features.extract import extract
    from srcsel.models.catalog import find_models
    from srcsel.pictures.dataset import load_dataset
    from srcsel.store.features import open_features

    torch.zeros(1)
    store, models = open_features(load_settings()), find_models(",".join(MODELS))
    few = load_dataset("demo:digits")
    list(extract(few, models, store=store, device="cpu"))
    before, start, cpu = forget_most(), time.perf_counter(), time.process_time()
    dataset = load_dataset(str(folder))
    checked = time.perf_counter()
    for found in extract(dataset, models, store=store, device="cpu"):
        assert len(found.values) == len(dataset.paths)
    ended = time.perf_counter()
    return {
        "check": checked - start,
        "features": ended - checked,
        "cpu": time.process_time() - cpu,
        "held": most_held() - before,
    }


def measured(count: int) -> dict[str, object]:
    """One line of the table."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        folder = Path(home) / "pictures"
        make_pictures(folder, count)
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.growth", "--side", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ | {"SRCSEL_HOME": home},
        )
    seconds = json.loads(told.stdout.splitlines()[-1])
    return {
        "what": f"{count:,} pictures",
        "check": 1e3 * seconds["check"] / count,
        "features": 1e3 * seconds["features"] / count,
        "processor time": 1e3 * seconds["cpu"] / count,
        "KB": 1e3 * seconds["held"] / count,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps(side(asked.side)))
        return
    few, many = (measured(count) for count in COUNTS)
    grown = {key: float(str(many[key])) / float(str(few[key])) for key in few if key != "what"}
    kept = "yes" if max(grown.values()) <= MOST else "NO"
    tell(
        "growth", [few, many, {"what": "times", **grown, "limit": MOST, "kept": kept}], means=MEANS
    )


if __name__ == "__main__":
    main()
