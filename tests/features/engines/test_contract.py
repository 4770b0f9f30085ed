"""Every engine keeps one contract: the same features, parts, progress, stops, failures by name."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from srcsel.base.errors import Cancelled, InputError
from srcsel.base.records import Failure, Features
from srcsel.features.engines import Local, Ray
from srcsel.features.extract import extract, key_for
from srcsel.models.catalog import find_models
from srcsel.pictures.dataset import load_dataset
from srcsel.store.features import FeatureStore
from tests.conftest import make_pictures
from tests.recorder import Recorder

MODELS = "pixels,demo/flowers,demo/glyphs"
FLOWERS = "demo/flowers"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("engines") / "pictures", each=40)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A work folder for what all tests use and none changes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("elsewhere")))
        yield


@pytest.fixture(scope="module")
def dataset(pictures, elsewhere):
    return load_dataset(str(pictures))


@pytest.fixture(scope="module")
def expected(dataset, tmp_path_factory):
    """What this computer makes of them."""
    store = FeatureStore(tmp_path_factory.mktemp("expected"))
    found = extract(dataset, find_models(MODELS), store=store, device="cpu", engine=Local())
    made = list(found)
    assert not [one.detail or one.reason for one in made if isinstance(one, Failure)]
    return {one.key.model: one for one in made}


@pytest.fixture(params=["local", "ray"])
def engine(request):
    started = request.param == "ray" and request.getfixturevalue("head")
    engine = Ray(started.address) if started else Local()
    yield engine
    engine.close()


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def run(dataset, models, store, engine, **options):
    found = find_models(models) if isinstance(models, str) else models
    return list(extract(dataset, found, store=store, device="cpu", engine=engine, **options))


def alike(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_features_are_those_of_this_computer_and_are_stored(dataset, store, engine, expected):
    engine.require()
    found = run(dataset, MODELS, store, engine)
    assert not [one.reason for one in found if isinstance(one, Failure)]
    assert {one.key.model for one in found} == set(expected)
    for one in found:
        other = expected[one.key.model]
        assert one.key == other.key
        alike(one.values, other.values)
        assert (one.logits is None) == (other.logits is None)
        if one.logits is not None:
            alike(one.logits, other.logits)
        assert one.seconds_per_picture > 0
        np.testing.assert_array_equal(store.get(one.key).values, one.values)


def test_progress_is_told_and_a_stopped_run_goes_on(dataset, store, engine, expected):
    watch = Recorder(lambda told: told.part == FLOWERS and told.done >= 32)
    with pytest.raises(Cancelled):
        run(dataset, FLOWERS, store, engine, watch=watch)
    again = Recorder()
    (found,) = run(dataset, FLOWERS, store, engine, watch=again)
    told = [(t.done, t.total) for t in again.seen if t.part == FLOWERS and t.state == "running"]
    assert told[0][0] >= 32  # what was finished is not made again
    assert told == sorted(told)
    assert told[-1] == (120, 120)
    alike(found.values, expected[FLOWERS].values)


def test_a_model_that_cannot_be_loaded_fails_alone_and_by_name(
    dataset, store, engine, expected, tmp_path
):
    file = tmp_path / "resnet18.safetensors"
    safetensors.numpy.save_file({"fc.weight": np.zeros((3, 5), np.float32)}, file)
    broken = replace(find_models("demo/glyphs")[0], id=f"checkpoints/{file}=resnet18", title="Mine")
    watch = Recorder()
    found = run(dataset, [broken, *find_models("pixels")], store, engine, watch=watch)
    (failed,) = [one for one in found if isinstance(one, Failure)]
    (good,) = [one for one in found if isinstance(one, Features)]
    assert failed.model == broken.id
    assert failed.reason
    assert (broken.id, "failed") in [told[:2] for told in watch.seen]
    alike(good.values, expected[good.key.model].values)


def test_a_picture_that_changed_meanwhile_is_named(dataset, store, engine):
    digests = ("0" * 64, *dataset.digests[1:])
    with pytest.raises(
        InputError, match=r"^blue/000\.png was changed while it was in use"
    ) as found:
        run(replace(dataset, digests=digests), "pixels", store, engine)
    assert "\n" not in str(found.value)  # a sentence, and nothing around it


def test_the_first_pictures_alone_stay_half_done_work(dataset, store, engine, expected):
    (found,) = run(dataset, FLOWERS, store, engine, until=40)
    alike(found.values, expected[FLOWERS].values[:40])
    assert not store.has(key_for(dataset, find_models(FLOWERS)[0], "float32"))
