"""What is shown of a model while its network still looks at pictures: its two bars on those seen so
far, and a quick sketch of a map.

Made by the worker on the way, rarely enough to cost a twentieth of the time, and for the eye alone:
nothing of it enters a result.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from srcsel.base.errors import SrcselError
from srcsel.base.records import Glimpse, Run
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Through, Watch
from srcsel.explore.sketch import Sketch
from srcsel.scoring.score import score_model
from srcsel.verdict.readings import bar_length, bar_start

BARS = ("silhouette", "supcon")
DOTS = 1500  # of the sketch at most
SCORED = 300  # pictures that the bars rest on at most
FEWEST = 12  # pictures from which there is something to see
EVERY = 0.5  # seconds between two glimpses at least
SHARE = 0.05  # of the processor's time that they may take
MOST = 4.0  # seconds until the next one at most, however long the last took


class Glimpses(Through):
    """Shows the model under way on the watch that it passes everything on to."""

    def __init__(
        self,
        watch: Watch,
        labels: np.ndarray,
        order: np.ndarray,
        run: Run,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        """Take the labels (n,) of the pictures; order (n,): which of them the networks see
        first.
        """
        super().__init__(watch)
        self._labels, self._order = labels[order], order
        self._run, self._clock, self._spent = run, clock, spent
        self._stride = -(-len(labels) // DOTS)
        self._model = ""
        self._rows: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self._sketch = Sketch()
        self._next = -np.inf  # when the next glimpse may be made
        self._shown = False  # whether there was one of this model

    def made(self, model: str, rows: np.ndarray, values: np.ndarray) -> None:
        """Take in what a network made of some pictures, (b, d); rows (b,) in that order."""
        if not self.looks:
            return
        if model != self._model:
            self._model, self._rows, self._values, self._shown = model, [], [], False
            self._sketch = Sketch(self._sketch)
        self._rows.append(rows)
        self._values.append(np.asarray(values, dtype=np.float32))
        now, total = self._clock(), len(self._labels)
        seen = sum(map(len, self._rows))
        last = self._shown and seen == total  # a sketch that was begun is finished
        if seen < min(FEWEST, total) or (now < self._next and not last):
            return
        before = self._spent()
        with suited_threads(seen):
            self.show(self._glimpse(total))
        self._shown = True
        pause = min((self._spent() - before) / SHARE, MOST)
        self._next = self._clock() + max(EVERY, pause)

    def _glimpse(self, total: int) -> Glimpse:
        """Look at all rows that the model under way has made."""
        rows, values = np.concatenate(self._rows), np.concatenate(self._values)
        self._rows, self._values = [rows], [values]
        drawn = slice(0, None, self._stride)
        xy = np.round(1000 * self._sketch.place(values[drawn])).astype(int)
        return Glimpse(
            self._model,
            len(rows),
            total,
            self._bars(rows, values),
            tuple(self._order[rows[drawn]].tolist()),
            tuple(xy[:, 0].tolist()),
            tuple(xy[:, 1].tolist()),
        )

    def _bars(self, rows: np.ndarray, values: np.ndarray) -> dict[str, tuple[float, float]]:
        """Return where each bar begins and ends; none where these pictures cannot be scored yet."""
        some = np.linspace(0, len(rows) - 1, min(len(rows), SCORED)).astype(int)
        try:
            scores = score_model(
                self._model,
                values[some],
                self._labels[rows[some]],
                measures=BARS,
                temperature=self._run.temperature,
                metric=self._run.metric,
                rechecks=0,
                device="cpu",
            ).scores
        except SrcselError:
            return {}
        return {
            s.measure: (round(bar_start(s), 4), round(bar_length(s)[0], 4))
            for s in scores
            if np.isfinite(bar_length(s)[0])
        }
