"""All pairs of pictures, tile by tile, made once for every measure that reads them.

The n x n matrix of a large set never lies in memory.

Each pair (i, j) is handed on as half its squared distance h_ij = (q_i + q_j) / 2 - w_i.w_j, where w are the rows
minus their mean and q = |w|^2: the cosine distance of unit rows, half the squared distance of others. A common offset,
however large, then costs no digits. Rows lie in the order of their classes, so that a tile meets few of them.

From FEW pictures on, products are made in float32 (half the time) and sums over tiles in float64; where digits could
be lost, as among near copies, whoever reads a tile goes back to `Pairs.exact`.
"""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from srcsel.measures._prepare import unit_rows
from srcsel.threads import Item, Made, in_order

BLOCK_BYTES = 64_000_000  # of one block of pairs in float64
EDGE = 1024  # rows and columns of a product: large ones are fast
FINE = 256  # rows of a tile as it is read: 1 MB in float32, small enough for a core's cache
STRIP_BYTES = 8_000_000  # of some rows of pairs with every picture
PART_BYTES = 2_000_000  # of some rows in float64
SOME = 1000  # rows whose mean stands for that of all
WHOLE_BYTES = 160_000_000  # a matrix of pairs up to this size is kept for a pass that needs whole rows
FEW = 1000  # pictures below which everything is float64
SPARSE = 50_000_000  # multiplications from which a product with indicators is sparse
CLOSE = 1e-6  # h below this share of the largest length has lost digits
CLOSE_SINGLE = 1e-4  # the same in float32
MANY = 0.05  # share of a tile's pairs from which it is made again in float64
WARM = 0.05  # temperature from which the exponentials of a loss are safe in float32
SPARE = 8  # neighbours kept beyond those asked for while distances are in float32
FIRST = 1024  # pictures that tell at first how near a neighbour is
DOUBT = 2e-6  # share of the largest distance within which a float32 order is not trusted
TIE = 2.0**-38  # distances that differ by less than this share of the largest are ties
TINY = 1e-290  # squared lengths from here on are exact
ZERO = 1e-29  # cosine distances below this are rounding noise of rows that point one way


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows to compare with each other; row p is picture order[p]."""

    W: np.ndarray  # (n, d) minus one row that is near the mean, float32 or float64
    q: np.ndarray  # (n,) float64, their squared lengths; 1 more for a row without direction
    empty: np.ndarray  # (n,) bool, rows without direction
    order: np.ndarray  # (n,) pictures, by class where it is known
    exact: Callable[[np.ndarray | slice], np.ndarray]  # positions (m,) -> their rows, (m, d) float64

    @property
    def single(self) -> bool:
        """Whether the products are made in float32."""
        return self.W.dtype == np.float32

    @functools.cached_property
    def _half_q(self) -> np.ndarray:
        return self.q.astype(self.W.dtype) / 2

    @functools.cached_property
    def longest(self) -> float:
        """The largest squared length."""
        return float(self.q.max())

    def halves(self, rows: slice | np.ndarray, columns: slice, *, exact: bool = False) -> np.ndarray:
        """Return h of rows and columns, (r, s), at least 0, in the precision of W; with `exact` in float64."""
        again = exact and self.single
        H = self.exact(rows) @ self.exact(columns).T if again else self.W[rows] @ self.W[columns].T
        q = self.q / 2 if again else self._half_q
        np.subtract(q[rows, None], H, out=H)
        H += q[columns]
        return np.maximum(H, 0, out=H)


class Reader(Protocol):
    """What a measure does with each tile of one `Pairs`."""

    pairs: Pairs
    whole: bool  # needs whole rows: columns are then always everyone

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> Any:
        """Reduce a tile h (r, s), without changing it. May run beside other calls.

        Unless `whole`, tiles below the diagonal are not shown: columns start at or after rows, and a tile off the
        diagonal stands for its mirror image too.
        """
        ...

    def add(self, rows: slice, columns: slice, part: Any) -> None:
        """Add what `take` returned; calls come one at a time, always in the same order."""
        ...


def read_all(readers: Sequence[Reader], tick: Callable[[], None] | None = None) -> list[float]:
    """Show every reader all of its pairs, making each tile once for all that share it; seconds of each reader.

    tick: called now and then; what it raises stops the pass. The time of a tile's product is shared.
    """
    seconds = [0.0] * len(readers)
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, reader in enumerate(readers):
        groups.setdefault((id(reader.pairs), reader.whole), []).append(i)
    merged = dict(groups)
    for (pairs, whole), members in groups.items():  # who can do with tiles is also content with whole rows
        if whole and (pairs, False) in merged:
            members.extend(merged.pop((pairs, False)))
    for (_, whole), members in merged.items():
        _read([readers[i] for i in members], members, seconds, tick, whole=whole)
    return seconds


def _read(
    readers: Sequence[Reader], at: Sequence[int], seconds: list[float], tick: Callable[[], None] | None, *, whole: bool
) -> None:
    pairs = readers[0].pairs
    n = len(pairs.W)
    start = time.perf_counter()
    matrix = _matrix(pairs) if whole and n * n * pairs.W.itemsize <= WHOLE_BYTES else None
    made = time.perf_counter() - start

    def reduced(place: tuple[slice, slice]) -> tuple[list[tuple[int, slice, Any, float]], float]:
        rows, columns = place
        start = time.perf_counter()
        H = pairs.halves(rows, columns) if matrix is None else matrix[rows]
        begun = time.perf_counter()
        parts = []
        for some in _edges(len(H), len(H) if whole else FINE):
            those = slice(rows.start + some.start, rows.start + some.stop)
            for i, reader in enumerate(readers):
                since = time.perf_counter()
                part = reader.take(those, columns, H[some])
                parts.append((i, those, part, time.perf_counter() - since))
        return parts, begun - start

    places = _strips(n) if whole else tiles(n)
    for (_, columns), (parts, product) in zip(places, over_cores(reduced, places), strict=True):
        made += product
        for i, rows, part, took in parts:
            since = time.perf_counter()
            readers[i].add(rows, columns, part)
            seconds[at[i]] += took + time.perf_counter() - since
        if tick is not None:
            tick()
    for i in at:
        seconds[i] += made / len(at)


def over_cores(function: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """`map`, in order, on as many threads as linear algebra may use, which stays on one thread inside each call."""
    items = list(items)
    cores = min(_threads(), len(items)) if len(items) > 1 else 1
    if cores == 1:
        yield from map(function, items)
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield from in_order(function, items, cores, ahead=2 * cores)


def _threads() -> int:
    """How many threads linear algebra may use now."""
    from threadpoolctl import threadpool_info

    return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)


def _edges(n: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def tiles(n: int) -> list[tuple[slice, slice]]:
    """Tiles on and above the diagonal; those on it first, because they tell how near the near ones are.

    Those on it are small, because half of each is made twice.
    """
    edges = _edges(n, EDGE)
    fine = [(slice(start, min(start + FINE, a.stop)), a) for a in edges for start in range(a.start, a.stop, FINE)]
    beside = [(part, slice(part.stop, a.stop)) for part, a in fine if part.stop < a.stop]
    above = [(a, b) for i, a in enumerate(edges) for b in edges[i + 1 :]]
    return [(part, part) for part, _ in fine] + beside + above


def _strips(n: int) -> list[tuple[slice, slice]]:
    """Put a few rows beside everyone."""
    return [(rows, slice(0, n)) for rows in _edges(n, max(1, STRIP_BYTES // (8 * n)))]


def _matrix(pairs: Pairs) -> np.ndarray:
    """All of h, (n, n), each tile's product made once."""
    n = len(pairs.W)
    H = np.empty((n, n), dtype=pairs.W.dtype)
    for (rows, columns), tile in over_cores(lambda place: (place, pairs.halves(*place)), tiles(n)):
        H[rows, columns] = tile
        H[columns, rows] = tile.T
    return H


def blocks(n: int, width: int) -> Iterator[slice]:
    """Slices of 0..n such that a block of `width` float64 columns stays within BLOCK_BYTES."""
    yield from _edges(n, max(1, int(BLOCK_BYTES // (8 * max(width, 1)))))


def class_sums(W: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Sum the rows of W (n, d) by their label, (classes, d), in the precision of W; label -1 counts nowhere."""
    n, inside = len(y), y >= 0
    if n * classes * W.shape[1] < SPARSE:
        return (y == np.arange(classes)[:, None]).astype(W.dtype) @ W
    from scipy.sparse import csr_matrix

    rows = np.flatnonzero(inside)
    return csr_matrix((np.ones(len(rows), W.dtype), (y[rows], rows)), shape=(classes, n)) @ W


def cosine_pairs(X: np.ndarray, order: np.ndarray, *, exact: bool = False) -> Pairs:
    """Pairs of X (n, d) by cosine distance; float64 for few pictures or with `exact`.

    A zero row has distance 1 to every other row, as in scikit-learn.
    """
    n = len(X)
    if exact or n < FEW:
        Z = unit_rows(X[order].astype(np.float64, copy=False))
        empty = np.asarray(~Z.any(axis=1))
        Z -= Z.mean(axis=0)
        Z -= Z.mean(axis=0)
        return Pairs(Z, np.einsum("ij,ij->i", Z, Z) + empty, empty, order, lambda rows: Z[rows])
    return _single(X, order, None)


def euclidean_pairs(X: np.ndarray, order: np.ndarray, *, exact: bool = False) -> Pairs:
    """Pairs of X (n, d) by Euclidean distance, in the scale of the largest value; precision as `cosine_pairs`."""
    n = len(X)
    scale = max(float(X.max()), -float(X.min())) or 1.0
    if exact or n < FEW:
        W = X[order].astype(np.float64, copy=False) / scale
        W -= W.mean(axis=0)
        W -= W.mean(axis=0)
        return Pairs(W, np.einsum("ij,ij->i", W, W), np.zeros(n, dtype=bool), order, lambda rows: W[rows])
    return _single(X, order, scale)


def _single(X: np.ndarray, order: np.ndarray, scale: float | None) -> Pairs:
    """Rows of X over scale, or over their own length, in float32 with their lengths from float64.

    Made in blocks that fit a core's cache, over all cores. What is subtracted is the mean of some rows only: the
    distances do not depend on it.
    """
    n, d = X.shape
    size = np.full(n, scale or np.inf)  # what each row is divided by; infinite for a row without direction

    def scaled(rows: np.ndarray | slice) -> np.ndarray:
        part = X[order[rows]].astype(np.float64, copy=False)
        if scale is None:
            length = _lengths(part)
            size[rows] = np.where(length > 0, length, np.inf)
        part /= size[rows, None]
        return part

    mean = scaled(np.arange(0, n, -(-n // SOME))).mean(axis=0)

    def exact(rows: np.ndarray | slice) -> np.ndarray:
        part = X[order[rows]].astype(np.float64, copy=False)
        part /= size[rows, None]
        part -= mean
        return part

    W, q = np.empty((n, d), dtype=np.float32), np.empty(n)

    def fill(rows: slice) -> None:
        part = scaled(rows)
        part -= mean
        W[rows] = part
        q[rows] = np.einsum("ij,ij->i", part, part)

    deque(over_cores(fill, _edges(n, max(1, PART_BYTES // (8 * d)))), maxlen=0)
    empty = np.isinf(size)
    return Pairs(W, q + empty, empty, order, exact)


def _lengths(X: np.ndarray) -> np.ndarray:
    """Row lengths (n,), also where squares would overflow or vanish."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("ij,ij->i", X, X)
    if np.isfinite(squares).all() and (squares > TINY).all():
        return np.sqrt(squares)
    largest = np.abs(X).max(axis=1)
    parts = np.divide(X, largest[:, None], out=np.zeros_like(X), where=largest[:, None] > 0)
    return largest * np.linalg.norm(parts, axis=1)


def root_distances(pairs: Pairs, rows: slice | np.ndarray, columns: slice, H: np.ndarray | None = None) -> np.ndarray:
    """Euclidean distances of rows and columns, (r, s), from their h where it is known.

    Those of near copies, whose h has lost its digits, are taken from the differences themselves.
    """
    H = pairs.halves(rows, columns) if H is None else H
    share = CLOSE_SINGLE if H.dtype == np.float32 else CLOSE
    near = np.flatnonzero(share * pairs.longest > H)
    if H.dtype == np.float32 and len(near) > MANY * H.size:  # one product in float64 costs less
        return root_distances(pairs, rows, columns, pairs.halves(rows, columns, exact=True)).astype(H.dtype)
    D = np.sqrt(2 * H)
    i, j = np.divmod(near, H.shape[1])
    first, second = (np.arange(len(pairs.W))[some] for some in (rows, columns))
    itself = first[i] == second[j]
    D[i[itself], j[itself]] = 0
    i, j = i[~itself], j[~itself]
    for part in blocks(len(i), 2 * pairs.W.shape[1]):
        gap = pairs.exact(first[i[part]])
        gap -= pairs.exact(second[j[part]])
        D[i[part], j[part]] = np.sqrt(np.einsum("md,md->m", gap, gap))
    return D


class ExpSums:
    """Reads log sum over j != i of exp(cosine_ij / temperature) for every i."""

    def __init__(self, pairs: Pairs, temperature: float, kept: np.ndarray | None = None) -> None:
        """With kept (b, n) bool also over each subset of the pictures."""
        self.pairs, self.temperature, self.whole = pairs, temperature, kept is not None
        n = len(pairs.W)
        self._totals = np.zeros((n, 1 if kept is None else 1 + len(kept)))
        self._members = None
        if kept is not None:
            self._members = np.ones((n, 1 + len(kept)), dtype=pairs.W.dtype)
            self._members[:, 1:] = kept.T[pairs.order]

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the sums of the rows, and of the columns where the mirror image counts."""
        E = np.multiply(H, H.dtype.type(-1 / self.temperature))
        np.exp(E, out=E)
        mirrored = columns.start >= rows.stop
        if not mirrored:
            E[np.arange(len(E)), np.arange(rows.start, rows.stop) - columns.start] = 0
        if self._members is not None:
            return E @ self._members[columns], E.T @ self._members[rows] if mirrored else None
        return E.sum(axis=1)[:, None], E.sum(axis=0)[:, None] if mirrored else None

    def add(self, rows: slice, columns: slice, part: tuple[np.ndarray, np.ndarray | None]) -> None:
        """Add in float64."""
        self._totals[rows] += part[0]
        if part[1] is not None:
            self._totals[columns] += part[1]

    def logs(self) -> np.ndarray:
        """Return the logs for all pictures and then for each subset, (n, 1 + b), in the order of the pictures."""
        found = np.empty_like(self._totals)
        with np.errstate(divide="ignore"):  # a subset that holds no other picture
            found[self.pairs.order] = np.log(self._totals) + 1 / self.temperature
        return found


Hits = tuple[np.ndarray, np.ndarray, np.ndarray]  # local rows, ascending; positions; h


class Nearest:
    """Reads the k nearest others of every picture, nearest first; equal distances go to the earlier picture.

    A picture is excluded from its own list by its index, so copies of it count.
    """

    whole = False

    def __init__(self, pairs: Pairs, k: int) -> None:
        self.pairs, self.k = pairs, k
        n = len(pairs.W)
        self._most = min(k + SPARE, n - 1)
        self._near = np.full((n, self._most), np.inf, dtype=pairs.W.dtype)
        self._who = np.zeros((n, self._most), dtype=np.int64)  # positions
        self._limit = np.full(n, np.inf, dtype=pairs.W.dtype)
        self._step = tie_step(pairs)
        self._doubt = max(2 * self._step, DOUBT * float(pairs.q.max()) if pairs.single else 0.0)

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> tuple[Hits, Hits | None]:
        """Return pairs nearer than what the rows, and for a mirror image the columns, have so far."""
        own = self._hits(H, rows, columns)
        return own, self._hits(H.T, columns, rows) if columns.start >= rows.stop else None

    def add(self, rows: slice, columns: slice, part: tuple[Hits, Hits | None]) -> None:
        """Merge them."""
        self._merge(rows, *part[0])
        if part[1] is not None:
            self._merge(columns, *part[1])

    def _hits(self, H: np.ndarray, rows: slice, columns: slice) -> Hits:
        limit = self._limit[rows]
        new = np.isinf(limit)
        limit = np.nextafter(limit, -np.inf, dtype=H.dtype)
        if new.any():
            some = H[new, :FIRST]
            at = min(self._most, some.shape[1] - 1)  # one more than asked for: the picture itself may be among them
            limit[new] = np.partition(some, at, axis=1)[:, at] if some.shape[1] > self._most else np.inf
        flat = np.flatnonzero(limit[:, None] >= H)
        i, j = np.divmod(flat, H.shape[1])
        others = i + rows.start != j + columns.start
        i, j = i[others], j[others]
        return i, j + columns.start, H[i, j]

    def _merge(self, rows: slice, i: np.ndarray, who: np.ndarray, near: np.ndarray) -> None:
        """Keep the nearest of those known and those found for local rows i, sorted."""
        if not len(i):
            return
        active, first, counts = np.unique(i, return_index=True, return_counts=True)
        at = active + rows.start
        place = self._most + np.arange(len(i)) - np.repeat(first, counts)
        line = np.repeat(np.arange(len(active)), counts)
        width = self._most + int(counts.max())
        nears, whos = np.full((len(active), width), np.inf, self._near.dtype), np.zeros((len(active), width), np.int64)
        nears[:, : self._most], whos[:, : self._most] = self._near[at], self._who[at]
        nears[line, place], whos[line, place] = near, who
        best = np.argpartition(nears, self._most - 1, axis=1)[:, : self._most]
        self._near[at] = np.take_along_axis(nears, best, axis=1)
        self._who[at] = np.take_along_axis(whos, best, axis=1)
        self._limit[at] = self._near[at].max(axis=1)

    def found(self) -> np.ndarray:
        """Return the neighbours as picture numbers (n, k), in the order of the pictures."""
        order, n = self.pairs.order, len(self.pairs.W)
        sorting = np.argsort(self._near, axis=1)
        near, who = np.take_along_axis(self._near, sorting, axis=1), np.take_along_axis(self._who, sorting, axis=1)
        chosen = order[who[:, : self.k]]
        doubtful = np.flatnonzero((np.diff(near[:, : self.k + 1], axis=1) < self._doubt).any(axis=1))
        for part in blocks(len(doubtful), self._most * self.pairs.W.shape[1]):
            at = doubtful[part]
            D = self._distances(at, who[at])  # (r, most)
            keys = np.sort(_keys(D, self._step, order[who[at]]), axis=1)[:, : self.k]
            chosen[at] = keys & _PICTURE
            last = (keys[:, -1] >> _PICTURE_BITS) * self._step
            if self._most < n - 1:  # someone not kept might be as near
                self._settle(at[last >= near[at, -1] - self._doubt], chosen)
        found = np.empty_like(chosen)
        found[order] = chosen
        return found

    def _settle(self, at: np.ndarray, chosen: np.ndarray) -> None:
        """Find the neighbours at positions `at` from their float64 distances to everyone."""
        for part in blocks(len(at), 2 * len(self.pairs.W)):
            chosen[at[part]] = nearest(distance_keys(self.pairs, at[part]), self.k)

    def _distances(self, at: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Distances of positions at (r,) to their who (r, m), from the differences themselves."""
        rows, others = self.pairs.exact(at), self.pairs.exact(who.ravel()).reshape(*who.shape, -1)
        others -= rows[:, None]
        empty = self.pairs.empty.astype(np.float64)
        return np.einsum("imd,imd->im", others, others) / 2 + (empty[at, None] + empty[who]) / 2


def neighbours(X: np.ndarray, k: int) -> np.ndarray:
    """Find the indices of each picture's k nearest others by cosine distance, nearest first, (n, k).

    A picture is excluded from its own list by its index, so copies of it count. Ties go to the lower index.
    """
    reader = Nearest(cosine_pairs(X, np.arange(len(X))), k)
    read_all([reader])
    return reader.found()


def log_sum_exp(Z: np.ndarray, temperature: float) -> np.ndarray:
    """Return log sum over j != i of exp(z_i.z_j / temperature) for unit or zero rows Z (n, d): (n,)."""
    reader = ExpSums(cosine_pairs(Z, np.arange(len(Z)), exact=temperature < WARM), temperature)
    read_all([reader])
    return reader.logs()[:, 0]


def distance_keys(pairs: Pairs, at: np.ndarray) -> np.ndarray:
    """Float64 distances of positions `at` to everyone as whole numbers that sort by distance, then by picture: (r, n).

    Distances closer than TIE of the largest are equal, whatever the rounding. A picture itself comes last.
    """
    step = tie_step(pairs)
    keys = np.empty((len(at), len(pairs.W)), dtype=np.int64)
    rows = pairs.exact(at)
    for part in _edges(len(pairs.W), max(1, STRIP_BYTES // (8 * rows.shape[1]))):
        D = (pairs.q[at, None] + pairs.q[part]) / 2 - rows @ pairs.exact(part).T
        keys[:, part] = _keys(np.maximum(D, 0), step, pairs.order[part])
    keys[np.arange(len(at)), at] = np.iinfo(np.int64).max
    return keys


def nearest(keys: np.ndarray, k: int) -> np.ndarray:
    """Pictures with the k smallest keys of each row, smallest first, (r, k)."""
    smallest = np.partition(keys, k - 1, axis=1)[:, :k]
    return np.sort(smallest, axis=1) & _PICTURE


def tie_step(pairs: Pairs) -> float:
    """Distances in the same multiple of this are ties."""
    return max(2 * float(pairs.q.max()), ZERO / TIE) * TIE


def _keys(D: np.ndarray, step: float, pictures: np.ndarray) -> np.ndarray:
    return (np.rint(D / step).astype(np.int64) << _PICTURE_BITS) | pictures


_PICTURE_BITS = 24  # up to 16.7 million pictures; the distance has the 39 bits above
_PICTURE = (1 << _PICTURE_BITS) - 1
