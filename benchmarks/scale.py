"""What very large questions cost, and whether the formula holds.

    python -m benchmarks.scale

Hours and money of pictures x models x multiply-adds follow from the rates of a device, with a
simulation beside them: blocks of pictures are decoded by some cores while the first network runs,
then come the other networks, each batch taking its own time. What the store of features takes is
timed on made ones. docs/scale.md says what follows.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks._common import tell
from srcsel.base.sampling import SIZE
from srcsel.store.shards import Shards

GMACS, WIDTH = 4.0, 1024  # of a usual candidate: multiply-adds of a picture, numbers in a feature
DECODED = 3 * 224 * 224  # bytes
LOAD = 5.0  # seconds to load a network
BLOCK = 20_000_000_000 // DECODED  # pictures decoded at a time
BATCH, JITTER = 64, 0.3  # pictures; standard deviation of a batch's time, of its mean
RACE = 1 / 3  # share of the passes that a race puts through networks
ROWS = 200_000  # of the store that is timed


@dataclass(frozen=True)
class Device:
    """What computes."""

    name: str
    gmacs: float  # 1e9 multiply-adds a second
    decodes: float  # pictures a second, by the cores beside it
    price: float  # money for an hour
    measured: bool


DEVICES = (
    Device("two cores, exact", 76, 500, 0.10, measured=True),
    Device("two cores, fast", 142, 500, 0.10, measured=True),
    Device("a data-centre card, 16 cores", 40_000, 4_000, 3.0, measured=False),
    Device("eight such cards, 128 cores", 320_000, 32_000, 24.0, measured=False),
)


def seconds(device: Device, pictures: int, models: int) -> float:
    """Time on the clock: of each block the first network waits for the pictures, the others do
    not.
    """
    blocks = -(-pictures // BLOCK)
    network = pictures * GMACS / device.gmacs
    return max(pictures / device.decodes, network) + (models - 1) * network + blocks * models * LOAD


def simulated(device: Device, pictures: int, models: int, seed: int = 0) -> float:
    """Play the same through batch by batch."""
    rng, clock = np.random.default_rng(seed), 0.0
    for start in range(0, pictures, BLOCK):
        batches = -(-(min(pictures, start + BLOCK) - start) // BATCH)
        there = clock + np.cumsum(_times(rng, BATCH / device.decodes, batches))  # decoded
        for number in range(models):
            clock += LOAD
            if number == 0:
                for at, took in zip(there, _times(rng, BATCH * GMACS / device.gmacs, batches)):  # noqa: B905
                    clock = max(clock, at) + took
            else:
                clock += float(_times(rng, BATCH * GMACS / device.gmacs, batches).sum())
    return clock


def _times(rng: np.random.Generator, mean: float, count: int) -> np.ndarray:
    return mean * rng.gamma(1 / JITTER**2, JITTER**2, count)


def store(folder: Path) -> list[dict[str, object]]:
    """Time what a million pictures of one network take in the store, from fewer."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (ROWS, 32), dtype=np.uint8)
    values = rng.standard_normal((ROWS, WIDTH), np.float32)
    shards, each = Shards(folder, {"model": "made"}), 1_000_000 / ROWS
    found = {}

    def timed(what: str, run):
        began = time.process_time()
        made = run()
        found[what] = (time.process_time() - began) * each
        return made

    timed("written", lambda: shards.add(pictures, {"values": values}))
    places = timed("looked up", lambda: shards.find(pictures))
    timed("read", lambda: shards.read(places))
    size = sum(path.stat().st_size for path in folder.iterdir()) * each
    rows = [{"what": f"a million features {what}", "cpu seconds": s} for what, s in found.items()]
    return [*rows, {"what": "a million features on disk", "GB": size / 1e9}]


def main() -> None:
    """Print the tables, and keep them."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    for pictures, models in ((10_000, 20), (1_000_000, 20), (10_000_000, 1000)):
        for device in DEVICES:
            some = min(pictures, SIZE) if pictures > 50_000 else pictures
            whole, sample = (seconds(device, n, models) / 3600 for n in (pictures, some))
            row = {
                "pictures": pictures,
                "models": models,
                "device": device.name + ("" if device.measured else " (assumed)"),
                "hours, all": whole,
                "hours, sample": sample,
                "hours, sample and race": sample * RACE,
                "money, sample and race": sample * RACE * device.price,
            }
            rows.append(row)
            print({k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()})
    tell("scale", rows, means="hours on the clock; prices and cards are assumptions")
    checks = []
    for device in (DEVICES[0], DEVICES[2]):
        for pictures, models in ((SIZE, 20), (300_000, 3)):
            said, played = seconds(device, pictures, models), simulated(device, pictures, models)
            checks.append(
                {
                    "what": f"{device.name}: {pictures:,} pictures, {models} models",
                    "formula": said,
                    "simulated": played,
                    "apart": played / said - 1,
                }
            )
            print(checks[-1])
    tell("scale_simulated", checks, means="seconds on the clock")
    with tempfile.TemporaryDirectory() as place:
        kept = store(Path(place))
    for row in kept:
        print(row)
    tell("scale_store", kept, means="one network of width 1,024")


if __name__ == "__main__":
    main()
