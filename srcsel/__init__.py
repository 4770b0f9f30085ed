"""srcsel: which pretrained image model to start from, and how sure we are.

    import srcsel
    result = srcsel.rank("leaves", models="demo")
    result.verdict.winner, result.verdict.kind, result.verdict.text

Importing srcsel costs nothing; each name below is loaded when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from srcsel.catalog import find_models, search
    from srcsel.dataset import load_dataset
    from srcsel.errors import Cancelled, InputError, ModelError, NotAvailable, SrcselError, StoreError
    from srcsel.evidence.gather import gather_evidence
    from srcsel.measures import MEASURES
    from srcsel.records import Dataset, Evidence, Failure, Protocol, Ranking, Result, Run, Score, SourceModel, Verdict
    from srcsel.run import rank, rank_features, score_features, to_json
    from srcsel.watch import Watch

_WHERE = {
    "MEASURES": "measures",
    "Cancelled": "errors",
    "Dataset": "records",
    "Evidence": "records",
    "Failure": "records",
    "InputError": "errors",
    "ModelError": "errors",
    "NotAvailable": "errors",
    "Protocol": "records",
    "Ranking": "records",
    "Result": "records",
    "Run": "records",
    "Score": "records",
    "SourceModel": "records",
    "SrcselError": "errors",
    "StoreError": "errors",
    "Verdict": "records",
    "Watch": "watch",
    "find_models": "catalog",
    "gather_evidence": "evidence.gather",
    "load_dataset": "dataset",
    "rank": "run",
    "rank_features": "run",
    "score_features": "run",
    "search": "catalog",
    "to_json": "run",
}

__version__ = "0.1.0"

__all__ = [
    "MEASURES",
    "Cancelled",
    "Dataset",
    "Evidence",
    "Failure",
    "InputError",
    "ModelError",
    "NotAvailable",
    "Protocol",
    "Ranking",
    "Result",
    "Run",
    "Score",
    "SourceModel",
    "SrcselError",
    "StoreError",
    "Verdict",
    "Watch",
    "find_models",
    "gather_evidence",
    "load_dataset",
    "rank",
    "rank_features",
    "score_features",
    "search",
    "to_json",
]


class _Package(ModuleType):
    """The package itself, so that `srcsel.rank` is always the function.

    Python sets a package's attribute to each module of it that is imported; the module srcsel/rank.py would
    otherwise hide the function of the same name as soon as anything imports it.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _WHERE:
        raise AttributeError(f"module 'srcsel' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"srcsel.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
