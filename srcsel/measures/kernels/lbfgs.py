"""Minima of several smooth functions at the same time, by L-BFGS in lock-step: what they share,
such as features, is read once for all of them.

Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STEPS = 200  # most of them; 15 to 40 usually do
MEMORY = 8  # steps that a problem remembers
HALVINGS = 12  # of a step that does not go down, at most
DOWN = 1e-4  # share of the slope by which a step must go down (Armijo)
ROUNDING = 1e-6  # of the loss: what float32 may make of two equal ones

Loss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(weights (g, ...), which problems (g,)) -> their losses (g,) and slopes (g, ...)."""
Unbent = Callable[[np.ndarray], np.ndarray]
"""Slopes (p, ...) -> the steps (p, ...) that would level them if the losses bent as one thinks: a
product with a symmetric positive definite matrix. The nearer it is, the fewer steps are taken.
"""
Past = list[tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Steps and what they changed in the slopes (p, m), and weights (p,); the oldest first."""


def minimum(loss: Loss, start: np.ndarray, slope: float, unbent: Unbent) -> np.ndarray:
    """Return the minimum of each problem from `start` (p, ...): where no slope is above `slope`."""
    shape = start.shape[1:]

    def flat(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, bent = loss(x.reshape(-1, *shape), which)
        return found, bent.reshape(x.shape)

    def level(x: np.ndarray) -> np.ndarray:
        return unbent(x.reshape(-1, *shape)).reshape(x.shape)

    x = start.reshape(len(start), -1)  # (p, m)
    values, slopes = flat(x, np.arange(len(x)))
    past: Past = []
    for _ in range(STEPS):
        open_ = np.abs(slopes).max(axis=1) > slope
        if not open_.any():
            break
        way = _downhill(slopes, past, level)
        down = _dot(way, slopes)  # (p,) below 0
        new, values, bent, moved = _step(flat, x, values, slopes, way, down, open_)
        if not moved.any():
            break
        s, t = new - x, bent - slopes
        bend = _dot(s, t)
        weight = np.divide(1, bend, out=np.zeros_like(bend), where=moved & (bend > 0))
        past = [*past[-MEMORY + 1 :], (s, t, weight)]
        x, slopes = new, bent
    return x.reshape(start.shape)


def _step(
    loss: Loss,
    x: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    way: np.ndarray,
    down: np.ndarray,
    open_: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Go along `way`, half as far where that does not go down; problems that are not open stay.

    Returns where they are then, values, slopes, and which moved.
    """
    new, found, bent, moved = x.copy(), values.copy(), slopes.copy(), np.zeros_like(open_)
    length, left = 1.0, np.flatnonzero(open_)
    for _ in range(HALVINGS):
        trial = x[left] + way[left] * way.dtype.type(length)
        value, gradient = loss(trial, left)
        good = value <= values[left] + DOWN * length * down[left] + ROUNDING * np.abs(values[left])
        done = left[good]
        new[done], found[done], bent[done], moved[done] = (
            trial[good],
            value[good],
            gradient[good],
            True,
        )
        left, length = left[~good], length / 2
        if not len(left):
            break
    return new, found, bent, moved


def _downhill(slopes: np.ndarray, past: Past, unbent: Unbent) -> np.ndarray:
    """Return the direction (p, m) of the next step: the two loops of L-BFGS."""
    way = -slopes
    back = []
    for s, t, weight in reversed(past):
        a = weight * _dot(s, way)
        way -= a[:, None].astype(way.dtype) * t
        back.append(a)
    way = unbent(way)
    if past:
        s, t, weight = past[-1]
        size = _dot(t, unbent(t)) * weight  # 1 / how much longer the last step should have been
        scale = np.divide(1, size, out=np.ones_like(size), where=size > 0)
        way *= scale[:, None].astype(way.dtype)
    for (s, t, weight), a in zip(past, reversed(back), strict=True):
        way += (a - weight * _dot(t, way))[:, None].astype(way.dtype) * s
    return way


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of the rows of a and b (p, m), (p,)."""
    return np.einsum("pm,pm->p", a, b).astype(np.float64)
