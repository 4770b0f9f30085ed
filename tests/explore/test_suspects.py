"""Pictures worth a look: planted wrong labels, copies across classes, odd and tiny pictures are
found.
"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srcsel.base import sampling
from srcsel.base.errors import InputError
from srcsel.base.records import Dataset, FeatureKey, Features
from srcsel.base.settings import load_settings
from srcsel.explore import suspects
from srcsel.explore.mislabeled import folds, probabilities
from srcsel.explore.oddness import oddness
from srcsel.explore.suspects import find, whitened
from srcsel.runs.run import answer, new_run
from srcsel.store.features import open_features

CLASSES = ("mildew", "rust", "spot", "<b>healthy</b>")


def dataset(labels, classes=CLASSES):
    paths = tuple(f"{classes[c]}/{i:03d}.png" for i, c in enumerate(labels))
    return Dataset("x", "x", Path("/nowhere"), paths, np.asarray(labels), classes, "d")


def features(truth, models=3, noise=1.0, seed=0):
    """Models that see the true classes, each with noise of its own."""
    chance = np.random.default_rng(seed)
    for m in range(models):
        values = np.eye(4)[truth] * 5 @ chance.normal(size=(4, 16)) + noise * chance.normal(
            size=(len(truth), 16)
        )
        yield Features(FeatureKey("d", f"hub/m{m}", "1", "p", "float32"), values.astype(np.float32))


@pytest.fixture
def truth():
    return np.repeat(np.arange(4), 40)


def flipped(truth, share=0.05, seed=1):
    chance = np.random.default_rng(seed)
    wrong = chance.choice(len(truth), round(share * len(truth)), replace=False)
    labels = truth.copy()
    labels[wrong] = (labels[wrong] + chance.integers(1, 4, len(wrong))) % 4
    return labels, set(wrong.tolist())


def test_planted_wrong_labels_are_found_with_what_they_should_be(truth):
    labels, wrong = flipped(truth)
    found = find(dataset(labels), features(truth), np.arange(160))
    assert {s.row for s in found.labels} == wrong
    assert found.models == ("hub/m0", "hub/m1", "hub/m2")
    for one in found.labels:
        assert one.suggestion == truth[one.row]
        assert one.reason == f"3 of 3 models place this with {CLASSES[truth[one.row]]}"
    assert [s.strength for s in found.labels] == sorted(
        (s.strength for s in found.labels), reverse=True
    )
    assert found.notes == ()


def test_nothing_is_listed_where_all_is_well(truth):
    found = find(dataset(truth), features(truth), np.arange(160))
    assert (found.labels, found.copies, found.odd, found.tiny, found.notes) == ((), (), (), (), ())


def test_a_model_that_sees_nothing_does_not_outvote_one_that_does(truth):
    labels, wrong = flipped(truth)
    blind = [
        dataclasses.replace(f, key=dataclasses.replace(f.key, model=f"hub/blind{i}"))
        for i, f in enumerate(features(np.zeros(160, dtype=int), 4, seed=5))
    ]
    found = find(dataset(labels), [*features(truth, 1), *blind], np.arange(160))
    assert {s.row for s in found.labels} == wrong


def test_models_that_see_nothing_say_nothing_and_that_is_said(truth):
    found = find(dataset(truth), features(np.zeros(160, dtype=int), 1, seed=2), np.arange(160))
    assert "so many of those listed" in found.notes[-1] or "None of the models" in found.notes[-1]
    nobody = find(dataset(truth), [], np.arange(160))
    assert nobody.labels == nobody.odd == ()
    assert "No starting model was scored" in nobody.notes[0]


def test_labels_of_tiny_classes_are_not_judged_and_that_is_said():
    labels = np.array([0] * 30 + [1] * 30 + [2] * 4 + [3])
    found = find(dataset(labels), features(labels * 0, 2), np.arange(65))
    assert all(labels[s.row] < 2 for s in found.labels)
    assert "2 classes have fewer than 5 pictures" in found.notes[0]


def test_a_probe_never_learns_from_a_picture_or_its_copy():
    labels = np.tile([0, 1], 100)
    groups = np.arange(200)
    groups[100:] = groups[:100]  # each picture twice
    fold = folds(labels, groups)
    np.testing.assert_array_equal(fold[:100], fold[100:])
    assert np.ptp(np.bincount(folds(labels, np.arange(200)) * 2 + labels)) <= 1
    chance = np.random.default_rng(0)
    Z = whitened(np.vstack([chance.normal(size=(100, 60))] * 2))
    apart, leaking = (probabilities(Z, labels, f) for f in (fold, folds(labels, np.arange(200))))
    np.testing.assert_allclose(apart.sum(axis=1), 1, atol=1e-5)
    assert (apart.argmax(axis=1) == labels).mean() < 0.6  # there is nothing to learn
    assert (leaking.argmax(axis=1) == labels).mean() > 0.62  # but copies give it away


def test_oddness_is_that_of_a_naive_loop():
    chance = np.random.default_rng(3)
    Z = chance.normal(size=(40, 5))
    labels = np.repeat([0, 1, 2], [20, 15, 5])
    U = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    Z = U * np.sqrt(5)
    away = np.array(
        [
            np.log(np.mean(sorted(1 - U[i] @ U[j] for j in range(40) if j != i)[:6]))
            for i in range(40)
        ]
    )
    for i in range(40):
        peers = away if labels[i] == 2 else away[labels == labels[i]]
        spread = 1.4826 * np.median(abs(peers - np.median(peers)))
        assert oddness(Z, labels)[i] == pytest.approx((away[i] - np.median(peers)) / spread)


def test_a_planted_odd_one_is_found(truth):
    made = []
    for f in features(truth, noise=0.3):
        f.values[7] = -40 * np.random.default_rng(9).normal(size=16)
        made.append(f)
    found = find(dataset(truth), made, np.arange(160))
    assert [s.row for s in found.odd] == [7]
    assert found.odd[0].reason == "3 of 3 models find nothing like it"


def test_copies_across_classes_come_first_with_all_their_group():
    labels = np.array([0, 0, 1, 1, 0, 2])
    groups = np.array([0, 0, 2, 3, 2, 5])  # 0 and 1 alike; 2 and 4 alike, in two classes
    found = find(dataset(labels), [], groups)
    assert [(s.row, s.group) for s in found.copies] == [(2, 2), (4, 2), (0, 0), (1, 0)]
    assert [s.reason for s in found.copies] == [
        "The same picture is also in mildew",
        "The same picture is also in rust",
        "The first of 2 alike",
        "A copy of mildew/000.png",
    ]


@pytest.fixture
def result(picture_folder):
    shutil.copy(picture_folder / "red" / "000.png", picture_folder / "green" / "red again.png")
    Image.new("RGB", (20, 40), "navy").save(picture_folder / "blue" / "small.png")
    return answer(
        new_run(picture_folder, ["demo/textures", "demo/palettes", "demo/untrained"], device="cpu")
    )


def test_the_lists_of_a_run_are_made_once_and_kept(result, monkeypatch):
    store = open_features(load_settings())
    assert suspects.stored(result, store) is None
    found = suspects.make(result.run.id)
    assert set(found.models) == {"demo/textures", "demo/palettes"}  # a yardstick is not asked
    paths = result.dataset.paths
    assert {paths[s.row] for s in found.copies} == {"red/000.png", "green/red again.png"}
    assert [(paths[s.row], s.reason) for s in found.tiny] == [
        ("blue/small.png", "Only 20 x 40 pixels")
    ]
    monkeypatch.setattr(suspects, "find", None)
    assert suspects.stored(result, store) == suspects.make(result.run.id) == found


def test_of_very_many_a_sample_is_looked_at_which_is_said(picture_folder, monkeypatch):
    for name in ("red", "green"):  # each a copy of what lies beside it, and tiny
        for k in range(40):
            Image.new("RGB", (20, 20 + k), (k, 90, 255 - k)).save(
                picture_folder / name / f"t{k:03d}.png"
            )
    monkeypatch.setattr(sampling, "ALL_UP_TO", 50)
    monkeypatch.setattr(sampling, "SIZE", 48)
    run = new_run(picture_folder, ["demo/textures"], device="cpu", all_pictures=True)
    result = answer(run)
    dataset, total = result.dataset, len(result.dataset.paths)
    assert total > 80
    rows = sampling.pictures_of_many(dataset.labels, dataset.paths)
    seen = []

    def spied(some, features, groups, watch):
        features = list(features)
        seen.append((some.paths, [len(f.values) for f in features]))
        return find(some, features, groups, watch)

    monkeypatch.setattr(suspects, "find", spied)
    found = suspects.make(run.id)
    assert seen == [(tuple(dataset.paths[row] for row in rows), [len(rows)])]
    assert found.notes[0].startswith(f"{len(rows)} of {total} pictures were looked at, a sample")
    tiny = {row for row in rows.tolist() if "/t" in dataset.paths[row]}
    assert {s.row for s in found.tiny} == tiny
    assert 10 < len(tiny) < 80
    assert {row for one in found.copies for row in (one.row, one.group)} <= set(rows.tolist())
    assert len(found.copies) > 10


def test_lists_come_from_the_same_pictures_only(result, picture_folder):
    (picture_folder / "red" / "001.png").unlink()
    with pytest.raises(InputError, match="have changed since"):
        suspects.make(result.run.id)
