"""Where weights already lie on this computer.

Looks at names and file sizes only; never at the network.

The folders are those of huggingface_hub and torch.hub, so that weights are shared with every other
program that uses them. They are computed here because importing those libraries would cost the
pages seconds.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from srcsel.base.errors import InputError, ModelError
from srcsel.base.paths import opened
from srcsel.base.settings import load_settings

HUB_FILES = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
)
"""Names weights go by in a timm repository, best first: no pickle where there is a choice."""

ENDINGS = (".safetensors", ".pth", ".pth.tar", ".pt", ".ckpt", ".bin")
"""How checkpoint files end, in any case, the best first."""


class HubFile(NamedTuple):
    """A file in the local Hugging Face cache and the commit it belongs to."""

    path: Path
    commit: str


def hub_folder() -> Path:
    """Return the folder huggingface_hub keeps downloads in (its documented variables, in its
    order).
    """
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return Path(os.environ[name]).expanduser()
    home = os.environ.get("HF_HOME")
    return (Path(home).expanduser() if home else _user_cache() / "huggingface") / "hub"


def torch_folder() -> Path:
    """Return the folder torch.hub keeps checkpoints in."""
    home = os.environ.get("TORCH_HOME")
    return (Path(home).expanduser() if home else _user_cache() / "torch") / "hub" / "checkpoints"


def downloads() -> tuple[Path, ...]:
    """Return the folders in which downloaded weights lie."""
    return hub_folder(), torch_folder()


def hub_repositories() -> frozenset[str]:
    """Return the "owner/name" of every model repository that has something in the local cache."""
    folder = hub_folder()
    if not folder.is_dir():
        return frozenset()
    names = (entry.name for entry in folder.iterdir() if entry.name.startswith("models--"))
    return frozenset(name.removeprefix("models--").replace("--", "/", 1) for name in names)


def hub_file(repository: str, names: tuple[str, ...] = HUB_FILES) -> HubFile | None:
    """Return the first of `names` that the local cache holds for the newest known commit, or
    None.
    """
    folder = hub_folder() / f"models--{repository.replace('/', '--')}"
    reference = folder / "refs" / "main"
    if not reference.is_file():
        return None
    commit = reference.read_text().strip()
    paths = (folder / "snapshots" / commit / name for name in names)
    return next((HubFile(path, commit) for path in paths if path.is_file()), None)


def own_files() -> dict[str, Path]:
    """Return the checkpoints in the SRCSEL_WEIGHTS folder by file name without suffix; safetensors
    win.
    """
    folder = load_settings().weights
    if folder is None or not folder.is_dir():
        return {}
    listed = sorted(path for path in folder.iterdir() if ending(path.name))
    return {
        without_ending(path.name): path
        for path in sorted(listed, key=lambda p: ENDINGS.index(ending(p.name)), reverse=True)
    }


def ending(name: str) -> str:
    """Return which of ENDINGS a file's name has, "" where it has none."""
    low = name.lower()
    return max((end for end in ENDINGS if low.endswith(end)), key=len, default="")


def without_ending(name: str) -> str:
    """Return a file's name without its ending."""
    return name[: len(name) - len(ending(name))]


def is_file(text: str) -> bool:
    """Say whether a text names a file that may be opened; a text that can be no path names none."""
    try:
        return opened(text, model=True).is_file()
    except InputError:
        return False


def digest(path: Path) -> str:
    """Return the sha256 of a file's content in hex; remembered while size and time stay the
    same.
    """
    try:
        stat = path.stat()
        return _digest(path, stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise ModelError(
            f"I cannot read the file {path}: {error.strerror}. Check the path and your rights."
        ) from error


@lru_cache(maxsize=512)
def _digest(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
