"""Public data sets by name: torchvision downloads and checks them, their own annotation gives the
labels.

The table and `stored` need no torchvision; `fetch` is the worker's work.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import sys
import tarfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srcsel.base.errors import Cancelled, DownloadError, InputError, StoreError, UnknownNameError
from srcsel.base.records import Listing
from srcsel.base.watch import Watch
from srcsel.store import files

INDEX = "pictures.json"  # written last: a folder that has it is complete
ROOM = 2.2  # free space needed, in units of the download: the archive and its content
STALL_SECONDS = 60.0  # without a byte after which a download counts as broken
POLL_SECONDS = 0.3  # between two looks at the stop button
ARCHIVES = (".tgz", ".tar.gz", ".zip")
_SILENT = Watch()
# one download at a time; after a stop it is held until unpacking has ended
_AT_WORK = threading.Lock()


@dataclass(frozen=True)
class PublicSet:
    """What the pages show of a public data set before anything is downloaded."""

    name: str  # as in "public:NAME" and torchvision
    title: str
    classes: int
    pictures: int
    download_bytes: int
    license: str  # SPDX id or the makers' words; "unknown" where they state none
    source: str  # its home page


PUBLIC: dict[str, PublicSet] = {
    s.name: s
    for s in (
        PublicSet(
            "Flowers102",
            "Oxford flowers",
            102,
            8189,
            344_878_000,
            "unknown",
            "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        ),
        PublicSet(
            "OxfordIIITPet",
            "Oxford cats and dogs",
            37,
            7349,
            811_092_049,
            "CC-BY-SA-4.0",
            "https://www.robots.ox.ac.uk/~vgg/data/pets/",
        ),
        PublicSet(
            "DTD",
            "Describable textures",
            47,
            5640,
            625_239_812,
            "for research purposes",
            "https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        ),
        PublicSet(
            "EuroSAT",
            "EuroSAT land use from space",
            10,
            27_000,
            94_280_567,
            "MIT",
            "https://github.com/phelber/EuroSAT",
        ),
        PublicSet(
            "Food101",
            "Food-101 dishes",
            101,
            101_000,
            4_996_278_331,
            "scientific fair use only",
            "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
        ),
        PublicSet(
            "Imagenette",
            "Imagenette, ten easy ImageNet classes",
            10,
            13_394,
            341_663_724,
            "ImageNet terms, non-commercial research",
            "https://github.com/fastai/imagenette",
        ),
    )
}
"""Sizes as served in 2024 to 2026; both splits of each set together."""


def fetch(name: str, home: Path, watch: Watch = _SILENT) -> Listing:
    """Download the set into `home`/NAME unless it is there, and list all its pictures, no split
    left out.

    Progress goes to the part "pictures" in bytes. Raises UnknownNameError, DownloadError (offline,
    damaged, too little space), Cancelled; a finished archive is kept for the next try.
    """
    about = _find(name)
    if not (home / name / INDEX).is_file():
        half = home / f".{name}-part"
        try:
            _require_room(about, home)
            _forget_unpacked(half)
            found = _annotation(about, _download(about, half, watch), half)
            files.write_json(half / INDEX, found)
            for archive in [p for p in half.rglob("*") if p.name.endswith(ARCHIVES)]:
                archive.unlink()
            shutil.rmtree(home / name, ignore_errors=True)
            half.rename(home / name)
        except OSError as error:
            raise _explained(error, about) from error
    return stored(name, home)


def stored(name: str, home: Path) -> Listing:
    """List a set that was downloaded before.

    Raises UnknownNameError, InputError where it was not.
    """
    about = _find(name)
    try:
        held = files.read_json(home / name / INDEX)
        classes, pairs = tuple(held["classes"]), held["pictures"]
        paths, labels = (
            tuple(path for path, _ in pairs),
            np.array([label for _, label in pairs], np.int64),
        )
    except (files.DamagedFileError, FileNotFoundError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{about.title} is not on this computer yet. Check or run it once: that downloads "
            f"{about.download_bytes / 1e6:,.0f} MB (licence: {about.license})."
        ) from error
    source = "the data set's own annotation"
    return Listing(
        f"public:{name}",
        about.title,
        home / name,
        paths,
        labels,
        classes,
        (),
        source,
        about.license,
    )


def _find(name: str) -> PublicSet:
    if name not in PUBLIC:
        raise UnknownNameError("public data set", name, PUBLIC)
    return PUBLIC[name]


def _require_room(about: PublicSet, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(home).free, ROOM * about.download_bytes
    if free < needed:
        raise DownloadError(
            f"{about.title} needs {needed / 1e9:.1f} GB of free space, and {home} has"
            f" {free / 1e9:.1f} GB. Free some space, or set SRCSEL_HOME to a folder on another"
            " disk."
        )


def _forget_unpacked(half: Path) -> None:
    """Delete what an interrupted try unpacked: torchvision takes a folder that exists for
    complete.
    """
    half.mkdir(parents=True, exist_ok=True)
    for path in sorted(half.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):  # it holds an archive
                path.rmdir()
        elif not path.name.endswith(ARCHIVES):
            path.unlink()


class _Line(urllib.request.BaseHandler):
    """Counts the bytes that arrive, lets no download hang for ever, and ends one between two
    reads.
    """

    def __init__(self) -> None:
        self.done = 0
        self.stop = threading.Event()

    def http_request(self, request: Any) -> Any:
        """Give every request a time limit between bytes; torchvision gives none."""
        request.timeout = STALL_SECONDS
        return request

    def http_response(self, _request: Any, response: Any) -> Any:
        """Count what is read from an answer."""
        read = response.read

        def counted(*amount: int) -> bytes:
            if self.stop.is_set():
                raise Cancelled
            data = read(*amount)
            self.done += len(data)
            return data

        response.read = counted
        return response

    https_request, https_response = http_request, http_response


def _download(about: PublicSet, half: Path, watch: Watch) -> Any:
    """Let torchvision download and unpack in a thread, so that progress and the stop button go on
    meanwhile.
    """
    line, outcome = _Line(), Future[Any]()

    def say(note: str) -> None:
        watch.update(
            "pictures",
            "downloading",
            min(line.done, about.download_bytes),
            about.download_bytes,
            note,
        )

    while not _AT_WORK.acquire(timeout=POLL_SECONDS):
        say("Waiting for an earlier download to end")
    threading.Thread(target=_work, args=(about, half, line, outcome), daemon=True).start()
    try:
        while not wait([outcome], timeout=POLL_SECONDS).done:
            say("Unpacking" if line.done >= about.download_bytes else f"Downloading {about.title}")
        return outcome.result()
    except (OSError, RuntimeError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise _explained(error, about) from error
    finally:
        line.stop.set()


def _work(about: PublicSet, half: Path, line: _Line, outcome: Future[Any]) -> None:
    try:
        urllib.request.install_opener(urllib.request.build_opener(line))
        with contextlib.redirect_stdout(
            sys.stderr
        ):  # older torchvision prints, and the shell may print JSON
            outcome.set_result(_BUILDERS[about.name](half))
    except Exception as error:  # noqa: BLE001 - handed to the thread that waits
        outcome.set_exception(error)
    finally:
        urllib.request.install_opener(urllib.request.build_opener())
        _AT_WORK.release()


def _torchvision(name: str, **options: str) -> Callable[[Path], Any]:
    def build(half: Path) -> Any:
        from torchvision import datasets

        return getattr(datasets, name)(str(half), download=True, **options)

    return build


_BUILDERS: dict[str, Callable[[Path], Any]] = {name: _torchvision(name) for name in PUBLIC} | {
    "Imagenette": _torchvision("Imagenette", size="320px")
}


def _annotation(about: PublicSet, dataset: Any, half: Path) -> dict[str, Any]:
    """Read every picture's class from the files the set came with; paths relative to its folder,
    sorted.
    """
    pairs = sorted(
        (path.relative_to(half).as_posix(), label)
        for path, label in _READERS[about.name](half, dataset)
    )
    if not pairs:
        raise DownloadError(
            f"{about.title} was downloaded but holds no pictures. Delete {half} and try again."
        )
    classes = sorted({label for _, label in pairs})
    number = {label: k for k, label in enumerate(classes)}
    return {"classes": classes, "pictures": [(path, number[label]) for path, label in pairs]}


_Labeled = Iterable[tuple[Path, str]]


def _flowers(half: Path, dataset: Any) -> _Labeled:
    from scipy.io import loadmat

    base, names = half / "flowers-102", getattr(dataset, "classes", None)
    # 1-based; of picture 1, 2, ...
    labels = loadmat(base / "imagelabels.mat", squeeze_me=True)["labels"]
    for number, label in enumerate(np.atleast_1d(labels).tolist(), 1):
        name = names[label - 1] if names else f"flower {label:03d}"
        yield base / "jpg" / f"image_{number:05d}.jpg", name


def _pets(half: Path, _dataset: Any) -> _Labeled:
    base = half / "oxford-iiit-pet"
    for split in ("trainval", "test"):
        for line in (base / "annotations" / f"{split}.txt").read_text().splitlines():
            picture = line.split()[0]
            yield base / "images" / f"{picture}.jpg", picture.rsplit("_", 1)[0].replace("_", " ")


def _textures(half: Path, _dataset: Any) -> _Labeled:
    base = half / "dtd" / "dtd"
    for split in ("train", "val", "test"):
        for line in (base / "labels" / f"{split}1.txt").read_text().split():
            yield base / "images" / line, line.split("/")[0]


def _food(half: Path, _dataset: Any) -> _Labeled:
    base = half / "food-101"
    for split in ("train", "test"):
        for label, pictures in json.loads((base / "meta" / f"{split}.json").read_text()).items():
            yield from (
                (base / "images" / f"{picture}.jpg", label.replace("_", " "))
                for picture in pictures
            )


def _land(half: Path, _dataset: Any) -> _Labeled:
    return ((path, path.parent.name) for path in (half / "eurosat" / "2750").glob("*/*.jpg"))


def _imagenette(half: Path, dataset: Any) -> _Labeled:
    names = {wnid: words[0] for wnid, words in zip(dataset.wnids, dataset.classes, strict=True)}
    return ((path, names[path.parent.name]) for path in half.glob("imagenette2-320/*/*/*.JPEG"))


_READERS: dict[str, Callable[[Path, Any], _Labeled]] = {
    "Flowers102": _flowers,
    "OxfordIIITPet": _pets,
    "DTD": _textures,
    "EuroSAT": _land,
    "Food101": _food,
    "Imagenette": _imagenette,
}


def _explained(error: BaseException, about: PublicSet) -> DownloadError | StoreError:
    """Say why a download failed and what to do."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()  # it holds the connection
        return DownloadError(
            f"The server of {about.title} answered with error {error.code}. Try again later, or"
            f" download it from {about.source} yourself and choose the unpacked folder."
        )
    if isinstance(error, (urllib.error.URLError, TimeoutError, ConnectionError)):
        why = getattr(error, "reason", None) or error
        return DownloadError(
            f"No connection to the server of {about.title} ({why}). It has to be downloaded once"
            f" ({about.download_bytes / 1e6:,.0f} MB): connect to the internet and try again, or"
            " choose pictures that are on this computer."
        )
    if isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EROFS,
    ):
        return files.explain_disk(Path(error.filename or "the work folder").parent, error)
    return DownloadError(
        f"{about.title} arrived incomplete or damaged ({error}). Try again; only the damaged part"
        " is fetched again."
    )
