"""What stores answer, in words: each library has errors of its own."""

import errno
import os
import re
import shutil

import pytest
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from srcsel.base import remote
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import DownloadError, InputError
from srcsel.base.remote import Store
from srcsel.pictures.dataset import load_dataset


def test_a_store_whose_package_is_missing_names_the_command(monkeypatch):
    monkeypatch.setattr(remote.importlib.util, "find_spec", lambda name: None)
    for kind, extra in (("s3", "s3"), ("gs", "gs"), ("gcs", "gs"), ("az", "az"), ("abfs", "az")):
        with pytest.raises(InputError, match=rf'{kind}://.*: pip install "srcsel\[{extra}\]"\.'):
            Store(Address(kind, "bucket"))
    with pytest.raises(InputError, match=r"hf://.*: pip install huggingface_hub\."):
        Store(Address("hf", "datasets/a/b"))


KIND_OF_BUCKET = "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"  # whether gcsfs asks for it before each list


def error(name, *parents, text="secret", **said):
    """An error of a library that is not installed here."""
    kind = type(name, parents or (Exception,), {})
    made = kind(text)
    for key, value in said.items():
        setattr(made, key, value)
    return made


class Answer:
    status_code = 403


@pytest.mark.parametrize(
    ("kind", "raised", "expected", "said"),
    [
        ("s3", error("NoCredentialsError"), InputError, "No credentials.*AWS_ACCESS_KEY_ID"),
        ("gs", error("DefaultCredentialsError"), InputError, "No cred.*GOOGLE_APPLICATION_CRED"),
        ("gcs", error("HttpError", code=401), InputError, "may not be opened.*GOOGLE_APPLICATION"),
        ("gs", OSError("Forbidden: x\nsecret"), InputError, "may not be opened"),
        ("az", ValueError("no secret credentials"), InputError, "No cred.*AZURE_STORAGE_ACCOUNT"),
        (
            "az",
            ValueError("Connection string secret"),
            InputError,
            "may not be.*_CONNECTION_STRING",
        ),
        ("abfs", error("ClientAuthenticationError"), InputError, "No credentials.*AZURE_STORAGE"),
        ("az", error("HttpResponseError", status_code=403), InputError, "may not be opened"),
        ("hf", error("GatedRepoError", OSError, response=Answer()), InputError, "HF_TOKEN"),
        ("hf", FileNotFoundError("secret"), InputError, "Nothing lies.*hf://datasets/OWNER/NAME"),
        ("hf", NotImplementedError("secret"), InputError, "Nothing lies.*or it is private"),
        ("s3", error("ParamValidationError"), InputError, "Nothing lies at s3://bucket/x"),
        ("s3", PermissionError("secret"), InputError, "may not be opened.*AWS_ACCESS_KEY_ID"),
        ("hf", error("ConnectError"), DownloadError, r"did not answer \(ConnectError\)"),
        ("s3", error("EndpointConnectionError"), DownloadError, "check the endpoint"),
        ("gs", OSError(errno.EINVAL, "secret"), DownloadError, r"did not answer \(OSError\)"),
    ],
)
def test_what_a_library_raises_becomes_a_sentence_without_what_was_sent(
    kind, raised, expected, said
):
    store = object.__new__(Store)
    store.address = Address(kind, "bucket/x")
    with pytest.raises(expected, match=said) as found, store._explained():
        raise raised
    assert "secret" not in str(found.value)
    assert found.value.__cause__ is None


def test_a_full_disk_of_this_computer_is_no_answer_of_a_store():
    store = object.__new__(Store)
    store.address = Address("s3", "bucket/x")
    with pytest.raises(OSError, match="No space"), store._explained():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_is_a_store_too(tmp_path):
    place = tmp_path / "shared"
    store = Store(Address("file", str(place)))
    store.require()
    assert store.below("a") == []
    store.write("a/b/x.bin", b"123")
    store.write("c.bin", b"4")
    (one,) = store.below("a")
    assert (one.name, one.size) == ("a/b/x.bin", 3)
    assert {k: bytes(v) for k, v in store.read(store.files()).items()} == {
        "a/b/x.bin": b"123",
        "c.bin": b"4",
    }
    (place / "c.bin").unlink()
    assert store.read([remote.Stored(str(place / "c.bin"), "c.bin", 1, "")]) == {}
    with pytest.raises(InputError, match=r"There is no folder .*not/here, and it cannot be made"):
        Store(Address("file", (tmp_path / "not" / "here").as_posix())).require()


def test_files_of_one_folder_by_a_pattern(tmp_path):
    store = Store(Address("file", str(tmp_path)))
    for name in ("train-1.tar", "train-0.tar", "test-0.tar", "below/train-2.tar"):
        store.write(name, b"1")
    assert [one.name for one in store.matching("train-*.tar")] == ["train-0.tar", "train-1.tar"]
    assert [one.name for one in store.matching("test-0.tar")] == ["test-0.tar"]
    with pytest.raises(InputError, match=r"There is no folder"):
        store.matching("none.tar")


def test_a_file_is_no_folder_to_share(tmp_path):
    (tmp_path / "x").write_bytes(b"1")
    for place in (tmp_path / "x", tmp_path / "x" / "below"):
        store = Store(Address("file", place.as_posix()))
        said = re.escape(f"{place.as_posix()} cannot be used as a folder that is shared (")
        with pytest.raises(InputError, match=said):
            store.require()
        with pytest.raises(InputError, match=said):
            store.write("a.bin", b"123")


def test_a_folder_that_only_stumbles_is_no_wrong_input():
    store = object.__new__(Store)
    store.address = Address("file", "/shared")
    said = r"/shared cannot be used as a folder that is shared \(Stale file handle\)"
    with pytest.raises(DownloadError, match=said), store._explained():
        raise OSError(errno.ESTALE, "Stale file handle")


def test_an_address_of_azure_may_name_its_account(tmp_path, monkeypatch):
    """As adlfs does, lists leave the account out."""
    far, asked = tmp_path / "far", {}

    class Far(DirFileSystem):
        def _join(self, path):
            return super()._join(str(path).replace("@me.dfs.core.windows.net", ""))

    def connected(kind, **options):
        asked.update(options, kind=kind)
        return Far(str(far), LocalFileSystem())

    monkeypatch.setattr(remote.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("fsspec.filesystem", connected)
    (far / "box" / "x").mkdir(parents=True)
    (far / "box" / "x" / "a.png").write_bytes(b"1")
    address = address_of("abfss://box@me.dfs.core.windows.net/x")
    assert address is not None
    store = Store(address)
    assert [one.name for one in store.files()] == ["a.png"]
    assert (asked["kind"], asked["account_name"]) == ("abfs", "me")
    store.require()
    store.write("b.bin", b"2")
    assert (far / "box" / "x" / "b.bin").read_bytes() == b"2"


@pytest.mark.parametrize(
    ("host", "given", "said"),
    [
        ("me.dfs.core.windows.net", "AccountName=other;AccountKey=secret", "account 'me'"),
        ("me.dfs.core.elsewhere.example", "", "host that is not known"),
    ],
)
def test_an_account_in_an_address_is_never_another_one(host, given, said, monkeypatch):
    monkeypatch.setattr(remote.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("fsspec.filesystem", lambda *_, **__: pytest.fail("connected"))
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", given)
    address = address_of(f"abfss://box@{host}/x")
    assert address is not None
    with pytest.raises(InputError, match=said) as caught:
        Store(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["gs", "gcs", "az", "abfs"])
def test_any_store_that_fsspec_reaches_is_read_the_same_way(
    kind, picture_folder, tmp_path, monkeypatch, work_folder
):
    """A folder stands in for services whose packages are not installed here."""
    monkeypatch.setenv(KIND_OF_BUCKET, "true")
    monkeypatch.delenv(KIND_OF_BUCKET)
    far = tmp_path / "far"
    shutil.copytree(picture_folder, far / "bucket" / "pictures")
    monkeypatch.setattr(remote.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(
        "fsspec.filesystem", lambda asked, **_: DirFileSystem(str(far), LocalFileSystem())
    )
    here = load_dataset(str(picture_folder))
    Store(Address(kind, "bucket"))
    assert os.environ.get(KIND_OF_BUCKET) == ("false" if kind in ("gs", "gcs") else None)
    there = load_dataset(f"{kind}://bucket/pictures")
    assert (there.paths, there.classes, there.digest) == (here.paths, here.classes, here.digest)
    assert there.folder.is_relative_to(work_folder)
    with pytest.raises(InputError, match=f"Nothing lies at {kind}://bucket/nothing"):
        load_dataset(f"{kind}://bucket/nothing")
    store = Store(Address(kind, "bucket/features"))
    store.require()
    far.joinpath("bucket", "features").mkdir()
    store.write("a.bin", b"abcdef")
    (one,) = store.files()
    assert (store.part(one, 2, 4), store.read([one]), store.holds(one)) == (
        b"cd",
        {"a.bin": b"abcdef"},
        True,
    )
