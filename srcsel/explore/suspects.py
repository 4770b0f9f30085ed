"""Pictures worth a look: maybe mislabelled, copies, odd ones out, tiny files.

Nothing on disk is touched.

Maybe mislabelled: each model is asked where it would put a picture it did not learn from (a linear
probe on its whitened features, five folds, copies on one side), and the answers are averaged, each
weighted by how far above chance the model is, squared. A picture is listed where the average
prefers another class to its label by MARGIN. Measured by planting 5 % wrong labels into three real
and three demo sets of 360 to 600 pictures, twice each, with eight small demo models, and with five
models trained on real pictures. Of the pictures listed 67 % and 75 % are planted ones; of those
planted 60 % and 78 % are listed; of clean pictures 2 % are. As many pictures as were planted, taken
from the top, hold 62 % and 77 %. The same by votes of nearest neighbours: 59 % and 69 %; by the
best single model: 53 % and 76 %; by cleanlab 2.9's scores for ensembles: 64 % and 75 %. cleanlab's
own rule for how many to list, on the same averages, lists more, 46 % and 64 % of them planted ones.
So cleanlab is not needed.

Odd ones out: how far a picture is from its six nearest, compared with its class, in the mean of all
models. Measured by putting single pictures of one of these sets into another: 59 % and 68 % of them
are found, and of a set's own pictures one to four in a thousand are listed. On the features as they
are 6 to 8 % fewer are found.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from srcsel.base import sampling
from srcsel.base.errors import InputError, PictureError
from srcsel.base.records import Dataset, Features, Result, SourceModel, Suspect, Suspects
from srcsel.base.settings import Settings, load_settings
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Watch
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.measures import check_features
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.prepare import components, directions, prepare
from srcsel.measures.knn import neighbors
from srcsel.pictures.copies import copy_groups
from srcsel.pictures.dataset import pictures_of
from srcsel.pictures.images import picture_size
from srcsel.store import files
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.serialize import from_plain, to_plain

VERSION = 1
"""Raise it when a change here should not reuse what is stored."""
MARGIN = 0.2  # of the averaged probabilities, 0..1, between another class and the label
FOLDS = 5
FEWEST = 5  # pictures of a class below which its labels are not judged: too few to learn from
SURE = 0.7  # share of pictures placed with their label below which the list is said to be unsure
STRENGTH = 0.03  # C of the logistic regression, small = cautious
# pictures below which C grows with the root of how many are missing: 0.03 would learn nothing from
# few
SMALL = 500
# robust standard deviations by which a picture is farther from its neighbours than its class
ODD = 2.0
NEAREST = 6  # neighbours that this looks at
ENOUGH = 10  # pictures of a class that say how far is usual; of smaller ones, the whole set says it
TINY = 32  # pixels of the shorter side below which there is little to see
BLOCK = 256  # pictures between two looks at the stop button


def asked(result: Result) -> tuple[SourceModel, ...]:
    """Return the models that are asked: those with a score, no yardsticks."""
    scored = {score.model for score in result.scores}
    return tuple(model for model in result.models if model.id in scored and not model.yardstick)


def stored(result: Result, store: FeatureStore) -> Suspects | None:
    """Read the lists made before for these pictures and models; None where there are none.

    For pages.
    """
    return store.memory.recall(
        "suspects", _question(result), lambda _, kept: from_plain(Suspects, kept)
    )


def make(run_id: str, settings: Settings | None = None, watch: Watch | None = None) -> Suspects:
    """Make the lists for a stored run, or return what is stored; features that are gone are made
    again. Of very many pictures a sample is looked at (`base.sampling`), which the notes say.

    Raises InputError where the pictures have changed since the run, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    store = open_features(settings)
    result = open_runs(settings).load(run_id)
    if (there := stored(result, store)) is not None:
        return there
    run = result.run
    dataset = pictures_of(run, watch)
    if dataset.digest != result.dataset.digest:
        raise InputError(
            f"The pictures in {dataset.folder} have changed since this run. Run it again."
        )
    rows = sampling.pictures_of_many(dataset.labels, dataset.paths)
    features = features_of(result, asked(result), store, watch)
    if rows is not None:
        found = _sampled(dataset, features, rows, store, watch)
    else:
        found = find(dataset, features, copy_groups(dataset, store, watch), watch)
    store.memory.remember("suspects", _question(result), {}, to_plain(found))
    return found


def _sampled(
    dataset: Dataset,
    features: Iterable[Features],
    rows: np.ndarray,
    store: FeatureStore,
    watch: Watch,
) -> Suspects:
    """Make the lists of the pictures `rows` (m,) alone: the time and memory of all would grow with
    the square of how many there are.
    """
    digest = files.text_hash({"of": dataset.digest, "rows": rows.tolist()})
    some = dataset.take(rows, digest)
    cut = (replace(f, values=f.values[rows], logits=None) for f in features)
    found = find(some, cut, copy_groups(some, store, watch), watch)

    def placed(suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
        return tuple(
            replace(s, row=int(rows[s.row]), group=None if s.group is None else int(rows[s.group]))
            for s in suspects
        )

    said = (
        f"{len(rows):,} of {len(dataset.paths):,} pictures were looked at, a sample with the same"
        " share of each class."
    )
    lists = (placed(one) for one in (found.labels, found.copies, found.odd, found.tiny))
    return Suspects(found.models, *lists, notes=(said, *found.notes))


def find(
    dataset: Dataset, features: Iterable[Features], groups: np.ndarray, watch: Watch | None = None
) -> Suspects:
    """Make the four lists, from what each model asked makes of the pictures; one model in memory at
    a time.

    groups (n,): row of the first copy of each picture, as `copies.copy_groups`. Raises Cancelled.
    """
    watch, y = watch or Watch(), dataset.labels
    opinions, models, away = _Opinions(y, groups), [], [np.zeros(len(y))]
    for found in features:
        models.append(found.key.model)
        watch.update(found.key.model, "scoring")
        with suited_threads(len(y)):
            Z = whitened(found.values)
            opinions.ask(Z)
            away.append(oddness(Z, y))
        watch.update(found.key.model, "done")
    labels = opinions.suspects(dataset.classes)
    odd = _odd(np.array(away[1:])) if models else ()
    return Suspects(
        tuple(models),
        labels,
        _copies(dataset, groups),
        odd,
        _tiny(dataset, watch),
        tuple(opinions.notes()),
    )


def whitened(features: np.ndarray) -> np.ndarray:
    """Whiten features (n, d) as the scores do: (n, k) rows of one length, about unit variance in
    each direction.
    """
    X = check_features(features, single=True)
    Z = prepare(components(X, directions(len(X))), "whitened")
    return Z * np.sqrt(Z.shape[1])


class _Opinions:
    """Where the models together would put each picture."""

    def __init__(self, labels: np.ndarray, groups: np.ndarray) -> None:
        self._labels, self._folds = labels, folds(labels, groups)
        self._judged = np.bincount(labels)[labels] >= FEWEST  # (n,)
        self._sum = np.zeros((len(labels), int(labels.max()) + 1), dtype=np.float32)  # (n, c)
        self._weights = 0.0
        self._first: list[np.ndarray] = []  # of each model: the class it prefers, (n,)

    def ask(self, Z: np.ndarray) -> None:
        """Take in one model's whitened features (n, k)."""
        y = self._labels
        P = probabilities(Z, y, self._folds)
        chance = 1 / P.shape[1]
        first = P.argmax(axis=1)
        skill = max(0.0, (float((first == y).mean()) - chance) / (1 - chance))
        self._sum += skill**2 * P
        self._weights += skill**2
        self._first.append(first)

    def suspects(self, classes: Sequence[str]) -> tuple[Suspect, ...]:
        """List the pictures that the models together place with another class, the surest first."""
        if not self._weights:
            return ()
        y, everyone = self._labels, np.arange(len(self._labels))
        P = self._sum / self._weights
        own = P[everyone, y]
        P[everyone, y] = -1
        other = P.argmax(axis=1)  # (n,)
        margin = P[everyone, other] - own
        agree = np.sum([first == other for first in self._first], axis=0)  # (n,)
        rows = np.flatnonzero((margin > MARGIN) & (agree > 0) & self._judged)
        rows = rows[np.argsort(-margin[rows], kind="stable")]
        models = len(self._first)
        return tuple(
            Suspect(
                int(row),
                _placed(int(agree[row]), models, classes[int(other[row])]),
                int(agree[row]),
                int(other[row]),
                strength=float(margin[row]),
            )
            for row in rows
        )

    def notes(self) -> list[str]:
        """Say what was not judged, and why."""
        return [note for note in (self._unjudged(), self._blind(), self._unsure()) if note]

    def _unjudged(self) -> str:
        counts = np.bincount(self._labels)
        few = int((counts < FEWEST).sum())
        if not few:
            return ""
        what = "One class has" if few == 1 else f"{few:,} classes have"
        return (
            f"{what} fewer than {FEWEST} pictures: too few to say whether a label there is wrong."
        )

    def _blind(self) -> str:
        if self._weights:
            return ""
        if not self._first:
            return (
                "No starting model was scored that could be asked about labels; yardsticks are not."
            )
        return (
            "None of the models tells the classes apart, so none can say which label may be wrong."
        )

    def _unsure(self) -> str:
        right = float((self._sum.argmax(axis=1) == self._labels).mean()) if self._weights else 1.0
        if right >= SURE:
            return ""
        return (
            f"Together the models place only {100 * right:.0f} of 100 pictures with their label, so"
            " many of those listed may be right and only hard to tell."
        )


def probabilities(Z: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Class probabilities of each picture from a linear probe that did not learn from its fold, (n,
    c) float32.

    Z (n, k) whitened (with all pictures, but no labels), labels (n,) in 0..c-1, fold (n,).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    strength = STRENGTH * max(1.0, np.sqrt(SMALL / len(Z)))
    P = np.zeros((len(Z), int(labels.max()) + 1), dtype=np.float32)
    for number in np.unique(fold):
        held, known = np.flatnonzero(fold == number), fold != number
        if len(np.unique(labels[known])) < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            probe = LogisticRegression(C=strength, max_iter=200).fit(Z[known], labels[known])
        P[held[:, None], probe.classes_] = probe.predict_proba(Z[held])
    return P


def folds(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Fold of each picture, (n,) in 0..4: each class spread evenly, copies in the fold of their
    first.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    fold = np.empty(len(labels), dtype=np.int64)
    by_class = order[np.argsort(labels[order], kind="stable")]
    fold[by_class] = np.arange(len(labels)) % FOLDS
    return fold[groups]


def oddness(Z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much farther each picture is from its neighbours than is usual in its class, (n,), in
    standard deviations.

    Z (n, k) whitened. Robust: log of the mean cosine distance to the six nearest, less its median,
    over 1.4826 times its median deviation, in the picture's class, or among all pictures where the
    class has fewer than 10.
    """
    U = Z / np.sqrt(Z.shape[1])
    near = neighbors(U, min(NEAREST, len(U) - 1))
    away = np.empty(len(U))
    for rows in blocks(len(U), near.shape[1] * U.shape[1]):
        away[rows] = 1 - np.einsum("id,ikd->ik", U[rows], U[near[rows]]).mean(axis=1)
    away = np.log(np.maximum(away, 1e-6))
    z = _robust(away)
    for c in np.flatnonzero(np.bincount(labels) >= ENOUGH):
        z[labels == c] = _robust(away[labels == c])
    return z


def _robust(values: np.ndarray) -> np.ndarray:
    apart = values - np.median(values)
    spread = 1.4826 * np.median(np.abs(apart))
    return apart / spread if spread > 0 else np.zeros_like(values)


def _placed(agree: int, asked: int, name: str) -> str:
    return f"{_of(agree, asked)} place{'s' if agree == 1 else ''} this with {name}"


def _of(some: int, asked: int) -> str:
    return "The one model asked" if asked == 1 else f"{some} of {asked} models"


def _odd(away: np.ndarray) -> tuple[Suspect, ...]:
    """List the pictures that are far from everything in the mean of all models and in half of them;
    away (m, n).
    """
    strength, agree = away.mean(axis=0), (away > ODD).sum(axis=0)
    rows = np.flatnonzero((strength > ODD) & (2 * agree >= len(away)))
    rows = rows[np.argsort(-strength[rows], kind="stable")]
    return tuple(
        Suspect(row, _far(count, len(away)), count, strength=far)
        for row, count, far in zip(
            rows.tolist(), agree[rows].tolist(), strength[rows].tolist(), strict=True
        )
    )


def _far(agree: int, asked: int) -> str:
    return f"{_of(agree, asked)} find{'s' if agree == 1 or asked == 1 else ''} nothing like it"


def _copies(dataset: Dataset, groups: np.ndarray) -> tuple[Suspect, ...]:
    """List every picture that has a copy, group by group, groups across classes first."""
    sizes = np.bincount(groups, minlength=len(groups))
    rows = np.flatnonzero(sizes[groups] > 1)
    rows = rows[np.argsort(groups[rows], kind="stable")]
    found = []
    for group in np.split(rows, np.flatnonzero(np.diff(groups[rows])) + 1) if len(rows) else []:
        classes = list(dict.fromkeys(dataset.labels[group].tolist()))
        across = len(classes) > 1
        for row in group.tolist():
            others = [dataset.classes[c] for c in classes if c != dataset.labels[row]]
            reason = (
                f"The same picture is also in {' and '.join(others)}"
                if across
                else _same(row, group, dataset)
            )
            found.append(Suspect(row, reason, group=int(group[0]), strength=float(across)))
    return tuple(sorted(found, key=lambda s: -s.strength))


def _same(row: int, group: np.ndarray, dataset: Dataset) -> str:
    if row == group[0]:
        return f"The first of {len(group)} alike"
    return f"A copy of {dataset.paths[group[0]]}"


def _tiny(dataset: Dataset, watch: Watch) -> tuple[Suspect, ...]:
    """List the pictures whose shorter side is below TINY pixels, the smallest first."""
    found: list[Suspect] = []

    def look(row: int) -> tuple[int, int] | None:
        try:
            return picture_size(dataset.folder / dataset.paths[row])
        except (
            PictureError
        ):  # it could be read when the run was made; the next run says what is wrong now
            return None

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(dataset.paths), BLOCK):
            watch.update("sizes", "running", start, len(dataset.paths), "Looking for tiny pictures")
            rows = range(start, min(start + BLOCK, len(dataset.paths)))
            for row, size in zip(rows, pool.map(look, rows), strict=True):
                if size is not None and min(size) < TINY:
                    found.append(
                        Suspect(
                            row, f"Only {size[0]} x {size[1]} pixels", strength=-float(min(size))
                        )
                    )
    watch.update("sizes", "done", len(dataset.paths), len(dataset.paths))
    return tuple(sorted(found, key=lambda s: -s.strength))


def _question(result: Result) -> dict[str, Any]:
    """All that the lists depend on; labels and files are part of the digest."""
    models: Sequence[SourceModel] = asked(result)
    keys = [to_plain(key_for(result.dataset, model, result.run.precision)) for model in models]
    return {"version": VERSION, "dataset": result.dataset.digest, "features": keys}
