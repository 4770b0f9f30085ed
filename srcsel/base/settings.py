"""Where srcsel keeps its work and what the server may see, from the environment.

| variable | means | default |
|---|---|---|
| SRCSEL_HOME | the work folder: features, runs, jobs, uploads, downloads | the user's data folder |
| SRCSEL_ROOTS | folders and s3:// addresses to open, as in PATH; "nowhere": none | any, locally |
| SRCSEL_FEATURES | an address or folder where computers share features (`store.shared`) | none |
| SRCSEL_DEVICE | "auto", "cpu", "cuda", "mps" | auto |
| SRCSEL_RAY | a Ray that runs use from now on, HOST:PORT; "here": one that is started here | none |
| SRCSEL_WEIGHTS | a folder searched for checkpoints (.safetensors, .pth) | none |
| SRCSEL_CACHE | GB that features, maps, thumbnails and the like may take (`store.cache`) | 50 |
| SRCSEL_LOG | "debug", "info", "warning", "error", "off": how much is logged (`base.log`) | info |
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from srcsel.base.addresses import OTHERWISE, STORES, Address, address_of
from srcsel.base.errors import InputError

_FILE = re.compile(r"file:(//)?(?=/)", re.IGNORECASE)
_ADDRESS = r"[A-Za-z][A-Za-z0-9+.-]+://"
SHORTEST_PASSWORD = 8  # characters
HERE = "here"  # SRCSEL_RAY: a Ray of this computer's own
SEPARATOR = os.pathsep  # of what SRCSEL_ROOTS lists
NOWHERE = "nowhere"  # SRCSEL_ROOTS of a shared server that was given none


@dataclass(frozen=True)
class Settings:
    """One reading of the environment."""

    home: Path
    roots: tuple[Path, ...] | None  # None = not restricted by the environment
    device: str
    weights: Path | None
    stores: tuple[Address, ...] = ()  # the roots that are addresses
    closed: tuple[str, ...] = ()  # roots that can be neither, and open nothing: why, in a sentence
    ray: str = ""  # HOST:PORT; "" = where one is wanted, it is started here
    engine: str = "local"  # that runs use where nothing else is said
    shared: str = ""  # address or folder of features that computers share; "" = none

    def is_shared_out(self, engine: str) -> bool:
        """Tell whether an engine, by its name, has other computers read the pictures too."""
        return engine.startswith("ray:") or (engine == "ray" and self.ray != "")

    @property
    def features(self) -> Path:
        """Where features are kept, one safetensors file a key."""
        return self.home / "features"

    @property
    def runs(self) -> Path:
        """Where runs are kept, one folder a run."""
        return self.home / "runs"

    @property
    def datasets(self) -> Path:
        """Where folder checks and thumbnails are kept."""
        return self.home / "datasets"

    @property
    def uploads(self) -> Path:
        """Where zips from the browser are unpacked, one folder an upload."""
        return self.home / "uploads"

    @property
    def public(self) -> Path:
        """Where public datasets and written-out demo targets are kept."""
        return self.home / "public"

    @property
    def evidence(self) -> Path:
        """Where trainings are kept: finished ones, and checkpoints of those under way."""
        return self.home / "evidence"

    @property
    def log(self) -> Path:
        """Where the structured log is kept, one file a process."""
        return self.home / "log"

    @property
    def jobs(self) -> Path:
        """Where the job board and the logs are kept."""
        return self.home / "jobs"


def load_settings() -> Settings:
    """Read the environment now (not at import, so that tests and the shell can change it)."""
    home = os.environ.get("SRCSEL_HOME") or platformdirs.user_data_dir("srcsel", appauthor=False)
    roots = os.environ.get("SRCSEL_ROOTS")
    weights = os.environ.get("SRCSEL_WEIGHTS")
    ray = os.environ.get("SRCSEL_RAY", "")
    folders, stores, closed = _roots(roots or "")
    return Settings(
        home=Path(home).expanduser().resolve(),
        roots=tuple(folders) if roots else None,
        stores=tuple(stores),
        closed=tuple(closed),
        device=os.environ.get("SRCSEL_DEVICE", "auto"),
        weights=Path(weights).expanduser().resolve() if weights else None,
        ray="" if ray == HERE else ray,
        engine="ray" if ray else "local",
        shared=os.environ.get("SRCSEL_FEATURES", ""),
    )


def _roots(text: str) -> tuple[list[Path], list[Address], list[str]]:
    """Return the folders and the addresses that a list names, none where it is NOWHERE, and why
    others open nothing.
    """
    folders, stores, closed = list[Path](), list[Address](), list[str]()
    for root in filter(None, map(str.strip, _divided(text))):
        try:
            if (address := address_of(root)) is not None:
                stores.append(address)
            elif root != NOWHERE:
                folders.append(Path(_FILE.sub("", root)).expanduser().resolve())
        except InputError as error:
            closed.append(str(error))
    return folders, stores, closed


def _divided(text: str) -> list[str]:
    """Cut a list where PATH is cut, and not inside an address: s3://bucket, s3:/bucket, or one of
    an access point, s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME.
    """
    kinds, other = "|".join((*STORES, *OTHERWISE, "file")), f"[^{SEPARATOR}]*"
    arn = rf"/*arn(?:{SEPARATOR}{other}){{4}}{SEPARATOR}(?=accesspoint)"
    password = rf"[^{SEPARATOR}/@]+{SEPARATOR}(?!/)(?=[^{SEPARATOR}]*@)"  # which is refused, whole
    address = rf"(?:{_ADDRESS}|(?:{kinds}):/)(?:{arn}|{password})?{other}"
    return re.findall(rf"\s*{address}|[^{SEPARATOR}]+", text, re.IGNORECASE)
