"""A plausible finished run over real little pictures, for the pages that show runs."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import srcsel
from srcsel.base.records import (
    Dataset,
    Failure,
    Projection,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.base.settings import load_settings
from srcsel.jobs.board import Board
from srcsel.store import features
from srcsel.store.runs import RunStore

RUN_ID = "20260301-101500-000000-ab12"
TITLES = ("Strokes", "Textures", "Colors", "Shapes", "Untrained", "Shuffled labels")
QUALITY = np.array([0.31, 0.30, 0.22, 0.17, 0.02, 0.05])


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """An empty work folder of its own, and no shipped examples."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("SRCSEL_HOME", str(home))
    monkeypatch.setattr(features, "EXAMPLES", tmp_path / "no-examples")
    return home


@pytest.fixture(scope="session", autouse=True)
def components_found_once():
    """A tab looks through all installed packages for components of Streamlit's: they do not change
    while tests run.
    """
    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(autouse=True)
def listed_at_once(monkeypatch):
    """A drawing waits for the names of a folder's files, however busy the computer is."""
    monkeypatch.setattr("srcsel.ui.images.listed.WAIT", 60)


@pytest.fixture
def picture_folder(tmp_path) -> Path:
    """Three classes with ten pictures each; the classes' colors differ."""
    folder = tmp_path / "leaves"
    for c, name in enumerate(("<b>*spot*<b>", "mildew", "rust")):
        place = folder / name
        place.mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (40, 30), (80 * c, 20 * i, 120)).save(place / f"{i:02d}.png")
    return folder


@pytest.fixture
def dataset(picture_folder) -> Dataset:
    paths = sorted(p.relative_to(picture_folder).as_posix() for p in picture_folder.rglob("*.png"))
    tops = [str(Path(p).parent) for p in paths]
    classes = tuple(sorted(set(tops)))
    labels = np.array([classes.index(t) for t in tops])
    return Dataset(
        str(picture_folder), "leaves", picture_folder, tuple(paths), labels, classes, "d1"
    )


@pytest.fixture
def result(dataset) -> Result:
    """Six models scored, the first ahead, the second close; LogME failed for the last."""
    models = tuple(
        SourceModel(
            f"demo/m{i}", t, "r1", 600_000 * (i + 1), 0.1 * (i + 1), 64, 128, "a made task", "MIT"
        )
        for i, t in enumerate(TITLES)
    )
    ids = tuple(m.id for m in models)
    chance = float(np.log(len(dataset.paths) - 1))
    scores, literal = [], []
    for i, model in enumerate(ids):
        for reading, out, k in (("whitened", scores, 1.0), ("raw", literal, 0.5)):
            q = float(QUALITY[i]) * k
            out.append(Score(model, "silhouette", reading, q, -0.01, q + 0.01, q - 0.02, q + 0.03))
            out.append(
                Score(
                    model,
                    "supcon",
                    reading,
                    chance - 3 * q,
                    chance,
                    3 * q,
                    chance - 3.2 * q,
                    chance - 2.7 * q,
                )
            )
        scores.append(Score(model, "knn", None, 0.4 + float(QUALITY[i]), 0.33, 0.07, 0.4, 0.8))
        if i < 5:
            scores.append(
                Score(model, "logme", None, float(QUALITY[i]) - 0.5, -0.6, 0.1, -0.6, 0.1)
            )
    order = tuple(ids[i] for i in np.argsort(-QUALITY, kind="stable"))
    rankings = tuple(
        Ranking(measure, reading, order, tuple(range(1, 7)), order[:2])
        for measure, reading in (
            ("silhouette", "whitened"),
            ("supcon", "whitened"),
            ("silhouette", "raw"),
            ("supcon", "raw"),
            ("knn", None),
        )
    )
    why = "It came first in 87 of 100 re-checks on these 30 pictures. Next best: Textures."
    firsts = {ids[0]: 87.0, ids[1]: 13.0} | dict.fromkeys(ids[2:], 0.0)
    verdict = Verdict("clear", ids[0], f"Start from Strokes. {why}", firsts, (ids[0],), why=why)
    return Result(
        run=Run(RUN_ID, "2026-03-01T10:15:00+00:00", dataset.ref, ids, title="leaves"),
        dataset=dataset,
        models=models,
        scores=tuple(scores),
        literal=tuple(literal),
        failures=(Failure(ids[5], "logme", "The features are constant, so LogME is not defined."),),
        rankings=rankings,
        verdict=verdict,
        seconds_per_picture={m: 0.001 * (i + 1) for i, m in enumerate(ids)},
        seconds=12.0,
    )


@pytest.fixture
def stored(work, result) -> RunStore:
    """The run above in the store, with a UMAP and a PCA map of every model."""
    store = RunStore(load_settings().runs)
    store.save(result)
    generator = np.random.default_rng(0)
    rows = np.arange(len(result.dataset.paths))
    for model in result.models:
        for method in ("umap", "pca"):
            xy = generator.uniform(-1, 1, (len(rows), 2)).astype(np.float32)
            store.save_projection(RUN_ID, Projection(model.id, method, 0, rows, xy))
    return store


@pytest.fixture
def example(work, result, tmp_path, monkeypatch) -> str:
    """One finished run shipped as an example."""
    folder = tmp_path / "examples"
    dataset = dataclasses.replace(result.dataset, ref="demo:butterflies", name="Butterflies")
    run = dataclasses.replace(result.run, ref="demo:butterflies", title="Butterflies")
    RunStore(folder).save(dataclasses.replace(result, run=run, dataset=dataset))
    monkeypatch.setattr(features, "EXAMPLES", folder)
    return run.id


@pytest.fixture
def save(stored):
    """Store a changed version of the run: save(result, verdict=...)."""

    def change(result: Result, **fields) -> Result:
        changed = dataclasses.replace(result, **fields)
        stored.save(changed)
        return changed

    return change


PAGES = Path(__file__).parents[2] / "pages"
MAIN = Path(srcsel.__file__).parent / "ui" / "app" / "main.py"


@pytest.fixture
def on_this_computer():
    """The server listens on this computer only, as the shipped configuration says."""
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    yield
    config.set_option("server.address", before)


@pytest.fixture
def board(work, monkeypatch, on_this_computer) -> Board:
    """The real job board without workers: `settle` says what a worker would have said."""
    monkeypatch.setattr(Board, "wake", lambda self: None)
    monkeypatch.setattr(Board, "warm", lambda self: None)
    return Board(load_settings().jobs)


@pytest.fixture
def settle(board):
    """Put a job into a state: settle(job, "done", result={...}, parts=[Part(...)])."""

    def change(job: str, state: str, *, result=None, parts=(), **columns) -> None:
        plain = json.dumps([dataclasses.asdict(part) for part in parts])
        values = {
            "state": state,
            "parts": plain,
            "result": result and json.dumps(result),
            **columns,
        }
        with board.table.open(write=True) as db:
            db.execute(
                f"update jobs set {', '.join(f'{c}=?' for c in values)} where id=?",
                (*values.values(), job),
            )

    return change


@pytest.fixture
def visit(board):
    """Open a page as a browser tab would: visit("images", images="demo:digits"), with its
    address.
    """

    def open_page(key: str = "home", **address: str) -> AppTest:
        tab = AppTest.from_file(str(MAIN), default_timeout=30).run()
        if key != "home":
            tab.switch_page(os.path.relpath(PAGES / f"{key}.py", MAIN.parent))
        for name, value in address.items():
            tab.query_params[name] = value
        return tab.run()

    return open_page


@pytest.fixture
def words_of():
    """Everything a person reads on a page, as Markdown source: words_of(tab)."""
    return _words


def _words(tab: AppTest) -> str:
    kinds = (
        tab.title,
        tab.header,
        tab.subheader,
        tab.markdown,
        tab.caption,
        tab.info,
        tab.warning,
        tab.error,
        tab.text,
        tab.metric,
    )
    texts = [
        f"{e.label} {e.value}" if hasattr(e, "label") else e.value for kind in kinds for e in kind
    ]
    return "\n".join(str(text) for text in texts)
