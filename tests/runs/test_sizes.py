"""One model at two sizes in a run: stored, shown, asked again, trained and handed on at each."""

import shlex

import pytest

import srcsel
from srcsel.base.errors import InputError
from srcsel.base.records import FeatureKey
from srcsel.base.settings import load_settings
from srcsel.cli.commands import main
from srcsel.models import catalog
from srcsel.models.hubs import hub_of
from srcsel.runs.question import command, new_run
from srcsel.store.features import open_features
from srcsel.ui.models import choice

OWN, SMALL = "demo/flowers", "demo/flowers@32"


@pytest.fixture
def result(picture_folder):
    return srcsel.rank(picture_folder, models=f"{OWN},{SMALL}")


def test_each_size_is_a_model_of_its_own(result):
    assert result.run.models == (OWN, SMALL)
    assert [m.title for m in result.models] == ["Flowers", "Flowers at 32 px"]
    values = {s.model: s.value for s in result.scores if s.measure == "supcon"}
    assert values[OWN] != values[SMALL]
    assert any("different sizes (32 and 64 pixels)" in n.text for n in result.verdict.notes)
    assert {m["id"]: m["input_size"] for m in srcsel.to_json(result)["models"]} == {
        OWN: 64,
        SMALL: 32,
    }


def test_features_are_kept_by_size(result):
    store = open_features(load_settings())
    for model in result.models:
        how = hub_of(model).preprocessing(model)
        assert min(how.size) == model.input_size
        key = FeatureKey(
            result.dataset.digest, model.id, model.revision, how.key, result.run.precision
        )
        assert store.get(key) is not None
        other = FeatureKey(
            result.dataset.digest, OWN, model.revision, "another", result.run.precision
        )
        assert store.get(other) is None


def test_the_command_asks_the_same_again(result):
    words = shlex.split(command(result.run))
    assert words[words.index("--models") + 1] == f"{OWN},{SMALL}"
    again = new_run(result.run.ref, words[words.index("--models") + 1])
    assert again.models == result.run.models
    kept = catalog.find_models(list(result.run.models))
    assert [m.id for m in kept] == [OWN, SMALL]


def test_training_sees_that_size(result, monkeypatch):
    from srcsel.evidence import finetune

    seen = []

    class Spy(finetune.Task):
        def __init__(self, encoder, pixels, *rest, **more):
            seen.append((pixels.shape, encoder.preprocessing.size))
            super().__init__(encoder, pixels, *rest, **more)

    monkeypatch.setattr(finetune, "Task", Spy)
    protocol = srcsel.Protocol("finetune", shots=4, seeds=(0,), epochs=1)
    evidence = srcsel.gather_evidence(result.run.id, protocol=protocol)
    assert evidence.failures == ()
    assert [a.model for a in evidence.accuracies] == [OWN, SMALL]
    assert seen == [((36, 3, 64, 64), (64, 64)), ((36, 3, 32, 32), (32, 32))]


@pytest.mark.parametrize("size", ["0", "-1", "1e9", "33.5", "16"])
def test_every_way_in_refuses_nonsense(size, picture_folder, capsys):
    spec = f"{OWN}@{size}"
    for ask in (
        lambda: srcsel.rank(picture_folder, models=spec),
        lambda: srcsel.find_models([spec]),
        lambda: new_run(picture_folder, [spec]),
        lambda: choice.typed(spec),
    ):
        with pytest.raises(InputError, match="trained on flowers"):
            ask()
    known, errors = choice.known(f"{spec},{OWN}")
    assert (known, len(errors)) == (OWN, 1)
    assert main(["rank", str(picture_folder), "--models", spec]) == 2
    assert "trained on flowers" in capsys.readouterr().err
