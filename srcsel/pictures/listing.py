"""What a folder of pictures seems to hold, from names alone: classes, pictures, and what is left
aside and why.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srcsel.base import access
from srcsel.base.errors import InputError, MissingPathError, UnknownNameError
from srcsel.base.paths import named, opened, written
from srcsel.base.records import Listing, Unreadable
from srcsel.base.settings import load_settings
from srcsel.pictures.images import SUFFIXES
from srcsel.pictures.labels import read_labels

LABEL_TABLE = "labels.csv"
NESTING = 4  # wrapper folders looked through before the class folders

JUNK = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin"}
)
_NOTES = (
    ".txt .md .rst .csv .tsv .json .jsonl .xml .yaml .yml .toml .html .htm .css .js .py .ipynb .sh"
    " .db .ini .log .xmp .aae .thm .lnk .url .mat .npy .npz .pkl .md5 .sha256 .lock .cache "
)
_KINDS = {
    ".heic .heif .hif": (
        "HEIC photos are not read. Save it as JPEG (on a phone, choose 'Most compatible')."
    ),
    ".avif .webp .jp2 .j2k": (
        "This installation of Pillow lacks this format. Save it as JPEG or PNG."
    ),
    ".cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .pef .srw .raw": (
        "Camera raw files are not read. Export it as JPEG."
    ),
    ".svg .svgz .eps .ai": "It is a drawing, not a picture made of points. Export it as PNG.",
    ".psd .xcf .kra": "It is a document of a drawing program. Export it as JPEG or PNG.",
    ".pdf": "It is a PDF document. Export its pictures as JPEG.",
    ".mp4 .mov .avi .mkv .webm .m4v .3gp": "It is a film. Save single frames as pictures.",
    ".dcm .dicom .nii": "Medical volumes are not read. Export single pictures as PNG.",
    ".zip .rar .7z .tar .gz .tgz": "It is a packed folder. Unpack it first.",
    ".jxl .exr .hdr .tga .ico .icns .pcx .jxr": (
        "This kind of picture is not read. Save it as JPEG or PNG."
    ),
}
_IGNORED = frozenset(_NOTES.split())
_REASONS = {suffix: reason for suffixes, reason in _KINDS.items() for suffix in suffixes.split()}
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


def list_pictures(ref: str) -> Listing:
    """List the pictures of a folder, "demo:NAME" or "public:NAME" with their classes; opens none of
    them.

    A folder holds one sub-folder a class (deeper folders count to their first level), or a table
    labels.csv (or a single other *.csv) of file and label; one wrapper folder around either, as
    zips unpack, is looked through. `ref` may also be such a table. Raises InputError with what to
    do where nothing can be listed.
    """
    if (known := named(ref)) is not None:
        kind, _, name = known.partition(":")
        if kind == "demo":
            return _demo(name, known)
        from srcsel.pictures import public

        return public.stored(name, load_settings().public)
    try:
        path = opened(ref)
    except MissingPathError as error:
        raise InputError(_missing(error.path)) from error
    if path.is_file() and path.suffix.lower() == ".csv":
        return _by_table(_walk(path.parent), path, written(path), path.stem)
    return _list_folder(path, written(path), path.name or str(path))


@dataclass(frozen=True)
class _Tree:
    """Every picture below a folder, and what was left aside; paths relative, POSIX."""

    folder: Path
    pictures: list[str]
    skipped: list[Unreadable]

    def below(self, name: str) -> _Tree:
        """Return the same, seen from the sub-folder `name`; what lies elsewhere keeps its
        reason.
        """
        head = name + "/"
        inside = [p.removeprefix(head) for p in self.pictures if p.startswith(head)]
        aside = [
            Unreadable(
                u.path.removeprefix(head) if u.path.startswith(head) else f"../{u.path}", u.reason
            )
            for u in self.skipped
        ]
        return _Tree(self.folder / name, inside, aside)


def _list_folder(folder: Path, ref: str, name: str) -> Listing:
    tree = _walk(folder)
    remarks: list[Unreadable] = []
    for _ in range(NESTING):
        groups = Counter(path.split("/", 1)[0] if "/" in path else "" for path in tree.pictures)
        table, remark = _table(tree.folder, rivals=len(groups.keys() - {""}))
        remarks += remark
        if table is not None:
            try:
                found = _by_table(tree, table, ref, name)
                _require_meant(found, tree, table.name, rivals=len(groups.keys() - {""}))
                return found
            except InputError as error:
                if len(groups.keys() - {""}) < 2:
                    raise
                remarks.append(
                    Unreadable(
                        table.name, f"It was not used; the folder names are the classes. {error}"
                    )
                )
        only = next(iter(groups)) if len(groups) == 1 else ""
        if not only or not (
            any(p.count("/") > 1 for p in tree.pictures) or _table(tree.folder / only, 0)[0]
        ):
            break
        tree = tree.below(only)
    return _by_folders(tree, ref, name, remarks)


def _table(folder: Path, rivals: int) -> tuple[Path | None, list[Unreadable]]:
    """Find the table of labels at the root of `folder`; `rivals` class folders decide what two
    tables mean.
    """
    with os.scandir(folder) as entries:
        names = sorted(
            e.name
            for e in entries
            if e.name.lower().endswith(".csv") and not e.name.startswith(".")
        )
    chosen = [n for n in names if n.lower() == LABEL_TABLE] or names
    if len(chosen) == 1:
        return folder / chosen[0], []
    if chosen and rivals < 2:
        listed = ", ".join(chosen[:4])
        raise InputError(
            f"There are {len(chosen)} tables ({listed}). Call the one with the labels"
            f" {LABEL_TABLE}."
        )
    return None, []


def _by_table(tree: _Tree, table: Path, ref: str, name: str) -> Listing:
    access.require(table)  # it may be a link
    labels, skipped = read_labels(table, tree.folder, tree.pictures, (u.path for u in tree.skipped))
    if not labels:
        first = f" For example '{skipped[0].path}': {skipped[0].reason}" if skipped else ""
        raise InputError(f"{table.name} gives no picture of this folder a label.{first}")
    return _listing(tree, labels, [*tree.skipped, *skipped], ref, name, table.name)


def _require_meant(found: Listing, tree: _Tree, table: str, rivals: int) -> None:
    """Raise InputError where class folders stand beside a table that seems to be about something
    else.
    """
    if rivals > 1 and table.lower() != LABEL_TABLE and 2 * len(found.paths) < len(tree.pictures):
        raise InputError(f"It labels only {len(found.paths):,} of {len(tree.pictures):,} pictures.")


def _by_folders(tree: _Tree, ref: str, name: str, remarks: list[Unreadable]) -> Listing:
    if not tree.pictures:
        raise InputError(_nothing(tree))
    labels = {path: path.split("/", 1)[0] for path in tree.pictures if "/" in path}
    if not labels:
        raise InputError(
            f"I see {len(tree.pictures):,} pictures but no class folders in {tree.folder}. Put the"
            " pictures of each class into a folder of their own, named like the class, or add a"
            " table labels.csv with the columns file and label."
        )
    loose = [
        Unreadable(path, "It lies outside the class folders, so its class is unknown.")
        for path in tree.pictures
        if path not in labels
    ]
    return _listing(tree, labels, [*remarks, *tree.skipped, *loose], ref, name, "folder names")


def _listing(
    tree: _Tree,
    labels: Mapping[str, str],
    skipped: list[Unreadable],
    ref: str,
    name: str,
    source: str,
) -> Listing:
    paths = tuple(sorted(labels))
    classes = tuple(sorted(set(labels.values())))
    number = {name: k for k, name in enumerate(classes)}
    rows = np.fromiter((number[labels[path]] for path in paths), np.int64, len(paths))
    aside = tuple(sorted(skipped, key=lambda u: u.path))
    return Listing(ref, name, tree.folder, paths, rows, classes, aside, source)


def _walk(folder: Path) -> _Tree:
    """Look through all folders below, each once, links to folders last; one system call a folder,
    none a file.
    """
    if not folder.is_dir():
        raise InputError(_missing(folder))
    tree = _Tree(folder, [], [])
    todo, links, seen = [""], [], set()
    while todo or links:
        place = todo.pop() if todo else links.pop()
        try:
            about = (folder / place).stat()
            if (about.st_dev, about.st_ino) in seen:
                tree.skipped.append(
                    Unreadable(place, "It is a link to a folder that is counted already.")
                )
                continue
            seen.add((about.st_dev, about.st_ino))
            with os.scandir(folder / place) as entries:
                for entry in entries:
                    _sort_in(
                        entry, f"{place}/{entry.name}" if place else entry.name, tree, todo, links
                    )
        except OSError as error:
            if not place:
                raise InputError(_locked(folder, error)) from error
            tree.skipped.append(
                Unreadable(place, f"This folder cannot be opened: {error.strerror}.")
            )
    return tree


def _sort_in(
    entry: os.DirEntry[str], path: str, tree: _Tree, todo: list[str], links: list[str]
) -> None:
    name = entry.name.lower()
    if name.startswith(".") or name in JUNK:
        return
    if not _speakable(name):
        shown = path.encode("utf-8", "replace").decode()
        tree.skipped.append(
            Unreadable(shown, "Its name has letters this computer cannot show. Rename it.")
        )
        return
    if entry.is_symlink() and not access.allowed(Path(entry.path)):
        tree.skipped.append(Unreadable(path, access.LEADS_OUT))
        return
    try:
        if entry.is_dir():
            (links if entry.is_symlink() else todo).append(path)
            return
        ordinary = entry.is_file()
    except OSError:
        ordinary = False
    suffix = os.path.splitext(name)[1]  # noqa: PTH122 - a Path for each of 50,000 names costs half a second
    if suffix in SUFFIXES and ordinary:
        tree.pictures.append(path)
    elif suffix not in _IGNORED:
        tree.skipped.append(Unreadable(path, _reason(suffix, ordinary)))


def _speakable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(suffix: str, ordinary: bool) -> str:
    if not ordinary:
        return "It is a link that leads nowhere, or no ordinary file."
    if not suffix:
        return "Its name does not end like a picture's (.jpg, .png). Rename it if it is one."
    return _REASONS.get(suffix, f"Files ending in {suffix} are not read as pictures.")


def _nothing(tree: _Tree) -> str:
    kinds = Counter(Path(u.path).suffix.lower() or "without ending" for u in tree.skipped)
    seen = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(4))
    hint = f" I see {seen} files. {tree.skipped[0].reason}" if tree.skipped else ""
    return (
        f"There are no pictures in {tree.folder}. I look for files ending in .jpg, .png, .webp,"
        f" .tif, .bmp and .gif, in one folder per class.{hint}"
    )


def _missing(folder: Path) -> str:
    if folder.exists():
        what = (
            "a zip file. Upload it on the page, or unpack it"
            if folder.suffix.lower() == ".zip"
            else "a file"
        )
        return f"{folder} is {what}. Choose the folder that holds one sub-folder per class."
    parent = next((p for p in folder.parents if p.is_dir()), None)
    if parent is None or not access.allowed(parent):
        return f"I cannot open {folder}. Copy the folder's path again."
    return (
        f"I cannot open {folder}: there is no such folder. {_contents(parent)} Copy the folder's"
        " path again."
    )


def _contents(parent: Path) -> str:
    try:
        with os.scandir(parent) as entries:
            names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError:
        names = []
    inside = f"; it holds {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}" if names else ""
    return f"The nearest one that exists is {parent}{inside}."


def _locked(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be opened: {error.strerror}. Ask for permission, or choose another"
        " folder."
    )


def _demo(name: str, ref: str) -> Listing:
    """Write the demo target out as an ordinary folder, once, and list it."""
    from srcsel.pictures.bundled import targets

    if name not in targets.TARGETS:
        raise UnknownNameError("demo target", name, targets.TARGETS)
    folder = load_settings().public / f"demo-{name}-{targets.VERSION}"
    return _list_folder(targets.write_target(name, folder), ref, targets.TARGETS[name].title)
