"""What the re-checks do not say: how often the best model after training was among the close ones.

The re-checks ask frozen features. How often that was right of trained networks comes from the
shipped study (`python -m srcsel.demo.study`), which writes data/after_training.json.
"""

from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Any

from srcsel.base.phrases import share
from srcsel.base.records import GIVEN, Run, Verdict, VerdictCause, VerdictKind

FREQUENCIES = Path(__file__).parent / "data" / "after_training.json"
"""Case of the verdict's rule -> how often, of 100, and between what."""
SPEAKING = ("clear", "tie", "alike")  # of cases in which no model helps it says nothing


def after_training(verdict: Verdict, run: Run) -> str:
    """Say in a line what the confidence of a verdict is about, and what follows for training; ""
    where the study has no such cases, and where training has measured it.

    Nothing either where the run is unlike the study's cases: features from anywhere may be of
    anything, and a person who left pictures out or gave some another label has changed the set.
    """
    known = _frequencies().get(case_of(verdict.kind, verdict.cause))
    unlike = run.ref == GIVEN or bool(run.corrections)
    if known is None or unlike or not verdict.close or verdict.measured:
        return ""
    who = "this one" if len(verdict.close) == 1 else "among the close ones"
    between = f"{math.floor(known['low'])} to {math.ceil(known['high'])}"
    return (
        "The re-checks ask the networks as they are. After training, the best model was"
        f" {who} in {share(known['held'])} of 100 such cases ({between}) of our own study."
    )


def case_of(kind: VerdictKind, cause: VerdictCause) -> str:
    """Name the case of the verdict's rule: its kind, or why it cannot tell."""
    return kind if kind != "cannot tell" else cause


@functools.cache
def _frequencies() -> dict[str, dict[str, Any]]:
    return json.loads(FREQUENCIES.read_text(encoding="utf-8"))
