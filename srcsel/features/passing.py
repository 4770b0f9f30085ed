"""Pictures through one network, whatever memory there is: smaller batches, or torch where a
conversion stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from srcsel.base.records import SourceModel
from srcsel.base.scarce import is_out_of_memory
from srcsel.base.watch import Watch
from srcsel.features.backends import Eager, Output, Pictures, Runner
from srcsel.features.loading import free_memory, hub_of
from srcsel.models.called import at_start, called


@dataclass(eq=False)
class Passing:
    """One network on one device; what was learned about its memory holds for what follows."""

    model: SourceModel
    runner: Runner
    device: str
    size: int  # pictures at a time
    say: Callable[[str], None]
    watch: Watch

    def over(self, total: int, rest: Callable[[int], Pictures]) -> Iterator[Output]:
        """Yield the outputs of `total` pictures in their order; `rest` gives those from a row on.

        Raises what the network raises, and MemoryError where one picture at a time is too many.
        """
        done = 0
        while done < total:
            try:
                for output in self.runner.run(rest(done), self.size):
                    done += len(output[0])
                    yield output
            except (RuntimeError, MemoryError) as error:
                self._ease(error)

    def _ease(self, error: RuntimeError | MemoryError) -> None:
        if is_out_of_memory(error) and self.size > 1:
            self.size = max(1, self.size // 2)
            self.say(
                f"{at_start(called(self.model))} ran with {self.size} pictures at a time,"
                " because memory was short."
            )
            free_memory()
            return
        if isinstance(self.runner, Eager):
            raise error
        encoder = hub_of(self.model).load(self.model, self.device, self.watch)
        self.runner = Eager(encoder, self.device, "float32")
        self.say(
            f"{at_start(called(self.model))} went on with torch, because OpenVINO stopped"
            f" ({type(error).__name__}: {error})."
        )
