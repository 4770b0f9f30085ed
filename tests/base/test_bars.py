"""Progress on a terminal."""

from io import StringIO

from rich.console import Console

from srcsel.base.bars import Bars


def drawn(bars):
    console = Console(file=StringIO(), width=100)
    console.print(bars._progress.make_tasks_table(bars._progress.tasks))
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def test_the_time_left_is_asked_for_at_each_drawing_and_stays_when_the_answer_was_printed():
    words = iter(["about 20 s left", "about 15 s left", "a few seconds left"])
    bars = Bars()
    bars.promise(lambda: next(words))
    bars.update("demo/strokes", "running", 5, 10)
    first, part = drawn(bars)
    assert first.startswith("time left ")
    assert "about 20 s left" in first
    assert "running 5 of 10" in part
    assert "about 15 s left" in drawn(bars)[0]
    with bars.aside():
        pass
    [rest] = drawn(bars)
    assert "a few seconds left" in rest
