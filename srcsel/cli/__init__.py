"""The shell: `srcsel rank`, `score`, `models`, `evidence`, `settle`, `report`, `cache`, `doctor`,
`status`, `uploads`, `app`.
"""

from srcsel.cli.commands import main

__all__ = ["main"]
