"""Records -> Plotly figures, one module a kind of figure. Knows no Streamlit."""

from srcsel.charts.bars import bars_alt, bars_height, score_bars, short_name, short_names
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

__all__ = [
    "CLASS_COLORS",
    "OTHER_COLOR",
    "PAINT",
    "SHAPES",
    "Group",
    "Theme",
    "bars_alt",
    "bars_height",
    "class_groups",
    "plotly_text",
    "score_bars",
    "short_name",
    "short_names",
]
