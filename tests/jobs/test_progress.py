"""Adding up progress, by hand-worked cases."""

import pytest

from srcsel.jobs.pace import Pace
from srcsel.jobs.progress import Progress


def told(*messages, plan=(("pictures", 1.0), ("a", 2.0), ("b", 7.0))):
    progress = Progress()
    progress.plan(dict(plan), {"a": "Model A"})
    for message in messages:
        part, state, done, total, now = message
        progress.update(part, state, done, total, "", now)
    return progress


def test_parts_wait_in_the_order_they_were_announced():
    assert [(p.name, p.state) for p in told().parts.values()] == [
        ("pictures", "waiting"),
        ("a", "waiting"),
        ("b", "waiting"),
    ]


def test_the_share_is_weighted_by_cost():
    progress = told(("pictures", "done", 10, 10, 0), ("a", "done", 0, 0, 1))
    assert progress.fraction == pytest.approx(3 / 10)


def test_running_leaves_room_for_scoring():
    assert told(("a", "running", 10, 10, 0)).fraction == pytest.approx(0.2 * 0.95)
    assert told(("a", "scoring", 0, 0, 0)).fraction == pytest.approx(0.2 * 0.95)


def test_the_share_never_goes_back():
    progress = told(("pictures", "done", 10, 10, 0), ("pictures", "reading", 0, 10, 1))
    assert progress.fraction == pytest.approx(0.1)


def test_pictures_that_are_done_stay_done_while_they_are_opened_again():
    progress = told(("pictures", "done", 10, 10, 0), ("pictures", "reading", 4, 10, 1))
    assert progress.parts["pictures"].state == "done"
    assert progress.words("pictures") == "Reading pictures, 4 of 10"  # what it is at


def test_time_left_is_said_after_a_tenth_of_the_work():
    early = told(("b", "running", 0, 100, 0), ("b", "running", 10, 100, 10))
    assert early.seconds_left is None  # 0.095 * 7 of 10
    later = told(("b", "running", 0, 100, 0), ("b", "running", 20, 100, 10))
    measured = 7 * 0.95 * 0.2
    assert later.seconds_left == pytest.approx(10 * (10 - measured) / measured)


def test_what_was_stored_or_done_before_tells_nothing_about_speed():
    """Half of b lay there from a stopped run: only what was done since counts as speed."""
    progress = told(
        ("a", "stored", 0, 0, 0), ("b", "running", 50, 100, 0), ("b", "running", 75, 100, 10)
    )
    measured = 7 * 0.95 * 0.25
    left = 1 + 7 * (1 - 0.95 * 0.75)
    assert progress.seconds_left == pytest.approx(10 * left / measured)


def test_features_that_are_reused_are_no_finished_models():
    """Of a run nothing is done before something is scored: a model that is reused counts for its
    scores, a quarter of its weight.
    """
    progress = Progress()
    progress.plan({"a": 1.0, "b": 1.0, "maps": 0.5}, {}, Pace({"a": 0.1, "b": 0.1}))
    fractions = []
    for part, state in [
        *[("a", "stored"), ("b", "stored"), ("a", "scoring"), ("a", "stored")],
        *[("b", "scoring"), ("b", "stored"), ("maps", "done")],
    ]:
        progress.update(part, state, 0, 0, "", float(len(fractions)))
        fractions.append(progress.fraction)
    assert fractions == pytest.approx([0, 0, 0, 0.25, 0.25, 0.5, 1])


def test_downloads_do_not_count_as_work():
    progress = told(
        ("b", "downloading", 0, 10, 0),
        ("b", "running", 0, 100, 500),
        ("b", "running", 50, 100, 510),
    )
    measured = 7 * 0.95 * 0.5
    assert progress.seconds_left == pytest.approx(10 * (10 - measured) / measured)


def test_everything_stored_leaves_nothing():
    progress = told(*((part, "stored", 0, 0, 0) for part in ("pictures", "a", "b")))
    assert progress.fraction == pytest.approx(1.0)
    assert progress.seconds_left is None


def test_work_beside_a_download_counts():
    """b is fetched from 1 to 9 s while a runs; then b loads for 2 s.

    Work took 10 s, and a's picture 100 came at 10.
    """
    plan = (("a", 2.0), ("b", 8.0))
    beside = (
        ("a", "running", 0, 100, 0),
        ("b", "downloading", 1, 9, 1),
        ("b", "downloading", 9, 9, 9),
    )
    progress = told(*beside, ("a", "running", 100, 100, 10), plan=plan)
    assert progress.leading == "a"
    assert progress.seconds_left == pytest.approx(10 * (10 - 1.9) / 1.9)


def test_a_download_that_all_wait_for_is_spoken_of_without_a_time():
    plan = (("a", 5.0), ("b", 5.0))
    progress = told(
        ("a", "running", 0, 9, 0),
        ("a", "done", 9, 9, 10),
        ("b", "downloading", 3, 9, 11),
        plan=plan,
    )
    assert progress.leading == "b"
    assert progress.seconds_left is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (("pictures", "reading", 640, 1240, 0), "Reading pictures, 640 of 1,240"),
        (("a", "downloading", 120_000_000, 350_000_000, 0), "Downloading Model A 120 of 350 MB"),
        (("a", "running", 64, 360, 0), "Running Model A, 64 of 360"),
        (("b", "scoring", 1, 4, 0), "Scoring b"),
        (("demo/glyphs", "running", 64, 360, 0), "Running Invented letters, 64 of 360"),
        (("b", "failed", 0, 0, 0), "Failed: b"),
        (("maps", "running", 1, 3, 0), "Drawing maps, 1 of 3"),
        (("opening", "reading", 64, 360, 0), "Preparing pictures for the models, 64 of 360"),
    ],
)
def test_words(message, words):
    assert told(message).words(message[0]) == words


def test_what_a_dropped_model_will_not_do_is_neither_done_nor_to_come():
    """b was half-way (its scores apart): 7 x 0.475 of work was done, and only a and the pictures
    remain.
    """
    progress = told(
        ("b", "running", 0, 100, 0), ("b", "running", 50, 100, 10), ("b", "dropped", 50, 100, 10)
    )
    done = 7 * 0.95 * 0.5
    assert progress.fraction == pytest.approx(done / (done + 3))
    assert progress.seconds_left == pytest.approx(10 * 3 / done)
    again = told(
        ("b", "running", 50, 100, 0), ("b", "dropped", 50, 100, 1), ("b", "dropped", 50, 100, 2)
    )
    assert again.fraction == pytest.approx(done / (done + 3))
