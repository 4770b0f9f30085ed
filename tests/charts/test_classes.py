"""The bars of classes say what the numbers say, in the order they were given."""

import numpy as np

from srcsel.charts.classes import class_alt, class_bars

NAMES = ["rust <b>", "mildew", "spot"]
PARTS = {
    "right": np.array([0.25, 0.5, 1.0]),
    "gain": np.array([-0.5, np.nan, 2.0]),
    "silhouette": np.array([-0.1, 0.0, 0.4]),
}
MEANS = {"right": 0.6, "gain": 0.7, "silhouette": 0.1}


def test_each_class_has_its_three_bars_and_the_first_is_on_top():
    figure = class_bars(NAMES, PARTS, MEANS, theme="light")
    assert [list(bar.text) for bar in figure.data] == [
        ["25%", "50%", "100%"],
        ["−0.50", "n/a", "2.00"],
        ["−0.10", "0.00", "0.40"],
    ]
    for bar, part in zip(figure.data, PARTS.values(), strict=True):
        assert list(bar.y) == [2, 1, 0]
        np.testing.assert_array_equal(bar.x, np.nan_to_num(part))
    labels = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert labels == {2: "rust &lt;b&gt;", 1: "mildew", 0: "spot"}
    assert [line.x0 for line in figure.layout.shapes] == list(MEANS.values())


def test_numbers_have_room_on_both_sides():
    figure = class_bars(NAMES, PARTS, MEANS, theme="dark")
    ranges = [figure.layout[axis].range for axis in ("xaxis", "xaxis2", "xaxis3")]
    assert ranges[0][0] == 0 < 1 < ranges[0][1]
    assert ranges[1][0] < -0.5 < 2 < ranges[1][1]


def test_classes_are_told_in_words():
    assert class_alt(NAMES, PARTS).endswith(
        "3 classes. First: rust <b> 25%; mildew 50%; spot 100%."
    )


def test_for_a_projector_all_is_larger_and_the_terms_are_gone():
    usual, large = (
        class_bars(NAMES, PARTS, MEANS, theme="light"),
        class_bars(NAMES, PARTS, MEANS, theme="light", scale=1.25),
    )
    assert large.layout.height == 1.25 * usual.layout.height
    assert large.data[0].textfont.size == 1.25 * usual.data[0].textfont.size
    assert usual.layout.annotations[0].text == "<b>Neighbours<br>right</b><br>(kNN)"
    assert large.layout.annotations[0].text == "<b>Neighbours<br>right</b>"


def test_marks_of_the_axes_stand_upright_and_numbers_have_room_beside_the_bars():
    figure = class_bars(NAMES, PARTS, MEANS, theme="light")
    axes = (figure.layout.xaxis, figure.layout.xaxis2, figure.layout.xaxis3)
    assert [axis.tickangle for axis in axes] == [0, 0, 0]
    for axis, part in zip(axes, ("right", "gain", "silhouette"), strict=True):
        values = [0.0, *(float(v) for v in PARTS[part] if v == v)]
        low, high = min(values), max(values)
        assert axis.range[1] - high > 0.4 * (high - low)
        assert low == 0 or low - axis.range[0] > 0.4 * (high - low)
