"""Answers computed before, each kept under the question it answers: everything it depends on.

<folder>/<kind>/<hash>.safetensors   arrays, a JSON value, and the whole question in the header
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.store import files


class Memory:
    """Answers by question. A file that is damaged or answers another question counts as absent."""

    def __init__(self, folder: Path) -> None:
        """Keep answers below `folder`; nothing is created before the first one."""
        self.folder = folder

    def recall(
        self, kind: str, question: dict[str, Any]
    ) -> tuple[dict[str, np.ndarray], Any] | None:
        """Return the arrays and the JSON value remembered for `question`, or None.

        kind: the folder they lie in, such as "maps" or "scores".
        """
        try:
            tensors, about = files.read_tensors(self._path(kind, question))
            return (tensors, about["value"]) if about["question"] == question else None
        except (FileNotFoundError, files.DamagedFileError, KeyError, TypeError):
            return None

    def remember(
        self, kind: str, question: dict[str, Any], tensors: Mapping[str, np.ndarray], value: Any
    ) -> None:
        """Keep arrays and a JSON value under all they depend on. Raises StoreError."""
        files.write_tensors(
            self._path(kind, question), tensors, {"question": question, "value": value}
        )

    def _path(self, kind: str, question: dict[str, Any]) -> Path:
        return self.folder / kind / f"{files.text_hash(question)}.safetensors"
