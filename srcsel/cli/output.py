"""What commands write, and where it goes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import InputError

if TYPE_CHECKING:
    from srcsel.base.records import Result

DONE, NOTHING, BAD_INPUT, STOPPED = 0, 1, 2, 130
KEPT = "Stopped. What was finished is kept: the same command goes on from there."


def hand_over(result: Result, target: str | None) -> int:
    """Show an answer, and write it as JSON where that is asked; returns the exit status."""
    from srcsel.cli.tables import print_result
    from srcsel.runs.public_json import to_json

    give(target, lambda: to_json(result), lambda: print_result(result))
    if not result.scores:
        say("srcsel: nothing could be ranked.")
        for failure in result.failures:
            say(f"  {failure.model}: {failure.reason}")
        return NOTHING
    return DONE


def give(target: str | None, value: Callable[[], Any], show: Callable[[], object]) -> None:
    """Write a value as JSON where that is asked, and show it where standard output is free."""
    if target:
        write_json(value(), target)
    if target != "-":
        show()


def write_json(value: Any, target: str) -> None:
    """Write a value as JSON to a file, or to standard output ("-")."""
    write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", target)


def write(text: str, target: str) -> None:
    """Write text to a file, or to standard output ("-"). Raises InputError."""
    if target == "-":
        sys.stdout.write(text)
        sys.stdout.flush()  # what comes after the answer may be stopped without a word
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror}. Choose another file."
        ) from error


def say(text: str) -> None:
    """Tell on standard error."""
    sys.stderr.write(text + "\n")
