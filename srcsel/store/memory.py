"""Answers computed before, each kept under the question it answers: everything it depends on.

<folder>/<kind>/<hash>.safetensors   arrays, a JSON value, and the whole question in the header

A question names the code that answers it by a version number, raised by hand with every change to
what an answer comes to: other words in a docstring forget nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from srcsel.store import files

Answer = TypeVar("Answer")
Arrays = dict[str, np.ndarray]


def _as_kept(arrays: Arrays, value: Any) -> Any:
    return arrays, value


class Memory:
    """Answers by question. A file that is damaged counts as absent, and goes."""

    def __init__(self, folder: Path, *, limit: int | None = None, synced: bool = True) -> None:
        """Keep answers below `folder`; nothing is created before the first one.

        limit: bytes that the answers of one kind may take together; the least recently used are
        dropped beyond it, and an answer of more than half of it is not kept. synced: wait until the
        disk has it; not for what is quickly made again, and lost at most in a power cut.
        """
        self.folder = folder
        self.limit = limit
        self.synced = synced

    def recall(
        self,
        kind: str,
        question: Mapping[str, Any],
        read: Callable[[Arrays, Any], Answer] = _as_kept,
    ) -> Answer | None:
        """Return what `read` makes of the arrays and the JSON value remembered for `question`, or
        None.

        kind: the folder they lie in, such as "maps" or "scores". Where `read` finds something else
        than was remembered (files.NOT_SO), there is no answer either: it is worked out again.
        """
        path = self._path(kind, question)
        try:
            tensors, about = files.read_tensors(path)
            if about.pop("question") != question:
                return None
            # before 1.0 some answers had their value's parts beside the question
            answer = read(tensors, about.get("value", about))
        except FileNotFoundError:
            return None
        except (files.DamagedFileError, *files.NOT_SO):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        files.used(path)
        return answer

    def remember(
        self,
        kind: str,
        question: Mapping[str, Any],
        tensors: Mapping[str, np.ndarray],
        value: Any = None,
    ) -> None:
        """Keep arrays and a JSON value under all they depend on. Raises StoreError."""
        size = sum(array.nbytes for array in tensors.values())
        if self.limit is not None and size > self.limit / 2:
            return
        about = {"question": question, "value": value}
        files.write_tensors(self._path(kind, question), tensors, about, synced=self.synced)
        if self.limit is not None:
            _drop_least_used(self.folder / kind, self.limit)

    def forget(self, kind: str, question: Mapping[str, Any]) -> None:
        """Drop the answer to `question`, if there is one."""
        self._path(kind, question).unlink(missing_ok=True)

    def _path(self, kind: str, question: Mapping[str, Any]) -> Path:
        return self.folder / kind / f"{files.text_hash(question)}.safetensors"


def _drop_least_used(folder: Path, limit: int) -> None:
    answers = sorted(
        (path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*.safetensors")
    )
    room = limit
    for _, size, path in reversed(answers):
        room -= size
        if room < 0:
            path.unlink(missing_ok=True)
