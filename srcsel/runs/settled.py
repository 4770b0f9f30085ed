"""What training the close models of a run has shown, remembered by what it depends on: the
pictures, the models, how they are trained. The same question asked again finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from srcsel.base.records import RECIPE, Protocol, Result, Settled, SettleEnd
from srcsel.base.settings import Settings
from srcsel.store.memory import Memory
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain, to_plain
from srcsel.verdict.measured import answered, contest

# one split after the other, each as evidence trains on it
PROTOCOL = Protocol("finetune", seeds=(0,))
ROUNDS = 6  # trainings of a model at most
MINUTES = 10.0  # allowed unless another time is asked for
FINAL: tuple[SettleEnd, ...] = ("clear", "alike", "most")  # more time would change nothing
_KIND = "settled"


def with_settled(result: Result, settings: Settings) -> Result:
    """Return the run with what is known from training its close models, whole or partial."""
    if result.verdict.measured:
        return result
    models = contest(result)
    if not models:
        return replace(result, settled=None)

    def read(_: Any, plain: Any) -> Settled:
        return _fitting(from_plain(Settled, plain), result)

    kept = _memory(settings).recall(_KIND, _question(result, models), read)
    return replace(result, settled=kept)


def listed_so(result: Result, runs: RunStore, settings: Settings) -> Result:
    """Return a stored run as `with_settled`, and let lists of runs say what was measured.

    Raises StoreError.
    """
    known = with_settled(result, settings)
    if (now := answered(known)).verdict.measured:
        runs.save_summary(now)
    return known


def remember(result: Result, settled: Settled, settings: Settings) -> None:
    """Keep what is known so far. Raises StoreError."""
    _memory(settings).remember(_KIND, _question(result, settled.models), {}, to_plain(settled))


def _memory(settings: Settings) -> Memory:
    return Memory(settings.evidence)


def _fitting(known: Settled, result: Result) -> Settled:
    """Return what was kept. Raises ValueError where it names models that the run has not."""
    named = {*known.models, *known.close, *(a.model for a in known.accuracies)}
    named |= {*(gap.model for gap in known.gaps), *(f.model for f in known.failures)}
    if not named <= {model.id for model in result.models}:
        raise ValueError("Expected no other models.")
    return known


def _question(result: Result, models: Sequence[str]) -> dict[str, Any]:
    how = to_plain(PROTOCOL)
    return {
        "recipe": RECIPE,
        "dataset": result.dataset.digest,
        "models": sorted([m.id, m.revision] for m in result.models if m.id in models),
        "protocol": {name: value for name, value in how.items() if name != "seeds"},
    }
