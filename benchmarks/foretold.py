"""Whether the time left would be honest, by runs that are played: no network runs, so it tells the
same on every computer, however busy.

    python -m benchmarks.foretold

Networks take the seconds of one core that were measured with torch on an Intel Xeon, those that
would be converted as much less as was measured with OpenVINO; what goes on at the same time shares
the cores. Runs go one model after the other, as a race, and on some cards at once. Other programs
come, go, pass by or stay meanwhile: then words count from NOTICED seconds after the last change on,
and the button is asked what the next run takes without them. Words are judged as
`benchmarks.time_left` judges those of real runs. What is foretold rests on the same measurements,
so computers that are twice as fast or as slow are played too.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks._common import aligned
from benchmarks._played import RUNS, Load, Message, Set, abreast, played, raced
from benchmarks.time_left import LEAST, MOST, Told
from srcsel.base.watch import PartState
from srcsel.features.backends.choice import TINY
from srcsel.jobs.pace import Pace
from srcsel.jobs.progress import Progress
from srcsel.store.speeds import Speeds

CARDS, AT_ONCE = "cards", 2
NOTICED = 5.0  # seconds
LOADS = {
    "none": Load(1.0),
    "comes": Load(2.0, begin=0.4),
    "goes": Load(2.0, end=0.5),
    "passes": Load(3.0, begin=0.3, end=0.4),
    "stays": Load(2.0),
}
SETS = (
    Set(500),
    Set(2000, classes=3, speed=2.0),
    Set(2000, classes=50, cores=8, speed=1.5),
    Set(500, classes=25, speed=0.5),
)


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
        heard, scored = when, scored + _counts(part, state, names)
    return found


def _counts(part: str, state: PartState, names: Sequence[str]) -> bool:
    """Whether a message makes the first model done: scored, or out of a race."""
    return part in names and state in ("done", "dropped")


def shares(title: str, of: Set, way: str = "one by one", under: str = "none") -> dict[str, object]:
    """One line: how many words were within MOST on a first run, and on a second one that knows the
    first one as it was alone; and how far off the button is after the first.
    """
    networks, load = RUNS[title], LOADS[under]
    told, whole = WAYS[way](networks, of)
    line: dict[str, object] = {"run": title, "way": way, "pictures": of.pictures}
    line |= {"classes": of.classes, "cores": of.cores, "speed": of.speed}
    names = [one.name for one in networks]

    def pace(known: Speeds) -> Pace:
        made = Pace(
            {one.name: one.work for one in networks},
            {one.name: one.dim for one in networks},
            raced=way == "race",
            known=known,
            cores=of.cores,
            converts={one.name for one in networks if way != CARDS and 1e6 * one.params >= TINY},
        )
        made.know(classes=of.classes, abreast=AT_ONCE if way == CARDS else 1)
        return made

    alone, first = pace(Speeds()), pace(Speeds())
    words(told, alone, names, whole)
    slowed = [(load.put(when, whole), *more) for when, *more in told]
    end, settled = load.put(whole, whole), load.settled(whole)
    line |= {"answer after (s)": round(end, 1)}
    for run, of_run in (("first", first), ("second", pace(alone.measured()))):
        said = words(slowed, of_run, names, end)
        later = [t for t in said if t.scored and t.left is not None and end - t.at > LEAST]
        later = [t for t in later if not settled or t.at >= settled + NOTICED]
        off = [(t.left or 0.0) / (end - t.at) - 1 for t in later]
        if off:
            line |= {
                f"{run}: least off (%)": round(100 * min(off)),
                f"{run}: most": round(100 * max(off)),
            }
        line |= {f"{run}: words": len(off), f"{run}: within": sum(abs(x) <= MOST for x in off)}
    foretold = pace(first.measured()).foretold(of.pictures)
    return line | {"button after it, off by (%)": round(100 * (foretold / whole - 1))}


WAYS = {
    "one by one": played,
    "race": raced,
    CARDS: lambda networks, of: abreast(networks, of, AT_ONCE),
}
ASKED = {
    "one by one": [name for name in RUNS if name != "very many"],
    "race": ["ten demo models", "rising", "mixed", "mixed, twice", "very many"],
    CARDS: ["rising", "mixed, twice", "very many"],
}
LOADED = ["ten demo models", "rising", "mixed"]  # one by one


def main() -> None:
    for way, titles in ASKED.items():
        told(way, [shares(title, of, way) for title in titles for of in SETS])
    for under in list(LOADS)[1:]:
        told(under, [shares(title, of, under=under) for title in LOADED for of in SETS])


def told(what: str, rows: Sequence[dict[str, object]]) -> None:
    """Print a table, and what it comes to."""
    print(aligned(rows))
    for run in ("first", "second"):
        kept, all_ = (
            sum(int(str(row[f"{run}: {of}"])) for row in rows) for of in ("within", "words")
        )
        share = f"{kept / all_:.0%}" if all_ else "none"
        print(f"{what}, {run} run: {kept} of {all_} words within {100 * MOST:.0f} %, {share}\n")


if __name__ == "__main__":
    main()
