"""The structured log: one JSON object a line, in the work folder's `log`, one file a process.

Each line says when, how grave, what happened, and whose run and job it was; "" where there is none.
What is asked and finished is told at "info", without picture paths, file names or secrets;
sentences that may quote them stand at "warning" and "error" only. SRCSEL_LOG sets the level, "off"
writes nothing. Files are bounded: beyond MOST a new one is begun and BACK old ones are kept.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from srcsel import __version__
from srcsel.base.errors import InputError

ROOT = "srcsel"  # whose loggers' lines are written
MOST = 2_000_000  # bytes of one file
BACK = 4  # older files that are kept
LONGEST = 4000  # characters of one value; a trace's end is kept
LEVELS = ("debug", "info", "warning", "error")
LOG = logging.getLogger(ROOT)


def event(
    what: str, level: str = "info", *, run: str = "", job: str = "", person: str = "", **more: Any
) -> None:
    """Write that something happened: `what` in a few words, always the same for the same thing.

    level: one of LEVELS. Where no log was begun, as in a shell, nothing is written: `logging` would
    print the few words without the rest.
    """
    if not LOG.hasHandlers():
        return
    about = {"run": run, "job": job, "person": person, **more}
    LOG.log(logging.getLevelNamesMapping()[level.upper()], what, extra={"about": about})


def begin(folder: Path, name: str) -> Path | None:
    """Write the log of this process to `folder`/<name>.jsonl from now on.

    Returns the file, None where nothing is written: switched off, or the disk refuses, which must
    not stop the work. Raises InputError for a level that is none.
    """
    end()
    level = level_named()
    if level is None:
        return None
    path = folder / f"{name}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _Lines(path, maxBytes=MOST, backupCount=BACK, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(_Json())
    handler.setLevel(level)
    LOG.addHandler(handler)
    LOG.setLevel(min(level, logging.INFO))
    if not logging.getLogger().handlers:  # warnings still reach the terminal
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setLevel(logging.WARNING)
        LOG.addHandler(terminal)
    return path


def end() -> None:
    """Close the log of this process."""
    for handler in list(LOG.handlers):
        LOG.removeHandler(handler)
        handler.close()


def level_named() -> int | None:
    """Return the level in SRCSEL_LOG, "info" without; None where it is "off". Raises InputError."""
    text = os.environ.get("SRCSEL_LOG", "").strip().lower() or "info"
    if text == "off":
        return None
    if text not in LEVELS:
        raise InputError(f"SRCSEL_LOG is {', '.join(LEVELS)} or off; it is '{text[:40]}'.")
    return logging.getLevelNamesMapping()[text.upper()]


class _Lines(RotatingFileHandler):
    """Writes lines; where the disk refuses one, it is lost and the work goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 (logging's name)
        """Let the line go."""
        with contextlib.suppress(OSError, ValueError):
            self.flush()


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line, in an order that reads well."""
        about = {"run": "", "job": "", "person": "", **getattr(record, "about", {})}
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **about,
            "process": record.process,
            "version": __version__,
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps({name: _short(value) for name, value in line.items()}, ensure_ascii=False)


def _short(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= LONGEST else f"... {text[-LONGEST:]}"
