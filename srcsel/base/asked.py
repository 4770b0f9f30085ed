"""What the public functions take: whatever else is handed in is a sentence, not a trace."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, ParamSpec, TypeVar

from srcsel.base.allowed import RULES, TEXT, Number, Rule, require
from srcsel.base.records import Corrections, Protocol, Result
from srcsel.base.watch import Watch

Given = ParamSpec("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Kind:
    """A value of one of some types."""

    types: tuple[type, ...]
    words: str
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is one."""
        return isinstance(value, self.types)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Choice:
    """One value of some types, or a collection of them."""

    words: str
    types: tuple[type, ...] = (str,)
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is one or several."""
        several = isinstance(value, Collection) and not isinstance(value, (str, bytes))
        return all(isinstance(one, self.types) for one in (value if several else [value]))

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Pairs:
    """Texts by text: a mapping, or pairs in a row."""

    words: str
    usual: str = ""

    def holds(self, value: Any) -> bool:
        """Say whether `value` is that; what is read only once passes, and is judged where it is."""
        if isinstance(value, Mapping):
            value = tuple(value.items())
        if not isinstance(value, Collection) or isinstance(value, (str, bytes)):
            return isinstance(value, Iterator)
        pairs = (one for one in value if isinstance(one, Sequence) and len(one) == 2)
        return sum(all(isinstance(part, str) for part in pair) for pair in pairs) == len(value)

    def __str__(self) -> str:
        return self.words


PLACE = Kind((str, PurePath), "the path of a folder, as text or pathlib.Path")
RUN = Kind((str, PurePath, Result), "the id of a stored run, its Result, or the path of a folder")
MODELS = Choice("ids or names of models, as text or a list of texts", (str, PurePath))
KINDS: dict[str, Rule] = {
    "folder": PLACE,
    "ref": PLACE,
    "run": RUN,
    "result": Kind((Result,), "a Result, as srcsel.rank returns it"),
    "spec": MODELS,
    "models": MODELS,
    "measures": Choice("names of measures, as text or a list of texts"),
    "left_out": Choice("paths of pictures relative to their folder"),
    "relabeled": Pairs("classes by the path of a picture relative to its folder"),
    "protocol": Kind((Protocol,), "a srcsel.Protocol", 'srcsel.Protocol("probe")'),
    "watch": Kind((Watch,), "a srcsel.Watch, or None"),
    "corrections": Kind(
        (Corrections, str, PurePath), "a srcsel.Corrections, or the path of a table of them"
    ),
    "precision": TEXT,  # spoken names too, which `precision_named` knows
    "text": TEXT,
    "hub": TEXT,
    "size": Number(1, whole=True, none="any"),
}
"""By the name of a parameter; beside those of `allowed.RULES`."""


def checked(
    **special: Rule,
) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """Let a public function raise InputError for arguments that are of no kind it takes.

    None passes where it is the default. special: rules of parameters whose name means something
    else elsewhere.
    """

    def decorate(function: Callable[Given, Made]) -> Callable[Given, Made]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def asked(*args: Given.args, **kwargs: Given.kwargs) -> Made:
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                rule = special.get(name) or KINDS.get(name) or RULES.get(name)
                usual = value is None and signature.parameters[name].default is None
                if rule is not None and not usual:
                    require(name, value, rule)
            return function(*args, **kwargs)

        return asked

    return decorate
