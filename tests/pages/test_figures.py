"""A figure is built once for all who look at it, and the experiment's page builds none again."""

from pathlib import Path

import plotly.graph_objects as go
import pytest

import srcsel
from srcsel.charts import accuracies, agreement
from srcsel.store import features
from srcsel.ui.evidence import experiment
from srcsel.ui.parts import figures


@pytest.fixture(autouse=True)
def nothing_kept():
    figures._kept.clear()
    yield
    figures._kept.clear()


def test_the_same_is_drawn_once_and_few_are_kept():
    made = []

    def draw() -> go.Figure:
        made.append(1)
        return go.Figure()

    first = figures.drawn(("a", 1), draw)
    assert figures.drawn(("a", 1), draw) is first
    figures.drawn(("a", 2), draw)
    assert len(made) == 2
    for k in range(figures.MOST):
        figures.drawn(("b", k), draw)
    assert len(figures._kept) == figures.MOST
    assert figures.drawn(("a", 1), draw) is not first


def test_the_evidence_page_is_drawn_again_without_building_a_figure(visit, monkeypatch):
    monkeypatch.setattr(features, "EXAMPLES", Path(srcsel.__file__).parent / "demo" / "runs")
    tab = visit("evidence", run="experiment-butterflies")
    assert len(tab.get("plotly_chart")) == 2 + 3  # of the run, and a target each

    def never(*_, **__):
        raise AssertionError("this figure was there")

    for module, name in (
        (accuracies, "accuracy_dots"),
        (agreement, "agreement_scatter"),
        (experiment, "experiment_column"),
    ):
        monkeypatch.setattr(module, name, never)
    tab.run()
    assert not tab.exception
    assert len(tab.get("plotly_chart")) == 2 + 3  # of the run, and a target each
