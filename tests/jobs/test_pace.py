"""How long a run still takes, by simulated clocks: what is said against what it then took."""

import math
import statistics

import pytest

from srcsel.jobs.costs import COMPARED, scoring
from srcsel.jobs.pace import Pace
from srcsel.jobs.rates import AFTER, LITTLE, READY, SCORING, SHORT, WARM
from srcsel.store.speeds import ModelSpeed, Speeds

PICTURES, BATCH = 1000, 100
SHARE = scoring(PICTURES, 512, 10)  # of the scores of a model of 512 numbers
GUESS = SCORING * SHARE
PARDON = 0.02  # of what is measured: so much may be laid to the computer that day


def alone(*about, **known):
    """A pace on a computer with a core for everything: what goes on beside makes nothing slower."""
    pace = Pace(*about, **known)
    pace._of.shared = 1.0
    return pace


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
    pace = alone({f"m{i}": one["work"] for i, one in enumerate(models)})
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
    # two were measured
    scores = (GUESS**LITTLE * WARM["scores"] * 2 * 2) ** (1 / (2 + LITTLE))
    # a network's scores began at once: so do others', as far as that tells against what is usual
    after = (AFTER * SHORT * SHORT * SHORT) ** (1 / 4)
    assert pace.left(24.0) == pytest.approx(9 + 2 * (2 + 10) + 3 * after + scores, rel=1e-3)
    # however long the third one takes: two more, and the scores
    assert pace.least(24.0) == pytest.approx(2 * (2 + 10) + 2 * after + scores, rel=1e-3)


def test_before_anything_was_measured_it_is_a_guess():
    said, pace = heard(CASES["first model slow"], upto=12.0)
    assert pace.guesses
    assert all(left > 0 for _, left, _, _ in said)
    _, later = heard(CASES["first model slow"], upto=24.0)
    assert not later.guesses


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
    assert pace.left(24.0) == pytest.approx(before - 12, abs=0.1)


def raced(models=6, pictures=640, stages=4):
    """Six models, 640 pictures, stages of 80, 160, 320 and 640: 2 x 640 in full, and a sixth of
    640 each for the other four may be put through networks, 1706. Each has seen 80, at 0.1 s.
    """
    pace = alone({f"m{i}": 1.0 for i in range(models)}, raced=True)
    pace.know(classes=10)
    now = 0.0
    pace.heard("pictures", "done", pictures, pictures, now)
    pace.heard("race", "running", 0, stages, now)
    pace.heard("opening", "reading", 0, pictures, now)
    pace.heard("opening", "reading", 80, pictures, now)
    for i in range(models):
        for done in range(0, 81, 20):
            pace.heard(f"m{i}", "running", done, pictures, now)
            now += 2.0
        now -= 2.0
        pace.heard(f"m{i}", "running", 80, pictures, now)  # "Comparing by 80 pictures"
    return pace, now


def test_a_race_puts_as_many_pictures_through_networks_as_it_may():
    """480 are spent. In the second stage all six could not go on, as 2 x 480 are kept for the last
    two: (1706 - 480 - 960) // 80 = 3 do; then (1706 - 720 - 640) // 160 = 2, and both see all.
    """
    pace, now = raced()
    pace.heard("race", "running", 1, 4, now)
    for i in (3, 4, 5):
        pace.heard(f"m{i}", "dropped", 80, 640, now)
    step = READY + pace._of.rates.after
    compared = [SCORING * COMPARED * scoring(n, 512, 10) for n in (160, 320)]
    assert min(step + 8, step + 16) > max(compared)  # which the networks hide but for the last
    seconds = 3 * (step + 8) + compared[0] + 2 * (step + 16) + compared[1] + 2 * (step + 32)
    each = SCORING * scoring(640, 512, 10)
    assert pace.left(now) == pytest.approx(seconds + each, rel=0.01)  # two are scored at once


def test_before_it_is_known_who_leaves_those_that_cannot_all_go_on_are_not_counted():
    pace, now = raced()
    before = pace.left(now)
    pace.heard("race", "running", 1, 4, now)
    for i in (3, 4, 5):
        pace.heard(f"m{i}", "dropped", 80, 640, now)
    assert pace.left(now) == pytest.approx(before, rel=0.02)


def test_what_a_network_takes_is_timed_in_every_stage_of_a_race_and_not_what_lies_between():
    pace, now = raced()
    pace.heard("race", "running", 1, 4, now)
    pace.heard("opening", "reading", 160, 640, now)
    pace.heard("m0", "running", 80, 640, now + 50)  # fifty seconds after it saw the 80th
    pace.heard("m0", "running", 80, 640, now + 51)  # it is ready
    for done in (100, 120, 140, 160):
        pace.heard("m0", "running", done, 640, now + 52 + (done - 100) / 10)
    assert pace._of.models["m0"].again == 2
    assert pace._of.models["m0"].looked / pace._of.models["m0"].counted == pytest.approx(0.1)


def test_when_a_race_is_over_who_is_left_is_scored_two_at_a_time():
    pace, now = raced(models=3)
    for i in range(3):
        pace.heard(f"m{i}", "running", 640, 640, now)
    pace.heard("race", "done", 4, 4, now)
    each = SCORING * scoring(640, 512, 10)
    pace.heard("m0", "scoring", 0, 0, now)
    pace.heard("m1", "scoring", 0, 0, now)
    assert pace.left(now) == pytest.approx(2 * each, rel=0.1)


def test_some_networks_at_the_same_time_take_turns_at_the_scores_alone():
    """Four models on two cards, known speeds: 10 s each, two after the other on each card; scores
    of 3 s follow one another and end 6 s after the last two networks.
    """
    one = ModelSpeed(1.0, 0.01, None, 0.0, 3 / SHARE)
    known = Speeds({f"m{i}": one for i in range(4)}, opening=1e-9, start=0.0, after=1e-9)
    pace = alone({f"m{i}": 1.0 for i in range(4)}, known=known)
    assert pace.foretold(PICTURES) == pytest.approx(40 + 3, rel=1e-3)
    pace = alone({f"m{i}": 1.0 for i in range(4)}, known=known)
    pace.know(abreast=2)
    assert pace.foretold(PICTURES) == pytest.approx(20 + 6, rel=1e-3)
    assert pace.measured().models == {}


def test_the_next_run_knows_how_many_ran_at_the_same_time():
    pace = Pace({"m0": 1.0})
    pace.know(abreast=2)
    for done in range(0, PICTURES + 1, BATCH):
        pace.heard("m0", "running", done, PICTURES, done / 100)
    pace.heard("m0", "scoring", 0, 0, 10.0)
    found = pace.measured()
    assert found.models["m0"].abreast == 2
    assert Pace({"m0": 1.0}, known=found)._of.abreast == 2


@pytest.mark.parametrize("part", [0, 1, 2])
def test_scores_of_more_pictures_numbers_and_classes_take_longer(part):
    small, large = [500, 160, 10], [500, 160, 10]
    large[part] *= 4
    assert scoring(*large) > 1.15 * scoring(*small)


def test_maps_are_counted_when_they_are_drawn():
    """The first takes 10 s, the others 4: the first one was not warm."""
    pace = Pace({"m0": 1.0})
    for now, done in [(0, 0), (10, 1), (14, 2)]:
        pace.heard("maps", "running", done, 5, now)
    assert pace.left(14) == pytest.approx(3 * 4)
    assert pace.left(16) == pytest.approx(3 * 4 - 2)
    assert pace.least(16) == pytest.approx(2 * 4)


def test_maps_are_foretold_by_those_of_an_earlier_run():
    """Of 1000 pictures: the first took 10 s, each other one 4."""
    pace = Pace({"m0": 1.0})
    pace.heard("pictures", "done", PICTURES, PICTURES, 0)
    for now, done in [(0, 0), (10, 1), (14, 2), (18, 3)]:
        pace.heard("maps", "running", done, 3, now)
    drawn = pace.drawn()
    assert drawn == Speeds(map=pytest.approx(0.004), first_map=10)
    pace = Pace({"m0": 1.0}, known=drawn)
    pace.heard("pictures", "done", 500, 500, 0)  # half as many
    pace.heard("maps", "running", 0, 5, 0)
    assert pace.left(0) == pytest.approx(10 + 4 * 2)
    assert pace.left(60) == pytest.approx(4 * 2)  # not less than what follows
    pace.heard("maps", "running", 1, 5, 60)
    assert pace.left(60) == pytest.approx(4 * 2)


def test_a_run_on_a_computer_that_knows_its_models_is_foretold_and_said_from_the_start():
    """Two models of 1000 pictures: 2 s until the first sees them, 10 ms each, scores 1.256 s; the
    second, ready after 1 s, takes 20 ms each. Scores begin 0.5 s after the last picture.
    """
    known = Speeds(
        {
            "m0": ModelSpeed(1.0, 0.01, None, 5.0, 1.256 / SHARE),
            "m1": ModelSpeed(1.0, 0.02, None, 1.0, 1.256 / SHARE),
        },
        opening=0.001,
        start=2.0,
        after=0.5,
    )
    pace = alone({"m0": 1.0, "m1": 1.0}, known=known)
    networks = 2 + 10 + 0.5 + 1 + 20 + 0.5
    assert pace.foretold(PICTURES) == pytest.approx(networks + 1.256)
    pace = alone({"m0": 1.0, "m1": 1.0}, known=known)
    assert pace.left(0.0) is None  # how many pictures there are was not told
    pace.heard("pictures", "done", PICTURES, PICTURES, 0.0)
    assert pace.left(0.0) == pytest.approx(networks + 1.256)


def test_what_was_known_follows_when_this_run_goes_at_half_the_speed():
    """10 ms a picture were known of each of three; the first took 20 ms each of 900 pictures."""
    one = ModelSpeed(1.0, 0.01, None, 1.0, 1.256 / SHARE)
    known = Speeds({f"m{i}": one for i in range(3)}, after=1e-9)
    pace = alone({f"m{i}": 1.0 for i in range(3)}, known=known)
    for done in range(0, PICTURES + 1, BATCH):
        pace.heard("m0", "running", done, PICTURES, done * 0.02)
    slower = (18 + 2) / (9 + 2)  # two seconds of what was known count beside
    scores = 1.256 * slower  # none was scored: they are thought to be as much slower
    assert pace.least(20.0) == pytest.approx(2 * (1 + 10 * slower) + scores, rel=1e-3)


def test_time_while_pictures_are_opened_is_no_network_s():
    """The network waits for pictures until 10 s, 100 a second; then it takes 10 ms each."""
    pace = Pace({"m0": 1.0})
    pace.heard("opening", "reading", 0, PICTURES, 0.0)
    pace.heard("m0", "running", 0, PICTURES, 0.0)
    for done in (100, 200, 300):
        pace.heard("m0", "running", done, PICTURES, done / 30)
    pace.heard("opening", "done", PICTURES, PICTURES, 10.0)
    for done in (400, 500, 600):
        pace.heard("m0", "running", done, PICTURES, 10 + (done - 300) / 100)
    pace.heard("m0", "scoring", 0, 0, 17.0)
    assert pace.measured().models["m0"].look == pytest.approx((13 - 10) / 300)


def test_measured_is_what_the_run_took_without_what_only_the_first_takes():
    _, pace = heard([model(score=2.0), model(ready=1.0, score=3.0)])
    found = pace.measured()
    about = lambda seconds: pytest.approx(seconds, rel=PARDON)  # noqa: E731
    assert found.models["m0"] == ModelSpeed(
        1.0, about(0.01), about(0.01), None, about(WARM["scores"] * 2 / SHARE), 1.0
    )
    assert found.models["m1"] == ModelSpeed(
        1.0, about(0.01), about(0.01), about(2.0), about(3 / SHARE), 1.0
    )
    assert found.start == about(2.0)


def test_what_failed_or_was_reused_is_not_measured():
    _, pace = heard([model(reused=True), model()])
    assert list(pace.measured().models) == ["m1"]
    pace.heard("m1", "failed", 0, 0, 100.0)
    assert pace.measured().models == {}


def test_a_network_beside_scores_is_slower_and_known_as_it_is_alone():
    """Two cores: 30 ms a picture beside scores are 20 alone, of both halves 10 s."""
    pace = Pace({"m0": 1.0, "m1": 1.0}, cores=2)
    for done in (0, 100, 200):
        pace.heard("m0", "running", done, PICTURES, done * 0.001)
    pace.heard("m0", "scoring", 0, 0, 1.0)
    pace.heard("m1", "running", 0, PICTURES, 1.0)
    for done in range(100, 501, 100):
        pace.heard("m1", "running", done, PICTURES, 1.0 + done * 0.03)
    pace.heard("m0", "done", 0, 0, 16.0)
    for done in range(600, 1001, 100):
        pace.heard("m1", "running", done, PICTURES, 16.0 + (done - 500) * 0.02)
    assert pace.measured().models["m1"].look == pytest.approx(0.02, rel=PARDON)


def test_what_is_to_come_is_played_as_slower_while_scores_go_on():
    """Two cores, known speeds: the second network takes 10 s alone; the 6 s of scores beside it
    slow it to two thirds, so 4 s of it are done by then, and 6 s follow.
    """
    known = Speeds(
        {
            "m0": ModelSpeed(1.0, 0.01, None, 0.0, 6 / SHARE),
            "m1": ModelSpeed(1.0, 0.01, None, 0.0, 1e-9),
        },
        opening=1e-9,
        start=0.0,
        after=1e-9,
    )
    pace = Pace({"m0": 1.0, "m1": 1.0}, known=known, cores=2)
    assert pace.foretold(PICTURES) == pytest.approx(10 + 6 + 6, rel=1e-3)


def test_large_networks_are_foretold_by_small_ones_where_they_are_converted():
    """Of 1000 pictures, on two cores of a usual computer: small ones in 2 ms each, one of 1.8
    billion multiply-adds in 27 ms with torch, 15 converted.
    """
    pace = Pace({"m0": 0.09, "m1": 0.09, "big": 1.8}, cores=2, converts={"m0", "m1", "big"})
    now = 0.0
    for name in ("m0", "m1"):
        for done in range(0, PICTURES + 1, BATCH):
            pace.heard(name, "running", done, PICTURES, now + done * (0.0015 + 0.09 / 35) / 2)
        now += PICTURES * (0.0015 + 0.09 / 35) / 2
        pace.heard(name, "scoring", 0, 0, now)
        pace.heard(name, "done", 0, 0, now)
    big = 1000 * (0.0015 + 1.8 / 35) / 2 / 1.8
    assert pace.left(now) == pytest.approx(big + 2.5 + GUESS, rel=0.1)  # ready, converted


def under(load, seconds=60.0):
    """(time, what is said to be left, what is) after each message of a run whose models are known,
    and the pace. load: the second from which all takes longer, and how many times.
    """
    count, (begin, slower) = round(seconds / 3), load
    told, end = played([model(batch=0.2, score=1.0) for _ in range(count)])
    late = lambda t: t + (slower - 1) * max(0.0, t - begin)  # noqa: E731
    one = ModelSpeed(1.0, 0.002, None, 1.0, 1.0 / SHARE)
    names = [f"m{i}" for i in range(count)]
    pace = alone(dict.fromkeys(names, 1.0), known=Speeds(dict.fromkeys(names, one)))
    said = []
    for t, part, state, done, total in told:
        pace.heard(part, state, done, total, late(t))
        said.append((late(t), pace.left(late(t)), late(end) - late(t)))
    return said, pace


@pytest.mark.parametrize("slower", [0.4, 2.5])
def test_other_programs_that_come_or_go_are_noticed_within_two_models(slower):
    said, pace = under((20.0, slower))
    before, after = ([s for s in said if (s[0] < 20) is early] for early in (True, False))
    after = [s for s in after if s[0] > 20 + 2 * 4 * slower and s[2] > 8]
    assert len(after) > 20
    assert all(left == pytest.approx(rest, rel=0.3) for _, left, rest in after)
    assert all(left < said[0][1] + 1 for _, left, _ in before)  # nobody knew
    looks = [one.look for one in pace.measured().models.values()]
    assert statistics.median(looks) == pytest.approx(0.002 * min(slower, 1.0), rel=0.2)
