"""The finished example is a real run: complete, with every map, and asking again gives the same
answer.
"""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.settings import load_settings
from srcsel.demo.example import RUN_ID, RUNS, TARGET, share_maps
from srcsel.explore.project import METHODS
from srcsel.runs.run import rank
from srcsel.store.features import open_runs
from srcsel.store.runs import RunStore


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
    again = rank(TARGET, "bundled")
    assert again.dataset.paths == example.dataset.paths
    assert again.verdict.kind == example.verdict.kind
    assert again.verdict.winner == example.verdict.winner
    now = {(s.model, s.measure): s.value for s in again.scores}
    then = {(s.model, s.measure): s.value for s in example.scores}
    assert now.keys() == then.keys()
    for key, value in then.items():
        # decoders of JPEG differ a little between machines
        assert now[key] == pytest.approx(value, abs=0.01), key


def test_maps_equal_in_two_runs_ship_once_and_are_found_in_both(example, tmp_path):
    for name in (RUN_ID, "twin"):
        shutil.copytree(RUNS / RUN_ID, tmp_path / name)
    one, own = example.models[0].id, example.models[1].id
    twin = RunStore(tmp_path)
    there = twin.projection(RUN_ID, own, "pca")
    twin.save_projection("twin", replace(there, xy=-there.xy))
    share_maps(tmp_path / "twin", tmp_path / RUN_ID)
    assert len(list((tmp_path / "twin" / "maps").glob("*.safetensors"))) == 1
    both = RunStore(tmp_path / "none", tmp_path)
    np.testing.assert_array_equal(both.projection("twin", own, "pca").xy, -there.xy)
    np.testing.assert_array_equal(
        both.projection("twin", one, "umap").xy, both.projection(RUN_ID, one, "umap").xy
    )
