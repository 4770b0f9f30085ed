"""Records -> Plotly figures, one module a kind of figure. Knows no Streamlit."""

from srcsel.base.phrases import plain
from srcsel.charts.bars import bars_alt, bars_height, score_bars, short_name
from srcsel.charts.palette import (
    CLASS_COLORS,
    OTHER_COLOR,
    PAINT,
    SHAPES,
    Group,
    Theme,
    class_groups,
    plotly_text,
)
from srcsel.verdict.readings import bar_length, find_ranking, model_order, pick_scores

__all__ = [
    "CLASS_COLORS",
    "OTHER_COLOR",
    "PAINT",
    "SHAPES",
    "Group",
    "Theme",
    "bar_length",
    "bars_alt",
    "bars_height",
    "class_groups",
    "find_ranking",
    "model_order",
    "pick_scores",
    "plain",
    "plotly_text",
    "score_bars",
    "short_name",
]
