"""NCTI: how near the classes are to the tidy shape that training to the end gives them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np

from srcsel.base.errors import NotAvailable
from srcsel.measures._base import Combined, measure, permutations
from srcsel.measures.kernels.principal import principal
from srcsel.measures.kernels.sample import stratified

COMPONENTS = 64
MOST = 5000  # pictures used
VARIANCES = 32  # components whose variance decides the shrinkage
LEAST_SHRINKAGE = 1e-10  # below, none
PERMUTATIONS = 3  # label permutations behind the null


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Mean of the value alone over fixed label permutations, which share the principal
    components.
    """
    rows = stratified(y, MOST)
    Z, scale = principal(X[rows], COMPONENTS)
    return float(
        np.mean([_alone(_parts(Z, own, scale)) for own in permutations(y[rows], PERMUTATIONS)])
    )


def _combine(candidates: Sequence[dict[str, float]]) -> Sequence[float]:
    """Value of each candidate among all of them: minmax(ncc) + minmax(seli) - minmax(vc)."""
    ranged = {
        name: _minmax([parts[name] for parts in candidates]) for name in ("seli", "ncc", "vc")
    }
    return (ranged["ncc"] + ranged["seli"] - ranged["vc"]).tolist()


@measure(
    title="Nearness to neural collapse (NCTI)",
    higher_is_better=True,
    bounds=(-math.inf, math.inf),
    paper=(
        "https://openaccess.thecvf.com/content/ICCV2023/html/"
        "Wang_How_Far_Pre-trained_Models_Are_from_Neural_Collapse_on_the_ICCV_2023_paper.html"
    ),
    wide_bias=False,
    set_relative=True,
    null=_null,
    combine=_combine,
)
def ncti(X: np.ndarray, y: np.ndarray) -> float:
    """NCTI: how near the classes already are to the tidy shape that a network trained to the end
    would give them.

    Such a network gathers each class in a point and spreads the points evenly ("neural collapse").
    Features are reduced to 64 principal components and a linear discriminant is fitted. Three parts
    are taken from it: seli, the nuclear norm of its centred projection (how widely the classes
    spread); ncc, the mean probability it gives to the right class; vc, the logarithm of the sum
    over classes of the nuclear norm of their rows of probabilities (how much each class still
    varies inside).

    Among several models, each part is stretched to 0..1 over them, and the score is ncc + seli -
    vc: from -1 to 2, higher is better. It therefore MOVES when a model is added or left out, and
    compares only within one set. A part in which all models agree counts 0. For one model alone, as
    returned here, the parts are added as they are; they are kept as `.parts` of the number.

    The discriminant is shrunk by exp(-sum of the first 32 component variances) where that is above
    1e-10, which depends on the unit of the features, as in the paper.

    Above 5,000 pictures a stratified sample of 5,000 is used, the same for every model.

    Edges: at most as many components as pictures or dimensions. Features that are all the same have
    no discriminant: n/a. A classifier that guesses evenly leaves little variation inside classes,
    so pure noise can come before a weak signal.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean of the value alone over 3 label permutations, the same for every model. There are no
    re-checks.

    Wang et al. 2023, "How Far Pre-trained Models Are from Neural Collapse on the Target Dataset
    Informs their Transferability", ICCV, https://openaccess.thecvf.com/ICCV2023, equations 6 to 10.
    """
    rows = stratified(y, MOST)
    Z, scale = principal(X[rows], COMPONENTS)
    parts = _parts(Z, y[rows], scale)
    return Combined(_alone(parts), parts)


def _alone(parts: dict[str, float]) -> float:
    """Add the parts as they are."""
    return parts["ncc"] + parts["seli"] - parts["vc"]


def _parts(Z: np.ndarray, y: np.ndarray, scale: float) -> dict[str, float]:
    """seli, ncc and vc of principal components Z (n, k) in units of `scale`."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    if not Z.any():
        raise NotAvailable(
            "The features of all pictures are the same, so no discriminant can be fitted."
        )
    spread = float((Z[:, :VARIANCES] ** 2).sum()) / (len(Z) - 1) * scale * scale
    shrinkage = math.exp(-spread)
    model = (
        LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage)
        if shrinkage > LEAST_SHRINKAGE
        else LinearDiscriminantAnalysis(solver="svd")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # collinear components: it drops them
        try:
            low = model.fit_transform(Z, y)  # (n, at most c - 1)
            P = model.predict_proba(Z)  # (n, c)
        except np.linalg.LinAlgError as error:
            raise NotAvailable(
                "The spread within classes is zero in some direction: no discriminant."
            ) from error
    inside = sum(float(np.linalg.norm(P[y == c], "nuc")) for c in np.unique(y))
    return {
        "seli": float(np.linalg.norm(low - low.mean(axis=0), "nuc")),
        "ncc": float(P[np.arange(len(y)), y].mean()),
        "vc": math.log(inside),
    }


def _minmax(values: Sequence[float]) -> np.ndarray:
    """Stretch values (m,) to 0..1; all 0 where they agree."""
    V = np.asarray(values, dtype=np.float64)
    extent = V.max() - V.min()
    return (V - V.min()) / extent if extent > 0 else np.zeros_like(V)
