"""Progress on the terminal: one bar for each part of a long piece of work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from srcsel.base.watch import FINISHED, PartState, Watch


class Bars(Watch):
    """Draws one bar a part on standard error; nothing where that is no terminal."""

    def __init__(self) -> None:
        """Draw nothing until the first update."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Move the bar of `part`."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=None, state=state)
        task = self._tasks[part]
        told = note or (
            f"{state} {done:,} of {total:,}" if total and state in ("running", "reading") else state
        )
        if state == "downloading" and total:
            told = f"downloading {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        if state in FINISHED:
            done = total = 1
        self._progress.update(task, completed=done, total=total or None, state=told)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to what is printed inside; bars so far are not drawn again."""
        self._progress.stop()
        for task in self._tasks.values():
            self._progress.update(task, visible=False)
        yield
        self._progress.start()

    def say(self, note: str) -> None:
        """Write a note on standard error, above the bars, once; there also where no bar is."""
        if note not in self._said:
            self._said.add(note)
            self._progress.console.print(
                f"Note: {note}", markup=False, highlight=False, soft_wrap=True
            )
