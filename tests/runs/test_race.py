"""The race as a run has it: who leaves, what is put through networks, stopping, going on, and the
exact run after.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import Cancelled
from srcsel.base.phrases import share
from srcsel.base.records import HEADLINE, SourceModel
from srcsel.base.settings import load_settings
from srcsel.features import timing
from srcsel.features.extract import key_for
from srcsel.models.hubs import HUBS, Preprocessing
from srcsel.runs import race_rules as rules
from srcsel.runs import run
from srcsel.runs.run import add_measures, answer, new_run
from srcsel.scoring import remembered
from srcsel.scoring.score import score_model
from srcsel.store.features import open_features, open_runs
from srcsel.store.serialize import to_plain
from tests.recorder import Recorder

N = 320
RECHECKS = 20  # of every score: enough here, and quick
SKILL = {"best": 4.0, "good": 2.5, "fair": 1.2, "poor": 0.5, "worse": 0.2, "blind": 0.0}


class Coded:
    """Pictures carry their class and number; a model of skill s puts classes s standard deviations
    apart.
    """

    name = "coded"
    title = "Coded"

    def __init__(self):
        self.seen = []  # (model, picture number), once for each time it went through
        self.broken = {}  # model -> number of the picture that breaks it

    def models(self):
        return [self.find(name) for name in SKILL]

    def find(self, name):
        about = SourceModel(f"coded/{name}", name.title(), "1", 1000, 0.1, 8, 6, "none", "MIT")
        return dataclasses.replace(about, yardstick=name == "blind")

    def preprocessing(self, model):
        return Preprocessing((8, 8), resize="squash", interpolation="nearest")

    def load(self, model, device, watch):
        hub, name = self, model.id.split("/")[1]

        class Encoder:
            preprocessing = self.preprocessing(model)

            def __call__(self, batch):
                codes = batch[:, :, 4, 4].astype(int)  # (b, 3): class, number's high and low part
                numbers = codes[:, 1] * 256 + codes[:, 2]
                hub.seen += [(name, int(number)) for number in numbers]
                X = np.stack(
                    [
                        np.random.default_rng([number, len(name)]).normal(size=6)
                        for number in numbers
                    ]
                )
                X[np.arange(len(X)), codes[:, 0] // 50] += SKILL[name]
                X[numbers == hub.broken.get(name)] = np.nan
                return X.astype(np.float32), None

        return Encoder()


@pytest.fixture
def hub(monkeypatch):
    hub = Coded()
    monkeypatch.setitem(HUBS, "coded", hub)
    return hub


@pytest.fixture(scope="module", autouse=True)
def quick():
    """No maps are drawn, there are fewer re-checks, and no network is timed again on a busy
    computer: none is what these tests are about.
    """

    def draw(result, keys, features, runs, watch):
        watch.update("maps", "running", 0, len(keys))
        watch.update("maps", "done", len(keys), len(keys))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "draw_all", draw)
        patch.setattr(timing, "was_busy", lambda _: False)
        patch.setattr(
            remembered,
            "score_model",
            lambda *a, **k: score_model(*a, **{**k, "rechecks": RECHECKS}),
        )
        yield


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """320 pictures in four classes, lossless and of one color each: class, and number."""
    folder = tmp_path_factory.mktemp("coded")
    for c, name in enumerate("abcd"):
        (folder / name).mkdir()
        for i in range(N // 4):
            number = c * N // 4 + i
            Image.new("RGB", (8, 8), (50 * c, number // 256, number % 256)).save(
                folder / name / f"{i:03d}.png"
            )
    return folder


def asked(pictures):
    return new_run(pictures, [f"coded/{name}" for name in SKILL], device="cpu", race=True)


@pytest.fixture
def question(pictures, hub):
    return asked(pictures)


@pytest.fixture(scope="module")
def finished(pictures, tmp_path_factory):
    """A finished race: its result, the result read again, what the watch and the networks saw."""
    hub, watch = Coded(), Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(HUBS, "coded", hub)
        patch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))
        result = answer(asked(pictures), watch=watch)
        again = open_runs(load_settings()).load(result.run.id)
        more = add_measures(result.run.id, "lda")
    return SimpleNamespace(result=result, again=again, more=more, watch=watch, hub=hub)


def stored_features(result, name):
    model = next(m for m in result.models if m.id == f"coded/{name}")
    return open_features(load_settings()).get(key_for(result.dataset, model, "float32"))


def test_the_winner_of_the_exact_run_is_found_with_fewer_pictures(finished):
    result, seen = finished.result, finished.hub.seen
    race = result.race
    assert race.stages == (40, 80, 160, 320)
    assert result.verdict.winner == "coded/best"
    assert result.verdict.kind == "clear"
    full = {s.model for s in result.scores}
    assert full == {"coded/best", "coded/good"}
    assert next(d.model for d in race.dropped) == "coded/blind"
    assert {d.model for d in race.dropped} == {
        "coded/blind",
        "coded/worse",
        "coded/poor",
        "coded/fair",
    }
    assert race.passes == len(seen)
    assert len(set(seen)) == len(seen)  # no picture twice through a network
    assert race.passes <= rules.budget(6, N)
    assert race.exact == 6 * N
    assert result.complete
    assert race.stage == len(race.stages)


def test_who_left_is_told_with_partial_scores_and_a_reason_but_never_ranked(finished):
    result = finished.result
    left = {d.model: d for d in result.race.dropped}
    reasons = {f.model: f.reason for f in result.failures}
    assert reasons.keys() == left.keys()
    worst = left["coded/worse"]
    assert (worst.pictures, worst.leader, worst.why) == (40, "coded/best", "behind")
    assert worst.behind >= 99
    assert (
        reasons["coded/worse"]
        == f"Dropped after 40 of 320 pictures: behind the leader, Best, in {share(worst.behind)} of"
        " 100 re-checks."
    )
    assert reasons["coded/blind"].startswith("A yardstick, dropped after 40 of 320 pictures")
    assert {s.measure for s in worst.scores} == set(HEADLINE)
    assert all(not set(ranking.models) & left.keys() for ranking in result.rankings)
    assert not result.verdict.firsts.keys() & left.keys()
    saved = f"{result.race.exact - result.race.passes:,}"
    assert result.notes[0].startswith("Fast answer: 4 of 6 models left early")
    assert saved in result.notes[0]


def test_full_scores_and_features_equal_those_of_an_exact_run(question, hub):
    raced = answer(question)
    features = stored_features(raced, "best").values
    del hub.seen[:]
    store = open_features(load_settings())
    for path in [*store.folder.glob("*.safetensors"), *store.folder.glob("pictures/*/*")]:
        path.unlink()
    exact = answer(dataclasses.replace(question, id="20260131-000000-000000-aaaa", race=False))
    np.testing.assert_array_equal(stored_features(exact, "best").values, features)
    of_best = [
        to_plain(dataclasses.replace(s, seconds=0)) for s in raced.scores if s.model == "coded/best"
    ]
    again = [
        to_plain(dataclasses.replace(s, seconds=0)) for s in exact.scores if s.model == "coded/best"
    ]
    assert of_best == again


def test_an_exact_run_afterwards_goes_on_where_the_race_left_them(question, hub):
    answer(question)
    exact = answer(dataclasses.replace(question, id="20260131-000000-000000-aaaa", race=False))
    assert len(hub.seen) == len(set(hub.seen)) == 6 * N
    assert exact.race is None
    assert {s.model for s in exact.scores} == {f"coded/{name}" for name in SKILL}
    assert exact.verdict.winner == "coded/best"


@pytest.mark.parametrize(
    "stop",
    [
        lambda told: told[:3] == ("coded/fair", "running", 40),
        lambda told: told.part == "race" and told.note.startswith("Stage 4"),
        lambda told: told[:2] == ("coded/best", "running") and told.done > 160,
        lambda told: told[:2] == ("coded/good", "scoring"),
        lambda told: told.part == "maps",
    ],
    ids=[
        "while scoring a stage",
        "between stages",
        "among the last pictures",
        "scoring in full",
        "maps",
    ],
)
def test_a_stopped_race_goes_on_and_ends_the_same(question, hub, stop, finished):
    whole = finished.result
    with pytest.raises(Cancelled):
        answer(question, watch=Recorder(stop))
    stopped = open_runs(load_settings()).load(question.id)
    assert stopped.race is not None
    result = answer(question)
    assert len(set(hub.seen)) == len(hub.seen)
    assert to_plain(result.race)["dropped"] == [
        {
            **d,
            "scores": [
                {**s, "seconds": t["seconds"]}
                for s, t in zip(d["scores"], e["scores"], strict=True)
            ],
        }
        for d, e in zip(
            to_plain(whole.race)["dropped"], to_plain(result.race)["dropped"], strict=True
        )
    ]
    assert (result.race.passes, result.race.exact) == (whole.race.passes, whole.race.exact)
    told = [(v.kind, v.winner, v.firsts, v.why) for v in (result.verdict, whole.verdict)]
    assert told[0] == told[1]


def test_a_model_that_is_stored_costs_nothing_and_never_leaves(question, hub):
    answer(
        dataclasses.replace(
            question, id="20260131-000000-000000-aaaa", race=False, models=("coded/worse",)
        )
    )
    del hub.seen[:]
    result = answer(question)
    assert not any(name == "worse" for name, _ in hub.seen)
    assert "coded/worse" in {s.model for s in result.scores}
    assert result.race.stored == ("coded/worse",)
    assert result.race.exact == 5 * N


def test_a_survivor_that_breaks_later_is_replaced(question, hub):
    hub.broken["good"] = rules.order(np.repeat(np.arange(4), N // 4), 0)[N - 10]
    result = answer(question)
    assert {s.model for s in result.scores} == {"coded/best", "coded/fair"}
    assert "not numbers" in next(f.reason for f in result.failures if f.model == "coded/good")
    assert "coded/fair" not in {d.model for d in result.race.dropped}


def test_a_small_set_has_no_race_and_says_so(picture_folder, hub):
    few = new_run(
        picture_folder, ["coded/best", "coded/good", "coded/fair"], device="cpu", race=True
    )
    result = answer(few)
    assert result.race.stages == ()
    assert {s.model for s in result.scores} == set(few.models)
    assert result.notes[0].endswith("With 3 classes a race saves time from about 320 pictures on.")


def test_progress_tells_the_race(finished):
    watch = finished.watch
    told = [t.note for t in watch.seen if t[:2] == ("race", "running")]
    assert told[0] == "Stage 1 of 4: 40 of 320 pictures, 6 of 6 models in the race"
    assert (
        told[-1] == "Stage 4 of 4: 320 of 320 pictures, 2 of 6 models in the race, "
        f"{sum(N - d.pictures for d in finished.result.race.dropped):,} forward passes saved so far"
    )
    race = finished.result.race
    # with two left there is nothing to decide
    last_drop = race.stages.index(race.dropped[-1].pictures) + 1
    assert [int(note.split()[1]) for note in told] == [*range(1, last_drop + 1), 4]
    dropped = [part for part, state, *_ in watch.seen if state == "dropped"]
    assert dropped[0] == "coded/blind"
    assert len(dropped) == 4
    last = {part: state for part, state, *_ in watch.seen}
    assert last["coded/best"] == last["coded/good"] == "done"
    assert last["race"] == last["maps"] == last["pictures"] == "done"


def test_the_race_survives_storing(finished):
    assert to_plain(finished.again.race) == to_plain(finished.result.race)
    assert finished.again.run.race


def test_more_measures_are_for_those_in_full(finished):
    before, result = finished.result, finished.more
    assert {s.model for s in result.scores if s.measure == "lda"} == {"coded/best", "coded/good"}
    assert to_plain(result.race) == to_plain(before.race)
    assert [f.model for f in result.failures] == [f.model for f in before.failures]
    assert result.notes == before.notes
    assert result.verdict.why == before.verdict.why


def test_the_likeliest_are_tried_first_and_the_answer_says_so(finished):
    """Nothing is published of these, and all are of one size: in the order of their names."""
    result, watch = finished.result, finished.watch
    assert result.prior.order == tuple(sorted(f"coded/{name}" for name in SKILL))
    assert any(note.startswith("The likeliest were tried first") for note in result.notes)
    began = [told.part for told in watch.seen if told.state == "running" and told.part != "race"]
    assert tuple(dict.fromkeys(part for part in began if part in result.prior.order)) == (
        result.prior.order
    )
    assert finished.again.prior == finished.more.prior == result.prior
