import numpy as np
import pytest
import torch

from srcsel.base.errors import ModelError
from srcsel.evidence.head import FLOOR, fitted, head_of


@pytest.mark.parametrize("classes", [2, 4])
def test_it_starts_as_the_probe_decides(classes):
    rng = np.random.default_rng(0)
    labels = np.arange(40) % classes
    sizes = [1, 1e-3, 1, 5, 9, 1]
    features = ((labels[:, None] + rng.normal(size=(40, 6))) * sizes).astype("f4")
    features[:, 5] = 3.0  # says nothing
    probe = fitted(features, labels)
    head = head_of(probe, classes)
    with torch.no_grad():
        scores = head(torch.from_numpy(features)).numpy()
    expected = probe.decision_function(features.astype(np.float64))
    if classes == 2:
        scores = scores[:, 1] - scores[:, 0]
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    spread = np.sqrt(head[0].running_var.numpy())
    plain = probe[0].scale_  # 1 where nothing varies
    np.testing.assert_allclose(spread, np.maximum(plain, FLOOR * np.median(plain)), rtol=1e-5)
    assert spread[1] > 10 * plain[1]


def test_a_class_without_training_pictures_starts_last():
    features, labels = np.random.default_rng(0).normal(size=(30, 4)), np.repeat([0, 1, 3], 10)
    head = head_of(fitted(features, labels), 4)
    with torch.no_grad():
        scores = head(torch.from_numpy(features).float()).numpy()
    assert scores.shape == (30, 4)
    assert (scores.argmax(axis=1) != 2).all()


def test_the_same_pictures_twice_weigh_no_more():
    features, labels = np.random.default_rng(0).normal(size=(30, 4)), np.repeat([0, 1, 2], 10)
    once = fitted(features, labels)
    twice = fitted(np.tile(features, (2, 1)), np.tile(labels, 2), looks=2)
    np.testing.assert_allclose(once[-1].coef_, twice[-1].coef_, atol=1e-4)


def test_no_numbers_are_said():
    with pytest.raises(ModelError, match="no numbers"):
        fitted(np.full((4, 2), np.nan), np.array([0, 0, 1, 1]))
