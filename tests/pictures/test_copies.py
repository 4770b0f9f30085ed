import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from srcsel.base.errors import Cancelled, InputError
from srcsel.base.watch import Watch
from srcsel.pictures import copies
from srcsel.pictures.bundled.targets import write_target
from srcsel.pictures.copies import copy_groups
from srcsel.pictures.dataset import load_dataset
from srcsel.store.features import FeatureStore


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """500 drawings of little texture: ink on paper."""
    return write_target("digits", tmp_path_factory.mktemp("targets") / "digits")


@pytest.fixture
def few(digits, tmp_path):
    """The first six pictures of each of three classes."""
    for label in "123":
        (tmp_path / "few" / label).mkdir(parents=True)
        for k in range(6):
            shutil.copy(digits / label / f"{k:03d}.jpg", tmp_path / "few" / label / f"{k:03d}.jpg")
    return tmp_path / "few"


def groups_of(folder, store):
    dataset = load_dataset(str(folder))
    return dict(zip(dataset.paths, copy_groups(dataset, store), strict=True)), list(dataset.paths)


def test_different_pictures_stay_apart(digits, store):
    dataset = load_dataset(str(digits))
    np.testing.assert_array_equal(copy_groups(dataset, store), np.arange(500))


def test_the_same_file_is_a_copy_in_any_class(few, store):
    shutil.copy(few / "1" / "002.jpg", few / "3" / "zzz.jpg")
    groups, paths = groups_of(few, store)
    assert groups["3/zzz.jpg"] == groups["1/002.jpg"] == paths.index("1/002.jpg")
    assert len(set(groups.values())) == 18


def again(how, picture):
    width, height = picture.size
    return {
        "other format": picture,
        "half": picture.resize((width // 2, height // 2), Image.Resampling.BICUBIC),
        "double": picture.resize((width * 2, height * 2), Image.Resampling.BICUBIC),
        "lighter": ImageEnhance.Brightness(picture).enhance(1.1),
        "flatter": ImageEnhance.Contrast(picture).enhance(0.85),
    }[how]


@pytest.mark.parametrize("how", ["other format", "half", "double", "lighter", "flatter"])
def test_a_picture_saved_again_is_a_copy(few, store, how):
    for label in "123":
        for k in range(6):
            with Image.open(few / label / f"{k:03d}.jpg") as picture:
                again(how, picture).save(few / label / f"{k:03d} again.png")
    groups, _ = groups_of(few, store)
    for path, group in groups.items():
        assert group == groups[path.replace(".jpg", " again.png")] or path.endswith(".png")
    assert len(set(groups.values())) == 18


def test_strong_compression_is_a_copy(few, store):
    with Image.open(few / "2" / "000.jpg") as picture:
        picture.save(few / "2" / "again.jpg", quality=50)
    groups, _ = groups_of(few, store)
    assert groups["2/again.jpg"] == groups["2/000.jpg"]


def test_other_colours_are_another_picture(few, store):
    with Image.open(few / "2" / "000.jpg") as picture:
        Image.fromarray(np.asarray(picture)[:, :, ::-1] // np.array([1, 2, 3], np.uint8)).save(
            few / "2" / "blue.png"
        )
        Image.fromarray(255 - np.asarray(picture)).save(few / "2" / "negative.png")
    groups, paths = groups_of(few, store)
    for name in ("2/blue.png", "2/negative.png"):
        assert groups[name] == paths.index(name)


def test_pictures_without_texture_are_copies_only_as_files(few, store):
    for name, gray in (("a", 200), ("b", 200), ("c", 203)):
        Image.new("RGB", (80 if name == "a" else 90, 80), (gray,) * 3).save(
            few / "1" / f"{name}.png"
        )
    shutil.copy(few / "1" / "a.png", few / "2" / "a.png")
    groups, _ = groups_of(few, store)
    assert groups["2/a.png"] == groups["1/a.png"]
    assert len({groups[f"1/{name}.png"] for name in "abc"}) == 3


def test_chains_are_one_group_named_by_its_first_row(monkeypatch):
    """Against a naive flood fill, with blocks so small that pairs cross them."""
    monkeypatch.setattr(copies, "CELLS", 7 * 60)
    monkeypatch.setattr(copies, "SOME", 11)
    monkeypatch.setattr(copies, "PAIRS", 3)
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (12, copies.SIDE**2 * 3))
    of = rng.integers(0, 12, 60)
    thumbnails = np.clip(base[of] + rng.normal(scale=12, size=(60, base.shape[1])), 0, 255).astype(
        np.uint8
    )
    hashes = np.stack(
        [of.astype(np.uint64) << np.uint64(40), rng.integers(0, 4, 60).astype(np.uint64)], axis=1
    )
    digests = [str(k) for k in range(60)]
    digests[50], hashes[50], thumbnails[50] = digests[3], hashes[3], thumbnails[3]
    cor = np.corrcoef(thumbnails.astype(float))
    near = [
        [
            all(bin(int(a) ^ int(b)).count("1") <= 6 for a, b in zip(x, y, strict=True))
            for y in hashes
        ]
        for x in hashes
    ]
    link = (cor >= copies.ALIKE) & np.array(near)
    expected = np.arange(60)
    for _ in range(60):
        expected = np.array([expected[link[i] | (np.arange(60) == i)].min() for i in range(60)])
    found = copies._grouped(digests, hashes, thumbnails)
    np.testing.assert_array_equal(found, expected)
    assert 1 < len(set(found)) < 40


def test_it_is_remembered_for_these_very_pictures(few, store, monkeypatch):
    dataset = load_dataset(str(few))
    before = copy_groups(dataset, store)
    shutil.copy(few / "1" / "002.jpg", few / "1" / "zzz.jpg")
    more = copy_groups(load_dataset(str(few)), store)
    assert len(more) == 19
    monkeypatch.setattr(copies, "_looks", None)
    np.testing.assert_array_equal(copy_groups(dataset, store), before)


def test_pictures_left_out_or_added_open_no_file_again(few, store, tmp_path, monkeypatch):
    shutil.copy(few / "1" / "002.jpg", few / "3" / "zzz.jpg")
    whole = load_dataset(str(few))
    copy_groups(whole, store)
    opened, look = [], copies._look
    monkeypatch.setattr(
        copies, "_look", lambda one, row: opened.append(one.paths[row]) or look(one, row)
    )
    rest = load_dataset(str(few), left_out=("1/000.jpg", "2/003.jpg"))
    found = copy_groups(rest, store)
    assert not opened
    np.testing.assert_array_equal(found, copy_groups(rest, FeatureStore(tmp_path / "fresh")))
    assert opened == list(rest.paths)
    Image.new("RGB", (50, 40), (200, 40, 90)).save(few / "1" / "aaa.png")
    more = load_dataset(str(few))
    opened.clear()
    found = copy_groups(more, store)
    assert opened == ["1/aaa.png"]
    np.testing.assert_array_equal(found, copy_groups(more, FeatureStore(tmp_path / "fresh too")))


def test_it_can_be_stopped_and_a_picture_that_went_bad_is_named(few, store):
    class Stop(Watch):
        def update(self, part, state, done=0, total=0, note=""):
            assert (part, note) == ("pictures", "Looking for copies, 0 of 18")
            raise Cancelled

    dataset = load_dataset(str(few))
    with pytest.raises(Cancelled):
        copy_groups(dataset, store, Stop())
    (few / "1" / "000.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"1/000\.jpg was changed while it was in use"):
        copy_groups(dataset, store)


def test_pictures_kept_in_twelve_bits_are_compared_as_they_are_seen(few, store):
    """Nearly black by the upper 8 bits of 16, with nothing to compare."""
    for path in list(few.rglob("*.jpg")):
        gray = np.asarray(Image.open(path).convert("L"))
        Image.fromarray(gray.astype(np.uint16) * 3).save(path.with_suffix(".png"))
        path.unlink()
    bright = np.asarray(Image.open(few / "1" / "002.png"))
    Image.fromarray((bright * 1.04).astype(np.uint16)).save(few / "3" / "zzz.png")
    groups, paths = groups_of(few, store)
    assert groups["3/zzz.png"] == groups["1/002.png"] == paths.index("1/002.png")
    assert len(set(groups.values())) == 18
