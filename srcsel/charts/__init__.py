"""Records -> figures, of Plotly or as rows that a page draws; one module a kind. No Streamlit."""

from srcsel.charts.bars import (
    ScoreBars,
    bars_alt,
    bars_height,
    row_height,
    score_bars,
    short_names,
)
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
    "ScoreBars",
    "Theme",
    "bars_alt",
    "bars_height",
    "class_groups",
    "plotly_text",
    "row_height",
    "score_bars",
    "short_names",
]
