"""A folder that came file by file, as one zip: what limits zips limits it too."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

_DAY = (1980, 1, 1, 0, 0, 0)  # of every entry: the same files make the same zip


def pack(files: Sequence[tuple[str, Path]], target: Path) -> None:
    """Write the zip `target` of files, each (its path in the folder, where it lies now), unpacked
    as they are. Of files of one path the last counts. Raises OSError.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, path in sorted(dict(files).items()):
            entry = zipfile.ZipInfo(name, _DAY)
            with path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as out:
                shutil.copyfileobj(source, out)


def name_of(files: Sequence[tuple[str, Path]]) -> str:
    """Return what the folder is called: the first part of the paths, where all have the same."""
    firsts = {name.partition("/")[0] for name, _ in files if "/" in name}
    return firsts.pop() if len(firsts) == 1 else "folder"
