"""Dataset x source models -> Features: stored ones at once, the others from one decode, one model
after the other.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcsel.base.errors import Cancelled, InputError, SrcselError, StoreError
from srcsel.base.records import Dataset, Failure, FeatureKey, Features, SourceModel
from srcsel.base.scarce import is_lost, is_out_of_memory, require_addresses
from srcsel.base.watch import Watch
from srcsel.features import timing
from srcsel.features.backends import Eager, Runner
from srcsel.features.decode import decoding
from srcsel.features.loading import Coming, Loader, Task, free_memory, hub_of, leave_a_core
from srcsel.models.hubs import Preprocessing
from srcsel.store.features import FeatureStore

PRECISIONS = {"exact": "float32", "fast": "bfloat16"}
"""What a person chooses -> what is computed and stored. Both names are understood."""
BATCH = {"cpu": 32, "cuda": 128, "mps": 64}
"""Pictures in a batch, by the kind of device; halved while memory runs out."""
PART_ROWS = 256
PART_SECONDS = 20.0
"""Half-done features are stored after so many rows or seconds, so a killed run loses no more than
that.
"""


def extract(
    dataset: Dataset,
    models: Sequence[SourceModel],
    *,
    store: FeatureStore,
    device: str = "auto",
    precision: str = "float32",
    watch: Watch | None = None,
    say: Callable[[str], None] = lambda _: None,
    whole: Dataset | None = None,
    until: int | None = None,
) -> Iterator[Features | Failure]:
    """Yield the features, or the failure, of every model: stored ones first, then as they are
    finished.

    A model that fails never stops the others. `whole`: the pictures of which `dataset` has some
    left out; where their features are stored, its rows are taken and no network runs. `until`: only
    the first so many pictures; what was made stays half-done work, and a later call goes on from
    there. `say` receives sentences about what fell back. Raises Cancelled after storing the
    finished rows, StoreError, and InputError for a picture that went bad meanwhile.
    """
    watch = watch or Watch()
    precision = precision_named(precision)
    tasks: list[Task] = []
    for model in models:
        found = _look_up(dataset, model, precision, store, whole, until)
        if isinstance(found, Task):
            tasks.append(found)
            continue
        watch.update(
            model.id, "failed" if isinstance(found, Failure) else "stored", note=_reason(found)
        )
        yield found
    if not tasks:
        return
    require_addresses()
    device = pick_device(device)
    wanted: dict[Preprocessing, int] = {}
    for task in tasks:
        wanted[task.preprocessing] = min(task.rows, wanted.get(task.preprocessing, task.rows))
    shown = replace(dataset, paths=dataset.paths[:until], labels=dataset.labels[:until])
    with decoding(shown, wanted, store.folder, watch) as pixels:
        loader = Loader(lambda how: pixels[how.pixel_key], store.folder, say)
        for task, coming in loader.in_turn(tasks, device, watch):
            outcome = _Turn(task, coming, loader, shown, store, watch, keep=until is None).outcome(
                device
            )
            if isinstance(outcome, Failure):
                pixels.check()  # a picture that went bad is no fault of the model
                watch.update(task.model.id, "failed", note=outcome.reason)
            yield outcome


def precision_named(name: str) -> str:
    """Return "float32" for "exact" and "bfloat16" for "fast"; those names themselves too.

    Raises InputError.
    """
    if name in PRECISIONS.values():
        return name
    if name not in PRECISIONS:
        known = ", ".join(f"{word} ({kind})" for word, kind in PRECISIONS.items())
        raise InputError(f"There is no precision '{name}'. Choose one of: {known}.")
    return PRECISIONS[name]


def key_for(dataset: Dataset, model: SourceModel, precision: str) -> FeatureKey:
    """Name features by everything they depend on."""
    preprocessing = hub_of(model).preprocessing(model)
    return FeatureKey(dataset.digest, model.id, model.revision, preprocessing.key, precision)


def pick_device(device: str) -> str:
    """Resolve "auto": a CUDA or Apple GPU where there is one, else the processor.

    Raises InputError.
    """
    if device == "cpu":
        return device
    import torch

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(device.split(":")[0], False):
        usable = ", ".join(name for name, is_there in there.items() if is_there)
        raise InputError(
            f"The device '{device}' is not there. This computer has: {usable}. Or choose auto."
        )
    return device


def _look_up(
    dataset: Dataset,
    model: SourceModel,
    precision: str,
    store: FeatureStore,
    whole: Dataset | None,
    until: int | None,
) -> Features | Failure | Task:
    """Return stored features, or the task to make them; preparing that fails fails only this
    model.
    """
    try:
        key = key_for(dataset, model, precision)
        stored = store.get(key)
        if stored is not None and len(stored.values) == len(dataset.paths):
            return stored
        if whole is not None and (taken := _taken(dataset, whole, model, precision, store)):
            return taken
        rows, values, logits = store.parts(key)
        if until is not None and values is not None and rows >= until:
            return Features(key, values[:until], None if logits is None else logits[:until])
        return Task(model, hub_of(model).preprocessing(model), key, rows, values, logits)
    except (Cancelled, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
        return _failure(model, error)


def _taken(
    dataset: Dataset, whole: Dataset, model: SourceModel, precision: str, store: FeatureStore
) -> Features | None:
    """Take the rows of a picture set with some left out from the stored features of all of it, or
    None.
    """
    row = {path: i for i, path in enumerate(whole.paths)}
    if not set(dataset.paths) <= row.keys() or dataset.ranges != whole.ranges:
        return None
    rows = np.array([row[path] for path in dataset.paths])
    return store.put_rows(
        key_for(dataset, model, precision), key_for(whole, model, precision), rows
    )


@dataclass(eq=False)
class _Turn:
    """One model's turn."""

    task: Task
    coming: Coming
    loader: Loader
    dataset: Dataset
    store: FeatureStore
    watch: Watch
    keep: bool  # its features are all there are, stored as whole ones; else half-done work

    def outcome(self, device: str) -> Features | Failure:
        """Run the model on its device, and on the processor if the device has too little memory for
        it.
        """
        model = self.task.model
        for place in dict.fromkeys((device, "cpu")):
            try:
                features = self._run(place, first=place == device)
                return _checked(features, self.dataset, model) or self._stored(features)
            except (Cancelled, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
                lost = place != "cpu" and is_lost(error)
                if not lost and not is_out_of_memory(error):
                    return _failure(model, error)
                if lost:
                    self.loader.say(
                        f"The graphics card failed while {model.title} ran, so it ran on the"
                        f" processor ({type(error).__name__}: {str(error).splitlines()[0]:.200})."
                    )
                elif place != "cpu":
                    self.loader.say(
                        f"{model.title} does not fit into the memory of {place}; it ran on the"
                        " processor."
                    )
            free_memory()
        return Failure(
            model.id,
            "",
            f"Not enough memory for {model.title}, also with one picture at a time. It is skipped;"
            " the others go on. Close other programs, or choose a smaller model.",
        )

    def _run(self, device: str, *, first: bool) -> Features:
        """Put all remaining rows through the network in batches, storing parts on the way and when
        stopped.
        """
        model, say, total = self.task.model, self.loader.say, len(self.dataset.paths)
        size = BATCH.get(device.split(":")[0], 32)
        self.watch.update(model.id, "running", self.task.rows, total)
        task, runner = self._ready(device, first=first)
        self.watch.update(model.id, "running", task.rows, total)
        pixels, rows = self.loader.pixels(task.preprocessing), _Rows(task, self.store)
        try:
            while rows.done < total:
                try:
                    for values, logits in runner.run(pixels.rest(rows.done), size):
                        rows.add(values, logits)
                        self.watch.update(model.id, "running", rows.done, total)
                except (RuntimeError, MemoryError) as error:
                    if is_out_of_memory(error) and size > 1:
                        size = max(1, size // 2)
                        say(
                            f"{model.title} ran with {size} pictures at a time, because memory was"
                            " short."
                        )
                        free_memory()
                    elif isinstance(runner, Eager):
                        raise
                    else:
                        runner = Eager(
                            hub_of(model).load(model, device, self.watch), device, "float32"
                        )
                        why = f"({type(error).__name__}: {error})"
                        say(f"{model.title} went on with torch, because OpenVINO stopped {why}.")
        except BaseException:
            rows.flush()
            raise
        if not self.keep:
            rows.flush()
        if timing.was_busy(rows.batches):
            rows.batches += self._time_again(runner, pixels.rest(0)[:size], size)
        return rows.features()

    def _time_again(self, runner: Runner, pictures: np.ndarray, size: int) -> list[timing.Batch]:
        """Put a batch of pictures (b, 3, h, w) through the network again and again, for its time
        alone.
        """
        many = np.broadcast_to(pictures, (timing.AGAIN, *pictures.shape))
        many = many.reshape(-1, *pictures.shape[1:])
        try:
            return timing.timed(runner.run(many, size), lambda output: len(output[0]))
        except (RuntimeError, MemoryError):
            return []  # the features are there; the time is the one that was taken

    def _ready(self, device: str, *, first: bool) -> tuple[Task, Runner]:
        """Take the network that is on its way, or load it here and now."""
        ready = None
        try:
            ready = self.coming.take() if first else None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            free_memory()  # the model before needed its memory meanwhile
        task, network = ready or self.loader.ready(self.task, device, self.watch)
        leave_a_core()  # each thread has its own number of threads, and it was loaded on another
        return task, network()

    def _stored(self, features: Features) -> Features:
        if self.keep:
            self.store.put(features)
        return features


class _Rows:
    """Collects finished rows, stores them in parts, and measures the network's speed."""

    def __init__(self, task: Task, store: FeatureStore) -> None:
        self._task = task
        self._store = store
        self._values = [] if task.values is None else [task.values]
        self._logits = [] if task.logits is None else [task.logits]
        self._kept = self.done = task.rows  # rows in parts; rows in all
        self._kept_blocks = len(self._values)
        self._kept_at = time.monotonic()
        self.batches: list[timing.Batch] = []
        self._last = time.perf_counter()

    def add(self, values: np.ndarray, logits: np.ndarray | None) -> None:
        """Take in one batch."""
        now = time.perf_counter()
        self.batches.append((now - self._last, len(values)))
        self._last = now
        self._values.append(np.asarray(values, dtype=np.float32))
        if logits is not None:
            self._logits.append(np.asarray(logits, dtype=np.float32))
        self.done += len(values)
        if self.done - self._kept >= PART_ROWS or time.monotonic() - self._kept_at >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what was added since the last part."""
        if self.done > self._kept:
            fresh = slice(self._kept_blocks, None)
            logits = np.concatenate(self._logits[fresh]) if self._logits else None
            self._store.put_part(
                self._task.key, self._kept, np.concatenate(self._values[fresh]), logits
            )
        self._kept, self._kept_blocks, self._kept_at = (
            self.done,
            len(self._values),
            time.monotonic(),
        )

    def features(self) -> Features:
        """All rows, with the seconds a picture took, and between what these lay."""
        spread = timing.seconds_per_picture(self.batches)
        logits = np.concatenate(self._logits) if self._logits else None
        values = np.concatenate(self._values)
        return Features(self._task.key, values, logits, spread and spread[0], spread)


def _checked(features: Features, dataset: Dataset, model: SourceModel) -> Failure | None:
    """Refuse features that are no numbers: every score made of them would be wrong or missing."""
    good = np.asarray(np.isfinite(features.values).all(axis=1))  # (n,)
    if features.logits is not None:
        good &= np.isfinite(features.logits).all(axis=1)
    bad = ~good
    if not bad.any():
        return None
    first = dataset.paths[int(bad.argmax())]
    return Failure(
        model.id,
        "",
        f"{model.title} gave values that are not numbers for {bad.sum():,} of {len(bad):,} pictures"
        f" (first: {first}). Its weights may be damaged, or it does not work in this precision. It"
        " is left out.",
    )


def _failure(model: SourceModel, error: Exception) -> Failure:
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, SrcselError):
        return Failure(model.id, "", str(error), trace)
    reason = (
        f"{model.title} could not be run ({type(error).__name__}: {error}). It is left out; the"
        " others go on."
    )
    return Failure(model.id, "", reason, trace)


def _reason(found: Features | Failure) -> str:
    return found.reason if isinstance(found, Failure) else ""
