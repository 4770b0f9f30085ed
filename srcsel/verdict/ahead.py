"""What more pictures would bring, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from srcsel.base.phrases import capital, listed, outwards, spoken, word
from srcsel.base.records import Ahead, Curve, Result, Settles
from srcsel.verdict.readings import names_of

TWICE = 2.0
LIKELY = 0.5  # share of the cases from which a clear choice is expected
TOO_FEW = (
    "There are too few pictures to say what more of them would bring: a dozen a class are needed."
)
_MULTIPLES = {1.5: "one and a half times", 2.0: "twice"}


def outlook_text(result: Result, curves: Sequence[Curve], settles: Sequence[Settles]) -> str:
    """Say what twice as many pictures would bring, and how many it takes until the choice is
    clear.
    """
    return spoken(*(gain_text(result, curve) for curve in curves[:1]), clear_text(result, settles))


def gain_text(result: Result, curve: Curve) -> str:
    """Say what twice as many pictures would bring one model."""
    ahead = next((a for a in curve.ahead if a.times == TWICE), None)
    if ahead is None:
        return TOO_FEW
    name = names_of(result)[curve.model]
    return f"Twice as many pictures would bring {name} {points(ahead)}."


def clear_text(result: Result, settles: Sequence[Settles]) -> str:
    """Say from how many pictures a clear choice is as likely as not; "" where nothing is open."""
    if not settles:
        return ""
    called = names_of(result)
    close = [called[m] for m in result.verdict.close]
    names = listed(close) if len(close) <= 3 else f"these {word(len(close))} models"
    found = next((s for s in settles if s.share >= LIKELY), None)
    if found is None:
        most = settles[-1]
        return (
            f"Not even {multiple(most.times)} as many would likely tell {names} apart"
            f" ({_of_100(most.share)} cases)."
        )
    each = found.times * len(result.dataset.paths) / len(result.dataset.classes)
    return (
        f"{capital(multiple(found.times))} as many, about {_rounded(each)} a class, would tell"
        f" {names} apart in {_of_100(found.share)} cases."
    )


def points(ahead: Ahead) -> str:
    """Say a gain in points of accuracy, with its interval rounded outwards."""
    low, high = outwards(ahead.gain_low, ahead.gain_high)
    gain = round(100 * ahead.gain)
    if high <= 0 and gain < 1:
        return "hardly anything more"
    said = "less than a point" if gain < 1 else f"about {gain} {'point' if gain == 1 else 'points'}"
    return f"{said} ({low} to {high})".replace("-", "−")


def multiple(times: float) -> str:
    """Say how many times as many: "twice", "three times"."""
    return _MULTIPLES.get(times, f"{word(int(times))} times")


def _of_100(share: float) -> str:
    return f"{round(100 * share)} of 100"


def _rounded(pictures: float) -> str:
    """Two digits are enough of a number that is not known better."""
    step = 10 ** max(0, math.floor(math.log10(pictures)) - 1)
    return f"{step * round(pictures / step):,}"
