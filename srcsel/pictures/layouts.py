"""Folders that hold the parts of a data set (train, val, fold0, 40X) where classes are expected,
and how to have them read otherwise.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from srcsel.base.paths import BELOW, starred
from srcsel.base.phrases import cut, some_of
from srcsel.base.records import Dataset, Listing

FOLDER_NAMES = "folder names"  # `label_source` where the first folders are the classes
FOLDERS_BELOW = "the folders below"  # and where those below them are
MOST = 4  # folder names in a sentence

_PARTS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "validate", "dev", "eval"),
    "test": ("test", "testing", "tst", "pred", "prediction", "predict"),
    "holdout": ("holdout", "heldout", "hold out", "held out"),
    "unlabelled": ("unlabeled", "unlabelled", "nolabel", "no label", "submission"),
    "labelled": ("labeled", "labelled"),
    "query": ("query", "gallery"),
}
_ABROAD = {  # without accents, as `_plain` has them
    "train": "trainings|trainingsmenge|entrainement|apprentissage|entrenamiento|addestramento"
    "|treino|treinamento|обучение|обучающая|训练|训练集|訓練|学習|학습|훈련",
    "val": "validierung|validierungsmenge|validacion|validacao|convalida|validazione|валидация"
    "|проверка|验证|验证集|検証|검증",
    "test": "testmenge|essai|prueba|pruebas|prova|teste|тест|测试|测试集|テスト|테스트|시험",
}
_PART = {word: part for part, words in _PARTS.items() for word in words}
_PART |= {word: part for part, words in _ABROAD.items() for word in words.split("|")}
_NUMBERED = frozenset({"fold", "folds", "cv", "split", "part", "partition", "batch", "shard"})
_FILLER = frozenset(
    ("images", "image", "imgs", "img", "data", "dataset", "set", "seg", "pictures", "pics")
)
_OF_PART = frozenset({"split", "part", "partition", "subset", "folder", "daten", "bilder"})
"""Words that stand behind the name of a part."""
_MASKS = frozenset(
    {"annotation", "annotations", "mask", "masks", "trimap", "trimaps", "segmentationclass"}
    | {"segmentationobject", "groundtruth", "ground_truth", "bboxes", "label", "labels"}
)
_CONTENT = (
    _FILLER
    | _MASKS
    | {
        *("photos", "frames", "jpg", "jpeg", "jpegimages", "png", "xmls", "imagesets"),
    }
)
_SIDE = re.compile(r"(train|test|val)[AB]")  # of pictures to be translated into each other
_ZOOM = re.compile(r"\d+(\.\d+)?\s?x|x\s?\d+(\.\d+)?")


@dataclass(frozen=True)
class Remedy:
    """Another way to read a folder: what it does, and the reference that asks for it."""

    label: str
    ref: str


def split_of(name: str) -> str:
    """Return which part of a data set a folder's name says ("train", "val", "fold 3"); "" = none.

    "seg_train", "train_images" and "TrainSet2" are "train"; a class called "test strip" is none.
    """
    if side := _SIDE.fullmatch(name):
        return side[1]
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _plain(name))
    text = " ".join(re.split(r"[\W_]+", text.casefold())).strip()
    if _ZOOM.fullmatch(text):
        return f"zoom {text}"
    words = re.findall(r"[^\W\d]+|\d+", text)
    number = next((word for word in words if word.isdigit()), "")
    rest = " ".join(word for word in words if not word.isdigit() and word not in _FILLER)
    if rest in _NUMBERED:
        return f"fold {number}" if number else ""
    named = " ".join(word for word in rest.split() if word not in _OF_PART)
    return _PART.get(named) or _PART.get(re.sub("(set|data|s?daten)$", "", named), "")


def _plain(name: str) -> str:
    """Return a name without the accents over Latin letters."""
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", re.sub("(?<=[A-Za-z])[\u0300-\u036f]+", "", apart))


def _is_split(name: str) -> bool:
    """Tell whether a folder is called like a part of a data set that says nothing of a class."""
    part = split_of(name)
    return bool(part) and not part.startswith("zoom")


def is_part(name: str) -> bool:
    """Tell whether a folder is called like a part of a data set, or like what lies in one."""
    return bool(split_of(name)) or name.casefold() in _CONTENT


def is_of_masks(place: str) -> bool:
    """Tell whether a folder (POSIX) is called like one of what is drawn over pictures."""
    return any(name.casefold() in _MASKS for name in place.split("/"))


def parts_among(names: Iterable[str]) -> list[str]:
    """Return those of some folders that are called like parts of a data set; a word that all of
    them have says nothing of it: "cars_train" and "cars_test".
    """
    names = list(names)
    words = [re.split(r"[\W_]+", name) for name in names]
    shared = set.intersection(*map(set, words)) if len(names) > 1 else set()
    short = (" ".join(word for word in some if word not in shared) for some in words)
    return [name for name, rest in zip(names, short, strict=True) if is_part(name) or is_part(rest)]


def about_layout(found: Dataset | Listing) -> list[str]:
    """Say where folder names taken as classes seem to be something else, with what to give
    instead.
    """
    if not _by_folders(found):
        return []
    shape = _Shape(found)
    if shape.mostly:
        inside = " and hold no folders of classes. Sort the pictures of each class into a folder of"
        inside += " their own, or add a table labels.csv with the columns file and label."
        if shape.below:
            inside = f" and hold the folders {_quoted(shape.below)}."
        return [
            f"The classes are called {_quoted(found.classes)}: these look like parts of a data set,"
            f" not classes,{inside}{typed(remedies(found))}"
        ]
    if shape.same:
        outer = f"Each of the folders {_quoted(found.classes)} holds the same folders"
        taken = "The outer ones are taken as the classes, with all that lies in them"
        if not shape.below:
            return [
                f"{outer} {_quoted(shape.inner)}. {taken}. Move elsewhere what is no picture of its"
                " class, such as masks."
            ]
        return [f"{outer} {_quoted(shape.below)}. {taken}.{typed(remedies(found))}"]
    if shape.nested:
        again = ", again and again" if shape.again else ""
        return [
            f"The folders {_quoted(found.classes)} hold folders of their own, such as"
            f" {_quoted(shape.below)}{again}, which count to them.{typed(remedies(found))}"
        ]
    if shape.parts and len(found.classes) > 1:
        return [
            f"{_quoted(shape.parts)} among the classes {'is' if len(shape.parts) == 1 else 'are'}"
            " called like a part of a data set. If it is no class, move that folder elsewhere."
        ]
    return []


def remedies(found: Dataset | Listing) -> list[Remedy]:
    """Return the other ways to read this folder, where the layout gives reason to ask and there are
    folders of classes to find.
    """
    from srcsel.pictures.stores import folder_of, part_remedies

    if not _by_folders(found):
        return part_remedies(found)
    shape = _Shape(found)
    if not (shape.mostly or shape.same or shape.nested) or not shape.below:
        return []
    if not shape.mostly and all(map(_is_split, shape.below)):
        return []  # cat/train, cat/val: the parts of each class belong together
    folder = folder_of(found)
    below = Remedy(
        "Take the folders below as classes", str(folder.joinpath(*[BELOW] * shape.depth))
    )
    if found.label_source == FOLDERS_BELOW or not (shape.mostly or shape.same):
        return [below]
    return [below, Remedy(f"Only {shape.main}", str(folder / shape.main))]


def _by_folders(found: Dataset | Listing) -> bool:
    return bool(found.classes) and found.label_source in (FOLDER_NAMES, FOLDERS_BELOW)


class _Shape:
    """What the names say of the folders taken as classes and of those below."""

    def __init__(self, found: Dataset | Listing) -> None:
        starting = starred(found.ref)[1] if found.label_source == FOLDERS_BELOW else 0
        several = len(found.classes) > 1
        self.parts = parts_among(found.classes)
        self.mostly = several and 2 * len(self.parts) > len(found.classes)
        self.depth = starting + 1  # where the classes may be, counted from the folder
        # few, where pictures are many
        places = Counter(path.rpartition("/")[0] for path in found.paths)
        sets = _below(places, starting, self.depth)
        while self.mostly and _all_parts(sets):  # train/train/cat, train/images/cat
            deeper = _below(places, starting, self.depth + 1)
            if not any(deeper.values()):
                break
            self.depth, sets = self.depth + 1, deeper
        inside = [sets[name] for name in found.classes]
        common, every = set.intersection(*inside), set().union(*inside)
        self.same = several and len(common) > 1 and 2 * len(common) >= len(every)
        self.inner = sorted(common if self.same else every)
        plain = all(name.casefold() in _CONTENT for name in self.inner)
        self.below = [] if plain else self.inner
        deep = all(place.count("/") > starting for place in places)
        many = several and not self.mostly and all(len(names) > 1 for names in inside)
        times = Counter(name for names in inside for name in names)
        # P01/benign, P01/malignant, P02/benign: few names, each in several folders
        self.again = 1 < len(times) < len(inside) and min(times.values()) > 1 and not self.mostly
        many = many or self.again
        self.nested = many and deep and bool(self.below) and not self.same
        full = [name for name in self.parts or found.classes if sets[name]]
        trains = [name for name in full if _says(name, "train")]
        trains = trains or [name for name in full if not _says(name, "test")]
        sizes = Counter[str]()
        for place, pictures in places.items():
            sizes[place.split("/")[starting]] += pictures
        self.main = max(trains or full or found.classes, key=lambda name: sizes[name])


def _says(name: str, part: str) -> bool:
    """Tell whether a name, or a word of it, is that of a part."""
    return part in map(split_of, (name, *re.split(r"[\W_]+", name)))


def _below(places: Iterable[str], level: int, depth: int) -> dict[str, set[str]]:
    """Return the folders at `depth` by the folder at `level` that they lie in; `places`: folders
    of pictures.
    """
    below: dict[str, set[str]] = defaultdict(set)
    for place in places:
        parts = place.split("/")
        if len(parts) > depth:
            below[parts[level]].add(parts[depth])
    return below


def _all_parts(sets: dict[str, set[str]]) -> bool:
    return all(is_part(name) for names in sets.values() for name in names)


def typed(ways: list[Remedy]) -> str:
    """Return the remedies as what to give and what to type, "" = none."""
    said = [f"{way.label}: srcsel rank {shlex.quote(way.ref)}" for way in ways]
    return f" What to give instead: {'; '.join(said)}." if said else ""


def _quoted(names: tuple[str, ...] | list[str]) -> str:
    return some_of(names, MOST, show=lambda name: f"'{cut(name)}'")
