"""Which pictures are copies of each other: the same file, or the same picture saved again.

Found: other formats, sizes and compressions of a picture, a little lighter, darker or flatter. Not
looked for: turned or mirrored pictures, and cuts out of a picture.

Two pictures are copies where two perceptual hashes (imagehash's pHash and dHash, 64 bits each)
differ in at most NEAR bits *and* their 32 x 32 colour thumbnails, each less its mean, correlate to
at least ALIKE. Measured on six sets of 360 to 600 pictures (photographs and drawings): saved again
as JPEG of quality 50, halved or 10 % lighter, a picture keeps pHash within 4 bits, dHash within 6
and a correlation of 0.958 or more; of 750,000 pairs of different pictures none is nearer than 8
bits with a correlation above 0.88. Hashes alone join 23 pairs of handwritten digits. Among 1,797
scans of 8 x 8 pixels, the hardest case known, 5 pairs in 100,000 are joined, and look it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from srcsel.base.records import Dataset
from srcsel.base.watch import Watch
from srcsel.pictures.dataset import made_of
from srcsel.pictures.decoding import look
from srcsel.pictures.deep import Ranges
from srcsel.store import expected
from srcsel.store.features import FeatureStore
from srcsel.store.memory import Arrays
from srcsel.store.serialize import to_plain

NEAR = 6  # bits of 64 in which each of the two hashes may differ
ALIKE = 0.96  # correlation of the thumbnails from which two pictures are the same one
# standard deviation (of 0..255) below which a picture has nothing to compare; only equal files are
# copies
FLAT = 3.0
SIDE = 32  # pixels of a thumbnail
THUMBNAIL = SIDE * SIDE * 3  # numbers in it
KEPT = 5000  # files of a folder whose looks are kept: 15 MB
DECODE = 128  # pixels of the shorter side that JPEG files are decoded to at least
BLOCK = 64  # pictures between two looks at the stop button
CELLS = 4_000_000  # pairs whose bits are counted at once, 8 bytes each
SOME = 1024  # thumbnails whose spread is found at once
PAIRS = 4096  # thumbnails compared at once
_VERSION = 1  # part of what the answer is remembered by


def copy_groups(dataset: Dataset, store: FeatureStore, watch: Watch | None = None) -> np.ndarray:
    """Give each picture the row of the first copy of it, (n,) int64: `groups[i] == i` where none
    comes before.

    Remembered in `store` for these very pictures. Progress goes to the part "pictures". Raises
    InputError for a picture that can no longer be read, Cancelled, StoreError.
    """
    question = {
        "version": _VERSION,
        "dataset": dataset.digest,
        "rule": [NEAR, ALIKE, FLAT, SIDE, DECODE],
    }
    total = len(dataset.paths)
    known = store.memory.recall(
        "copies", question, lambda kept, _: expected.rows(kept["groups"], total)
    )
    if known is not None:
        return known
    groups = _grouped(*_looks(dataset, store, watch or Watch()))
    store.memory.remember("copies", question, {"groups": groups}, None)
    return groups


def _looks(
    dataset: Dataset, store: FeatureStore, watch: Watch
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Open every picture once: digests of the files [n], hashes (n, 2) uint64, thumbnails (n, 32 *
    32 * 3) uint8.

    A file that was looked at before, in whatever set of this folder's pictures, is known by its
    digest: where some are left out, or labelled anew, none is opened.
    """
    total = len(dataset.paths)
    digests = list(dataset.digests) or [""] * total
    hashes, thumbnails = np.zeros((total, 2), np.uint64), np.zeros((total, THUMBNAIL), np.uint8)
    known = _known(dataset, store)
    row_of = {digest: row for row, digest in enumerate(known[0])}
    new = [row for row, digest in enumerate(digests) if digest not in row_of]
    seen = [row for row, digest in enumerate(digests) if digest in row_of]
    before = [row_of[digests[row]] for row in seen]
    hashes[seen], thumbnails[seen] = known[1][before], known[2][before]

    def look(row: int) -> None:
        digests[row], hashes[row], thumbnails[row] = _look(dataset, row)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(new), BLOCK):
            watch.update(
                "pictures",
                "reading",
                start,
                len(new),
                note=f"Looking for copies, {start:,} of {len(new):,}",
            )
            list(pool.map(look, new[start : start + BLOCK]))
    watch.update("pictures", "done", total, total)
    if new and len(known[0]) + len(new) <= KEPT:
        found = [digests[row] for row in new], hashes[new], thumbnails[new]
        _keep(dataset, store, known, found)
    return digests, hashes, thumbnails


Looks = tuple[list[str], np.ndarray, np.ndarray]


def _known(dataset: Dataset, store: FeatureStore) -> Looks:
    """Return what was seen of files of this folder before, each once."""

    def read(kept: Arrays, digests: Any) -> Looks:
        thumbnails = expected.rows(kept["thumbnails"], len(digests), THUMBNAIL)
        return list(digests), expected.rows(kept["hashes"], len(digests), 2), thumbnails

    nothing = [], np.zeros((0, 2), np.uint64), np.zeros((0, THUMBNAIL), np.uint8)
    return store.memory.recall("looks", _asked(dataset), read) or nothing


def _keep(dataset: Dataset, store: FeatureStore, known: Looks, found: Looks) -> None:
    once = np.unique(found[0], return_index=True)[1]  # the same file may lie there twice
    arrays = {
        "hashes": np.concatenate([known[1], found[1][once]]),
        "thumbnails": np.concatenate([known[2], found[2][once]]),
    }
    digests = [*known[0], *(found[0][i] for i in once)]
    store.memory.remember("looks", _asked(dataset), arrays, digests)


def _asked(dataset: Dataset) -> dict[str, Any]:
    """Name what a look depends on, the file itself apart; another folder has a list of its own."""
    rule = [SIDE, DECODE]
    return {
        "version": _VERSION,
        "rule": rule,
        "folder": str(dataset.folder),
        "ranges": to_plain(dataset.ranges),
    }


def _look(dataset: Dataset, row: int) -> tuple[str, list[int], np.ndarray]:
    return made_of(dataset, row, _marks, dataset.ranges)


def _marks(data: bytes, ranges: Ranges) -> tuple[str, list[int], np.ndarray]:
    """Return the digest of a picture's bytes, two hashes of what it shows, and its thumbnail
    (32 * 32 * 3) uint8.
    """
    import imagehash

    picture = look(data, hint=DECODE, ranges=ranges).picture
    bits = [imagehash.phash(picture).hash, imagehash.dhash(picture).hash]  # (8, 8) bool each
    small = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX))
    hashes = [int(str(imagehash.ImageHash(b)), 16) for b in bits]
    return hashlib.sha256(data).hexdigest(), hashes, small.ravel()


def _grouped(digests: list[str], hashes: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Join equal files, then pairs that look alike; the smallest row names each group, (n,)
    int64.
    """
    _, first, which = np.unique(digests, return_index=True, return_inverse=True)
    root = first[which].astype(np.int64)
    parts = [slice(start, start + SOME) for start in range(0, len(root), SOME)]
    textured = np.concatenate([thumbnails[some].std(axis=1) >= FLAT for some in parts])
    rows = np.flatnonzero((root == np.arange(len(root))) & textured)  # one of each file
    for one, two in _candidates(hashes[rows]):
        for start in range(0, len(one), PAIRS):
            a, b = rows[one[start : start + PAIRS]], rows[two[start : start + PAIRS]]
            apart = root[a] != root[b]
            a, b = a[apart], b[apart]
            same = _correlation(thumbnails[a], thumbnails[b]) >= ALIKE
            for i, j in zip(a[same], b[same], strict=True):
                low, high = sorted((root[i], root[j]))
                if low < high:
                    root[root == high] = low
    return root


def _candidates(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs (i, j), i < j, of hashes (m, 2) uint64 that are near in both, some rows at a
    time.
    """
    step = max(1, CELLS // max(1, len(hashes)))
    for start in range(0, len(hashes), step):
        block = hashes[start : start + step]
        near = np.ones((len(block), len(hashes) - start), bool)
        for k in range(hashes.shape[1]):
            near &= np.bitwise_count(block[:, None, k] ^ hashes[None, start:, k]) <= NEAR
        one, two = np.nonzero(np.triu(near, 1))
        yield one + start, two + start


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each row of a (p, t) with that of b, neither constant; (p,)
    float32.
    """
    a, b = (x.astype(np.float32) - x.mean(axis=1, keepdims=True, dtype=np.float32) for x in (a, b))
    return (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
