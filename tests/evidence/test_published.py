"""The published comparisons: every line has a source, and the figures are those of the studies."""

import pytest

from srcsel.evidence.published import NONE, comparisons, one_line

PLANNED = {  # every name in the public surface
    "silhouette",
    "supcon",
    "knn",
    "linear_probe",
    "logme",
    "hscore",
    "regularized_hscore",
    "leep",
    "nce",
    "nleep",
    "parc",
    "gbc",
    "sfda",
    "ncti",
    "pactran",
    "transrate",
    "energy",
    "cka",
    "calinski_harabasz",
    "davies_bouldin",
    "lda",
    "accuracy",
    "params",
}


def test_every_line_is_complete_and_within_its_range():
    rows = comparisons()
    assert len(rows) > 60
    assert {row.measure for row in rows} <= PLANNED
    for row in rows:
        assert row.study
        assert row.source
        if row.value is not None:
            assert row.statistic in ("weighted tau", "Spearman", "mean reciprocal rank of the best")
            assert (0 if row.statistic.startswith("mean") else -1) <= row.value <= 1


def test_no_line_stands_twice():
    keys = [(row.measure, row.study, row.about, row.statistic) for row in comparisons()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("measure", "line"),
    [
        ("knn", "Published: weighted tau 0.72 over 16 targets (Sorkhei 2025)."),
        ("silhouette", "Published: Spearman 0.22 over 8 targets (Bai 2023; text, not pictures)."),
        (
            "regularized_hscore",
            "Recomputed from published numbers: weighted tau 0.46 over 1 target (Chaves, SUN397).",
        ),
        (
            "accuracy",
            "Recomputed from published numbers: weighted tau 0.65 over 11 targets (SFDA 2022).",
        ),
        ("supcon", NONE),
        ("cka", NONE),
        ("nobody", NONE),
    ],
)
def test_one_line_names_the_largest_study(measure, line):
    assert one_line(measure) == line


@pytest.mark.parametrize(
    ("study", "about", "values"),
    [
        (
            "SFDA 2022",
            "supervised ImageNet networks",
            {"sfda": 0.71, "nleep": 0.61, "logme": 0.51, "params": 0.58},
        ),
        (
            "Model Spider 2023",
            "supervised ImageNet networks",
            {"logme": 0.68, "nce": 0.67, "gbc": 0.10},
        ),
        (
            "Model Spider 2023 against SFDA 2022",
            "supervised ImageNet networks",
            {"pactran": 0.70, "gbc": 0.40},
        ),
        ("Agostinelli 2022, SUN397", "full fine-tuning", {"nleep": 0.69, "leep": -0.08}),
        ("Singh 2025", "the same benchmark as SFDA 2022", {"params": 0.91, "logme": 0.57}),
    ],
)
def test_figures_of_a_study(study, about, values):
    found = {c.measure: c.value for c in comparisons() if (c.study, c.about) == (study, about)}
    assert {name: found[name] for name in values} == values


def test_where_nobody_compared_it_says_what_there_is():
    (only,) = comparisons("supcon")
    assert only.value is None
    assert "no independent comparison" in only.note
