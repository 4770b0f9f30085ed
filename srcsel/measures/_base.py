"""What a measure is: one number from features and labels; the registry of all measures.

A measure is one file of this package, named like it. `@measure(...)` above its function registers
it. Five optional functions make it fast in `srcsel.scoring.score`, which knows no measure by name:

    null(X, y, value, **keywords) -> float            the score with uninformative labels
    rechecks(X, y, kept, **keywords) -> (b,) array    the score on each subset; kept (b, n) bool
    on_rows(Z, y, **keywords) -> (g,) array           the scores of prepared unit rows (g, n, d)
    nearly(shared, kept, **keywords) -> scorer | None the same but for little, at less cost
    reader(shared, kept, **keywords) -> Scorer | None for measures that look at all pairs

A measure with a `preparation` has `on_rows`: each subset is prepared once for all that read it so.
What `nearly` makes of all pictures, prepared, and the subsets kept (b, n) is called
with a subset's rows and labels, as `on_rows` is, and a slice of `kept`; it is believed where some
subsets scored either way say so.

Without the first two the null comes from label permutations and the re-checks from calling the
measure on every subset, both only where the measure is declared `cheap`.

What a `reader` reads (see `kernels.all_pairs`) is made once for all measures that want the same
pairs; its `result` is the value, or with kept (b, n) the re-checks. None: no pairs are needed, and
the functions above are called.

A keyword `shared` of any of these functions gets the `kernels.shared.Shared` of the features: what
several measures derive from them is made once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base.allowed import check
from srcsel.base.errors import NotAvailable, UnknownNameError
from srcsel.base.phrases import bare
from srcsel.measures._inputs import check_inputs, check_rows

NULL_PERMUTATIONS = 20  # label permutations behind every null that has no closed form
NULL_SEED = 20240  # the same permutations for every model and every run

Needs = Literal["features", "probabilities", "logits"]


@dataclass(frozen=True)
class Measure:
    """One registered measure.

    Call it with features (n, d) and labels (n,); inputs are never changed.
    """

    name: str
    title: str
    higher_is_better: bool
    bounds: tuple[float, float]
    needs: Needs  # what it cannot do without
    paper: str  # link to the definition
    function: Callable[..., float]
    version: int = 1  # raise it with every change to what the function or its hooks come to
    # does it drift with the feature width on pure noise? None = not measured
    wide_bias: bool | None = None
    set_relative: bool = False  # its value has a meaning within one set of candidates only
    # a share of right guesses: always naming the largest class is chance too
    accuracy: bool = False
    cheap: bool = False  # may be called hundreds of times
    single: bool = False  # takes float32 features as they are; others get them in float64
    spectrum: bool = False  # reads all of `Shared.spectrum`
    # n -> what features that see no difference score, where that depends on n alone
    blind: Callable[[int], float] | None = None
    null: Callable[..., float] | None = None
    rechecks: Callable[..., np.ndarray] | None = None
    on_rows: Callable[..., np.ndarray] | None = None
    nearly: Callable[..., Callable[..., np.ndarray] | None] | None = None
    reader: Callable[..., Any] | None = None
    # set-relative: parts -> values
    combine: Callable[[Sequence[dict[str, float]]], Sequence[float]] | None = None

    def __call__(
        self, features: ArrayLike, labels: ArrayLike | Sequence[Any], **keywords: Any
    ) -> float:
        """Check the input, then compute.

        Raises FeatureError, InputError for a keyword's value that is not allowed, or NotAvailable
        where the measure does not apply.
        """
        check(**keywords)
        X, y = check_inputs(features, labels, single=self.single)
        for name in ("probabilities", "logits"):
            if keywords.get(name) is not None:
                keywords[name] = check_rows(keywords[name], len(y), name)
        if self.needs != "features" and keywords.get(self.needs) is None:
            raise NotAvailable(
                f"{self.title} needs the {self.needs} of a source head: this model has no source"
                " head."
            )
        return self.finite(self.function(X, y, **keywords))

    def finite(self, value: float) -> float:
        """Return the value as a float; one that is no number raises NotAvailable."""
        if not np.isfinite(value):
            raise NotAvailable(f"{self.title} has no finite value on these features.")
        return value if isinstance(value, Combined) else float(value)

    @functools.cached_property
    def keywords(self) -> frozenset[str]:
        """Names of the keywords the measure understands, such as "preparation" or "temperature"."""
        return keywords_of(self.function)

    @property
    def help(self) -> str:
        """The measure's own words on what the number is: its docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def sign(self) -> float:
        """+1 where higher is better, -1 where lower is."""
        return 1.0 if self.higher_is_better else -1.0


def keywords_of(function: Callable[..., Any]) -> frozenset[str]:
    """Names of the keyword-only parameters of a measure's function or of one of its hooks."""
    parameters = inspect.signature(function).parameters.values()
    return frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


class Combined(float):
    """The value of a set-relative measure for one candidate alone, with the parts that a set is
    compared by.
    """

    parts: dict[str, float]

    def __new__(cls, value: float, parts: dict[str, float]) -> Combined:
        """Make a float that carries `parts`."""
        made = super().__new__(cls, value)
        made.parts = parts
        return made


class _Registry(dict[str, Measure]):
    """Measures by name, or by the short name that pages show ("MSC"), whatever its capitals and
    separators; an unknown name raises UnknownNameError with the nearest names.
    """

    def __missing__(self, name: str) -> Measure:
        asked = bare(name)
        for known, one in self.items() if asked else ():
            if asked in (bare(known), bare(one.title), bare(one.title.partition("(")[2])):
                return one
        raise UnknownNameError("measure", name, self)


MEASURES: dict[str, Measure] = _Registry()
"""Every registered measure. Filled when `srcsel.measures` is imported."""


def measure(
    *,
    title: str,
    higher_is_better: bool,
    bounds: tuple[float, float],
    paper: str,
    needs: Needs = "features",
    **more: Any,
) -> Callable[[Callable[..., float]], Measure]:
    """Register the function below under its own name. `more`: the optional fields of Measure."""

    def register(function: Callable[..., float]) -> Measure:
        name = function.__name__
        if name in MEASURES:
            raise ValueError(f"Two measures are named '{name}'. Rename one of them.")
        MEASURES[name] = Measure(
            name, title, higher_is_better, bounds, needs, paper, function, **more
        )
        return MEASURES[name]

    return register


def permutations(y: np.ndarray, count: int = NULL_PERMUTATIONS) -> np.ndarray:
    """`count` label permutations, (count, n), the same for every model; fewer are the first of
    more.
    """
    rng = np.random.default_rng(NULL_SEED)
    return np.stack([rng.permutation(y) for _ in range(count)])
