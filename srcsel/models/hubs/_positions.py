"""For how large pictures a vision transformer was made, by the shapes of its weights alone."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

POSITIONS = ("pos_embed", "pos_embedding")  # as timm and torchvision call the table
PATCHES = ("patch_embed.proj.weight", "conv_proj.weight")
BESIDE = (1, 0, 2, 5)  # places that are no patch: class token, none, distilled, registers


def side_of(shapes: Mapping[str, tuple[int, ...]], usual: tuple[int, int]) -> int | None:
    """Tell by its table of positions for how large square pictures a vision transformer was made:
    pixels; None where it has none, or one that fits pictures of the `usual` (height, width).
    """
    table = next((s for n, s in shapes.items() if n.endswith(POSITIONS) and len(s) == 3), None)
    patch = next((s for n, s in shapes.items() if n.endswith(PATCHES) and len(s) == 4), None)
    if table is None or patch is None or not min(patch[2:]):
        return None
    places, (high, wide) = table[1], patch[2:]
    patches = (usual[0] // high) * (usual[1] // wide)
    if high != wide or places - patches in BESIDE:
        return None
    sides = (isqrt(max(0, places - beside)) for beside in BESIDE)
    fits = (side for side, more in zip(sides, BESIDE, strict=True) if side**2 + more == places)
    return next((side * high for side in fits if side), None)
