"""Each step of a run is told once, and what is reused stays so."""

from srcsel.runs.telling import Telling
from tests.recorder import Recorder


def heard(*messages, reused=()):
    recorder = Recorder()
    telling = Telling(recorder, reused)
    for part, state in messages:
        telling.update(part, state)
    return [told[:2] for told in recorder.seen]


def test_opening_pictures_is_a_step_of_its_own():
    assert heard(("pictures", "reading"), ("pictures", "done")) == [
        ("opening", "reading"),
        ("opening", "done"),
    ]


def test_what_is_reused_says_so_from_the_first_to_the_last():
    steps = (("m", "stored"), ("m", "running"), ("m", "scoring"), ("m", "done"))
    assert heard(*steps, reused={"m"}) == [
        *[("m", "stored")] * 3,
        ("m", "scoring"),
        ("m", "stored"),
    ]


def test_what_the_run_itself_has_stored_is_not_reused():
    """A race stores features, which are then found."""
    assert heard(("m", "running"), ("m", "stored"), ("m", "scoring"), ("m", "done")) == [
        ("m", "running"),
        ("m", "scoring"),
        ("m", "done"),
    ]


def test_a_failure_is_passed_on():
    assert heard(("m", "failed"), reused={"m"}) == [("m", "stored"), ("m", "failed")]
