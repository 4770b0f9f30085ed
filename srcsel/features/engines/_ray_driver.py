"""The process that talks to Ray: it joins, lets Ray Data do the work, and hands rows over.

A process of its own, as Ray ends the one that joined it when its head goes, and keeps threads in
it until then. It reads requests from its standard input and answers on its standard output, both
pickled; it leaves when its input ends.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np

from srcsel.base import access
from srcsel.base.errors import InputError
from srcsel.base.records import Dataset
from srcsel.features.devices import batch_size
from srcsel.features.engines._ray_stages import (
    Asked,
    Decode,
    Network,
    Pictures,
    Told,
    pixels_column,
)

ROWS = 32
"""Pictures that are read and decoded as one; what a network takes at a time is made of these."""
MOST_ROWS = 1024  # pictures in one piece of the list that is handed out
TOGETHER = 4  # models behind one decode: each has its network in memory meanwhile
LEAVING = 5.0  # seconds to leave in, or to end the Ray that was started here
STORE_BYTES = 2_000_000_000  # of the Ray that is started here, for what is under way


@dataclass(frozen=True)
class Order:
    """What a request asks for: some pictures of a dataset, for some models."""

    dataset: Dataset
    rows: np.ndarray  # (m,) rising, all that any of the models is to see
    asked: Sequence[Asked]


@dataclass(frozen=True)
class Rows:
    """Features of a model."""

    number: int
    rows: np.ndarray  # (b,) of the dataset
    values: np.ndarray  # (b, d) float32
    logits: np.ndarray | None  # (b, c) float32
    told: Told


def serve() -> None:
    """Answer requests until their end."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what Ray prints is no answer
    requests: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    while True:
        kind, value = requests.get()
        try:
            if kind == "join":
                _tell(answers, "joined", join(*value))
            else:
                for rows in stream(value):
                    _tell(answers, "rows", rows)
                _tell(answers, "end", None)
        except Exception as error:  # noqa: BLE001 (Ray raises anything at all; the other side finds the words)
            # a worker's comes wrapped with where it came from, and Ray adds lines of its own
            own = getattr(error, "cause", None) or error
            if isinstance(own, InputError):  # a picture that went bad
                _tell(answers, "refused", str(own).splitlines()[0])
            else:
                trace = "".join(traceback.format_exception(error))
                _tell(answers, "broken", (f"{type(error).__name__}: {error}", trace))


def join(address: str, folder: str) -> dict[str, Any]:
    """Join the Ray at `address`, or start one here with its files in `folder`; return what it
    offers.
    """
    import ray

    here: dict[str, Any] = {}
    if not address:
        cores = max(2, os.cpu_count() or 1)  # one reads and decodes, the others compute
        here = {"num_cpus": cores, "object_store_memory": _room(), "include_dashboard": False}
        here["_temp_dir"] = folder
    limits = {
        name: os.environ[name] for name in ("SRCSEL_ROOTS", "SRCSEL_WEIGHTS") if name in os.environ
    }
    ray.init(
        address or "local",
        log_to_driver=False,
        runtime_env={"env_vars": limits} if limits else None,
        **here,
    )
    there = ray.cluster_resources()
    return {
        "version": ray.__version__,
        "cores": int(there.get("CPU", 0)),
        "cards": int(there.get("GPU", 0)),
        "computers": sum(1 for node in ray.nodes() if node["Alive"]),
    }


def stream(order: Order) -> Iterator[Rows]:
    """Yield the rows of every model as they come, each model's in order."""
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.raise_original_map_exception = True  # a worker's InputError is what a person reads
    broken: set[int] = set()
    done = 0
    for block in _pipeline(order).iter_batches(batch_size=None, batch_format="numpy"):
        if not np.array_equal(block["row"], order.rows[done : done + len(block["row"])]):
            raise RuntimeError(f"Ray handed over other pictures than the next, after {done:,}.")
        done += len(block["row"])
        for number in range(len(order.asked)):
            made = _rows(block, number)
            if made is not None:
                yield made
                if made.told.reason:
                    broken.add(number)
        if len(broken) == len(order.asked):
            return


def _pipeline(order: Order) -> Any:
    """Read, decode, and one pool of actors a model."""
    import ray

    hows = list({pixels_column(a.preprocessing): a.preprocessing for a in order.asked}.values())
    bare = replace(
        order.dataset, paths=(), digests=(), labels=np.empty(0, np.int64), notes=(), unreadable=()
    )
    data: Any = ray.data.from_arrow(_pieces(order))
    decode = Decode(bare, hows, _pictures(order.dataset))
    data = data.map_batches(decode.__call__, batch_size=ROWS)
    share = _share(len(order.asked))
    for number, asked in enumerate(order.asked):
        column = pixels_column(asked.preprocessing)
        behind = [pixels_column(other.preprocessing) for other in order.asked[number + 1 :]]
        data = data.map_batches(
            Network,
            fn_constructor_args=(number, asked, column not in behind),
            batch_size=batch_size(asked.device),
            **share[asked.device],
        )
    return data


def _pictures(dataset: Dataset) -> Any:
    """Start what reads pictures here for computers of the cluster that have no such folder."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    ours = {name: value for name, value in access.limits().items() if value}
    actor = ray.remote(Pictures).options(
        num_cpus=0, scheduling_strategy=here, runtime_env={"env_vars": ours}
    )
    return actor.remote(dataset.folder)


def _pieces(order: Order) -> list[Any]:
    """Cut the list of pictures into tables (row, path, digest), enough of them for every core."""
    import pyarrow
    import ray

    cores = int(ray.cluster_resources().get("CPU", 1))
    each = len(order.rows) // (4 * cores) // ROWS * ROWS
    each = min(MOST_ROWS, max(ROWS, each))
    paths, digests = order.dataset.paths, order.dataset.digests
    pieces = []
    for start in range(0, len(order.rows), each):
        rows = order.rows[start : start + each]
        texts = [paths[row] for row in rows], [digests[row] if digests else "" for row in rows]
        columns = {"row": rows, "path": texts[0], "digest": texts[1]}
        pieces.append(pyarrow.table(columns))
    return pieces


def _share(models: int) -> dict[str, dict[str, Any]]:
    """Say what an actor of one of `models` networks takes: of the cards, or of the cores but one,
    which reads and decodes.
    """
    import ray

    there = ray.cluster_resources()
    cards, cores = int(there.get("GPU", 0)), int(there.get("CPU", 1))
    free = max(cores - 1, 0.5)
    many = int(free // models)
    on_cores = {
        "num_cpus": 1 if many else round(free / models, 2),
        "concurrency": (1, max(1, many)),
    }
    if not cards:
        return {"cpu": on_cores}
    each = int(cards // models)
    on_cards = {
        "num_cpus": 0,
        "num_gpus": 1 if each else int(100 * cards / models) / 100,
        "compute": _pool(each),
    }
    return {"cpu": on_cores, "cuda": on_cards}


def _pool(most: int) -> Any:
    """Return a pool that begins with one actor and grows to `most`."""
    import ray

    return ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, most))


def _rows(block: dict[str, Any], number: int) -> Rows | None:
    """Return one model's rows of a block; None where it was not to see any of them."""
    heads = [Told(**json.loads(text)) for text in block[f"said {number}"] if text]
    told = next((one for one in heads if one.reason), None)
    if told is not None:
        nothing = np.empty((0, 0), np.float32)
        return Rows(
            number, np.empty(0, np.int64), nothing, None, replace(told, notes=_notes(heads))
        )
    told = next((one for one in heads if one.width), None)
    if told is None:
        return None
    told = replace(told, seconds=sum(one.seconds for one in heads), notes=_notes(heads))
    made = block[f"out {number}"]
    there = np.array([len(one) > 0 for one in made])
    values = np.frombuffer(b"".join(made), np.float32).reshape(-1, told.width + told.classes)
    logits = values[:, told.width :] if told.classes else None
    return Rows(number, block["row"][there], values[:, : told.width], logits, told)


def _notes(heads: Sequence[Told]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for one in heads for note in one.notes))


def _room() -> int:
    """Return the bytes of the object store of a Ray that is started here: a fifth of the memory."""
    if not hasattr(os, "sysconf"):
        return STORE_BYTES
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(STORE_BYTES, max(100_000_000, memory // 5)))


def _listen(source: BinaryIO, requests: queue.Queue[Any]) -> None:
    """Hand requests on; leave at once when whoever asks is gone, whatever is under way."""
    try:
        while True:
            requests.put(pickle.load(source))
    except (EOFError, OSError):
        threading.Timer(LEAVING, os._exit, (1,)).start()  # whatever Ray waits for
        sys.modules["ray"].shutdown() if "ray" in sys.modules else None
        os._exit(0)


def _tell(answers: BinaryIO, kind: str, value: Any) -> None:
    answers.write(pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL))
    answers.flush()
