"""What the person has chosen, kept in the address bar and in the session, and the stores the pages
read.

The address wins: opening a link shows what it names. What the address lacks is taken from this
browser tab's memory and written back, so the address bar always holds a complete link.

| name | holds | example |
|---|---|---|
| run | run id | 20260301-101500-ab12 |
| images | dataset reference | demo:digits, public:DTD, /home/me/leaves |
| models | preset name or comma-separated source model ids | small |
| again | the run whose question is asked again with other models or pictures | as of run |
| fast | whether a run is to be a race: on, off | on |
| precision | numbers of a run: exact, fast | fast |
| model | the one source model looked at | timm/resnet18.a1_in1k |
| method | projection method | umap |
| reading | reading of the two scores: whitened or raw | whitened |
| measure | the score in the cost picture | knn |
| cost | what cost means: a key of verdict.cost.COSTS | time |
| limit | most it may cost, in the unit of that cost | 12 |
| check | the measurement on the evidence page | trained-10-3-15 |
| score | the score drawn against accuracy there | supcon-whitened |
| tour | step of the guided tour | 2 |
| second | the source model whose map stands beside | demo/strokes |
| `color` | what colours the dots: a key of coloring.COLORS | silhouette |
| view | part of the explore page: map, why, suspects | why |
| pins | class numbers that get the colours, separated by commas; the largest without it | 7,41 |
| classes | class numbers on the map, separated by commas; all without it | 0,3 |
| points | dots drawn at most, where more than usual | 20000 |
| find | part of a file name to light on the map | IMG_04 |
| picture | number of the picture shown large | 17 |
| present | presenter mode: on | on |
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from srcsel.base.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from srcsel.base.records import Result, Settled
    from srcsel.jobs.board import Board
    from srcsel.store.features import FeatureStore, RunStore

NAMES = (
    *(
        "run",
        "images",
        "models",
        "again",
        "all",
        "fast",
        "precision",
        "model",
        "method",
        "reading",
        "measure",
        "cost",
        "limit",
        "tour",
    ),
    *(
        "second",
        "color",
        "view",
        "classes",
        "pins",
        "points",
        "find",
        "picture",
        "check",
        "score",
        "present",
    ),
)
LONGEST = 4096  # characters of one value taken from an address
LONGER = {"models": 100_000}  # the ids of all models that a person may tick


def read(name: str) -> str | None:
    """Return the chosen value of `name` (one of NAMES), or None.

    Fills the address from the tab's memory.
    """
    value = st.query_params.get(name)
    if value is None:
        value = st.session_state.get(_slot(name))
        if value is not None:
            st.query_params[name] = value
    if value is None:
        return None
    value = "".join(c for c in value if c.isprintable())[: LONGER.get(name, LONGEST)]
    st.session_state[_slot(name)] = value
    return value or None


def write(**values: str | None) -> None:
    """Choose: `write(run="…", model=None)`. None forgets. Safe inside widget callbacks."""
    for name, value in values.items():
        slot = _slot(name)
        if value is None:
            st.session_state.pop(slot, None)
            st.query_params.pop(name, None)
        else:
            st.session_state[slot] = value
            st.query_params[name] = value


def choose(
    name: str, options: Collection[str], default: str | None = None, what: str = "choice"
) -> str | None:
    """Return the chosen value of `name` where it is one of `options`; else `default`, with a
    sentence for the person.

    `what` names the thing in that sentence: "starting model". Nothing is said when nothing was
    chosen.
    """
    value = read(name)
    if value in options:
        return value
    if value is not None:
        st.info(
            f"The {what} in this link is not here (any more), so you see the usual one.",
            icon=":material/link_off:",
        )
        write(**{name: None})
    return default


def settings() -> Settings:
    """Read from the environment, now, where the work folder lies."""
    return load_settings()


def opens_folders() -> bool:
    """Tell whether pictures may be opened by a typed path or address."""
    now = settings()
    return now.roots is None or bool(now.roots or now.stores)


def board() -> Board:
    """Return the job board of this work folder."""
    from srcsel.jobs.board import Board

    return Board(settings().jobs)


def runs() -> RunStore:
    """Return the stored runs: the person's own and the shipped examples."""
    from srcsel.store.features import open_runs

    return open_runs(settings())


def features() -> FeatureStore:
    """Return the stored features of this work folder."""
    from srcsel.store.features import open_features

    return open_features(settings())


def result(run_id: str) -> Result | None:
    """Return the stored answer of a run, partial while its job works on it; None where there is
    none (yet).
    """
    from srcsel.base.errors import SrcselError

    store = runs()
    try:
        return _loaded(store.folder, store.examples, run_id, store.stamp(run_id))
    except (SrcselError, FileNotFoundError):
        return None


def answered(result: Result) -> Result:
    """Return a run as it is answered now: with what training its close models has shown."""
    from srcsel.runs.settled import with_settled

    return _answered(result, with_settled(result, settings()).settled)


@lru_cache(maxsize=16)
def _answered(result: Result, settled: Settled | None) -> Result:
    """Return the same record for the same answer: figures are remembered by it."""
    from srcsel.verdict import measured

    return measured.answered(replace(result, settled=settled))


@lru_cache(maxsize=4)
def _loaded(
    folder: Path, examples: Path | None, run_id: str, _stamp: tuple[str, int, int]
) -> Result:
    """Load a run once for all drawings of all pages; nobody changes a record."""
    from srcsel.store.runs import RunStore

    return RunStore(folder, examples).load(run_id)


def _slot(name: str) -> str:
    if name not in NAMES:
        raise KeyError(f"state has no '{name}'; it has {', '.join(NAMES)}")
    return f"srcsel.{name}"
