"""Addresses of stores: what is one, which are opened, and what a shared dashboard allows."""

import os
from pathlib import Path

import pytest

from srcsel.base.access import require_address
from srcsel.base.addresses import Address, address_of
from srcsel.base.errors import InputError
from srcsel.base.paths import lasting, opened
from srcsel.base.settings import load_settings


def test_an_address_is_joined_and_named_like_a_path():
    address = address_of("s3://bucket/pictures/")
    assert address == Address("s3", "bucket/pictures")
    assert str(address / "a/b.jpg") == "s3://bucket/pictures/a/b.jpg"
    assert (address / "a/b.JPG").suffix == ".JPG"
    assert address.name == "pictures"
    assert address.parent == Address("s3", "bucket")
    assert address.parent.parent == address.parent
    assert (address / "x").is_relative_to(address)
    assert not Address("s3", "bucket/pictures2").is_relative_to(address)
    assert not Address("gs", "bucket/pictures").is_relative_to(address)


@pytest.mark.parametrize(
    "text", ["s3:/bucket/pictures", "s3a://bucket/pictures", "S3N://bucket/pictures/"]
)
def test_other_spellings_of_an_address(text):
    assert address_of(text) == Address("s3", "bucket/pictures")
    assert address_of(str(Path("s3://bucket/pictures"))) == Address("s3", "bucket/pictures")
    with pytest.raises(InputError, match="holds a password"):
        address_of("s3:/KEY:SECRET@bucket/pictures")


@pytest.mark.parametrize(
    "text",
    [
        "/home/me",
        "pictures",
        "C:/Users/me",
        "s3:x",
        "file:/home/me",
        "file:///home/me",
        "demo:digits",
        "a::b",
    ],
)
def test_paths_and_names_are_none(text):
    assert address_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://example.org/pictures",
        "ftp://example.org/pictures",
        "zip://a.zip::http://inner/x",
        "simplecache::s3://bucket/x",
        "memory://x",
        "github://owner:repo@main/x",
        "s3://",
        "s3://bucket/../other",
        "s3://bucket//x",
        "s3://bucket/a\nb",
    ],
)
def test_what_is_not_opened_is_said(text):
    with pytest.raises(InputError, match=r"address|Addresses"):
        address_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://KEYID:verysecret@bucket/x",
        "s3://KEYID:with/verysecret@bucket/x",  # about every other key of AWS has a stroke in it
        "az://container/x?sv=2024&sig=verysecret",
        "s3://bucket/x?X-Amz-Signature=verysecret",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(InputError, match="holds a password") as found:
        address_of(text)
    assert "verysecret" not in str(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "hf://datasets/a/b@main",
        "abfs://container@account.dfs.core.windows.net/x",
        "s3://arn:aws:s3:eu-west-1:123:accesspoint/mine",
        "s3://bucket/design=1/what?/x",
    ],
)
def test_what_only_looks_like_a_password_is_none(text):
    assert str(address_of(text)) == text


def test_azure_as_hadoop_calls_it():
    for kind in ("abfss", "wasbs", "WASB"):
        assert address_of(f"{kind}://box@me.x.net/y") == Address("abfs", "box@me.x.net/y")


def test_a_reference_lasts_and_is_no_path():
    assert lasting(" 's3://bucket/pictures/' ") == "s3://bucket/pictures"
    assert lasting("s3://bucket/pictures/*/*") == "s3://bucket/pictures/*/*"
    with pytest.raises(InputError, match="an address of a store, and here a path"):
        opened("s3://bucket/model.safetensors")


def test_roots_may_be_addresses(monkeypatch, tmp_path):
    monkeypatch.setenv(
        "SRCSEL_ROOTS", os.pathsep.join([str(tmp_path), "s3://bucket/open", "/data"])
    )
    settings = load_settings()
    assert [str(root) for root in settings.roots] == [str(tmp_path.resolve()), "/data"]
    assert settings.stores == (Address("s3", "bucket/open"),)
    require_address(Address("s3", "bucket/open/pictures"))
    for outside in ("bucket/opened", "bucket", "other/open"):
        with pytest.raises(InputError, match="Choose one below s3://bucket/open"):
            require_address(Address("s3", outside))
    with pytest.raises(InputError, match="outside what the pages may open"):
        lasting("s3://bucket/secret")


ARN = "s3://arn:aws:s3:eu-west-1:123:accesspoint/mine"


@pytest.mark.parametrize(
    ("text", "folders", "stores", "closed"),
    [
        ("s3://bucket/open", [], ["s3://bucket/open"], 0),
        ("s3:/bucket/open", [], ["s3://bucket/open"], 0),
        ("/mnt/s3:/data", ["/mnt/s3", "/data"], [], 0),
        ("S3A://bucket/open/:/data", ["/data"], ["s3://bucket/open"], 0),
        (f"/data:{ARN}:gs://b/x", ["/data"], [ARN, "gs://b/x"], 0),
        ("/data:http://host/x", ["/data"], [], 1),
        ("s3://KEY:SE/CRET@bucket:/data", ["/data"], [], 1),
        ("s3://bucket:/home/me@here", ["/home/me@here"], ["s3://bucket"], 0),
        ("file:///data: az://box ", ["/data"], ["az://box"], 0),
        ("hf://datasets/a/b@refs/pr/1:nowhere", [], ["hf://datasets/a/b@refs/pr/1"], 0),
    ],
)
def test_a_list_of_roots_is_never_cut_inside_an_address(text, folders, stores, closed, monkeypatch):
    monkeypatch.setattr("srcsel.base.settings.SEPARATOR", ":")
    monkeypatch.setenv("SRCSEL_ROOTS", text)
    settings = load_settings()
    assert settings.roots == tuple(Path(one).resolve() for one in folders)
    assert list(map(str, settings.stores)) == stores
    assert len(settings.closed) == closed
    assert "CRET" not in str(settings)


def test_folders_alone_open_no_address(monkeypatch, tmp_path):
    for roots in (str(tmp_path), "nowhere"):
        monkeypatch.setenv("SRCSEL_ROOTS", roots)
        with pytest.raises(InputError, match="opens no addresses of stores"):
            require_address(Address("s3", "bucket"))
    monkeypatch.delenv("SRCSEL_ROOTS")
    require_address(Address("s3", "bucket"))
