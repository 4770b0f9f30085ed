"""How much slower the computer goes than when a run began, from how long known work takes."""

import pytest

from srcsel.jobs.tempo import Tempo

SURE = 0.005  # variance: of work that was timed before


def heard(tempo, took, start=0.0):
    """Let stretches that are thought to take a second take so many, one after the other."""
    now = start
    for seconds in took:
        before = tempo.go_on(now)
        now += seconds
        tempo.heard(tempo.go_on(now) - before, 1.0, SURE)
    return now


def test_on_a_steady_computer_its_clock_is_the_usual_one():
    tempo = Tempo()
    now = heard(tempo, [1.0] * 20)
    assert tempo.slower == pytest.approx(1)
    assert tempo.steady(now + 5) == pytest.approx(now + 5)


@pytest.mark.parametrize("slower", [0.3, 0.5, 2.0, 10.0])
def test_another_program_that_comes_or_goes_is_noticed_at_the_second_stretch(slower):
    tempo = Tempo()
    now = heard(tempo, [1.0] * 5 + [slower] * 2)
    assert tempo.slower == pytest.approx(slower, rel=0.15)
    heard(tempo, [slower] * 8, now)
    assert tempo.slower == pytest.approx(slower, rel=0.02)
    assert tempo.alone == pytest.approx(min(1.0, slower), rel=0.1)


def test_one_stretch_that_is_somewhat_off_is_an_accident():
    tempo = Tempo()
    heard(tempo, [1.0] * 5 + [1.4] + [1.0] * 5)
    assert tempo.slower == pytest.approx(1, rel=0.02)


def test_what_was_hardly_known_tells_hardly_anything():
    tempo = Tempo()
    for now in range(5):
        tempo.go_on(float(now))
        tempo.heard(3.0, 1.0, 0.25)
    assert tempo.slower < 1.05


def test_a_program_that_passes_by_leaves_its_stretches_as_they_were_alone():
    tempo = Tempo()
    heard(tempo, [1.0] * 5 + [2.0] * 4)
    tempo.go_on(13.0)
    assert tempo.heard(1.0, 1.0, SURE) == pytest.approx(1, rel=0.05)
    back = Tempo()
    now = heard(back, [1.0] * 5 + [2.0] * 4)
    heard(back, [1.0] * 4, now)
    assert back.slower == pytest.approx(1, rel=0.1)


def test_waiting_says_nothing_of_the_computer():
    """As uncertain after ten minutes of a download as before: half of a doubt stays a half."""
    waited, at_once = Tempo(), Tempo()
    for tempo in (waited, at_once):
        tempo.go_on(0.0)
    waited.go_on(600.0, computes=False)
    assert waited.heard(2.0, 1.0, 0.09) == at_once.heard(2.0, 1.0, 0.09)
    assert waited.alone == at_once.alone
