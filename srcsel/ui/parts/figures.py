"""Figures that were drawn before: building one by Plotly takes longer than all else on a page.

A tenth of a second each, up to a quarter for the experiment's grid; twenty people who look at the
same run need it built once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 32  # figures kept, about 1 MB each

_kept: OrderedDict[Hashable, go.Figure] = OrderedDict()
_lock = threading.Lock()  # pages run in threads of one process


def drawn(asked: Hashable, draw: Callable[[], go.Figure]) -> go.Figure:
    """Return the figure of `asked`, everything it depends on; draw it where it is not kept.

    Whoever gets it must not change it.
    """
    with _lock:
        if asked in _kept:
            _kept.move_to_end(asked)
            return _kept[asked]
    figure = draw()
    with _lock:
        _kept[asked] = figure
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return figure
