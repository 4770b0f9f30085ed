"""The demo's picture sets: ordinary folders, the same every time, whole or not there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from srcsel.base.errors import StoreError, UnknownNameError
from srcsel.pictures.bundled import digits
from srcsel.pictures.bundled.targets import TARGETS, write_target


@pytest.fixture(scope="module", params=sorted(TARGETS))
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("targets") / request.param
    return TARGETS[request.param], write_target(request.param, folder)


def test_three_targets_of_promised_size():
    assert sorted(TARGETS) == ["butterflies", "digits", "tiles"]
    for target in TARGETS.values():
        assert 300 <= target.pictures <= 1000
        assert list(target.classes) == sorted(target.classes)
        assert target.description.endswith(".")


def test_folder_holds_the_promised_classes_and_pictures(written):
    target, folder = written
    assert sorted(p.name for p in folder.iterdir()) == list(target.classes)
    for name in target.classes:
        assert len(list((folder / name).glob("*.jpg"))) == target.each
    assert sum(p.is_file() for p in folder.rglob("*")) == target.pictures


def test_every_picture_decodes_in_colour_and_shows_something(written):
    _, folder = written
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as image:
            assert image.mode == "RGB"
            assert min(image.size) >= 96
            assert np.asarray(image).std() > 5


def test_no_two_pictures_are_the_same(written):
    target, folder = written
    assert len({p.read_bytes() for p in folder.rglob("*.jpg")}) == target.pictures


def test_written_twice_is_the_same_bytes(written, tmp_path):
    target, folder = written
    again = write_target(target.name, tmp_path / "again")
    first, second = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*.jpg")} for f in (folder, again)
    )
    assert first == second
    assert [p.name for p in tmp_path.iterdir()] == ["again"]  # nothing half-done is left behind


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("kept")
    assert write_target("digits", tmp_path / "mine") == tmp_path / "mine"
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["note.txt"]


def test_two_writers_at_once_leave_one_whole_folder(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: write_target("digits", tmp_path / "d"), range(2)))
    assert [p.name for p in tmp_path.iterdir()] == ["d"]
    assert len(list((tmp_path / "d").rglob("*.jpg"))) == TARGETS["digits"].pictures


def test_unknown_name_lists_the_near_one(tmp_path):
    with pytest.raises(UnknownNameError, match="digits"):
        write_target("digit", tmp_path / "x")


def test_a_disk_that_refuses_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="SRCSEL_HOME"):
        write_target("digits", tmp_path / "file" / "d")


def test_digits_are_scikit_learns_real_ones_under_their_own_label():
    from sklearn.datasets import load_digits

    real = load_digits()
    for label, scans in enumerate(digits._scans()):
        known = {row.tobytes() for row in real.data[real.target == label].astype(np.float32)}
        chosen = {(scan * 16).astype(np.float32).tobytes() for scan in scans}
        assert len(scans) == TARGETS["digits"].each
        assert chosen <= known


def test_a_missing_data_file_is_said_in_words(monkeypatch):
    monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match="scikit-learn"):
        digits.find_data()


def test_writing_needs_neither_torch_nor_an_import_of_scikit_learn(tmp_path):
    code = (
        "import sys; from pathlib import Path; from srcsel.pictures.bundled.targets import"
        f" write_target;write_target('digits', Path({str(tmp_path / 'd')!r}));heavy = {{'torch',"
        " 'sklearn', 'scipy', 'timm', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
