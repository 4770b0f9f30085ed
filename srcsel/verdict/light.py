"""The traffic light of an answer: how sure it is, in a colour and a few words.

It looks at everything at once. Grey: too few pictures, too many models alike, nothing to compare.
Amber: a tie, none of the models helps, or the choice is clear but what one gets speaks against it:
a yardstick is right about as often as the interval of the model to start from reaches down, or
another model more often than it reaches up. Green: none of that.
"""

from __future__ import annotations

from typing import Literal

from srcsel.base.records import Result
from srcsel.verdict.expected import expected, rival_surely_ahead
from srcsel.verdict.measured import badge
from srcsel.verdict.wording import HEADLINES, KINDS

Light = Literal["green", "amber", "gray"]
YARDSTICK = "a yardstick comes close"
RIVAL = "another model is right more often"
FEW = "Too few pictures"
_BY_KIND: dict[str, Light] = {"clear": "green", "tie": "amber", "cannot tell": "gray"}


def light(result: Result) -> tuple[Light, str]:
    """Return the colour and the words."""
    verdict = result.verdict
    said = badge(verdict)
    if verdict.cause == "few":
        return "gray", FEW
    if verdict.cause in HEADLINES:
        return "amber", said
    if verdict.kind == "clear" and yardstick_close(result):
        return "amber", f"{said}, but {YARDSTICK}"
    if rival_surely_ahead(result):
        return "amber", f"{said}, but {RIVAL}"
    return _BY_KIND[verdict.kind], said


def beside_headline(result: Result) -> tuple[Light, str]:
    """Return the colour and the words for what stands beside the headline, and does not repeat
    it.
    """
    color, said = light(result)
    return color, KINDS[result.verdict.kind] if said in HEADLINES.values() else said


def yardstick_close(result: Result) -> bool:
    """Tell whether the best yardstick is right as often as the winner may be, by its interval."""
    reached = expected(result)
    return bool(
        reached is not None
        and reached.yardstick is not None
        and reached.yardstick.mean >= reached.winner.low
    )
