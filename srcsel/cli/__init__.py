"""The shell: `srcsel rank`, `score`, `models`, `evidence`, `report`, `app`."""

from srcsel.cli.commands import main

__all__ = ["main"]
