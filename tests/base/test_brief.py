"""Printed records are short, and a Result prints its answer."""

from dataclasses import replace

import numpy as np
import pytest

import srcsel
from srcsel.base.records import FeatureKey, Features


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    far = rng.standard_normal((3, 8))
    sets = {f"<b>m{i}</b>": rng.standard_normal((60, 8)) + i * far[y] for i in range(12)}
    return srcsel.rank_features(sets, y)


def test_a_result_prints_its_question_and_answer(result):
    said = repr(result)
    assert "12 models" in said
    assert result.verdict.text in said
    assert len(said) < 2000
    assert " so far" in repr(replace(result, complete=False))


def test_in_a_notebook_names_are_text_and_long_tables_end(result):
    page = result._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;m" in page
    assert page.count("<tr>") == 11  # the head and ten models
    assert "and 2 more" in page


def test_everything_that_a_result_holds_prints_short(result):
    for part in (result.dataset, result.run, result.scores[0], result.accuracies[0]):
        assert len(repr(part)) < 1500
    assert "float64(200,)" in repr(result.scores[0])


def test_features_name_type_and_shape():
    key = FeatureKey(*("x" for _ in FeatureKey.__dataclass_fields__))
    assert "values=float32(4, 2)" in repr(Features(key, np.zeros((4, 2), np.float32)))
