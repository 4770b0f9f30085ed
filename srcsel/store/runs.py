"""Runs: the person's questions and their answers, one folder each, readable without srcsel.

runs/<id>/run.json            the question, and the line History shows
runs/<id>/result.json         everything but the re-checks
runs/<id>/rechecks.safetensors
runs/<id>/maps/<hash>.safetensors
runs/<id>/maps/shared.json            of an example: the id of another that holds maps of this one
runs/<id>/evidence/<hash>.json        accuracy really reached, one file a protocol
runs/<id>/corrections/<hash>.json     corrections that a person is making (`store.drafts`)
"""

from __future__ import annotations

import builtins
import contextlib
import dataclasses
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import InputError, StoreError, UnknownNameError
from srcsel.base.records import (
    DOTS,
    Evidence,
    Projection,
    Protocol,
    Result,
    Run,
    Score,
)
from srcsel.base.settings import load_settings
from srcsel.store import files
from srcsel.store.coherent import checked, require_of
from srcsel.store.serialize import from_plain, to_plain
from srcsel.store.summaries import RunSummary, summaries, summary_of

SHARED_MAPS = "maps/shared.json"
"""Within the folder of an example: the id of another one of the same pictures, whose maps count."""
_RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_NEW_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{4}")
_HOME = "<home>"  # stands for the work folder in stored paths, so that it can move


class RunStore:
    """Runs as folders. Ids sort by time and are safe in a URL and as a folder name."""

    def __init__(self, folder: Path, examples: Path | None = None) -> None:
        """Keep runs in `folder`; `examples` holds finished ones that are only read."""
        self.folder = folder
        self.examples = examples
        self.notes: list[str] = []

    @staticmethod
    def new_id() -> str:
        """Make an id such as 20260131-235959-123456-ab12; a later one sorts after it."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"

    def save(self, result: Result) -> None:
        """Store a result, whole or partial, over what was there for this run. Raises StoreError.

        The disk is waited for only where it is whole: a partial one is worked out again.
        """
        synced = result.complete
        place = self.folder / _checked(result.run.id)
        rechecks = {
            _slot(s): s.rechecks
            for s in (*result.scores, *result.literal)
            if s.rechecks is not None
        }
        about = {"run": result.run.id}
        files.write_tensors(place / "rechecks.safetensors", rechecks, about, synced=synced)
        plain = to_plain(result)
        plain["dataset"]["folder"] = self._portable(result.dataset.folder)
        files.write_json(place / "result.json", plain, synced=synced)
        about = {"run": to_plain(result.run), "summary": to_plain(summary_of(result))}
        # last: a folder without it is no run
        files.write_json(place / "run.json", about, synced=synced)

    def save_summary(self, result: Result) -> None:
        """Let lists say how a stored run of the person's own is answered now; the run stays as it
        is. Raises StoreError.
        """
        path = self.folder / _checked(result.run.id) / "run.json"
        if path.is_file():
            about = {"run": to_plain(result.run), "summary": to_plain(summary_of(result))}
            files.write_json(path, about)

    def load(self, run_id: str) -> Result:
        """Read one run.

        Raises UnknownNameError where there is none, StoreError where it is damaged.
        """
        place = self._place(run_id)
        try:
            plain = files.read_json(place / "result.json")
            plain["dataset"]["folder"] = self._absolute(plain["dataset"]["folder"])
            result = checked(from_plain(Result, plain), run_id)
            rechecks, _ = files.read_tensors(place / "rechecks.safetensors")
        except (files.DamagedFileError, OSError, *files.NOT_SO) as error:
            raise StoreError(
                f"The stored run {run_id} is damaged and cannot be shown. Run it again."
            ) from error
        return dataclasses.replace(
            result,
            scores=tuple(_with_rechecks(s, rechecks) for s in result.scores),
            literal=tuple(_with_rechecks(s, rechecks) for s in result.literal),
        )

    def question(self, run_id: str) -> dict[str, Any]:
        """Return the plain question of a run, also of one without an answer yet.

        Raises UnknownNameError where there is none, StoreError where it is damaged.
        """
        try:
            plain = files.read_json(self._place(run_id) / "run.json")["run"]
            return to_plain(from_plain(Run, plain))
        except (files.DamagedFileError, OSError, *files.NOT_SO) as error:
            raise StoreError(f"The stored run {run_id} is damaged. Run it again.") from error

    def stamp(self, run_id: str) -> tuple[str, int, int]:
        """Return what changes whenever `load` would give something else.

        Raises UnknownNameError, FileNotFoundError.
        """
        path = self._place(run_id) / "result.json"
        about = path.stat()
        return str(path), about.st_mtime_ns, about.st_size

    def list(self) -> list[RunSummary]:
        """Every run, newest first, the examples after the person's own."""
        own = summaries(self.folder, self.notes, example=False)
        taken = {summary.id for summary in own}
        shipped = summaries(self.examples, self.notes, example=True) if self.examples else []
        return own + [summary for summary in shipped if summary.id not in taken]

    def rename(self, run_id: str, title: str) -> None:
        """Give a run of the person's own another name; all else stays.

        Raises UnknownNameError where there is none, StoreError.
        """
        place = self.folder / _checked(run_id)
        try:
            about, plain = (files.read_json(place / name) for name in ("run.json", "result.json"))
            for part in (about["run"], about["summary"], plain["run"]):
                part["title"] = title
        except FileNotFoundError as error:
            raise UnknownNameError("run", run_id, []) from error
        except (files.DamagedFileError, *files.NOT_SO) as error:
            raise StoreError(f"The stored run {run_id} is damaged. Run it again.") from error
        files.write_json(place / "result.json", plain)
        files.write_json(place / "run.json", about)

    def size(self, run_id: str) -> int:
        """Return the bytes that a run of the person's own takes; its features count elsewhere."""
        place = self.folder / _checked(run_id)
        return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file())

    def delete(self, run_id: str) -> None:
        """Delete a run of the person's own; features stay. Raises InputError for an example."""
        place = self.folder / _checked(run_id)
        if not (place / "run.json").is_file():
            known = any(summary.id == run_id for summary in self.list())
            raise (
                InputError("This example ships with srcsel and cannot be deleted.")
                if known
                else UnknownNameError("run", run_id, [])
            )
        (place / "run.json").unlink()  # from here on it is no run, whatever happens to the rest
        shutil.rmtree(place, ignore_errors=True)

    def projection(
        self, run_id: str, model: str, method: str, seed: int = 0, cap: int = DOTS
    ) -> Projection | None:
        """Return a stored map of this run, or None.

        `cap` is the number of dots that was asked for.
        """
        for place in self._map_places(run_id):
            try:
                tensors, about = files.read_tensors(_map_path(place, model, method, seed, cap))
                return Projection(
                    about["model"], about["method"], about["seed"], tensors["rows"], tensors["xy"]
                )
            except (FileNotFoundError, files.DamagedFileError, *files.NOT_SO):
                continue
        return None

    def save_projection(self, run_id: str, projection: Projection, cap: int = DOTS) -> None:
        """Store a map beside its run (of an example too: the map then lies in the work folder)."""
        about = {"model": projection.model, "method": projection.method, "seed": projection.seed}
        path = _map_path(
            self.folder / _checked(run_id),
            projection.model,
            projection.method,
            projection.seed,
            cap,
        )
        files.write_tensors(path, {"rows": projection.rows, "xy": projection.xy}, about)

    def evidences(self, run_id: str) -> builtins.list[Evidence]:
        """Return what was measured for this run, one for each protocol, newest last; damaged ones
        are left out.
        """
        found: dict[Protocol, Evidence] = {}
        models = self._models(run_id)
        for root in (
            self.examples,
            self.folder,
        ):  # the person's own last: it replaces what was shipped
            for path in root.glob(f"{_checked(run_id)}/evidence/*.json") if root else ():
                try:
                    about = path.stat()
                    evidence = _evidence(path, about.st_mtime_ns, about.st_size)
                    require_of(evidence, run_id, models)
                except (files.DamagedFileError, FileNotFoundError, *files.NOT_SO):
                    self.notes.append(
                        f"A measurement of the run {run_id} is damaged and is left out. Measure"
                        " again."
                    )
                    continue
                found[evidence.protocol] = evidence
        return sorted(found.values(), key=lambda evidence: evidence.created)

    def save_evidence(self, evidence: Evidence) -> None:
        """Store a measurement, whole or partial, beside its run, over one of the same protocol.

        Raises StoreError.
        """
        name = files.text_hash(to_plain(evidence.protocol))
        files.write_json(
            self.folder / _checked(evidence.run) / "evidence" / f"{name}.json", to_plain(evidence)
        )

    def drafts(self, run_id: str) -> Path:
        """Return where corrections lie that people are making to the pictures of a run. Raises
        UnknownNameError.
        """
        return self.folder / _checked(run_id) / "corrections"

    def _map_places(self, run_id: str) -> Iterator[Path]:
        """Yield the folders of runs that may hold maps of this one, the person's own first."""
        yield self.folder / _checked(run_id)
        if self.examples is None:
            return
        yield self.examples / run_id
        with contextlib.suppress(FileNotFoundError, files.DamagedFileError, UnknownNameError):
            named = files.read_json(self.examples / run_id / SHARED_MAPS)
            yield self.examples / _checked(str(named))

    def _models(self, run_id: str) -> set[str] | None:
        """Name the models of a run; None where it is not there or damaged."""
        try:
            return set(files.read_json(self._place(run_id) / "run.json")["run"]["models"])
        except (files.DamagedFileError, OSError, UnknownNameError, *files.NOT_SO):
            return None

    def _place(self, run_id: str) -> Path:
        for root in (self.folder, self.examples):
            if root is not None and (root / _checked(run_id) / "run.json").is_file():
                return root / run_id
        raise UnknownNameError("run", run_id, [summary.id for summary in self.list()])

    def _portable(self, folder: Path) -> str:
        """Write a folder of the work folder without saying where that lies: runs move, and examples
        ship.
        """
        for home in (self.folder.parent, load_settings().home):
            if folder.is_relative_to(home):
                return f"{_HOME}/{folder.relative_to(home).as_posix()}"
        return str(folder)

    def _absolute(self, folder: str) -> str:
        inside = folder.removeprefix(f"{_HOME}/")
        return folder if inside == folder else str(self.folder.parent / inside)


@lru_cache(maxsize=64)
def _evidence(path: Path, _changed: int, _size: int) -> Evidence:
    """Read a measurement once for all drawings of all pages; nobody changes a record."""
    return from_plain(Evidence, files.read_json(path))


def is_new_id(text: str) -> bool:
    """Tell whether a text looks like the id of a run, as `RunStore.new_id` makes them."""
    return bool(_NEW_ID.fullmatch(text))


def _checked(run_id: str) -> str:
    """Refuse anything that is no run id: it comes from the browser's address line."""
    if not _RUN_ID.fullmatch(run_id):
        raise UnknownNameError("run", run_id, [])
    return run_id


def _slot(score: Score) -> str:
    return f"{score.model}|{score.measure}|{score.reading}"


def _with_rechecks(score: Score, rechecks: dict[str, np.ndarray]) -> Score:
    return dataclasses.replace(score, rechecks=rechecks.get(_slot(score)))


def _map_path(place: Path, model: str, method: str, seed: int, cap: int) -> Path:
    question = [model, method, seed] + ([] if cap == DOTS else [cap])
    return place / "maps" / f"{files.text_hash(question)}.safetensors"
