"""Very many pictures: what a sample and all of them take, and whether everything keeps up.

    python -m benchmarks.large                   # a million; about two minutes
    python -m benchmarks.large --pictures 100000

Features are made up and lie in a file that is mapped. The folder is made of links to a few hundred
pictures, so that a million names cost no disk. Each step runs in a process of its own, whose
largest memory counts. What comparing pairs takes is measured on some, and gives the two numbers of
`srcsel.base.sampling.comparing`.
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

from benchmarks._common import tell

WIDTH, CLASSES, SOURCES = 512, 100, 400
BLOCK = 50_000  # rows written at once
PAIRS = ((8192, 512), (4096, 2048))  # pictures, and features; three times as many beside them


def made(folder: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Map features (n, 512) float32 of 100 classes, made once, and their labels (n,)."""
    path, y = folder / "features.npy", np.arange(n) % CLASSES
    if not path.exists():
        rng = np.random.default_rng(0)
        centers = rng.normal(size=(CLASSES, WIDTH)).astype(np.float32)
        X = np.lib.format.open_memmap(path, "w+", np.float32, (n, WIDTH))
        for start in range(0, n, BLOCK):
            own = y[start : start + BLOCK]
            X[start : start + BLOCK] = centers[own] + 3 * rng.standard_normal(
                (len(own), WIDTH), np.float32
            )
        X.flush()
    return np.load(path, mmap_mode="r"), y


def linked(folder: Path, n: int) -> Path:
    """Make a folder of n links to 400 pictures in 100 classes."""
    root = folder / "pictures"
    if root.exists():
        return root
    rng, sources = np.random.default_rng(0), folder / "sources"
    sources.mkdir()
    for k in range(SOURCES):
        small = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(small).resize((48, 48)).save(sources / f"{k}.png")
    for c in range(CLASSES):
        (root / f"class{c:03d}").mkdir(parents=True)
    for k in range(n):
        source = sources / f"{k % CLASSES * (SOURCES // CLASSES) + k // CLASSES % 4}.png"
        os.link(source, root / f"class{k % CLASSES:03d}" / f"{k:07d}.png")
    return root


def score(folder: Path, n: int) -> str:
    """Rank two models by their features, a sample of them."""
    from srcsel.runs.given import rank_features

    X, y = made(folder, n)
    result = rank_features({"one": X, "two": X[:, ::-1]}, y)
    return f"{len(result.dataset.paths):,} of {result.dataset.sampled_from:,} scored"


def listing(folder: Path, n: int) -> str:
    """List the folder, as the page does before anything is opened."""
    from srcsel.pictures.listing import list_quickly

    found = list_quickly(str(linked(folder, n)))
    return f"{len(found.paths) if found else 0:,} listed"


def check(folder: Path, n: int) -> str:
    """Check the folder: open the sample, once each."""
    from srcsel.pictures.dataset import load_dataset

    found = load_dataset(str(linked(folder, n)))
    return f"{len(found.paths):,} of {found.sampled_from:,} opened"


def rank(folder: Path, n: int) -> str:
    """Run and score a packaged model on the checked folder, and draw its map."""
    from srcsel.runs.run import rank as whole_way
    from srcsel.store.runs import RunStore

    result = whole_way(str(linked(folder, n)), "pixels/thumbnail")
    home = Path(os.environ["SRCSEL_HOME"])
    drawn = RunStore(home / "runs").projection(result.run.id, "pixels/thumbnail", "umap")
    return f"{len(result.dataset.paths):,} scored, {len(drawn.xy) if drawn else 0:,} on the map"


def look(_: Path, __: int) -> str:
    """Look for suspects and copies, and at each picture through the model."""
    from srcsel.explore import inside, suspects
    from srcsel.store.runs import RunStore

    run = RunStore(Path(os.environ["SRCSEL_HOME"]) / "runs").list()[0].id
    found = suspects.make(run)
    inside.make(run, "pixels/thumbnail")
    return f"{len(found.labels)} labels, {len(found.copies)} copies"


def page(_: Path, __: int) -> str:
    """Read the run as pages do."""
    from srcsel.store.runs import RunStore

    store = RunStore(Path(os.environ["SRCSEL_HOME"]) / "runs")
    result = store.load(store.list()[0].id)
    return f"{len(result.dataset.paths):,} rows"


def pairs(_: Path, __: int) -> str:
    """Time all pairs of some pictures, and say what `comparing` should be made of."""
    from srcsel.base import sampling
    from srcsel.scoring.score import score_model

    rng = np.random.default_rng(0)

    def spent(count: int, width: int) -> float:
        y = np.arange(count) % CLASSES
        X = rng.standard_normal((count, width), np.float32)
        began = time.process_time()
        score_model("one", X, y, rechecks=0)
        return time.process_time() - began

    # what does not grow with the pairs is in both
    narrow, wide = ((spent(3 * n, d) - spent(n, d)) / (8 * n * n) for n, d in PAIRS)
    each = max(0.0, (wide - narrow) / (PAIRS[1][1] - PAIRS[0][1]))
    alone = max(0.0, narrow - each * PAIRS[0][1])
    return (
        f"PAIR, PAIR_FEATURE = {alone:.1e}, {each:.1e} (now {sampling.PAIR:.1e},"
        f" {sampling.PAIR_FEATURE:.1e}); a million: {sampling.comparing(10**6) / 60:,.0f} min"
    )


STEPS = {
    "sample scored": score,
    "listed": listing,
    "checked": check,
    "ranked and mapped": rank,
    "suspects, copies, neighbours": look,
    "read by a page": page,
    "all pairs of some": pairs,
}


def peak() -> float:
    """Return the largest memory of this process in bytes, mapped files included.

    Not `getrusage`, which counts that of the process it was started by.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return 1024.0 * int(line.split()[1])


def main() -> None:
    """Run every step in a process of its own, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--steps", nargs="*", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--folder", type=Path, help="keep what is made there")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        began, cpu = time.perf_counter(), time.process_time()
        said = STEPS[asked.steps[0]](asked.folder, asked.pictures)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(json.dumps([said, round(seconds, 2), round(cpu, 2), round(peak() / 1e6)]))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = asked.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        made(folder, asked.pictures)
        linked(folder, asked.pictures)
        rows = []
        for step in asked.steps:
            command = [sys.executable, "-m", "benchmarks.large", "--inside", "--steps", step]
            command += ["--folder", str(folder), "--pictures", str(asked.pictures)]
            told = subprocess.run(
                command,
                check=True,
                capture_output=True,
                text=True,
                env=os.environ | {"SRCSEL_HOME": str(folder / "home")},
            )
            said, seconds, cpu, most = json.loads(told.stdout.splitlines()[-1])
            rows.append({"what": step, "seconds": seconds, "cpu": cpu, "MB": most, "said": said})
            print(rows[-1], flush=True)
    if asked.steps == list(STEPS):
        tell("large", rows, means="seconds on the clock and of all cores, largest memory")


if __name__ == "__main__":
    main()
