"""One new picture, named by each model of a run: by the pictures that lie nearest to it.

Nothing of it is kept: the picture lies in a folder of its own until the models have run, and goes
with what was computed of it. The answer goes when the page has read it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srcsel.base.errors import InputError, SrcselError
from srcsel.base.records import Dataset, Failure, Features, Result, SourceModel
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import Watch
from srcsel.explore.inside import NEIGHBORS, vote
from srcsel.features.extract import extract, key_for
from srcsel.features.recover import features_of
from srcsel.measures.kernels.prepare import unit_rows
from srcsel.models.called import called
from srcsel.pictures import uploads
from srcsel.pictures.images import thumbnail
from srcsel.pictures.reading import read
from srcsel.store import files
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.serialize import from_plain, to_plain

LARGEST = 64  # MB of one picture
SHOWN = 320  # pixels of the copy that the page shows
_TOKEN = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class Named:
    """What one model takes the picture for."""

    model: str
    guess: int  # class id that the five nearest vote for, as `Inside.guess`
    rows: tuple[int, ...]  # the six nearest pictures of the run by cosine, nearest first
    likeness: tuple[float, ...]  # their cosine


@dataclass(frozen=True)
class Tried:
    """What the models say, in the order of the run; and why some cannot."""

    jpeg: str  # a small copy of the picture, base64
    named: tuple[Named, ...]
    failures: tuple[Failure, ...]


def hand_in(file: Path, settings: Settings | None = None) -> str:
    """Put a picture where the worker takes it, and leave the file as it is; returns its token.

    Nothing is decoded here. Raises InputError for what is too large, StoreError.
    """
    token = secrets.token_hex(12)
    folder = _folder(token, settings)
    uploads.sweep_tried(folder.parent)
    try:
        size = file.stat().st_size
        if size > LARGEST * 2**20:
            raise InputError(f"The picture is larger than {LARGEST} MB. Save a smaller copy.")
        folder.mkdir(parents=True)
        _copy(file, folder / "picture")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise files.explain_disk(folder, error) from error
    return token


def take_back(token: str, settings: Settings | None = None) -> None:
    """Remove a picture that was handed in, where no worker was asked."""
    shutil.rmtree(_folder(token, settings), ignore_errors=True)


def _copy(file: Path, to: Path) -> None:
    try:
        to.hardlink_to(file)
    except OSError:  # another disk, or one that knows no such links
        shutil.copyfile(file, to)


def take_answer(token: str, settings: Settings | None = None) -> Tried | None:
    """Read the answer and delete it; None where there is none (any more)."""
    folder = _folder(token, settings)
    try:
        found = from_plain(Tried, json.loads((folder / "answer.json").read_bytes()))
    except (OSError, ValueError):
        return None
    shutil.rmtree(folder, ignore_errors=True)
    return found


def answer(
    run_id: str, token: str, settings: Settings | None = None, watch: Watch | None = None
) -> Tried:
    """Let the models of a stored run name the picture of `token`, and leave the answer for the
    page.

    Raises PictureError for what is no picture, InputError where it is gone, StoreError, Cancelled.
    """
    settings = settings or load_settings()
    folder = _folder(token, settings)
    uploads.sweep_tried(folder.parent)
    try:
        if not (folder / "picture").is_file():
            raise InputError("The picture is not there any more. Choose it again.")
        result = open_runs(settings).load(run_id)
        tried = name(folder / "picture", result, open_features(settings), watch or Watch())
        body = json.dumps(to_plain(tried)).encode()
        files.write_bytes(folder / "answer.json", body, synced=False)
        return tried
    finally:
        (folder / "picture").unlink(missing_ok=True)
        shutil.rmtree(folder / "features", ignore_errors=True)


def name(picture: Path, result: Result, store: FeatureStore, watch: Watch) -> Tried:
    """Let every model of `result` name the picture in a file; its features lie beside the file
    meanwhile.

    Raises PictureError, StoreError, Cancelled; a model that cannot is a failure with its reason.
    """
    dataset = result.dataset
    jpeg = thumbnail(read(picture).data, SHOWN, dataset.ranges)
    out = {failure.model for failure in result.failures if not failure.measure}
    named, failures, ready = [], [], []
    for model in (model for model in result.models if model.id not in out):
        why = _why_not(result, model, store)
        if why:
            failures.append(Failure(model.id, "", why))
        else:
            ready.append(model)
    for found in _features(picture, result, ready, watch):
        if isinstance(found, Failure):
            failures.append(found)
            continue
        model = next(model for model in ready if model.id == found.key.model)
        try:
            own = next(features_of(result, [model], store, watch))
        except InputError as error:
            failures.append(Failure(model.id, "", str(error)))
            continue
        named.append(nearest(found.values[0], own.values, dataset.labels, model.id))
    order = {model.id: i for i, model in enumerate(result.models)}
    named.sort(key=lambda one: order[one.model])
    return Tried(base64.b64encode(jpeg).decode(), tuple(named), tuple(failures))


def nearest(new: np.ndarray, values: np.ndarray, labels: np.ndarray, model: str) -> Named:
    """Find the pictures nearest to a new one: its features (d,), theirs (n, d), labels (n,).

    By cosine of the raw features, ties to the lower number, as `Inside.neighbors`.
    """
    likeness = unit_rows(values) @ unit_rows(np.asarray(new, dtype=values.dtype)[None])[0]  # (n,)
    rows = np.argsort(-likeness, kind="stable")[:NEIGHBORS]
    guess = int(vote(labels, rows[None])[0])
    return Named(model, guess, tuple(rows.tolist()), tuple(likeness[rows].tolist()))


def _features(
    picture: Path, result: Result, models: list[SourceModel], watch: Watch
) -> Iterator[Features | Failure]:
    """Run the networks on one picture, in a store that is thrown away."""
    one = Dataset(
        "",
        "picture",
        picture.parent,
        (picture.name,),
        np.zeros(1, dtype=np.int64),
        result.dataset.classes,
        secrets.token_hex(8),
        ranges=result.dataset.ranges,
    )
    yield from extract(
        one,
        models,
        store=FeatureStore(picture.parent / "features"),
        device=result.run.device,
        precision=result.run.precision,
        watch=watch,
    )


def _why_not(result: Result, model: SourceModel, store: FeatureStore) -> str:
    """Say why a model of the run cannot be asked; "" where it can.

    Features of bundled pictures are made again, in seconds.
    """
    try:
        here = store.has(key_for(result.dataset, model, result.run.precision))
    except SrcselError as error:  # a checkpoint that is gone, a hub that is not installed
        return str(error)
    if here or result.run.ref.startswith("demo:"):
        return ""
    return f"What {called(model)} made of the pictures is not stored any more. Run it again."


def _folder(token: str, settings: Settings | None) -> Path:
    if not _TOKEN.fullmatch(token):
        raise InputError("This is not the token of a picture.")
    return (settings or load_settings()).uploads / uploads.TRIED / token
