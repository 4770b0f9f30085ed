"""Parts of a data set in place of classes: the warning, its two remedies, and that these work."""

import pytest

from srcsel.base.paths import lasting
from srcsel.pictures.checks import notes_of
from srcsel.pictures.layouts import is_part, remedies, split_of
from srcsel.pictures.listing import list_pictures


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


def fill(folder, *patterns, each=12):
    for pattern in patterns:
        (folder / pattern).mkdir(parents=True, exist_ok=True)
        for k in range(each):
            (folder / pattern / f"{k}.jpg").write_bytes(b"x")


def tree(folder, outer, inner):
    fill(folder, *(f"{a}/{b}" for a in outer for b in inner))


@pytest.mark.parametrize(
    "outer",
    [
        ("train", "val"),
        ("Training", "Testing"),
        ("seg_train", "seg_test", "seg_pred"),
        ("train_images", "test_images"),
        ("fold0", "fold1", "fold2", "fold3", "fold4"),
        ("40X", "100X", "200X"),
        ("trainset", "holdout"),
        ("train", "unlabeled"),
        ("batch_1", "batch_2"),
        ("anything", "other"),  # the same folders in each say enough
    ],
)
def test_the_same_folders_in_each_or_names_of_parts_are_pointed_out(tmp_path, outer):
    tree(tmp_path, outer, ("cat", "dog", "owl"))
    found = list_pictures(str(tmp_path))
    (said,) = notes_of(found)
    assert "'cat', 'dog' and 'owl'" in said
    below, only = remedies(found)
    assert below.ref == str(tmp_path / "*")
    assert f"srcsel rank '{below.ref}'" in said
    assert f"srcsel rank {only.ref}" in said
    assert list_pictures(only.ref).classes == ("cat", "dog", "owl")
    merged = list_pictures(below.ref)
    assert merged.classes == ("cat", "dog", "owl")
    assert len(merged.paths) == len(found.paths)
    assert notes_of(merged) == ()
    assert list_pictures(merged.ref).paths == merged.paths


def test_zooms_within_each_class_are_pointed_out(tmp_path):
    tree(tmp_path, ("benign", "malignant"), ("40X", "100X", "200X"))
    found = list_pictures(str(tmp_path))
    (said,) = notes_of(found)
    assert "'benign' and 'malignant' holds the same folders" in said
    assert list_pictures(remedies(found)[0].ref).classes == ("100X", "200X", "40X")


def test_parts_within_each_class_belong_together(tmp_path):
    tree(tmp_path, ("cat", "dog"), ("train", "val"))
    found = list_pictures(str(tmp_path))
    (said,) = notes_of(found)
    assert (
        "'cat' and 'dog' holds the same folders 'train' and 'val'. The outer ones are taken" in said
    )
    assert "srcsel rank" not in said
    assert remedies(found) == []


@pytest.mark.parametrize(
    "parts", [("Trainingsdaten", "Testdaten"), ("train_split", "test_split"), ("训练集", "测试集")]
)
def test_the_part_to_learn_from_is_advised_in_other_words_too(tmp_path, parts):
    tree(tmp_path, parts, ("cat", "dog"))
    assert [way.label for way in remedies(list_pictures(str(tmp_path)))][1] == f"Only {parts[0]}"


def test_parts_without_folders_of_classes(tmp_path):
    fill(tmp_path, "train", "test")
    (said,) = notes_of(list_pictures(str(tmp_path)))
    assert "hold no folders of classes" in said
    assert "labels.csv" in said
    assert "srcsel rank" not in said  # either part alone has no classes


def test_images_and_labels_of_a_detector(tmp_path):
    fill(tmp_path, "images/train", "images/val")
    for k in range(3):
        (tmp_path / "labels" / "train").mkdir(parents=True, exist_ok=True)
        (tmp_path / "labels" / "train" / f"{k}.txt").write_text("0 0.5 0.5 1 1\n")
    said = "\n".join(notes_of(list_pictures(str(tmp_path))))
    assert "'labels' (3 .txt) holds no picture" in said
    assert "'train' and 'val': these look like parts of a data set" in said


def test_images_within_parts_are_no_classes(tmp_path):
    fill(tmp_path, "train/images", "valid/images")
    found = list_pictures(str(tmp_path))
    assert remedies(found) == []
    assert "hold no folders of classes" in notes_of(found)[0]


@pytest.mark.parametrize(
    ("patterns", "deeper"),
    [
        (("seg_train/seg_train", "seg_test/seg_test"), "*/*"),
        (("train/images", "val/images"), "*/*"),
        (("train/data/images", "val/data/images"), "*/*/*"),
    ],
)
def test_wrappers_within_parts_are_looked_through(tmp_path, patterns, deeper):
    tree(tmp_path, patterns, ("cat", "dog"))
    below, only = remedies(list_pictures(str(tmp_path)))
    assert below.ref == str(tmp_path / deeper)
    merged = list_pictures(below.ref)
    assert merged.classes == ("cat", "dog")
    assert len(merged.paths) == 48
    assert notes_of(merged) == ()
    assert list_pictures(only.ref).classes == ("cat", "dog")


def test_parts_below_are_pointed_out_too(tmp_path):
    tree(tmp_path, ("seg_train/seg_train", "seg_test/seg_test"), ("cat", "dog"))
    found = list_pictures(str(tmp_path / "*"))
    assert "'seg_test' and 'seg_train': these look like parts" in notes_of(found)[0]
    (below,) = remedies(found)
    assert list_pictures(below.ref).classes == ("cat", "dog")


def test_pictures_and_their_masks_in_each_class(tmp_path):
    tree(tmp_path, ("covid", "normal"), ("images", "masks"))
    found = list_pictures(str(tmp_path))
    (said,) = notes_of(found)
    assert "'covid' and 'normal' holds the same folders 'images' and 'masks'" in said
    assert "such as masks" in said
    assert remedies(found) == []


def test_images_and_masks(tmp_path):
    fill(tmp_path, "images", "masks")
    assert "look like parts" in notes_of(list_pictures(str(tmp_path)))[0]


def test_one_part_among_classes(tmp_path):
    fill(tmp_path, "cat", "dog", "unlabeled")
    (said,) = notes_of(list_pictures(str(tmp_path)))
    assert said.startswith("'unlabeled' among the classes is called like a part")


def test_ordinary_folders_are_left_in_peace(tmp_path):
    tree(tmp_path, ("rose", "tulip", "poppy"), ("images",))
    fill(tmp_path, "rose/day", "tulip/garden")
    assert notes_of(list_pictures(str(tmp_path))) == ()


def test_few_names_again_and_again_are_pointed_out_though_not_all_lie_in_each(tmp_path):
    fill(tmp_path, *(f"P{k}/benign" for k in range(4)), "P0/malignant", "P2/malignant")
    found = list_pictures(str(tmp_path))
    assert "'benign' and 'malignant', again and again, which count to them" in notes_of(found)[0]
    assert list_pictures(remedies(found)[0].ref).classes == ("benign", "malignant")
    for k in range(4):  # days of classes: each has its own
        fill(tmp_path / "other", f"C{k}/day{k}", f"C{k}/day{k + 9}")
    assert "and again, which" not in " ".join(notes_of(list_pictures(str(tmp_path / "other"))))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("TrainSet2", "train"),
        ("val", "val"),
        ("fold_3", "fold 3"),
        ("400x", "zoom 400x"),
        ("trainA", "train"),
        ("train_split", "train"),
        ("Trainingsdaten", "train"),
        ("Testdaten", "test"),
        ("entraînement", "train"),
        ("validación", "val"),
        ("Тест", "test"),
        ("テスト", "test"),
        ("Test A", ""),
        ("test strip", ""),
        ("part", ""),
        ("training shoes", ""),
        ("7", ""),
    ],
)
def test_names_of_parts(name, part):
    assert split_of(name) == part
    assert is_part(name) == bool(part)


def test_a_folder_called_star_keeps_its_name(tmp_path):
    fill(tmp_path, "*/a", "*/b")
    assert list_pictures(str(tmp_path / "*")).folder == tmp_path / "*"


def test_a_starred_reference_lasts(tmp_path, monkeypatch):
    tree(tmp_path, ("train", "val"), ("cat", "dog"))
    monkeypatch.chdir(tmp_path.parent)
    assert lasting(f"{tmp_path.name}/*") == str(tmp_path / "*")
