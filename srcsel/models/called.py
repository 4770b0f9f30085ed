"""What sentences call a model, so that no name can be taken for words of the sentence.

The titles of the bundled models are words: "Flowers is ahead" speaks of the model trained on
flowers. Tables and charts, where a title stands alone, keep it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from srcsel.base.phrases import capital
from srcsel.base.records import SourceModel

WEIGHTS = Path(__file__).parents[1] / "demo" / "weights"
"""The bundled models, a card (JSON) beside each."""
YARDSTICK = " (yardstick)"  # how the titles of bundled yardsticks end; a sentence says it in words
UNTRAINED = {"demo/untrained": "the untrained model"}


def called(model: SourceModel) -> str:
    """Name a model inside a sentence: "the model trained on flowers" for a bundled one, else its
    title.
    """
    return named(model.id, model.title)


def named(model: str, title: str) -> str:
    """As `called`, by id and title."""
    own, _, at = model.partition("@")
    if own not in _bundled():
        return title
    title = title.removesuffix(f" at {at} px")
    name = f"the model trained on {title.removesuffix(YARDSTICK).lower()}"
    return UNTRAINED.get(own, name) + (f" (at {at} px)" if at else "")


def at_start(name: str) -> str:
    """Return what `called` gave as the first words of a sentence; titles stay as they are."""
    return capital(name) if name.startswith("the ") else name


@cache
def _bundled() -> frozenset[str]:
    return frozenset(f"demo/{card.stem}" for card in WEIGHTS.glob("*.json"))
