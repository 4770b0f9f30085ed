"""The finished example is a real run: complete, with every map, and asking again gives the same
answer.
"""

import numpy as np
import pytest

from srcsel.base.settings import load_settings
from srcsel.demo.example import RUN_ID, TARGET
from srcsel.explore.project import METHODS
from srcsel.runs.run import rank
from srcsel.store.features import open_runs


@pytest.fixture
def example():
    return open_runs(load_settings()).load(RUN_ID)


def test_it_is_listed_as_an_example_in_an_empty_work_folder():
    shipped = open_runs(load_settings()).list()
    (summary,) = [run for run in shipped if run.id == RUN_ID]
    assert all(run.example for run in shipped)
    assert summary.complete


def test_it_has_every_map_and_no_times_of_another_computer(example):
    store = open_runs(load_settings())
    for model in example.models:
        for method in METHODS:
            drawn = store.projection(RUN_ID, model.id, method)
            assert drawn is not None
            assert drawn.xy.shape == (len(example.dataset.paths), 2)
            assert np.isfinite(drawn.xy).all()
    assert example.seconds_per_picture == {}
    assert " ms " not in example.verdict.text


def test_asking_again_gives_the_same_answer(example):
    again = rank(TARGET, "demo")
    assert again.dataset.paths == example.dataset.paths
    assert again.verdict.kind == example.verdict.kind
    assert again.verdict.winner == example.verdict.winner
    now = {(s.model, s.measure): s.value for s in again.scores}
    then = {(s.model, s.measure): s.value for s in example.scores}
    assert now.keys() == then.keys()
    for key, value in then.items():
        assert now[key] == pytest.approx(value, abs=0.01), (
            key
        )  # decoders of JPEG differ a little between machines
