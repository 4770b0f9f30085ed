"""The pass on a graphics card, here with torch's processor in its place, against the pass by
NumPy.
"""

import numpy as np
import pytest
import torch

from srcsel.base.errors import Cancelled
from srcsel.measures import MEASURES
from srcsel.measures.kernels import card as _card
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.exp_sums import ExpSums
from srcsel.measures.kernels.nearest import Nearest
from srcsel.measures.kernels.pairs import cosine_pairs, euclidean_pairs
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.knn import neighbors
from srcsel.scoring.plan import plan_rechecks
from srcsel.scoring.score import score_model

ASKED = [
    ("supcon", {}),
    ("supcon", {"temperature": 0.01}),  # float64
    ("supcon", {"preparation": "whitened"}),
    ("knn", {"k": 7}),
    ("silhouette", {"metric": "euclidean"}),
]


def blobs(n=400, d=30, c=5, seed=0):
    """With copies within and across classes, near copies, many ties and zero rows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    X = rng.standard_normal((n, d)) + 0.7 * rng.standard_normal((c, d))[y]
    X[100:150] = X[:50]
    X[150:170] = X[:20] + 1e-6 * rng.standard_normal((20, d))
    X[200:230] = X[0]
    X[300:303] = 0
    return X, y


@pytest.fixture
def card(monkeypatch):
    """A card for every pass, with tiles that do not divide the pictures; lists the tiles it was
    asked for.
    """
    tiles = []
    known = _card._tiles
    monkeypatch.setattr(_card, "LONG", 0)
    monkeypatch.setattr(_card, "EDGE", 96)
    monkeypatch.setattr(_card, "find_card", lambda _: torch.device("cpu"))
    monkeypatch.setattr(_card, "_free", lambda _: 1e9)
    monkeypatch.setattr(_card, "_tiles", lambda n: tiles.extend(known(n)) or known(n))
    return tiles


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), ASKED)
def test_values_are_those_of_the_processor(name, options, precision, request):
    X, y = blobs()
    if precision == "float32":
        request.getfixturevalue("single")
    expected = MEASURES[name](X, y, **options)
    tiles = request.getfixturevalue("card")
    assert MEASURES[name](X, y, **options) == pytest.approx(
        expected, rel=1e-6 if precision == "float32" else 1e-12
    )
    assert len(tiles) == 15


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_neighbours_are_those_of_the_processor(precision, request):
    X, _ = blobs(385)  # the last tile is a single row
    if precision == "float32":
        request.getfixturevalue("single")
    expected = neighbors(X, 9)
    tiles = request.getfixturevalue("card")
    np.testing.assert_array_equal(neighbors(X, 9), expected)
    assert tiles


@pytest.mark.usefixtures("single")
def test_losses_of_subsets(request):
    X, y = blobs()
    kept = plan_rechecks(y, 6).kept
    expected = MEASURES["supcon"].rechecks(X, y, kept)
    tiles = request.getfixturevalue("card")
    np.testing.assert_allclose(MEASURES["supcon"].rechecks(X, y, kept), expected, rtol=1e-6)
    assert tiles


@pytest.mark.usefixtures("single")
def test_tight_groups_far_apart_keep_their_distances(request):
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = 1e-5 * rng.standard_normal((300, 8)) + np.eye(3, 8)[y]
    expected = MEASURES["silhouette"](X, y, metric="euclidean")
    request.getfixturevalue("card")
    assert 1 - MEASURES["silhouette"](X, y, metric="euclidean") == pytest.approx(
        1 - expected, rel=1e-6
    )


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_whole_model(metric, request):
    """Values on the card; re-checks of whole rows stay on the processor, with values that share
    their pairs.
    """
    X, y = blobs()
    ask = {"measures": ["silhouette", "supcon", "knn"], "rechecks": 5, "metric": metric}
    expected = score_model("m", X, y, **ask)
    tiles = request.getfixturevalue("card")
    found = score_model("m", X, y, **ask)
    assert tiles
    assert not found.failures
    for own, theirs in zip(
        found.scores + found.literal, expected.scores + expected.literal, strict=True
    ):
        # Where a silhouette is near 0, its error is still that of distances in float32.
        assert own.value == pytest.approx(theirs.value, rel=1e-6, abs=1e-7)
        np.testing.assert_allclose(own.rechecks, theirs.rechecks, rtol=2e-6, atol=1e-7)
        assert own.seconds > 0


@pytest.mark.usefixtures("single")
def test_rows_that_do_not_fit_are_sent_for_each_tile(card, monkeypatch):
    X, y = blobs()
    expected = MEASURES["supcon"](X, y)
    monkeypatch.setattr(_card, "_free", lambda _: 0)
    assert MEASURES["supcon"](X, y) == expected
    assert len(card) == 30


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("too little memory"), RuntimeError("the driver is gone")]
)
def test_a_card_that_fails_half_way_leaves_it_to_the_processor(error, request, monkeypatch):
    X, y = blobs()
    expected = [MEASURES[name](X, y, **options) for name, options in ASKED]
    tiles = request.getfixturevalue("card")
    asked = []

    def clock(card):
        asked.append(card)
        if len(asked) % 9 == 0:
            raise error
        return 0.0

    monkeypatch.setattr(_card, "_clock", clock)
    for (name, options), value in zip(ASKED, expected, strict=True):
        with pytest.warns(RuntimeWarning, match=f"graphics card.*{error}"):
            assert MEASURES[name](X, y, **options) == value
    assert len(tiles) == 15 * len(ASKED)


def test_a_card_that_fails_at_the_end_leaves_all_readers_as_they_were(card, monkeypatch):
    X, _ = blobs()
    pairs = cosine_pairs(X, np.arange(400))
    readers = [ExpSums(pairs, 0.1), Nearest(pairs, 3)]
    monkeypatch.setattr(torch.Tensor, "cpu", _fails_the_third_time())
    with pytest.warns(RuntimeWarning, match="gone"):
        assert _card.read_on_card(readers) is None
    assert not readers[0].filled[0].any()
    assert np.isinf(readers[1].filled[0]).all()


def _fails_the_third_time():
    asked = []

    def cpu(tensor):
        asked.append(tensor)
        if len(asked) == 3:
            raise RuntimeError("gone")
        return tensor

    return cpu


@pytest.mark.usefixtures("card")
def test_a_stop_is_no_failure_of_the_card():
    X, _ = blobs()

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        read_all([Nearest(cosine_pairs(X, np.arange(400)), 3)], stop)


def test_products_keep_all_digits_and_the_choice_of_the_process_comes_back(card, monkeypatch):
    seen = []
    monkeypatch.setattr(
        _card, "_clock", lambda _: seen.append(torch.get_float32_matmul_precision()) or 0.0
    )
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        MEASURES["knn"](*blobs())
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
    assert card
    assert set(seen) == {"highest"}


def test_a_small_set_looks_for_no_card(monkeypatch):
    def fails(_device):
        raise AssertionError("loads torch")

    monkeypatch.setattr(_card, "find_card", fails)
    X, y = blobs()
    assert not score_model("m", X, y, rechecks=5).failures


@pytest.mark.parametrize(
    ("n", "d", "long"), [(60_000, 512, False), (70_000, 512, True), (100_000, 64, True)]
)
def test_what_is_long(n, d, long):
    pairs = euclidean_pairs(np.eye(3), np.arange(3))
    object.__setattr__(pairs, "W", np.broadcast_to(np.float32(0), (n, d)))
    assert _card.worth(pairs) == long


@pytest.mark.parametrize(
    ("device", "there", "found"),
    [
        ("auto", True, "cuda"),
        ("cuda:1", True, "cuda:1"),
        ("auto", False, None),
        ("cuda", False, None),
        ("cpu", True, None),
        ("mps", True, None),
    ],
)
def test_which_card(device, there, found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert _card.find_card(device) == (found and torch.device(found))


def test_the_device_asked_for_reaches_the_pass(monkeypatch):
    asked = []
    monkeypatch.setattr(_card, "LONG", 0)
    monkeypatch.setattr(_card, "find_card", asked.append)
    X, y = blobs()
    score_model("m", X, y, measures=["knn"], rechecks=5, device="cuda:1")
    assert "cuda:1" in asked
    read_all([Nearest(Shared(X, y).cosine(), 3)])
    assert asked[-1] == "auto"
