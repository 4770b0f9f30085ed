"""What is kept: features (one safetensors file a key) and runs (`srcsel.store.runs`). Never pickle.

features/<model>-<hash>.safetensors         one FeatureKey, in the header; or rows of another's
features/parts/<hash>/<row>.safetensors     half-done work; a stopped run goes on from here
features/{maps,scores}/<hash>.safetensors   what was computed from features (`store.memory`)
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import Settings
from srcsel.store import files
from srcsel.store.memory import Arrays, Memory
from srcsel.store.runs import RunStore, RunSummary
from srcsel.store.serialize import from_plain, to_plain

EXAMPLES = Path(__file__).parents[1] / "demo" / "runs"
"""Finished runs that ship with srcsel; read-only."""

__all__ = ["EXAMPLES", "FeatureStore", "RunStore", "RunSummary", "open_features", "open_runs"]


def open_features(settings: Settings) -> FeatureStore:
    """Open the features of this computer."""
    return FeatureStore(settings.features)


def open_runs(settings: Settings) -> RunStore:
    """Open the runs of this computer, the shipped examples among them."""
    return RunStore(settings.runs, EXAMPLES)


@dataclass(frozen=True)
class _About:
    """What the header of a file says."""

    key: FeatureKey
    source: FeatureKey | None = None  # of a file that holds rows of these features
    seconds_per_picture: float | None = None
    seconds_spread: tuple[float, float] | None = None


class FeatureStore:
    """Features by FeatureKey. A damaged file counts as absent; `notes` says so in sentences."""

    def __init__(self, folder: Path) -> None:
        """Keep features in `folder`; nothing is created before the first write."""
        self.folder = folder
        self.memory = Memory(folder)
        self.notes: list[str] = []

    def has(self, key: FeatureKey) -> bool:
        """Whether a file for `key` is there (cheap; it may still turn out damaged)."""
        return self._path(key).is_file()

    def get(self, key: FeatureKey) -> Features | None:
        """Return the stored features, or None."""
        found = self._read(self._path(key), key)
        if found is None:
            return None
        tensors, about = found
        if "rows" in tensors:
            return self._rows_of(about.source, tensors["rows"], key)
        return Features(
            key,
            tensors["values"],
            tensors.get("logits"),
            about.seconds_per_picture,
            about.seconds_spread,
        )

    def put(self, features: Features) -> None:
        """Store whole features and drop the parts they were made of. Raises StoreError."""
        about = {
            "key": to_plain(features.key),
            "seconds_per_picture": features.seconds_per_picture,
            "seconds_spread": to_plain(features.seconds_spread),
        }
        files.write_tensors(
            self._path(features.key), _tensors(features.values, features.logits), about
        )
        self.drop_parts(features.key)

    def put_rows(self, key: FeatureKey, source: FeatureKey, rows: np.ndarray) -> Features | None:
        """Store under `key` that its features are `rows` (m,) of those of `source`; return them,
        None without those.

        Pictures left out of a run then cost no second copy of what is kept. Raises StoreError.
        """
        taken = self._rows_of(source, rows, key)
        if taken is not None:
            about = {"key": to_plain(key), "source": to_plain(source)}
            files.write_tensors(self._path(key), {"rows": np.asarray(rows, dtype=np.int64)}, about)
        return taken

    def put_part(
        self, key: FeatureKey, start: int, values: np.ndarray, logits: np.ndarray | None
    ) -> None:
        """Store rows `start` to `start + len(values)` of half-done features. Raises StoreError."""
        files.write_tensors(
            self._parts(key) / f"{start:09d}.safetensors",
            _tensors(values, logits),
            {"key": to_plain(key)},
        )

    def parts(self, key: FeatureKey) -> tuple[int, np.ndarray | None, np.ndarray | None]:
        """Rows done without a gap from row 0: (m, values (m, d) or None, logits (m, c) or None)."""
        blocks: list[dict[str, np.ndarray]] = []
        rows = 0
        while found := self._read(self._parts(key) / f"{rows:09d}.safetensors", key):
            if not len(found[0]["values"]):
                break
            blocks.append(found[0])
            rows += len(found[0]["values"])
        if not blocks:
            return 0, None, None
        headed = all("logits" in block for block in blocks)
        logits = np.concatenate([block["logits"] for block in blocks]) if headed else None
        return rows, np.concatenate([block["values"] for block in blocks]), logits

    def drop_parts(self, key: FeatureKey) -> None:
        """Forget half-done work."""
        shutil.rmtree(self._parts(key), ignore_errors=True)

    def _read(self, path: Path, key: FeatureKey) -> tuple[Arrays, _About] | None:
        try:
            tensors, told = files.read_tensors(path)
            about = from_plain(_About, told)
            whole = _fit(tensors) if "values" in tensors else about.source is not None
            if about.key != key or not whole:
                raise files.DamagedFileError(f"{path.name} holds something else than its name says")
        except FileNotFoundError:
            return None
        except (files.DamagedFileError, *files.NOT_SO):
            files.set_aside(path)
            self.notes.append(
                f"The stored features of {key.model} were damaged; they are computed again."
            )
            return None
        files.used(path)
        return tensors, about

    def _rows_of(
        self, source: FeatureKey | None, rows: np.ndarray, key: FeatureKey
    ) -> Features | None:
        whole = self.get(source) if source is not None and source != key else None
        if whole is None or rows.max(initial=-1) >= len(whole.values):
            return None
        logits = None if whole.logits is None else whole.logits[rows]
        return replace(whole, key=key, values=whole.values[rows], logits=logits)

    def _path(self, key: FeatureKey) -> Path:
        name = re.sub(r"[^a-z0-9]+", "-", key.model.lower()).strip("-")[-60:]
        return self.folder / f"{name}-{files.text_hash(to_plain(key))}.safetensors"

    def _parts(self, key: FeatureKey) -> Path:
        return self.folder / "parts" / files.text_hash(to_plain(key))


def _fit(tensors: Arrays) -> bool:
    """Tell whether these are features (n, d), and logits (n, c) where there are any."""
    shapes = [tensors[name].shape for name in ("values", "logits") if name in tensors]
    return all(len(shape) == 2 and shape[0] == shapes[0][0] for shape in shapes)


def _tensors(values: np.ndarray, logits: np.ndarray | None) -> dict[str, np.ndarray]:
    tensors = {"values": np.asarray(values, dtype=np.float32)}
    if logits is not None:
        tensors["logits"] = np.asarray(logits, dtype=np.float32)
    return tensors
