"""The figure of learning curves: every number where it belongs."""

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Ahead, Curve, CurvePoint, Outlook
from srcsel.charts.growth import growth_alt, growth_chart


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    return srcsel.rank_features({n: rng.standard_normal((90, 4)) for n in ("<b>one", "two")}, y)


def outlook():
    points = (CurvePoint(5.0, 0.5, 0.4, 0.6), CurvePoint(10.0, 0.7, 0.6, 0.75))
    ahead = (Ahead(2.0, 20.0, 0.75, 0.6, 0.85, 0.05, 0.0, 0.1),)
    curves = Curve("<b>one", points, ahead), Curve("two", points, ())
    return Outlook("run", curves, (), "Twice as many pictures.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_points_whiskers_and_what_lies_ahead(result, theme):
    band, own, beyond, other, _ = growth_chart(result, outlook(), theme=theme).data
    np.testing.assert_allclose(own.x, [5, 10])
    np.testing.assert_allclose(own.y, [50, 70])
    np.testing.assert_allclose(own.error_y.array, [10, 5])
    np.testing.assert_allclose(own.error_y.arrayminus, [10, 10])
    np.testing.assert_allclose(beyond.x, [10, 20])
    np.testing.assert_allclose(beyond.y, [70, 75])
    np.testing.assert_allclose(band.y, [60, 60, 85, 75])
    assert "<b>" not in own.name
    assert other.line.dash != own.line.dash  # colour alone tells nothing


def test_in_words(result):
    assert growth_alt(result, outlook()) == (
        "<b>one: 50 % after 5 a class, 70 % after 10 a class; two: 50 % after 5 a class, 70 %"
        " after 10 a class. Twice as many pictures."
    )
