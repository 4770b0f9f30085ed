"""Moved views of training pictures: cut out, stretched, shifted, turned, lit and mirrored a little;
and whether the classes survive mirroring.
"""

from __future__ import annotations

import numpy as np

from srcsel.evidence.head import fitted

AREA = 0.6  # share of the picture that a view shows at least
STRETCH = 0.2  # natural logarithm of how much wider than high a view is cut out at most
SHIFT = 0.05  # of half a side, beyond the picture; its edge is repeated
TURN = 8.0  # degrees either way
LIGHT = 0.2  # share by which brightness and contrast change at most
FOLDS = 5  # of the probe that is asked about mirrored pictures
CLEARLY = 2.0  # standard errors from which mirroring hurts


def moved(batch: np.ndarray, rng: np.random.Generator, *, flips: bool) -> np.ndarray:
    """Move each uint8 picture of (b, 3, h, w) by its own chance; float32 0..255, the same shape.

    flips: mirror every second one, on average, from left to right.
    """
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    b = len(batch)
    area, stretch = rng.uniform(AREA, 1, b), np.exp(rng.uniform(-STRETCH, STRETCH, b))
    width, height = np.minimum(np.sqrt([area * stretch, area / stretch]), 1)  # shares of the sides
    right, down = (rng.uniform(-1, 1, b) * (1 - part + SHIFT) for part in (width, height))
    turn = np.deg2rad(rng.uniform(-TURN, TURN, b))
    mirror = np.where(rng.random(b) < 0.5, -1.0, 1.0) if flips else np.ones(b)
    light, contrast = 1 + rng.uniform(-LIGHT, LIGHT, (2, b, 1, 1, 1)).astype(np.float32)
    across = [width * np.cos(turn) * mirror, -height * np.sin(turn), right]
    along = [width * np.sin(turn) * mirror, height * np.cos(turn), down]
    turned = torch.from_numpy(np.stack([across, along]).astype(np.float32)).permute(2, 0, 1)
    pictures = torch.from_numpy(batch.astype(np.float32))
    grid = affine_grid(turned, list(batch.shape), align_corners=False)
    seen = grid_sample(pictures, grid, padding_mode="border", align_corners=False).numpy()
    mean = seen.mean(axis=(1, 2, 3), keepdims=True)
    return np.clip(((seen - mean) * contrast + mean) * light, 0, 255)


def survive_mirroring(plain: np.ndarray, mirrored: np.ndarray, labels: np.ndarray) -> bool:
    """Say whether a picture's class is as likely in the mirror, from features (n, d) of both.

    Asked of probes that have seen neither, trained on pictures as they are; no where a class has a
    single picture, as nothing can be asked then.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    if folds < 2:
        return False
    lost = np.empty(len(labels))  # probability of the right class
    for known, held in StratifiedKFold(folds, shuffle=True, random_state=0).split(plain, labels):
        probe = fitted(plain[known], labels[known])
        right = np.arange(len(held)), np.searchsorted(probe.classes_, labels[held])
        lost[held] = (
            probe.predict_proba(plain[held])[right] - probe.predict_proba(mirrored[held])[right]
        )
    return bool(lost.mean() <= CLEARLY * lost.std() / np.sqrt(len(lost)))
