"""Progress on the terminal: one bar for each part of a long piece of work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from srcsel.base.watch import FINISHED, PartState, Watch

THE_WHOLE = "time left"


class _State(ProgressColumn):
    """What a part does, in words that are asked for at each drawing where they change by
    themselves.
    """

    def render(self, task: Task) -> Text:
        """Write it."""
        state = task.fields["state"]
        return Text(str(state() if callable(state) else state))


class Bars(Watch):
    """Draws one bar a part on standard error, above them how long the whole still takes where that
    is told; nothing where that is no terminal.
    """

    def __init__(self) -> None:
        """Draw nothing until the first update."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _State(),
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
        self.close()

    def close(self) -> None:
        """Leave the bars as they are, without the time left: nothing is any more."""
        if THE_WHOLE in self._tasks:
            self._progress.update(self._tasks[THE_WHOLE], visible=False)
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

    def promise(self, left: Callable[[], str]) -> None:
        """Say the time left on a line of its own."""
        self._tasks[THE_WHOLE] = self._progress.add_task(THE_WHOLE, total=None, state=left)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to what is printed inside; bars so far are not drawn again."""
        self._progress.stop()
        for name, task in self._tasks.items():
            self._progress.update(task, visible=name == THE_WHOLE)
        yield
        self._progress.start()

    def say(self, note: str) -> None:
        """Write a note on standard error, above the bars, once; there also where no bar is."""
        if note not in self._said:
            self._said.add(note)
            self._progress.console.print(
                f"Note: {note}", markup=False, highlight=False, soft_wrap=True
            )
