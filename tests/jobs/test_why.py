"""Why more is left than was said."""

import pytest

from srcsel.jobs.costs import scoring
from srcsel.jobs.pace import Pace
from srcsel.jobs.progress import GUESS, RISE, WHILE, Progress
from srcsel.store.speeds import ModelSpeed, Speeds

PICTURES = 1000


def begun(crowded=lambda: False):
    """A run of five models of which each was known to take 10 s, its scores one."""
    known = ModelSpeed(1.0, 0.01, None, 0.1, 1 / scoring(PICTURES, 512, 10))
    names = [f"a/m{k}" for k in range(5)]
    pace = Pace(dict.fromkeys(names, 1.0), known=Speeds(dict.fromkeys(names, known)), cores=8)
    progress = Progress(crowded)
    progress.plan(dict.fromkeys(names, 1.0), {"a/m0": "The first", "a/m1": "The second"}, pace)
    progress.update("pictures", "done", PICTURES, PICTURES, "", 0.0)
    progress.update("a/m0", "running", 0, PICTURES, "", 0.0)
    return progress


def looked(progress, name, start, each, upto=PICTURES):
    for done in range(50, upto + 1, 50):
        progress.update(name, "running", done, PICTURES, "", start + done * each)
    return start + upto * each


def test_a_network_that_is_slower_than_thought_is_named():
    progress = begun()
    said = progress.seconds_left
    now = looked(progress, "a/m0", 0.0, 0.05, upto=500)
    assert progress.seconds_left > said - now + RISE
    assert progress.why == "The first takes longer than thought"


class Stuck(Pace):
    """Thinks that 20 s are left, however long that has been so."""

    def left(self, now):
        return 20.0

    def _tells(self):
        return True


def test_what_is_left_that_does_not_fall_says_why_too():
    progress = Progress()
    progress.plan({"m0": 1.0}, {}, Stuck({"m0": 1.0}, cores=8))
    said = []
    for second in range(12):
        progress.update("m0", "running", 0, PICTURES, "", float(second))
        said.append(progress.why)
    assert said == [""] * 5 + ["the computer is slower now than before"] * 7


def test_other_programs_are_named_first():
    progress = begun(lambda: True)
    looked(progress, "a/m0", 0.0, 0.05, upto=500)
    assert progress.why == "other programs use this computer"


def test_processes_that_open_pictures_are_no_other_programs():
    progress = begun(lambda: True)
    progress.update("opening", "reading", 1, PICTURES, "", 0.0)
    progress.update("opening", "reading", 11, PICTURES, "", 10.0)
    assert progress.why == "the computer is slower now than before"


def test_other_programs_are_looked_for_now_and_then():
    looks = iter([True, False, True, True])
    progress = begun(lambda: next(looks))
    assert progress.crowded
    for second, crowded in ((2, False), (3, False), (4, True), (6, True)):
        progress.update("a/m0", "running", 100 * second, PICTURES, "", float(second))
        assert progress.crowded is crowded
    assert next(looks, None) is None


def test_before_anything_was_timed_a_first_guess_is_said_as_one():
    progress = Progress()
    pace = Pace({"m0": 1.0, "m1": 1.0}, cores=8)
    progress.plan({"m0": 1.0, "m1": 1.0}, {}, pace)
    progress.update("m0", "waiting", 0, 0, "", 0.0)
    assert (progress.seconds_left, progress.why) == (None, "")  # how many pictures?
    progress.update("pictures", "reading", 0, PICTURES, "", 0.0)
    assert progress.seconds_left == pytest.approx(
        Pace({"m0": 1.0, "m1": 1.0}, cores=8).foretold(PICTURES)
    )
    assert 0.0 < progress.seconds_least <= progress.seconds_left
    assert progress.why == GUESS
    progress.update("m0", "running", 0, PICTURES, "", 1.0)
    now = looked(progress, "m0", 1.0, pace._of.models["m0"].thought, upto=900)
    assert now > 3  # enough to know
    assert progress.why == ""


def test_it_is_said_for_a_while():
    progress = begun()
    now = looked(progress, "a/m0", 0.0, 0.05, upto=300)
    assert progress.why
    progress._rose = now - WHILE, progress._rose[1]
    assert progress.why == ""


def test_scores_that_took_longer_are_named():
    progress = begun()
    now = looked(progress, "a/m0", 0.0, 0.01)
    progress.update("a/m0", "scoring", 0, 0, "", now + 0.1)
    progress.update("a/m1", "running", 0, PICTURES, "", now + 0.1)
    looked(progress, "a/m1", now + 0.1, 0.01, upto=200)
    progress.update("a/m0", "done", 0, 0, "", now + 90)
    assert progress.why == "scoring The first took longer than thought"


def test_nothing_is_said_of_a_run_that_goes_as_thought():
    progress = begun()
    now = looked(progress, "a/m0", 0.0, 0.01)
    progress.update("a/m0", "scoring", 0, 0, "", now + 0.1)
    progress.update("a/m1", "running", 0, PICTURES, "", now + 0.1)
    progress.update("a/m0", "done", 0, 0, "", now + 1.1)
    looked(progress, "a/m1", now + 0.1, 0.01)
    assert progress.why == ""


@pytest.mark.parametrize("ratio", [1.1, 2.0])
def test_a_step_is_named_where_it_is_far_beyond_what_was_thought(ratio):
    pace = Pace({"m0": 1.0}, cores=8)
    pace.heard("m0", "running", 0, PICTURES, 0.0)
    thought = pace._of.models["m0"].thought
    for done in range(50, PICTURES, 50):
        pace.heard("m0", "running", done, PICTURES, ratio * thought * done)
    assert pace.longer() == (("m0", "network") if ratio > 1.2 else ("", ""))
