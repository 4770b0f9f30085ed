"""One time for models of one architecture, with its spread; a limit inside it decides nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

import srcsel
from srcsel.charts.cost import tells_apart, trade
from srcsel.store.runs import RunStore
from srcsel.verdict.cost import contenders, costs, limits, spreads, undecided, within
from srcsel.verdict.times import Timed, pooled, seconds_of, times_of

RUN = RunStore(Path(srcsel.__file__).parent / "demo" / "runs").load("experiment-digits")
TEN = [m.id for m in RUN.models if m.id.startswith("demo/")]
DEMO = replace(
    RUN,
    models=tuple(m for m in RUN.models if m.id in TEN),
    scores=tuple(s for s in RUN.scores if s.model in TEN),
    literal=(),
)
MEASURED = {m: 0.002 + 0.0076 * i / (len(TEN) - 1) for i, m in enumerate(TEN)}
BUSY = replace(DEMO, seconds_per_picture=MEASURED)


def test_ten_models_of_one_architecture_have_one_time():
    assert len({m.params for m in DEMO.models}) > 1  # their source heads differ
    assert set(seconds_of(BUSY).values()) == {0.002}
    assert set(times_of(BUSY).values()) == {Timed(0.002, 0.002, max(MEASURED.values()))}
    assert set(costs(BUSY, "time").values()) == {2.0}
    assert not tells_apart(trade(BUSY, "supcon", "whitened", "time"))


@pytest.mark.parametrize(
    "other",
    [{"gmacs": 0.03}, {"params": 800_000}, {"dim": 96}, {"input_size": 96}, {"gmacs": None}],
)
def test_another_architecture_keeps_its_own_time(other):
    a, b = DEMO.models[0], replace(DEMO.models[1], **other)
    found = pooled([a, b], {a.id: 0.002, b.id: 0.009})
    assert (found[a.id].value, found[b.id].value) == (0.002, 0.009)


def test_the_spread_of_the_batches_is_part_of_it():
    a, b = DEMO.models[:2]
    found = pooled(
        [a, b], {a.id: 0.003, b.id: 0.004}, {a.id: [0.003, 0.0035], b.id: (0.004, 0.006)}
    )
    assert found[a.id] == found[b.id] == Timed(0.003, 0.003, 0.006)
    assert pooled([a], {a.id: 0.0}) == {}


@pytest.mark.parametrize("limit", [2.0, 3.0, 5.0, 9.0])
def test_a_limit_inside_the_spread_decides_nothing(limit):
    assert set(undecided(BUSY, "time", limit)) == set(contenders(BUSY))
    part = within(BUSY, "time", limit)
    assert contenders(part) == contenders(BUSY)
    assert part.verdict.winner == BUSY.verdict.winner


def test_a_limit_beyond_the_spread_decides():
    assert undecided(BUSY, "time", 10.0) == []
    assert undecided(BUSY, "time", 1.0) == []
    assert contenders(within(BUSY, "time", 1.0)) == []


def test_limits_inside_a_spread_are_not_offered():
    quick = replace(DEMO.models[0], gmacs=0.001)
    mixed = replace(
        BUSY,
        models=(quick, *DEMO.models[1:]),
        seconds_per_picture={**MEASURED, quick.id: 0.0004},
    )
    known = spreads(mixed, "time")
    offered = limits(costs(mixed, "time"), known)
    assert offered
    assert all(0.4 <= limit < known[TEN[1]].low for limit in offered)
    assert contenders(within(mixed, "time", offered[0])) == [quick.id]
