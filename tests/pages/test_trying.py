"""The box for one's own picture: what is handed in, what the models say, and why some cannot."""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import GIVEN, Failure
from srcsel.base.settings import load_settings
from srcsel.runs import trying as work
from srcsel.runs.trying import Named, Tried
from srcsel.ui.parts import incoming
from srcsel.ui.parts.show import md
from srcsel.ui.results import trying

RUN_ID = "20260301-101500-000000-ab12"
CAPTION = "made from features, without its models"


def named(model: str, guess: int) -> Named:
    """Four of the five that vote are of the class it names; ten rows a class."""
    own, other = 10 * guess, 10 * ((guess + 1) % 3)
    rows = (own + 1, own + 2, other + 1, own + 3, own + 4, other + 2)
    return Named(model, guess, rows, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4))


def html(tab) -> str:
    return "\n".join(h.value for h in tab.html)


@pytest.fixture
def handed(visit, stored, board):
    """The results page with a picture in the box, and the job that was asked for."""
    tab = visit("results", run=RUN_ID)
    tab.file_uploader(key=f"try-file-{RUN_ID}").set_value(("own.png", b"bytes", "image/png")).run()
    assert not tab.exception
    (job,) = [job for job in board.active() if job.kind == "try"]
    return tab, job


def test_a_picture_goes_to_the_worker_once(handed, board):
    tab, job = handed
    assert job.payload["run_id"] == RUN_ID
    tab.run()
    assert len([one for one in board.active() if one.kind == "try"]) == 1


def test_after_a_refusal_the_same_picture_is_handed_in_again(visit, stored, board, monkeypatch):
    """As through the server's door, which hands Streamlit a token in the picture's place."""
    path = incoming.new_file()
    path.write_bytes(b"bytes of a picture")
    token = incoming.hand_over(path, "me")
    monkeypatch.setenv("SRCSEL_MOST_RUNS_ALL", "0")
    tab = visit("results", run=RUN_ID)
    tab.file_uploader(key=f"try-file-{RUN_ID}").set_value(("own.png", token, "image/png")).run()
    assert "that is the most" in "".join(error.value for error in tab.error)
    tried = load_settings().uploads / "tried"
    assert not list(tried.glob("*"))  # a refusal fills no disk
    assert incoming.sizes("me")[0] == len(b"bytes of a picture")
    monkeypatch.delenv("SRCSEL_MOST_RUNS_ALL")
    tab.button(key="try-again").click().run()
    assert not tab.exception
    assert not tab.error
    (job,) = [job for job in board.active() if job.kind == "try"]
    assert (tried / job.payload["token"] / "picture").read_bytes() == b"bytes of a picture"
    assert incoming.sizes("me")[0] == 0


def test_a_token_that_is_spent_is_no_picture(visit, stored, board):
    path = incoming.new_file()
    path.write_bytes(b"bytes")
    token = incoming.hand_over(path)
    incoming.discard(token)
    tab = visit("results", run=RUN_ID)
    tab.file_uploader(key=f"try-file-{RUN_ID}").set_value(("own.png", token, "image/png")).run()
    assert md(incoming.GONE) in "".join(error.value for error in tab.error)
    assert not [job for job in board.active() if job.kind == "try"]


def test_each_model_says_what_it_takes_it_for_with_its_nearest(
    handed, settle, monkeypatch, words_of
):
    tab, job = handed
    answer = Tried(
        "AAAA",
        (named("demo/m1", 2), named("demo/m0", 2), named("demo/m2", 1), named("demo/m3", 2)),
        (Failure("demo/m4", "", "Its weights are gone."),),
    )
    monkeypatch.setattr(work, "take_answer", lambda token: answer)
    settle(job.id, "done")
    tab.run()
    assert not tab.exception
    page = html(tab)
    assert "3 of 4 models take it for <b>rust</b>." in page
    assert "<b>Strokes</b>: rust, 4 of the 5 nearest" in page
    assert page.index("<b>Strokes</b>: rust") < page.index("<b>Textures</b>: rust")
    labels = [expander.label for expander in tab.expander]
    assert "1 more model, yardsticks last" in labels
    assert "Untrained: Its weights are gone" in words_of(tab).replace("\\", "")


def test_where_no_model_can_be_asked_it_says_why(handed, settle, monkeypatch, words_of):
    tab, job = handed
    answer = Tried("AAAA", (), (Failure("demo/m0", "", "It is not stored any more."),))
    monkeypatch.setattr(work, "take_answer", lambda token: answer)
    settle(job.id, "done")
    tab.run()
    assert not tab.exception
    assert "None of the models can be asked:" in html(tab)
    assert "Strokes: It is not stored any more" in words_of(tab).replace("\\", "")


def test_a_hostile_picture_is_a_sentence(handed, settle, words_of):
    tab, job = handed
    settle(job.id, "failed", error="The file is not a picture.")
    tab.run()
    assert not tab.exception
    assert "The file is not a picture" in words_of(tab).replace("\\", "")


def test_a_run_of_given_features_says_why_it_cannot(visit, stored, result, save, words_of):
    save(result, run=dataclasses.replace(result.run, ref=GIVEN))
    tab = visit("results", run=RUN_ID)
    assert not tab.exception
    assert CAPTION in words_of(tab)
    assert not tab.file_uploader


def unsure(result, model, guess):
    """Only two of the five that vote are of the class it names."""
    of = [np.flatnonzero(result.dataset.labels == label).tolist() for label in range(3)]
    others = [row for label, rows in enumerate(of) if label != guess for row in rows[:2]]
    rows = (*of[guess][:2], *others)
    return Named(model, guess, rows, (0.5,) * len(rows))


@pytest.mark.parametrize(
    ("guesses", "doubtful", "said"),
    [
        ([], [2], "The model is undecided. It may be none of these classes."),
        ([], [2, 1], "All 2 models are undecided. It may be none of these classes."),
        ([2, 2], [1], "2 of 3 models take it for <b>rust</b>."),
        (
            [2, 2],
            [2, 1],
            "The models do not agree: 2 of 4 take it for <b>rust</b>, 2 are undecided. It may be"
            " none of these classes.",
        ),
    ],
)
def test_a_model_without_a_majority_names_no_class(result, guesses, doubtful, said):
    found = [named(f"demo/m{i}", guess) for i, guess in enumerate(guesses)]
    found += [unsure(result, f"demo/m{i}", guess) for i, guess in enumerate(doubtful, len(guesses))]
    plain = dataclasses.replace(
        result, models=tuple(dataclasses.replace(m, yardstick=False) for m in result.models)
    )
    assert trying.headline(plain, found) == said
    assert "undecided, at most rust, 2 of the 5 nearest" in trying._row(
        plain, "set", plain.models[0], unsure(plain, "demo/m0", 2)
    )


@pytest.mark.parametrize(
    ("guesses", "said"),
    [
        ([0], "The model takes it for <b>&lt;b&gt;*spot*&lt;b&gt;</b>."),
        ([1, 1], "All 2 models take it for <b>mildew</b>."),
        (
            [0, 1, 2],
            "The models do not agree: 1 of 3 takes it for <b>&lt;b&gt;*spot*&lt;b&gt;</b>. It may"
            " be none of these classes.",
        ),
        (
            [2, 1, 2, 0],
            "The models do not agree: 2 of 4 take it for <b>rust</b>. It may be none of these"
            " classes.",
        ),
        ([2, 1, 2], "2 of 3 models take it for <b>rust</b>."),
        ([], "None of the models can be asked:"),
    ],
)
def test_the_headline_counts_real_models(result, guesses, said):
    control = dataclasses.replace(result.models[5], yardstick=True)
    changed = dataclasses.replace(result, models=(*result.models[:5], control))
    found = [named(f"demo/m{i}", guess) for i, guess in enumerate(guesses)]
    found += [named("demo/m5", 1)] if guesses else []
    assert trying.headline(changed, found) == said
