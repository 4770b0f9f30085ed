"""Features that computers share: what one has made the other does not make again, and nothing that
is damaged, half there or somebody else's enters.
"""

import json

import numpy as np
import pytest

from srcsel.base.errors import DownloadError, InputError, QuotaError
from srcsel.base.quotas import on_behalf_of
from srcsel.base.records import FeatureKey, Features
from srcsel.base.remote import Store
from srcsel.base.settings import load_settings
from srcsel.store import files
from srcsel.store.features import FeatureStore, open_features, stand_ins
from tests import s3

KEY = FeatureKey("set", "toy/one", "1", "224", "float32")
NAMES = stand_ins("pictures", 12)
VALUES = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)


@pytest.fixture
def shared(tmp_path):
    return tmp_path / "shared"


@pytest.fixture
def computer(tmp_path, shared):
    """Makes a computer by its name, whose features are shared in a folder."""
    return lambda name, place=shared: FeatureStore(tmp_path / name / "features", str(place))


def make(store, rows=slice(None), key=KEY):
    store.put(Features(key, VALUES[rows]), NAMES[rows])
    store.share(key, NAMES[rows])


def brought(store, rows=slice(None), key=KEY):
    """What a computer has of these pictures after asking the others; None = not all."""
    store.bring(key, NAMES[rows])
    found = store.gather(key, NAMES[rows], listed=True)
    return None if found is None else found.values


def test_the_other_computer_has_what_one_made_and_only_its_own_is_fetched(computer, shared):
    make(computer("one"), slice(0, 6))
    make(computer("one"), slice(6, 12))
    assert len(list(shared.glob("pictures/*/*.safetensors"))) == 2
    other = computer("other")
    np.testing.assert_array_equal(brought(other, slice(1, 4)), VALUES[1:4])
    assert len(list(other.folder.glob("pictures/*/*.safetensors"))) == 1
    np.testing.assert_array_equal(brought(other), VALUES)
    assert other.notes == []
    assert not list(other.folder.rglob("*.tmp"))


def test_what_depends_on_something_else_is_not_taken(computer):
    make(computer("one"))
    for key in (
        FeatureKey("set", "toy/one", "2", "224", "float32"),
        FeatureKey("set", "toy/one", "1", "224", "bfloat16"),
    ):
        assert brought(computer("other"), key=key) is None
    elsewhere = FeatureKey("renamed", "toy/one", "1", "224", "float32")
    np.testing.assert_array_equal(brought(computer("other"), key=elsewhere), VALUES)


def test_what_is_there_is_neither_written_nor_fetched_again(computer, shared):
    make(computer("one"))
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*.*")}
    make(computer("third"))
    other = computer("other")
    brought(other)
    other.share(KEY, NAMES)
    assert {path: path.stat().st_mtime_ns for path in shared.rglob("*.*")} == before


def test_a_shard_without_its_list_is_not_whole_and_not_looked_at(computer, shared):
    make(computer("one"))
    (listed,) = shared.rglob("*.pictures")
    listed.unlink()
    other = computer("other")
    assert brought(other) is None
    assert other.notes == []


def cut(data):
    return data[: len(data) // 2]


def flipped(data):
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


@pytest.mark.parametrize("damage", [cut, flipped, lambda _: b""], ids=["cut", "flipped", "empty"])
def test_a_damaged_shard_is_said_and_what_is_made_anew_is_shared(damage, computer, shared):
    make(computer("one"))
    (path,) = shared.rglob("*.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    other = computer("other")
    assert brought(other) is None
    (note,) = other.notes
    assert path.name in note
    assert "damaged" in note
    assert not list(other.folder.rglob("*.*"))
    make(other, slice(0, 11))  # as another computer would: other shards
    np.testing.assert_array_equal(brought(computer("third"), slice(0, 11)), VALUES[:11])


def test_a_cut_list_and_one_of_other_pictures_lead_to_nothing_wrong(computer, shared):
    make(computer("one"))
    (path,) = shared.rglob("*.pictures")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert brought(computer("other")) is None
    path.write_bytes(stand_ins("others", 12).tobytes() + whole)
    np.testing.assert_array_equal(brought(computer("other")), VALUES)
    path.write_bytes(whole[: 32 * 6])
    np.testing.assert_array_equal(brought(computer("third"), slice(0, 6)), VALUES[:6])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("values", lambda tensors, about: tensors["values"].fill(np.nan)),
        ("values", lambda tensors, about: tensors.update(values=np.zeros((12, 5)))),
        ("value", lambda tensors, about: about.update(value={"rows": "many"})),
    ],
    ids=["not a number", "other numbers", "no time"],
)
def test_what_no_network_gives_is_not_taken_whatever_its_name_is(name, change, computer, shared):
    """Somebody wrote it there on purpose, with a name that fits."""
    from srcsel.store import shards

    make(computer("one"))
    (path,) = shared.rglob("*.safetensors")
    tensors, about = files.read_tensors(path)
    tensors = {kind: array.copy() for kind, array in tensors.items()}
    change(tensors, about)
    forged = path.with_name(f"{shards._name(about['question'], tensors)}.safetensors")
    path.rename(forged)
    path.with_suffix(".pictures").rename(forged.with_suffix(".pictures"))
    files.write_tensors(forged, tensors, about)
    other = computer("other")
    assert brought(other) is None
    assert "damaged or not what its name says" in other.notes[0]


def test_whom_features_were_made_for_stays_on_the_computer(computer, shared):
    with on_behalf_of("ann@example.org"):
        make(computer("one"))
    with on_behalf_of("bob@example.org"):
        other = computer("other")
        brought(other)
    assert not [p for p in shared.rglob("*.*") if b"example.org" in p.read_bytes()]
    (path,) = other.folder.glob("pictures/*/*.safetensors")
    assert files.read_tensors(path)[1]["person"] == "bob@example.org"


def test_a_store_that_stops_answering_is_said_once_and_not_asked_again(computer, monkeypatch):
    one = computer("one")
    asked = []

    def silent(self, inside):
        asked.append(inside)
        raise DownloadError("It did not answer.")

    monkeypatch.setattr(Store, "below", silent)
    make(one)
    assert brought(one) is not None
    one.share(KEY, NAMES)
    assert len(asked) == 1
    assert one.notes == [
        "Features were not shared from then on: It did not answer. What was made is kept on this"
        " computer."
    ]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hf://datasets/a/b", "SRCSEL_FEATURES: Features cannot be shared at hf://datasets/a/b"),
        ("ftp://host/x", "Addresses that begin with ftp:// are not opened"),
        ("/no/such/place/at/all", "SRCSEL_FEATURES: There is no folder /no/such/place/at/all, and"),
        (__file__, r"test_shared\.py cannot be used as a folder that is shared \(Not a dir"),
        ("s3://KEY:secret@bucket/x", "This address holds a password"),
    ],
)
def test_a_wrong_address_is_said_before_anything_is_computed(
    address, said, monkeypatch, picture_folder, work_folder
):
    import srcsel

    monkeypatch.setenv("SRCSEL_FEATURES", address)
    with pytest.raises(InputError, match=said):
        srcsel.rank(picture_folder, "pixels")
    assert not (work_folder / "features").exists()


def test_computers_without_one_share_nothing(monkeypatch, work_folder):
    make(open_features(load_settings()))
    assert load_settings().shared == ""
    monkeypatch.setenv("SRCSEL_FEATURES", "s3://bucket/features")
    assert load_settings().shared == "s3://bucket/features"


def test_two_homes_share_a_bucket(tmp_path, picture_folder):
    """From the shell, with a server that speaks S3; the second computer runs no network."""
    pytest.importorskip("s3fs", reason='s3fs is not installed (pip install "srcsel[s3]")')
    pytest.importorskip("moto", reason="moto is not installed (pip install srcsel[test])")
    (tmp_path / "server").mkdir()
    with s3.served(tmp_path / "server") as endpoint:
        environment = s3.emptied(endpoint, tmp_path)
        environment["SRCSEL_FEATURES"] = "s3://bucket/features"
        ask = "rank", str(picture_folder), "--models", "pixels,demo/flowers", "--json", "-"
        nowhere = s3.shell(environment, *ask)
        assert nowhere.returncode == 2
        assert "Nothing lies at s3://bucket/features" in " ".join(nowhere.stderr.split())
        s3.put(environment)
        answers, homes = [], [tmp_path / "first", tmp_path / "second"]
        for home in homes:
            done = s3.shell(environment | {"SRCSEL_HOME": str(home)}, *ask)
            assert done.returncode == 0, done.stderr
            scores = json.loads(done.stdout)["scores"]
            answers.append([one | {"seconds": 0} for one in scores])
            assert s3.SECRET not in done.stdout + done.stderr
    assert answers[0] == answers[1]
    first, second = (
        {p.name: files.read_tensors(p)[1] for p in home.glob("features/pictures/*/*.safetensors")}
        for home in homes
    )
    assert len(first) == 2
    assert first == second  # also the seconds that it took: it was made once
    assert any(about["value"]["seconds"] for about in first.values())
    for home in homes:
        for path in home.rglob("*"):
            assert not path.is_file() or s3.SECRET.encode() not in path.read_bytes(), path


def test_what_is_too_much_is_not_fetched(computer, shared):
    make(computer("one"), slice(0, 6))
    make(computer("one"), slice(6, 12))
    sizes = sorted(path.stat().st_size for path in shared.glob("pictures/*/*.safetensors"))
    asked = []

    def room(more):
        asked.append(more)
        if sum(asked) > sizes[0] + 1:
            raise QuotaError("too much")

    other = computer("other")
    with pytest.raises(QuotaError, match="too much"):
        other.bring(KEY, NAMES, room)
    assert sorted(asked) == sizes
    assert len(list(other.folder.glob("pictures/*/*.safetensors"))) == 1
    assert other.notes == []
    np.testing.assert_array_equal(brought(other), VALUES)  # it goes on where there is room


def test_a_shard_that_grew_since_it_was_listed_is_not_taken(computer, monkeypatch):
    """Room was made for less."""
    make(computer("one"))
    get = Store.get

    def grown(self, files, targets):
        gone = get(self, files, targets)
        targets[0].write_bytes(targets[0].read_bytes() + b"\0")
        return gone

    monkeypatch.setattr(Store, "get", grown)
    other = computer("other")
    assert brought(other) is None
    assert not list(other.folder.rglob("*.*"))
