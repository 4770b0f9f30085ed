"""The pass over all pairs on a graphics card (CUDA or ROCm, by torch), where the processor would
take long.

A tile is made and reduced on the card, in the precision of the pairs: float32 products keep all
their digits there (no TF32), sums over tiles are float64. What readers add up lies on the card
until the end, so that a card that fails half way leaves them as they were, for the processor to
begin anew. Orders that float32 leaves in doubt are settled on the processor afterwards, as always
(`kernels.nearest`). Readers without a step here, those of whole rows for the re-checks of at most
5,000 pictures, stay on the processor with all that share their pairs.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from srcsel.measures.kernels.blocks import blocks, edges
from srcsel.measures.kernels.distance_sums import CLOSE, CLOSE_SINGLE, DistanceSums
from srcsel.measures.kernels.exp_sums import ExpSums
from srcsel.measures.kernels.nearest import Nearest
from srcsel.measures.kernels.pairs import Pairs, Reader

if TYPE_CHECKING:
    import torch

# n * n * (d + READING) from which a pass is long: 20 s on two cores, against 2 s to load torch and
# wake it
LONG = 4e12
# columns of a product that take as long as reading it, for SCL and kNN on a processor
READING = 400
# rows and columns of a tile; a few copies of it lie on the card, 270 MB each in float32
EDGE = 8192
# of the free memory of the card that the rows may take; beyond, a tile's are sent each time
SHARE = 0.5


def worth(pairs: Pairs) -> bool:
    """Whether a pass over these pairs is long enough for a card; loads nothing."""
    n, d = pairs.W.shape
    return n * n * (d + READING) >= LONG


def read_on_card(
    readers: Sequence[Reader], tick: Callable[[], None] | None = None, device: str = "auto"
) -> list[float] | None:
    """Show readers of the same pairs all of them: seconds of each; None where the processor has to
    do it.

    device: "auto", or a torch device; only CUDA's are cards. tick: called after each tile; what it
    raises stops the pass, if it is no RuntimeError. A card that fails is warned of.
    """
    steps = [
        next((step for kind, step in STEPS.items() if isinstance(reader, kind)), None)
        for reader in readers
    ]
    known = [step for step in steps if step is not None]
    card = find_card(device) if len(known) == len(steps) else None
    if card is None:
        return None
    try:
        with _all_digits():
            filled, seconds = _read(readers, known, card, tick)
    except (RuntimeError, MemoryError) as error:  # out of memory, or a driver that gave up
        reason = f"{type(error).__name__}: {error}"
        told = (
            "The graphics card failed, so the processor compares the pictures, which takes longer"
            f" ({reason})."
        )
        warnings.warn(told, RuntimeWarning, stacklevel=2)
        return None
    for reader, arrays in zip(readers, filled, strict=True):
        for mine, found in zip(reader.filled, arrays, strict=True):
            mine[...] = found
    return seconds


def find_card(device: str) -> torch.device | None:
    """Return the card that `device` names, "auto" any; None without one."""
    if device != "auto" and not device.startswith("cuda"):
        return None
    try:
        import torch
    except (ImportError, OSError):
        return None
    return (
        torch.device("cuda" if device == "auto" else device) if torch.cuda.is_available() else None
    )


@contextlib.contextmanager
def _all_digits() -> Iterator[None]:
    """Keep float32 products exact to float32, whatever the process has chosen for its networks."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _read(
    readers: Sequence[Reader],
    steps: Sequence[Callable[..., None]],
    card: torch.device,
    tick: Callable[[], None] | None,
) -> tuple[list[list[np.ndarray]], list[float]]:
    """Return what each reader would have filled, and its seconds."""
    import torch

    pairs = readers[0].pairs
    seconds, begun = [0.0] * len(readers), time.perf_counter()
    filled = [[torch.tensor(array, device=card) for array in reader.filled] for reader in readers]
    half = torch.from_numpy(pairs.q.astype(pairs.W.dtype) / 2).to(card)
    there = None  # all rows, on the card
    if pairs.W.nbytes <= SHARE * _free(card):
        there = torch.empty(pairs.W.shape, dtype=half.dtype, device=card)
        for some, W in pairs.each():
            there[some] = torch.from_numpy(W)
    for rows, columns in _tiles(len(pairs.W)):
        first, second = (
            torch.from_numpy(pairs.W[some]).to(card) if there is None else there[some]
            for some in (rows, columns)
        )
        H = first @ second.T
        torch.sub(half[rows, None], H, out=H)
        H += half[columns]
        H.clamp_(min=0)
        since = _clock(card)
        for i, (reader, step) in enumerate(zip(readers, steps, strict=True)):
            step(reader, filled[i], rows, columns, H)
            now = _clock(card)
            seconds[i] += now - since
            since = now
        if tick is not None:
            tick()
    found = [[tensor.cpu().numpy() for tensor in tensors] for tensors in filled]
    shared = (time.perf_counter() - begun - sum(seconds)) / len(readers)
    return found, [own + shared for own in seconds]


def _tiles(n: int) -> list[tuple[slice, slice]]:
    """Tiles on and above the diagonal."""
    parts = edges(n, EDGE)
    return [(a, b) for i, a in enumerate(parts) for b in parts[i:]]


def _free(card: torch.device) -> float:
    """Bytes free on the card, with what torch keeps there for later."""
    import torch

    torch.cuda.empty_cache()
    return torch.cuda.mem_get_info(card)[0]


def _clock(card: torch.device) -> float:
    """Seconds, when the card has done what it was given."""
    import torch

    if card.type == "cuda":
        torch.cuda.synchronize(card)
    return time.perf_counter()


def _exp_sums(
    reader: ExpSums, filled: list[torch.Tensor], rows: slice, columns: slice, H: torch.Tensor
) -> None:
    """`ExpSums.take` and `add`."""
    import torch

    totals = filled[0]
    E = torch.mul(H, -1 / reader.temperature).exp_()
    if rows == columns:
        E.fill_diagonal_(0)
    for at, others, part in ((rows, columns, E), (columns, rows, E.T))[
        : 1 if rows == columns else 2
    ]:
        if reader.members is None:
            totals[at, 0] += part.sum(dim=1, dtype=totals.dtype)
        else:
            totals[at] += part @ torch.from_numpy(reader.members[others]).to(E.device)


def _distance_sums(
    reader: DistanceSums, filled: list[torch.Tensor], rows: slice, columns: slice, H: torch.Tensor
) -> None:
    """`DistanceSums.take` and `add`."""
    import torch

    sums = filled[0]
    D = _root_distances(reader.pairs, rows, columns, H)
    for at, others, part in ((rows, columns, D), (columns, rows, D.T))[
        : 1 if rows == columns else 2
    ]:
        sums[at, reader.classes(others)] += part @ torch.from_numpy(reader.members(others)).to(
            D.device
        )


def _root_distances(pairs: Pairs, rows: slice, columns: slice, H: torch.Tensor) -> torch.Tensor:
    """Euclidean distances of a tile, those of near copies from the float64 differences
    themselves.
    """
    import torch

    share = CLOSE_SINGLE if pairs.single else CLOSE
    D = torch.mul(H, 2).sqrt_()
    if rows == columns:
        D.fill_diagonal_(0)
    i, j = torch.nonzero(share * pairs.longest > H, as_tuple=True)
    other = i + rows.start != j + columns.start
    i, j = i[other], j[other]
    some, first = torch.unique(i + rows.start, return_inverse=True)
    them, second = torch.unique(j + columns.start, return_inverse=True)
    left, right = (
        torch.from_numpy(pairs.exact(at.cpu().numpy())).to(H.device) for at in (some, them)
    )
    for part in blocks(len(i), 2 * pairs.W.shape[1]):
        gap = left[first[part]] - right[second[part]]
        D[i[part], j[part]] = gap.square_().sum(dim=1).sqrt_().to(D.dtype)
    return D


def _nearest(
    reader: Nearest,  # noqa: ARG001
    filled: list[torch.Tensor],
    rows: slice,
    columns: slice,
    H: torch.Tensor,
) -> None:
    """`Nearest.take` and `add`."""
    near, who = filled
    if rows == columns:
        _keep(near, who, rows, rows.start, H.clone().fill_diagonal_(np.inf))
        return
    _keep(near, who, rows, columns.start, H)
    _keep(near, who, columns, rows.start, H.T)


def _keep(near: torch.Tensor, who: torch.Tensor, at: slice, first: int, H: torch.Tensor) -> None:
    """Keep the nearest of those known and those in H (r, s), whose columns begin at position
    `first`.
    """
    import torch

    most = near.shape[1]
    h, place = torch.topk(H, min(most, H.shape[1]), dim=1, largest=False, sorted=False)
    everyone = torch.cat([who[at], place + first], dim=1)
    near[at], best = torch.topk(
        torch.cat([near[at], h], dim=1), most, dim=1, largest=False, sorted=False
    )
    who[at] = everyone.gather(1, best)


STEPS: dict[type, Callable[..., None]] = {
    ExpSums: _exp_sums,
    DistanceSums: _distance_sums,
    Nearest: _nearest,
}
