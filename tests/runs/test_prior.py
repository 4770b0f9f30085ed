"""In which order a race tries its models, by hand: published accuracy, size, and earlier runs on
pictures like these.
"""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy, Dropped, Race, SourceModel
from srcsel.base.settings import load_settings
from srcsel.models.catalog import find_models
from srcsel.runs.answer import Answer
from srcsel.runs.prior import earlier, in_queue, is_same, prior_of
from srcsel.store.features import open_runs

LEARNED = {"a": "labels", "b": "labels", "c": "captions", "d": "captions", "e": "unknown"}
PUBLISHED = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5}


def model(name):
    return SourceModel(
        *(f"timm/{name}", name, "1", None, 1.0, 224, 8, LEARNED[name], "MIT"),
        accuracy=PUBLISHED[name],
    )


@pytest.fixture
def made():
    """Makes a finished run of some pictures: name of the model -> how often it is right."""
    rng, y = np.random.default_rng(0), np.arange(40) % 2
    ranked = srcsel.rank_features({n: rng.standard_normal((40, 3)) for n in ("one", "two")}, y)
    count = iter(range(100))

    def make(reached, folder="mine", paths=range(40), digest=None, dropped="", **asked):
        names, number = (*reached, *dropped), next(count)
        return dataclasses.replace(
            ranked,
            run=dataclasses.replace(
                ranked.run,
                id=f"2026013{number // 10}-0000{number % 10}0-000000-aaaa",
                created=f"2026-01-3{number // 10}T00:00:{number % 10}0+00:00",
                ref=folder,
                **asked,
            ),
            dataset=dataclasses.replace(
                ranked.dataset,
                ref=folder,
                name=folder.title(),
                digest=digest or folder,
                paths=tuple(f"{k:03}.png" for k in paths),
            ),
            models=tuple(model(name) for name in names),
            accuracies=tuple(Accuracy(f"timm/{n}", (r,), r, r, r) for n, r in reached.items()),
            race=Race(
                (20, 40),
                dropped=tuple(
                    Dropped(f"timm/{n}", 20, f"timm/{n}", 99.0, "behind") for n in dropped
                ),
            ),
            scores=(),
            literal=(),
            rankings=(),
            diagnoses=(),
            seconds_per_picture={},
            verdict=dataclasses.replace(ranked.verdict, winner=None, firsts={}, close=()),
        )

    return make


@pytest.fixture
def runs():
    return open_runs(load_settings())


@pytest.fixture
def known(made, runs):
    """Stores runs; returns what is known before another one of "mine"."""

    def find(*results, names="abcde", **asked):
        for one in results:
            runs.save(one)
        now = made(dict.fromkeys(names, 0.5), **asked)
        return earlier(Answer(now.run, now.dataset, now.models), runs)

    return find


def test_without_an_earlier_run_it_is_the_published_order():
    prior = prior_of([model(name) for name in "ecabd"], [])
    assert prior.order == ("timm/a", "timm/b", "timm/c", "timm/d", "timm/e")
    assert (prior.runs, prior.kinds) == ((), ())


def test_size_speaks_for_what_is_not_published_whatever_else_is_asked_for():
    """Networks of the demo's size reach less on ImageNet than the three that are packaged."""
    order = prior_of(find_models("bundled"), []).order
    assert {name.partition("/")[0] for name in order[:3]} == {"packaged"}


def test_what_models_that_learned_alike_did_moves_the_others(known, made):
    """Of a, c and e, c did best and a least: of the two others a is before 0, which is 1 less than
    published, c before both, 0.5 more, e before one, 0.5 more. One run counts half: labels go down
    by 0.5 and captions up by 0.25. a and c are counted by themselves, b and d by their kind; what e
    learned from is not known, so it speaks for itself alone.
    """
    before = known(made({"a": 0.5, "c": 0.8, "e": 0.6}))
    prior = prior_of([model(name) for name in "abcde"], before)
    # a 1 - 0.5, b 0.75 - 0.5, c 0.5 + 0.25, d 0.25 + 0.25, e 0 + 0.25
    assert prior.order == ("timm/c", "timm/a", "timm/d", "timm/b", "timm/e")
    told = [(kind.pretraining, kind.models, kind.gained) for kind in prior.kinds]
    assert told == [("labels", 1, -0.5), ("captions", 1, 0.25)]
    (like,) = prior.runs
    assert (like.name, like.models, like.agree, like.same) == ("Mine", 3, 1.0, True)


def test_a_run_on_other_pictures_counts_by_how_alike_models_stand(known, made):
    here = made({"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6})
    alike = made({"a": 0.5, "b": 0.3, "c": 0.4, "d": 0.2}, "trash")  # 5 of 6 pairs
    other = made({"a": 0.5, "b": 0.3, "c": 0.4, "d": 0.7}, "marks")  # 2 of 6
    few = made({"a": 0.9, "b": 0.8, "c": 0.7, "e": 0.1}, "signs")  # three known of both
    found = known(here, alike, other, few)
    assert [(one.like.name, one.like.models) for one in found] == [("Mine", 4), ("Trash", 4)]
    assert [one.weight for one in found] == [1.0, pytest.approx(2 * 5 / 6 - 1)]


def test_models_that_left_a_race_count_below_those_in_full(known, made):
    (before,) = known(made({"d": 0.5, "c": 0.4}, dropped="ab"))  # b left last
    prior = prior_of([model(name) for name in "abcde"], [before])
    # published a 1, b 2/3, c 1/3, d 0; here d, c, b, a: by +1, +1/3, -1/3, -1, each counted half
    assert {k.pretraining: round(k.gained, 9) for k in prior.kinds} == {
        "labels": round((-1 - 1 / 3) / 3, 9),  # two of weight 1: divided by 3
        "captions": round((1 + 1 / 3) / 3, 9),
    }


def test_whose_runs_count(known, made):
    reached = {"a": 0.9, "b": 0.8, "c": 0.7}
    theirs, unfinished = made(reached, person="Ada"), made(reached)
    assert known(theirs, dataclasses.replace(unfinished, complete=False)) == []
    assert len(known(made(reached))) == 1
    assert len(known(person="Ada")) == 1
    assert known(folder="elsewhere") == []


def test_what_was_run_again_on_the_same_pictures_counts_once(known, made):
    every = made({"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6})
    again = made({"a": 0.9, "b": 0.8, "c": 0.7})  # all of these are in `every`
    corrected = made({"b": 0.8, "c": 0.7, "d": 0.6}, paths=range(35), digest="less")
    more = made({"a": 0.9, "b": 0.8, "e": 0.5})  # tells of one more
    elsewhere = [made({"a": 0.5, "b": 0.4, "c": 0.3, "d": 0.2}, "trash") for _ in range(2)]
    found = known(every, again, corrected, more, *elsewhere)
    assert [one.like.run for one in found] == [every.run.id, more.run.id, elsewhere[1].run.id]


def test_the_same_pictures_corrected_or_not(made):
    some = made({"a": 0.9}).dataset
    assert is_same(some, made({"a": 0.9}, paths=range(35), digest="less").dataset)
    assert not is_same(some, made({"a": 0.9}, paths=range(30, 70), digest="others").dataset)
    assert not is_same(some, made({"a": 0.9}, "elsewhere").dataset)
    assert is_same(some, made({"a": 0.9}, "copied", digest="mine").dataset)


def test_only_a_race_or_very_many_are_put_in_order(made, runs):
    named = made(dict.fromkeys("edcba", 0.5))
    so_far = Answer(named.run, named.dataset, named.models)
    assert in_queue(so_far, runs) == list(named.models)
    assert so_far.prior is None
    raced = Answer(dataclasses.replace(named.run, race=True), named.dataset, named.models)
    assert [m.title for m in in_queue(raced, runs)] == list("abcde")
    assert raced.prior.order[0] == "timm/a"
    assert raced.notes[0].startswith("The likeliest were tried first: ")


def test_a_damaged_run_is_passed_over(known, made, runs):
    whole, broken = made({"a": 0.9, "b": 0.8, "c": 0.7}), made({"a": 0.9, "b": 0.8, "c": 0.7})
    runs.save(broken)
    (runs.folder / broken.run.id / "result.json").write_text("{}")
    assert [one.like.run for one in known(whole)] == [whole.run.id]
