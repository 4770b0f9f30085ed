"""torch: rows in order however many batches run beside each other."""

import threading

import numpy as np
import pytest

from srcsel.features.backends import Eager
from tests.features.backends.conftest import joined


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_are_those_of_the_encoder(encoder, pixels, workers):
    values, logits, sizes = joined(Eager(encoder, "cpu", "float32", workers), pixels, 8)
    expected = [encoder(pixels[i : i + 8]) for i in range(0, 37, 8)]
    np.testing.assert_array_equal(values, np.concatenate([one[0] for one in expected]))
    np.testing.assert_array_equal(logits, np.concatenate([one[1] for one in expected]))
    assert sizes == [8, 8, 8, 8, 5]


def test_batches_run_beside_each_other(pixels):
    together = threading.Barrier(2, timeout=20)

    def encoder(batch):
        together.wait()  # passes only where two batches are under way
        return batch[:, 0, 0, :2].astype(np.float32), None

    values, _, _ = joined(Eager(encoder, "cpu", "float32", workers=2), pixels[:32], 8)
    np.testing.assert_array_equal(values, pixels[:32, 0, 0, :2])


def test_one_worker_computes_nothing_ahead(encoder, pixels):
    seen = []
    outputs = Eager(lambda batch: seen.append(len(batch)) or encoder(batch), "cpu", "float32").run(
        pixels, 8
    )
    next(outputs)
    assert seen == [8]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_arrives(pixels, workers):
    def encoder(batch):
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        list(Eager(encoder, "cpu", "float32", workers).run(pixels, 8))


def test_bfloat16_is_less_exact(encoder, pixels):
    exact, _, _ = joined(Eager(encoder, "cpu", "float32"), pixels, 8)
    fast, _, _ = joined(Eager(encoder, "cpu", "bfloat16"), pixels, 8)
    apart = np.linalg.norm(fast - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert 1e-5 < apart.max() < 0.1
    assert fast.dtype == np.float32


def test_a_graphics_card_gets_the_next_batch_before_the_last_is_fetched(pixels):
    order = []

    class Card:
        def launch(self, batch):
            order.append(("launch", len(batch)))
            return batch

        def fetch(self, batch):
            order.append(("fetch", len(batch)))
            return batch[:, 0, 0, :2].astype(np.float32), None

    values, _, _ = joined(Eager(Card(), "cuda", "float32"), pixels[:20], 8)
    assert order == [
        ("launch", 8),
        ("launch", 8),
        ("fetch", 8),
        ("launch", 4),
        ("fetch", 8),
        ("fetch", 4),
    ]
    np.testing.assert_array_equal(values, pixels[:20, 0, 0, :2])
