"""Whether the time left would be honest, by runs that are played: no network runs, so it tells the
same on every computer, however busy.

    python -m benchmarks.foretold

Networks take the seconds of one core that were measured with torch on an Intel Xeon, those that
would be converted as much less as was measured with OpenVINO; what goes on at the same time shares
the cores. Words are judged as `benchmarks.time_left` judges those of real runs. What is foretold
rests on the same measurements, so computers that are twice as fast or as slow are played too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks._common import aligned
from benchmarks.time_left import LEAST, MOST, Told
from srcsel.base.watch import PartState
from srcsel.features.backends.choice import TINY, WORTH
from srcsel.jobs.pace import Pace
from srcsel.jobs.progress import Progress
from srcsel.store.speeds import Speeds

STEP = 0.05  # seconds
BATCH = 32
START, READY, CONVERTING, AFTER = 4.0, 0.4, 2.0, 0.1  # seconds: of the first model, of others, ...
SCORING = 0.0012  # seconds of one core, a picture of no width
FIRST = 1.2  # how many times longer the first scores take
OPENING = 0.004  # seconds of one core, a picture
Message = tuple[float, str, PartState, int, int]


@dataclass(frozen=True)
class Network:
    """What was measured of one."""

    name: str
    work: float  # 1e9 multiply-adds a picture, as `srcsel.models.hubs.work_of`
    params: float  # 1e6
    each: float  # seconds of one core, a picture
    dim: int
    gain: float = 1.0  # times faster when converted

    def converted(self, pictures: int, power: float) -> bool:
        """Whether it would be, as `srcsel.features.backends.choice`; power: of all cores."""
        return 1e6 * self.params >= TINY and self.each / power * pictures > WORTH


DEMO = [Network(f"demo {n}", 0.0158, 0.57, 0.0021, 160) for n in range(10)]
RESNET10 = [Network(f"resnet10t {n}", 0.09, 5.4, 0.0037, 512, 1.8) for n in range(5)]
SQUEEZE = Network("squeezenet", 0.833, 1.2, 0.0288, 512, 1.9)
MOBILE = Network("mobilenetv3_small", 3 * 0.057, 2.5, 0.0056, 1024, 1.9)
LARGER = Network("mobilenetv3_large", 3 * 0.217, 5.5, 0.0218, 1280, 1.9)
EFFICIENT = Network("efficientnet_b0", 3 * 0.386, 5.3, 0.0365, 1280, 1.7)
RESNET18 = Network("resnet18", 1.81, 11.7, 0.0401, 512, 1.8)
RESNET50 = Network("resnet50", 4.09, 25.6, 0.1204, 2048, 1.8)
TINY_VIT = Network("vit_tiny", 1.08, 5.7, 0.0340, 192, 1.8)
VIT = Network("vit_small", 4.24, 22.1, 0.0936, 384, 1.8)
CONVNEXT = Network("convnext_tiny", 4.46, 28.6, 0.1323, 768, 2.0)
RUNS = {
    "ten demo models": DEMO,
    "small before large": [*RESNET10, SQUEEZE],
    "demo models, then real ones": [*DEMO[:4], RESNET18, RESNET50],
    "rising": [MOBILE, LARGER, RESNET18, VIT, RESNET50],
    "rising, of one kind": [*RESNET10[:2], RESNET18, RESNET50],
    "falling": [CONVNEXT, RESNET50, RESNET18, MOBILE],
    "mixed": [RESNET18, MOBILE, TINY_VIT, CONVNEXT, EFFICIENT, RESNET50],
    "mobile before large": [MOBILE, EFFICIENT, RESNET50],
}


def played(
    networks: Sequence[Network], pictures: int, cores: int, speed: float
) -> tuple[list[Message], float]:
    """What a run of these networks tells, and when its answer stands; speed: times as fast as
    measured.
    """
    told: list[Message] = [(0.0, "pictures", "done", pictures, pictures)]
    now, score, waits = OPENING * pictures / cores / speed, 0.0, ""
    told += [(0.0, "opening", "reading", 0, pictures), (now, "opening", "done", pictures, pictures)]

    def on(work: float, name: str = "", total: int = 0) -> None:
        """Let a network do so many seconds of work, beside the scores."""
        nonlocal now, score, waits
        left = work
        while left > 1e-9:
            share = cores / (cores + 1) if score > 0 else 1.0  # scores take a core of their own
            now, left = now + STEP, left - STEP * share * speed
            if score > 0:
                score -= STEP * share * speed
                if score <= 0:
                    told.append((now, waits, "done", 0, 0))
            if total and round(now / STEP) % 4 == 0:
                done = min(total, int((1 - max(left, 0) / work) * total) // BATCH * BATCH)
                told.append((now, name, "running", done, total))

    for number, one in enumerate(networks):
        converted = one.converted(pictures, cores * speed)
        told.append((now, one.name, "running", 0, pictures))
        on((READY if number else START) + CONVERTING * converted)
        on(one.each / cores / (one.gain if converted else 1) * pictures, one.name, pictures)
        told.append((now, one.name, "running", pictures, pictures))
        on(AFTER)
        if score > 0:  # those of the one before are made first
            now, score = now + score / speed, 0.0
            told.append((now, waits, "done", 0, 0))
        told.append((now, one.name, "scoring", 0, 0))
        score = SCORING * min(pictures, 5000) * (2000 + one.dim) / 2000 * (1 if number else FIRST)
        waits = one.name
    now += score / speed
    return [*told, (now, waits, "done", 0, 0)], now


def words(told: Sequence[Message], pace: Pace, names: Sequence[str], end: float) -> list[Told]:
    """What a page says each half second."""
    progress, found, at, scored = Progress(), [], 0.5, 0
    progress.plan(dict.fromkeys(names, 1.0), {}, pace)
    heard = 0.0
    for when, part, state, done, total in sorted(told, key=lambda one: one[0]):
        while at < min(when, end):
            left, least = progress.seconds_left, progress.seconds_least
            if left is not None and least is not None:
                left = max(left - (at - heard), least)
            found.append(Told(at, left, scored))
            at += 0.5
        progress.update(part, state, done, total, "", when)
        heard, scored = when, scored + (state == "done" and part in names)
    return found


def shares(title: str, pictures: int, cores: int, speed: float) -> dict[str, object]:
    """One line: how many words were within MOST on a first run, and on a second one."""
    networks, line = RUNS[title], {"run": title, "pictures": pictures, "cores": cores}
    told, end = played(networks, pictures, cores, speed)
    known = Speeds()
    line |= {"speed": speed, "answer after (s)": round(end, 1)}
    for run in ("first", "second"):
        pace = Pace(
            {one.name: one.work for one in networks},
            {one.name: one.dim for one in networks},
            known=known,
            cores=cores,
            converts={one.name for one in networks if 1e6 * one.params >= TINY},
        )
        said = words(told, pace, [one.name for one in networks], end)
        later = [t for t in said if t.scored and t.left is not None and end - t.at > LEAST]
        off = [(t.left or 0.0) / (end - t.at) - 1 for t in later]
        if off:
            line |= {
                f"{run}: least off (%)": round(100 * min(off)),
                f"{run}: most": round(100 * max(off)),
            }
        line |= {f"{run}: words": len(off), f"{run}: within": sum(abs(x) <= MOST for x in off)}
        known = replace(pace.measured())
    return line


def main() -> None:
    rows = [
        shares(title, pictures, cores, speed)
        for title in RUNS
        for pictures, cores, speed in ((500, 2, 1.0), (2000, 2, 2.0), (2000, 8, 1.5), (500, 2, 0.5))
    ]
    print(aligned(rows))
    for run in ("first", "second"):
        kept, all_ = (
            sum(int(str(r[f"{run}: {what}"])) for r in rows) for what in ("within", "words")
        )
        print(f"{run} run: {kept} of {all_} words within {100 * MOST:.0f} %, {kept / all_:.0%}")


if __name__ == "__main__":
    main()
