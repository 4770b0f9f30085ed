"""How long a run still takes, by simulated clocks: what is said against what it then took."""

import math

import pytest

from srcsel.jobs.pace import Pace

PICTURES, BATCH = 1000, 100
GUESS = 0.002 * 1000 * 2512 / 2000  # of the scores of a model of 512 numbers


def model(ready=1.0, batch=1.0, score=2.0, *, reused=False, work=1.0):
    """Seconds of one model's steps."""
    return {"ready": ready, "batch": batch, "score": score, "reused": reused, "work": work}


def played(models, opening=0.0):
    """What a run of such models tells, as `base.threads.one_behind` orders it; and its end.

    Messages are (time, part, state, done, total).
    """
    told, now, helper = [], 0.0, 0.0
    told += [(0.0, f"m{i}", "stored", 0, 0) for i, one in enumerate(models) if one["reused"]]
    if opening:
        told += [(opening * k / 10, "opening", "reading", 10 * k, 100) for k in range(10)]
        told.append((opening, "opening", "done", 100, 100))
        now = opening
    for number, one in enumerate(models):
        name = f"m{number}"
        if not one["reused"]:
            told.append((now, name, "running", 0, PICTURES))
            now += one["ready"]
            for done in range(BATCH, PICTURES + 1, BATCH):
                now += one["batch"]
                told.append((now, name, "running", done, PICTURES))
        now = max(now, helper)  # the one before is scored first
        told.append((now, name, "scoring", 0, 0))
        helper = now + one["score"]
        told.append((helper, name, "stored" if one["reused"] else "done", 0, 0))
    return sorted(told, key=lambda message: message[0]), helper


def heard(models, opening=0.0, upto=math.inf):
    """(time, what is said to be left, the least of it, what was left) after each message; the
    pace.
    """
    pace = Pace({f"m{i}": one["work"] for i, one in enumerate(models)})
    told, end = played(models, opening)
    said = []
    for now, part, state, done, total in told:
        if now <= upto:
            pace.heard(part, state, done, total, now)
            said.append((now, pace.left(now), pace.least(now), end - now))
    return said, pace


def over(models, number, opening=0.0):
    """When model `number` is scored."""
    told, _ = played(models, opening)
    ends = [
        t for t, part, state, *_ in told if part == f"m{number}" and state in ("done", "stored")
    ]
    return ends[-1]


CASES = {
    "constant speed": [model()] * 5,
    "first model slow": [model(ready=12.0, score=5.0), *[model()] * 5],
    "reused models": [*[model(score=0.2, reused=True)] * 4, *[model()] * 4],
    "last one large": [*[model()] * 3, model(batch=8.0, work=8.0)],
    "scores take longest": [model(batch=0.1, score=4.0)] * 6,
    "first scores slow": [model(batch=0.3, score=9.0), *[model(batch=0.3, score=3.0)] * 6],
}


@pytest.mark.parametrize("name", CASES)
def test_within_three_tenths_after_the_first_model(name):
    models = CASES[name]
    first = next(i for i, one in enumerate(models) if not one["reused"])
    said, _ = heard(models, opening=2.0)
    later = [(left, truth) for now, left, _, truth in said if now >= over(models, first, 2.0)]
    assert len(later) > 5
    for left, truth in later:
        assert abs(left - truth) <= max(0.3 * truth, 1.5), (left, truth)


def test_constant_speed_by_hand():
    """A model takes 1 + 10 s, its scores 2 s beside the next one: 5 x 11 + 2 = 57 s.

    At 24 s the second is scored; of the third one batch was seen, nine are to come; two more take
    1 + 10 s each, and the last one's scores 2 s.
    """
    said, pace = heard(CASES["constant speed"], upto=24.0)
    assert said[-1][0] == 24.0
    assert said[-1][3] == pytest.approx(57 - 24)
    # to be made ready takes 1 s and the first batch 1 s, which 10 more batches follow: 1 s too much
    scores = (GUESS * 2 * 2) ** (1 / 3)  # two were measured
    assert pace.left(24.0) == pytest.approx(9 + 2 * (2 + 10) + scores)
    # however long the third one takes: two more, and the scores
    assert pace.least(24.0) == pytest.approx(2 * (2 + 10) + scores)


def test_nothing_is_said_before_anything_was_measured():
    said, _ = heard(CASES["first model slow"], upto=12.0)
    assert [left for _, left, _, _ in said] == [None] * len(said)


def test_time_goes_on_between_two_messages_but_not_below_what_is_to_come():
    _, pace = heard(CASES["constant speed"], upto=24.0)
    assert pace.left(26.0) == pytest.approx(pace.left(24.0) - 2)
    assert pace.left(1000.0) == pace.least(24.0)


def test_all_reused_takes_as_long_as_their_scores():
    models = [model(score=0.5, reused=True)] * 4
    said, _ = heard(models)
    assert [left for now, left, _, _ in said if now == 1.0] == pytest.approx([1.0, 1.0])
    assert said[-1][1] == 0.0


def test_a_download_says_nothing_about_this_computer():
    pace = Pace({"m0": 1.0, "m1": 1.0})
    for now, state, done in [(0, "downloading", 5), (500, "running", 0), (501, "running", 100)]:
        pace.heard("m0", state, done, PICTURES, now)
    for k in range(2, 11):
        pace.heard("m0", "running", 100 * k, PICTURES, 500 + k)
    assert pace.left(510) < 30


def test_a_model_that_is_out_takes_no_more_time():
    _, pace = heard(CASES["constant speed"], upto=24.0)
    before = pace.left(24.0)
    pace.heard("m4", "failed", 0, 0, 24.0)
    assert pace.left(24.0) == pytest.approx(before - 12)


def test_a_race_goes_through_no_more_pictures_than_it_may():
    """Six models, 600 pictures: 2 x 600 in full, and a sixth of 600 each for the others: 1600.

    Each has seen 60: 360 are spent and 1240 left, at 0.1 s each, whoever leaves.
    """
    pace = Pace({f"m{i}": 1.0 for i in range(6)}, raced=True)
    now = 0.0
    for i in range(6):
        for done in range(0, 61, 20):
            pace.heard(f"m{i}", "running", done, 600, now)
            now += 2.0
    assert pace.left(now) == pytest.approx(0.1 * 1240 + 0.002 * 600 * 2512 / 2000)


def test_maps_are_counted_when_they_are_drawn():
    """The first takes 10 s, the others 4: the first one was not warm."""
    pace = Pace({"m0": 1.0})
    for now, done in [(0, 0), (10, 1), (14, 2)]:
        pace.heard("maps", "running", done, 5, now)
    assert pace.left(14) == pytest.approx(3 * 4)
    assert pace.left(16) == pytest.approx(3 * 4 - 2)
    assert pace.least(16) == pytest.approx(2 * 4)
