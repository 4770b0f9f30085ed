"""Pictures in a store that speaks S3: a real server on this computer, asked from the shell."""

import json
import subprocess
import sys

import pytest

from tests import s3
from tests.pictures.stores.test_shards import webdataset
from tests.s3 import KEY, SECRET, put, shell

pytest.importorskip("s3fs", reason='s3fs is not installed (pip install "srcsel[s3]")')
pytest.importorskip("moto", reason="moto is not installed (pip install srcsel[test])")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with s3.served(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def environment(endpoint, tmp_path):
    return s3.emptied(endpoint, tmp_path)


def rank(environment, ref):
    done = shell(environment, "rank", ref, "--models", "pixels,demo/flowers", "--json", "-")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done


def fetched(home):
    return sorted(path for path in home.glob("public/store-*/pictures/*/*") if path.is_file())


def test_pictures_of_a_bucket_rank_like_those_of_a_folder(
    environment, picture_folder, work_folder, tmp_path
):
    (picture_folder / "red" / "note.pdf").write_bytes(b"no picture")
    put(environment, picture_folder)
    far, done = rank(environment, "s3://bucket/pictures")
    near, _ = rank(environment, str(picture_folder))
    assert far["dataset"]["images"] == 36  # of four pages of the store's list
    assert [one["path"] for one in far["dataset"]["unreadable"]] == ["red/note.pdf"]
    for one, other in zip(far["scores"], near["scores"], strict=True):
        assert one == other
    files = fetched(work_folder)
    assert len(files) == 36
    told = done.stdout + done.stderr
    kept = [path for path in work_folder.rglob("*") if path.is_file()]
    assert len(kept) > 36
    for secret in (KEY, SECRET):  # neither in runs, logs, manifests nor in what was said
        assert secret not in told
        assert not [path for path in kept if secret.encode() in path.read_bytes()]
    report = shell(environment, "report", "latest", "--html", str(tmp_path / "report.html"))
    assert report.returncode == 0, report.stderr
    assert SECRET not in (tmp_path / "report.html").read_text()

    # only what is new is fetched, and what is gone goes
    before = {path: path.stat().st_ino for path in files}
    (picture_folder / "blue" / "000.png").write_bytes(files[1].read_bytes() + b"\0")
    put(environment | {"AWS_DEFAULT_REGION": "us-east-1"}, picture_folder)
    rank(environment, "s3://bucket/pictures")
    same = [path for path in files if path.stat().st_ino == before[path]]
    assert [path.name for path in set(files) - set(same)] == ["000.png"]
    assert not list(work_folder.glob("public/store-*/coming-*"))


def test_shards_of_a_bucket_are_unpacked(environment, tmp_path):
    (tmp_path / "shards").mkdir()
    webdataset(tmp_path / "shards")
    put(environment, tmp_path / "shards")
    found, _ = rank(environment, "s3://bucket/shards")
    assert found["dataset"]["images"] == 12
    assert sorted(found["dataset"]["classes"]) == ["a/dog", "cat"]


def test_what_cannot_be_reached_is_said_before_anything_is_computed(environment, work_folder):
    put(environment)
    without = {k: v for k, v in environment.items() if "KEY" not in k}
    nowhere = environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    for about, ref, said in (
        (
            environment,
            "s3://no-such-bucket/pictures",
            "Nothing lies at s3://no-such-bucket/pictures",
        ),
        (environment, "s3://bucket/no-such-folder", "Nothing lies at s3://bucket/no-such-folder"),
        (without, "s3://bucket/pictures", "No credentials for s3://bucket/pictures"),
        (nowhere, "s3://bucket/pictures", "The store of s3://bucket/pictures did not answer"),
        (environment, "http://127.0.0.1/pictures", "Addresses that begin with http://"),
    ):
        done = shell(about, "rank", ref, "--models", "pixels")
        assert done.returncode in (1, 2)
        assert said in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
    assert not (work_folder / "features").exists()


def test_the_server_pages_its_lists(environment, picture_folder):
    """Else the first test would not see a second page."""
    put(environment, picture_folder)
    code = "import boto3; print(boto3.client('s3').list_objects_v2(Bucket='bucket')['IsTruncated'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"
