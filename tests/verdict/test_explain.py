"""Signs in simulated features of pages that mislead, and the sentences they lead to."""

import numpy as np
import pytest

from srcsel.base.records import Diagnosis, Note, Score, Signs, SourceModel, Verdict
from srcsel.measures import MEASURES
from srcsel.measures.kernels.prepare import prepare
from srcsel.scoring.diagnosis import diagnose
from srcsel.verdict.explain import LITERAL, explain, explain_yardsticks
from srcsel.verdict.ranks import make_rankings

NEUTRAL = Signs(0.1, 1.0, 1.0, 1.05, 0.6, 0.2, 0.2)


def signs(**changed):
    return Signs(**{**vars(NEUTRAL), **changed})


def model(name):
    return SourceModel(name, name.upper(), "1", 1, 1.0, 64, 32, "", "MIT")


def told(
    values, verdict=None, raw=None, whitened=None, reading="whitened", spread=0.0, metric="cosine"
):
    """The texts of the notes on scores {model: (msc, scl)}; `raw` and `whitened` are the signs of
    models.
    """
    rng = np.random.default_rng(0)
    scores = [
        Score(m, measure, reading, v, rechecks=v + spread * rng.standard_normal(200))
        for m, pair in values.items()
        for measure, v in zip(("silhouette", "supcon"), pair, strict=True)
    ]
    found = [
        Diagnosis(m, (whitened or {}).get(m, NEUTRAL), (raw or {}).get(m, NEUTRAL), metric)
        for m in values
    ]
    winner = verdict or Verdict("clear", next(iter(values)), "")
    notes = explain(make_rankings(scores), winner, found, [model(m) for m in values])
    assert {n.reading for n in notes} <= {reading}
    return tuple(n.text for n in notes)


APART = {"a": (0.4, 5.0), "b": (0.2, 4.0)}  # a has the better MSC, b the better SCL


def test_nothing_to_say_where_all_agree():
    assert told({"a": (0.4, 4.0), "b": (0.2, 5.0)}) == ()
    assert explain((), Verdict("cannot tell", None, "")) == ()


def test_disagreement_without_a_sign_is_put_down_to_what_they_measure():
    assert told(APART) == (
        "The two scores name different first places: A by class separation (MSC), B by neighbour"
        " agreement (SCL). The scores look at different things: separation asks whether whole"
        " groups stand apart; neighbour agreement asks whether each picture sits with its own kind."
        " The verdict names A (2nd by neighbour agreement (SCL)), because it follows three measures"
        " together: neighbour agreement, nearest neighbours and LogME.",
    )


def test_a_verdict_beside_two_bars_that_disagree_is_said_with_them():
    values = {"a": (0.4, 4.2), "b": (0.2, 4.0), "c": (0.1, 4.1)}  # c is third, and second
    (text,) = told(values, Verdict("clear", "c", ""))
    places = "3rd by class separation (MSC) and 2nd by neighbour agreement (SCL)"
    assert f"The verdict names C ({places}), because" in text
    assert text.count("because") == 1
    (text,) = told(APART, Verdict("tie", "a", "", close=("a", "b")))
    assert text.endswith("The verdict counts B and A as too close to call and names A.")
    (text,) = told(APART, Verdict("clear", "a", ""), spread=2.0)
    assert text.endswith(
        "By neighbour agreement (SCL) the re-checks cannot tell B from A, which the verdict names."
    )


@pytest.mark.parametrize(
    ("changed", "who", "words"),
    [
        (
            {"mean_cosine": 0.97, "gain": 0.13, "centred_gain": 2.0},
            "a",
            "its gain rises from 0.1 to 2.0.",
        ),
        (
            {"mean_cosine": 0.97, "gain": -0.01},
            "b",
            "stays near chance whatever it sees (gain 0.0)",
        ),
        ({"nearest": 1.0, "gain": -0.8}, "b", "two kinds of picture"),
        (
            {"directions": 0.448, "distances": 0.057},
            "a",
            "by distance reads 0.06, but 0.45 once all",
        ),
        (
            {"directions": 0.3, "distances": -0.001},
            "a",
            "by distance reads 0.00, but 0.30 once all",
        ),
        ({"trimmed_gain": 1.46}, "b", "without the worst tenth its gain rises from 1.0 to 1.5."),
    ],
)
@pytest.mark.parametrize("reading", ["whitened", "raw"])
def test_each_sign_has_its_sentence(changed, who, words, reading):
    sentences = told(
        APART, reading=reading, metric="euclidean", **{reading: {who: signs(**changed)}}
    )
    assert sum(words in s for s in sentences) == 1
    assert not any("look at different things" in s for s in sentences)
    assert sentences[0].startswith(LITERAL) == (reading == "raw")


@pytest.mark.parametrize(
    "below",
    [
        {"mean_cosine": 0.49, "centred_gain": 3.0},
        {"mean_cosine": 0.9, "centred_gain": 1.4},
        {"nearest": 0.89, "gain": -0.1},
        {"nearest": 1.0, "gain": 0.01, "trimmed_gain": 0.02},
        {"distances": 0.11},
        {"trimmed_gain": 1.29},
    ],
)
def test_just_below_a_threshold_nothing_is_claimed(below):
    sentences = told(APART, metric="euclidean", whitened={"a": signs(**below)})
    assert any("look at different things" in s for s in sentences) == (
        "nearest" not in below or below["nearest"] == 1.0
    )


def test_lengths_are_no_cause_where_directions_are_compared():
    sentences = told(APART, whitened={"a": signs(directions=0.448, distances=0.057)})
    assert any("look at different things" in s for s in sentences)


def test_a_difference_within_the_rechecks_is_called_chance():
    sentences = told({"a": (0.21, 4.05), "b": (0.20, 4.0)}, spread=0.1)
    assert any("it may be chance" in s for s in sentences)


def test_both_literal_scores_against_the_verdict():
    values = {"a": (0.1, 5.0), "b": (0.4, 4.0)}
    (sentence,) = told(values, Verdict("clear", "a", ""), reading="raw")
    assert sentence.startswith(f"{LITERAL} both scores put B first, not A.")
    assert told(values, Verdict("clear", "b", ""), reading="raw") == ()


def test_a_verdict_that_is_not_first_by_a_bar_says_why():
    values = {"a": (0.4, 4.0), "b": (0.39, 4.1), "c": (0.1, 6.0)}
    tie = told(values, Verdict("tie", "b", "", close=("a", "b")))
    assert tie == (
        "By class separation (MSC) and by neighbour agreement (SCL) A comes first; the verdict"
        " counts it and B as too close to call and names B.",
    )
    near = told(values, Verdict("clear", "b", ""), spread=0.5)
    assert "there the re-checks cannot tell it from B, which" in near[0]
    far = told(values, Verdict("clear", "c", ""))
    assert "the verdict names C (3rd there), because it follows three measures together" in far[0]
    assert len(near) == len(far) == 1


def test_a_yardstick_that_heads_a_bar_is_called_a_yardstick():
    plain = SourceModel("p", "Plain", "1", 0, 0.0, 64, 32, "", "MIT", yardstick=True)
    scores = [
        Score(m, measure, reading, v)
        for reading, values in {
            "whitened": {"p": (0.4, 5.0), "a": (0.2, 4.0)},
            "raw": {"p": (0.4, 3.0), "a": (0.2, 4.0)},
        }.items()
        for m, pair in values.items()
        for measure, v in zip(("silhouette", "supcon"), pair, strict=True)
    ]
    ending = "It is a yardstick, not a model to start from."
    assert explain_yardsticks(make_rankings(scores), [model("a"), plain]) == (
        Note(f"Plain comes first by class separation (MSC). {ending}", "whitened"),
        Note(
            f"{LITERAL} Plain comes first by class separation (MSC) and neighbour agreement (SCL)."
            f" {ending}",
            "raw",
        ),
    )
    assert explain_yardsticks(make_rankings(scores), [model("a"), model("p")]) == ()


# signs in features


def simulated(kind, n=300, classes=6, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    d = 48
    X = rng.standard_normal((n, d)) * 0.5 + rng.standard_normal((classes, d))[y]
    if kind == "cone":
        X = X + 5 * np.sign(rng.standard_normal(d))
    if kind == "islands":
        side = rng.integers(0, 2, n)
        X = 0.25 * rng.standard_normal((n, d)) + rng.standard_normal((2 * classes, d))[2 * y + side]
    if kind == "lengths":
        X = X * rng.lognormal(0, 1, (n, 1))
    if kind == "strays":
        stray = rng.choice(n, n // 10, replace=False)
        X[stray] = rng.standard_normal((len(stray), d))
    return X, y


def seen(kind):
    X, y = simulated(kind)
    return diagnose("m", X, prepare(X, "whitened"), y, 0.5).raw


def test_cone():
    assert seen("cone").mean_cosine > 0.9
    assert seen("cone").centred_gain - seen("cone").gain > 0.5
    assert seen("plain").mean_cosine < 0.2


def test_islands():
    assert seen("islands").nearest > 0.95
    assert seen("islands").gain <= 0 < seen("plain").gain


def test_lengths():
    found = seen("lengths")
    assert found.directions - found.distances > 0.1
    assert abs(seen("plain").directions - seen("plain").distances) < 0.1


def test_strays():
    found, plain = seen("strays"), seen("plain")
    assert found.trimmed_gain - found.gain > 0.3 > plain.trimmed_gain - plain.gain


def test_signs_are_the_measures_themselves():
    X, y = simulated("plain")
    found = diagnose("m", X, prepare(X, "whitened"), y, 0.5)
    assert found.raw.gain == pytest.approx(np.log(299) - MEASURES["supcon"](X, y), abs=1e-12)
    centered = MEASURES["supcon"](X, y, preparation="centred")
    assert found.raw.centred_gain == pytest.approx(np.log(299) - centered, abs=1e-12)
    whitened = MEASURES["supcon"](X, y, preparation="whitened", temperature=0.5)
    assert found.whitened.gain == pytest.approx(np.log(299) - whitened, abs=1e-12)
    assert found.raw.nearest == MEASURES["knn"](X, y, k=1)
    assert found.raw.distances == MEASURES["silhouette"](X, y, metric="euclidean")
    pairs = [
        X[i] @ X[j] / np.linalg.norm(X[i]) / np.linalg.norm(X[j])
        for i in range(300)
        for j in range(i)
    ]
    assert found.raw.mean_cosine == pytest.approx(np.mean(pairs), abs=1e-12)


def test_signs_exist_for_hostile_features():
    y = np.array([0, 0, 1, 1, 2])
    for X in (np.zeros((5, 3)), np.ones((5, 3)), np.random.default_rng(0).standard_normal((5, 40))):
        found = diagnose("m", X, prepare(X, "whitened"), y, 0.5)
        assert np.isfinite(
            list(vars(found.raw).values()) + list(vars(found.whitened).values())
        ).all()
