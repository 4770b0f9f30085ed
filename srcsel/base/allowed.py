"""What a number or a name that a person gives may be: one rule each, for pages, shell and Python
alike.

`Run`, `Protocol` and the measures ask here, so nothing is computed with a temperature of 0 or a
metric that does not exist, whichever way the question came.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

from srcsel.base.errors import InputError
from srcsel.base.phrases import cut

COLDEST = 0.003  # temperature; exp(-2 / temperature) must stay a float64
MOST_SEED = 2**32 - 1  # NumPy's old generators, which UMAP and scikit-learn use, take no more


@dataclass(frozen=True)
class Number:
    """A finite number from `least` to `most`; `open` leaves the two ends themselves out."""

    least: float
    most: float = math.inf
    whole: bool = False
    open: bool = False
    none: str = ""  # what None stands for, in words; "" = None is not allowed
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is such a number; text and truth values are none."""
        if value is None:
            return bool(self.none)
        if not isinstance(value, Integral if self.whole else Real) or isinstance(value, bool):
            return False
        number = float(value)
        if not math.isfinite(number) or not self.least <= number <= self.most:
            return False
        return not (self.open and number in (self.least, self.most))

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.most < math.inf:
            said = f"{kind} {'between' if self.open else 'from'} {self.least:g} "
            said += f"{'and' if self.open else 'to'} {self.most:.12g}"
        else:
            said = f"{kind} {'above' if self.open else 'of'} {self.least:g}"
            said += "" if self.open else " or more"
        return said + (f", or None for {self.none}" if self.none else "")


@dataclass(frozen=True)
class Seeds:
    """One or more different seeds."""

    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is a row of different whole numbers from 0 on."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            return False
        return 0 < len(set(value)) == len(value) and all(map(RULES["seed"].holds, value))

    def __str__(self) -> str:
        return "one or more different whole numbers from 0 on"


@dataclass(frozen=True)
class Name:
    """One of some names; `pattern` where they can be told by their form only."""

    names: tuple[str, ...]
    pattern: str = ""
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is one of them."""
        if not isinstance(value, str):
            return False
        return bool(re.fullmatch(self.pattern, value)) if self.pattern else value in self.names

    def __str__(self) -> str:
        return f"{', '.join(self.names[:-1])} or {self.names[-1]}"


@dataclass(frozen=True)
class Texts:
    """Any number of texts, in a row."""

    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is a row of texts; one text is none."""
        row = isinstance(value, Sequence) and not isinstance(value, str)
        return row and all(isinstance(one, str) for one in value)

    def __str__(self) -> str:
        return "a row of texts"


@dataclass(frozen=True)
class Plain:
    """A value of one type."""

    type: type
    words: str
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is one."""
        return isinstance(value, self.type)

    def __str__(self) -> str:
        return self.words


class Rule(Protocol):
    """What a value may be."""

    @property
    def usual(self) -> str:
        """A usual value, in words; "" = none."""
        ...

    def holds(self, value: Any) -> bool:
        """Say whether `value` may be it."""
        ...


TEXT, TRUTH = Plain(str, "text"), Plain(bool, "True or False")
RULES: dict[str, Rule] = {
    "ref": TEXT,
    "title": TEXT,
    "models": Texts(),
    "measures": Texts(),
    "left_out": Texts(),
    "race": TRUTH,
    "all_pictures": TRUTH,
    "commercial": TRUTH,
    "max_params": Number(0, none="any"),
    "temperature": Number(COLDEST, usual="0.07 to 1"),
    "metric": Name(("cosine", "euclidean")),
    "precision": Name(("float32", "bfloat16")),
    "device": Name(("auto", "cpu", "cuda", "mps"), pattern=r"auto|cpu|mps|cuda(:\d{1,3})?"),
    "engine": Name(("local", "ray", "ray:HOST:PORT"), pattern=r"local|ray(:[\w.\-\[\]:/]{1,200})?"),
    "seed": Number(0, MOST_SEED, whole=True),
    "reading": Name(("whitened", "raw")),
    "kind": Name(("probe", "finetune")),
    "folds": Number(2, whole=True, usual="5"),
    "shots": Number(1, whole=True, none="all", usual="10"),
    "test_share": Number(0, 1, open=True, usual="0.2"),
    "seeds": Seeds(),
    "epochs": Number(1, whole=True, usual="15"),
    "early_stop": Number(0, whole=True),
    "batch": Number(2, whole=True, usual="20"),
    "learning_rate": Number(0, open=True, none="the better of two", usual="0.0001 to 0.001"),
    "weight_decay": Number(0, usual="0.01"),
    "minutes": Number(0, open=True, none="as long as it takes", usual="10"),
    "k": Number(1, whole=True, usual="5"),
    "components": Number(1, whole=True, usual="5"),
    "pca": Number(1, whole=True, none="all dimensions"),
    "lam": Number(0, open=True, usual="0.1, 1 or 10"),
    "eps": Number(0, open=True, usual="0.0001"),
}


def check(**given: Any) -> None:
    """Raise InputError for the first value that its rule does not allow; names without a rule
    pass.
    """
    for name, value in given.items():
        if (rule := RULES.get(name)) is not None:
            require(name, value, rule)


def require(name: str, value: Any, rule: Rule) -> None:
    """Raise InputError where a value is not what its rule allows."""
    if not rule.holds(value):
        usual = f" Usual: {rule.usual}." if rule.usual else ""
        raise InputError(f"{name} must be {rule}, got {_shown(value)}.{usual}")


def check_fields(record: Any) -> None:
    """Check every field of a record that a rule is named after."""
    check(**{name: value for name, value in vars(record).items() if name in RULES})


def _shown(value: Any) -> str:
    return cut(repr(value) if isinstance(value, str) else str(value), 60)
