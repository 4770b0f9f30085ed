"""The study: made at small scale by the shipped code; what ships is what its raw numbers say."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from srcsel.base.records import Protocol
from srcsel.demo.study import __main__ as command
from srcsel.demo.study import candidates, cases, page, pictures, summary, truth
from srcsel.pictures.bundled.targets import TARGETS
from srcsel.store import files
from srcsel.verdict import after

SHIPPED = json.loads(command.STUDY.read_text())


@pytest.fixture
def small(monkeypatch):
    """Two targets of a few pictures, three candidates, trainings of one epoch."""
    chosen = (t for t in pictures.targets() if t.name in ("printed", "shapes"))
    few = [replace(t, classes=3, each=16) for t in chosen]
    names = ("demo/glyphs", "demo/flowers", "demo/textures")
    able = [c for c in candidates.candidates(few[0], trained=True) if c.source.id in names]
    monkeypatch.setattr(cases, "targets", lambda: few)
    monkeypatch.setattr(cases, "candidates", lambda *_, **__: able)
    monkeypatch.setattr(cases, "TRAINED", ((0, 3, 10),))
    monkeypatch.setattr(cases, "PROBED", ((1, 2, 10),))
    monkeypatch.setattr(cases, "CASES", 3)
    protocol = property(lambda q: Protocol("finetune", shots=q.given, seeds=(q.number,), epochs=1))
    monkeypatch.setattr(truth.Question, "protocol", protocol)


def test_a_small_study_from_the_pictures_to_the_page(small, tmp_path):
    places = {name: tmp_path / name for name in ("home", "study", "said", "page")}
    given = [text for name, place in places.items() for text in (f"--{name}", str(place))]
    assert command.main(given) == 0
    first = places["study"].read_bytes()
    told = json.loads(first)
    assert [(q["target"], bool(q["trained"])) for q in told["questions"]] == [
        ("printed", True),
        ("printed", False),
        ("shapes", True),
        ("shapes", False),
    ]
    assert all(len(q["cases"]) == 3 and len(q["models"]) == 3 for q in told["questions"])
    assert all(q["tested"] == 6 * q["classes"] for q in told["questions"])
    assert "Kendall's tau" in places["page"].read_text()
    # the same again, from what was remembered and from the raw numbers alone
    assert command.main(given) == 0
    assert command.main([*given, "--again"]) == 0
    assert places["study"].read_bytes() == first


def test_what_ships_is_what_its_raw_numbers_say(pytestconfig):
    told = summary.summarize(SHIPPED["questions"])
    assert told == SHIPPED["summary"]
    assert page.frequencies(told) == files.read_json(after.FREQUENCIES)
    assert page.page(told) == command.PAGE.read_text()
    readme = (pytestconfig.rootpath / "README.md").read_text()
    assert page.paragraph(told) in " ".join(readme.split())


def test_the_shipped_study_asks_both_kinds_of_targets_in_every_way():
    asked = {(q["target"], q["role"]) for q in SHIPPED["questions"]}
    assert asked == {(t.name, t.role) for t in pictures.targets()}
    assert [role for _, role in sorted(asked)].count("test") == 6
    for q in SHIPPED["questions"]:
        assert q["trained"] is None or q["target"] not in TARGETS  # the experiment trains on those
        assert f"demo/{q['target']}@64" not in q["models"]  # it learned the very task
        assert len({m.split("@")[0] for m in q["models"]}) < len(q["models"])  # near-twins


def question(cases_, reached=(0.5, 0.8, 0.8, 0.6), target="a", role="development"):
    """One question of four models, the second and third equally accurate."""
    return {
        "target": target,
        "role": role,
        "number": 0,
        "models": list("wxyz"),
        "params": [1, 2, 3, 4],
        "imagenet": [None, 0.7, None, 0.8],
        "scores": {
            "supcon whitened": [1.0, 2.0, 3.0, 4.0],  # a loss
            "supcon raw": [4.0, 3.0, 2.0, 1.0],
            "knn": [0.9, 0.8, 0.7, 0.6],
            "logme": [0.1, 0.2, 0.3, None],
        },
        "probed": [0.1, 0.1, 0.1, 0.2],
        "trained": list(reached),
        "cases": list(cases_),
    }


def case(of, winner, close, stated=90.0, kind="clear", cause=""):
    said = {"kind": kind, "cause": cause, "stated": stated}
    return {"of": of, "winner": winner, "close": close, **said}


def test_a_case_by_hand():
    (one,) = summary.cases_of(question([case([0, 1, 2], 0, [0, 2])]))
    assert (one.best, one.held, one.close, one.models) == (False, True, 2, 3)
    assert one.regret["verdict"] == pytest.approx(30)  # it names the first
    assert one.regret["params"] == 0  # the largest of the three is as good as the best
    assert one.regret["imagenet"] == 0
    assert one.regret["chance"] == pytest.approx(100 * (0.8 - 2.1 / 3))
    assert one.regret["supcon whitened"] == pytest.approx(30)
    assert one.tau["params"] == pytest.approx(stats.kendalltau([1, 2, 3], [0.5, 0.8, 0.8])[0])
    # ranks of the rule: supcon 1 2 3, knn 1 2 3, logme 3 2 1
    assert one.regret["ranks"] == pytest.approx(30)
    assert one.tau["ranks"] == pytest.approx(stats.kendalltau([-5, -6, -7], [0.5, 0.8, 0.8])[0])


def test_a_model_without_a_value_comes_last():
    (one,) = summary.cases_of(question([case([2, 3], 2, [2])], reached=(0, 0, 0.5, 0.6)))
    assert one.regret["logme"] == pytest.approx(10)
    assert np.isnan(one.tau["logme"])
    (none,) = summary.cases_of(question([case([3], 3, [3])]))
    assert np.isnan(none.regret["logme"])  # no value, no choice


def test_every_target_counts_alike_and_intervals_hold_whole_targets():
    a = question([case([0, 1], 1, [1])] * 9)  # right
    b = question([case([0, 1], 0, [0])], target="b")  # wrong
    told = summary.summarize([a, b])["trained"]
    row = told["kinds"]["all"]["clear"]
    assert (row["held"]["value"], row["held"]["low"], row["held"]["high"]) == (50, 0, 100)
    (bin_,) = told["calibration"]["development"]
    assert (bin_["stated"], bin_["best"]["value"], bin_["error"]) == (90, 50, 40)
    assert told["calibration"]["test"] == []
