"""Made features that the benchmarks of scores score."""

import numpy as np


def features(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Class-shaped clouds with a falling spectrum, (n, d) float32, and labels (n,)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = rng.standard_normal((n, d), dtype=np.float32)
    X += 0.5 * rng.standard_normal((classes, d), dtype=np.float32)[y]
    X /= np.sqrt(1 + np.arange(d, dtype=np.float32) / 10)
    return X, y


def factors(n: int, d: int, classes: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    """Features that go together as those of networks do: rectified mixtures of 200 traits of
    falling strength, in 50 of which the classes differ; (n, d) float32, and labels (n,).
    """
    rng = np.random.default_rng(0)
    y = np.arange(n) % classes
    strength = 1 / np.sqrt(1 + np.arange(200))
    traits = rng.standard_normal((n, 200))
    traits[:, 10:60] += signal * rng.standard_normal((classes, 50))[y]
    X = (traits * strength) @ rng.standard_normal((200, d)) + 0.3 * rng.standard_normal((n, d))
    return np.maximum(X, 0).astype(np.float32), y


def at(size: tuple[int, int, int], *rows: dict) -> list[dict]:
    """Rows of a table, with the pictures, width and classes they are about."""
    return [{**r, "n, d, classes": size} for r in rows]
