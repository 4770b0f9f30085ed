"""The zips that were uploaded to the dashboard: `srcsel uploads`."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from srcsel.base.phrases import megabytes, when
from srcsel.pictures.uploads import Upload


def upload_json(upload: Upload) -> dict[str, Any]:
    """Return an upload as its JSON values; `until` is None where it may stay for good."""
    return {
        "id": upload.id,
        "folder": str(upload.folder),
        "bytes": upload.size,
        "people": len(upload.people),
        "used": _iso(upload.used),
        "until": _iso(upload.until),
    }


def print_uploads(found: Sequence[Upload]) -> None:
    """Print one row an upload, the one used last first."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    if not found:
        console.print("No zip was uploaded.")
        return
    table = Table("id", "folder", "size", "last used", "kept until", box=None, pad_edge=False)
    for one in found:
        times = [when(at) if (at := _iso(moment)) else "" for moment in (one.used, one.until)]
        table.add_row(*map(Text, (one.id, str(one.folder), megabytes(one.size), *times)))
    console.print(table)


def _iso(moment: float) -> str | None:
    return None if math.isinf(moment) else datetime.fromtimestamp(moment, UTC).isoformat()
