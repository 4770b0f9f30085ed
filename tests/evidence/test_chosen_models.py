"""Only the models that were asked for are measured; none named means all."""

from srcsel.base.records import Protocol
from srcsel.evidence.gather import gather
from srcsel.jobs.kinds import evidence
from srcsel.runs.run import rank
from srcsel.store.serialize import to_plain

QUICK = Protocol("probe", folds=3)


class Told:
    """Receives the plan of a job."""

    watch = None

    def plan(self, weights, titles):
        self.weights = weights


def test_chosen_models_are_measured_and_announced(tiny, picture_folder, monkeypatch):
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)
    run_id = rank(picture_folder, ["tiny/one", "tiny/two", "pixels/thumbnail"], device="cpu").run.id
    told = Told()
    payload = {"run_id": run_id, "protocol": to_plain(QUICK), "models": ["tiny/two"]}
    assert evidence(payload, told)["models"] == 1
    assert set(told.weights) == {"measures", "pictures", "tiny/two"}
    everyone = gather(run_id, QUICK, models=())
    assert [a.model for a in everyone.accuracies] == ["tiny/one", "tiny/two", "pixels/thumbnail"]


def test_models_measured_before_stay_in_the_evidence(tiny, picture_folder, monkeypatch):
    monkeypatch.setattr("srcsel.runs.run.draw_all", lambda *_: None)
    run_id = rank(picture_folder, ["tiny/one", "tiny/two", "pixels/thumbnail"], device="cpu").run.id
    few = ("silhouette", "supcon", "knn", "logme")
    gather(run_id, QUICK, measures=few, models=["tiny/two"])
    both = gather(run_id, QUICK, measures=few, models=["tiny/one"])
    assert [a.model for a in both.accuracies] == ["tiny/one", "tiny/two"]
    other = gather(run_id, Protocol("probe", folds=4), measures=few, models=["tiny/one"])
    assert [a.model for a in other.accuracies] == ["tiny/one"]
