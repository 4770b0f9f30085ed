"""The map of mixed-up classes says what the shares say, with names that stay text."""

import numpy as np
import pytest

from srcsel.charts.mixed import mixed_alt, mixed_map
from srcsel.charts.palette import PAINT

NAMES = ["rust <b>", "mildew", "spot"]
SHARES = np.array([[0.6, 0.396, 0.004], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]])
WITH_REST = np.array([[0.5, 0.3, 0.1, 0.1], [0.2, 0.7, 0.1, 0.0], [0.0, 0.05, 0.05, 0.9]])


def texts(figure):
    return {(note.y, note.x): note.text for note in figure.layout.annotations}


def test_cells_are_the_shares_and_the_own_class_has_no_color():
    figure = mixed_map(NAMES, SHARES, theme="light")
    (heat,) = figure.data
    np.testing.assert_array_equal(np.isnan(heat.z), np.eye(3, dtype=bool))
    np.testing.assert_array_equal(heat.z[~np.eye(3, dtype=bool)], SHARES[~np.eye(3, dtype=bool)])
    # under half a percent: empty
    assert [list(row) for row in heat.text] == [["", "40", ""], ["25", "", ""], ["", "", ""]]
    assert texts(figure) == {(0, 0): "60", (1, 1): "75", (2, 2): "100"}
    assert list(figure.layout.yaxis.ticktext) == ["rust &lt;b&gt;", "mildew", "spot"]
    assert figure.layout.yaxis.autorange == "reversed"  # the first class on top
    assert heat.hovertext[0][1] == "40 % of the neighbours of rust &lt;b&gt;<br>are mildew"


def test_classes_left_out_are_one_column():
    figure = mixed_map(NAMES, WITH_REST, theme="dark")
    assert list(figure.layout.xaxis.ticktext) == ["rust &lt;b&gt;", "mildew", "spot", "all others"]
    np.testing.assert_array_equal(figure.data[0].z[:, 3], [0.1, 0.0, 0.9])
    assert len(texts(figure)) == 3


def test_the_last_name_above_the_square_has_room_to_the_right():
    margin = mixed_map(NAMES, WITH_REST, theme="light").layout.margin
    # what "all others" takes, 7 pixels a letter and turned by 40 degrees, less half a narrow cell
    assert margin.r >= 10 * 7 * 0.766 - 20


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_number_can_be_read_on_the_fullest_cell(theme):
    def luminance(color):
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # WCAG 2.2

    heat = mixed_map(NAMES, SHARES, theme=theme).data[0]
    for _, color in heat.colorscale:
        dark, light = sorted((luminance(color), luminance(heat.textfont.color)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert heat.textfont.color == PAINT[theme]["ink"]


def test_the_fullest_cells_are_told_in_words():
    told = mixed_alt(NAMES, SHARES)
    assert told.endswith("Most mixed up: of rust <b> 40 % are mildew; of mildew 25 % are rust <b>.")
    assert mixed_alt(NAMES, np.eye(3)).endswith("Most mixed up: none.")


def test_long_names_are_cut_and_nothing_is_drawn_over_the_edge():
    figure = mixed_map(
        [f"Kraftfahrzeughaftpflichtversicherung {i}" for i in range(12)],
        np.full((12, 12), 1 / 12),
        theme="light",
    )
    assert max(map(len, figure.layout.yaxis.ticktext)) <= 20
    assert max(map(len, figure.layout.xaxis.ticktext)) <= 14
    assert len(set(figure.layout.yaxis.ticktext)) == 12
