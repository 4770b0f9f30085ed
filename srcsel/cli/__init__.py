"""The shell: `srcsel rank`, `score`, `models`, `evidence`, `settle`, `report`, `cache`, `doctor`,
`app`.
"""

from srcsel.cli.commands import main

__all__ = ["main"]
