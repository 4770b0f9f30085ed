"""What is said of the time left: it falls at once, stands for a little more, rises for much."""

from srcsel.jobs.calm import Calm


def test_it_falls_at_once_stands_for_a_little_and_rises_for_much():
    calm = Calm()
    estimates = [None, 40.0, 30.0, 34.0, 31.0, 30.0, 29.0, 33.4, 40.0, None, 50.0]
    said = [None, 40.0, 30.0, 30.0, 30.0, 30.0, 29.0, 29.0 * 1.0, 40.0, None, 50.0]
    said[7] = 33.4  # more than 15 % above 29
    assert [calm.say(left) for left in estimates] == said
