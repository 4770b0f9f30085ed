"""How a run tells what it does: each step once, and what is reused stays so."""

from __future__ import annotations

from collections.abc import Collection

from srcsel.base.watch import PartState, Through, Watch


class Telling(Through):
    """Hears the work on features of a run.

    Opening the pictures for the networks is a step of its own, "opening": the check of the pictures
    is done by then. A model whose features were stored before the run is "stored" from the first to
    the last; those that this run itself has just stored are not.
    """

    def __init__(self, watch: Watch, reused: Collection[str]) -> None:
        """reused: ids of the models whose features are there already."""
        super().__init__(watch)
        self._reused = reused
        for model in reused:
            watch.update(model, "stored")

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is."""
        if part == "pictures":
            part = "opening"
        elif part in self._reused:
            state = "stored" if state in ("waiting", "running", "done") else state
        elif state == "stored":
            return
        super().update(part, state, done, total, note)
