"""Pictures in a store that speaks S3: a real server on this computer, asked from the shell."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from srcsel.base import sampling
from srcsel.runs.public_json import to_json
from srcsel.runs.question import new_run
from srcsel.runs.run import answer
from tests import s3
from tests.pictures.stores.test_shards import table, webdataset
from tests.s3 import KEY, SECRET, put, shell

s3fs = pytest.importorskip("s3fs", reason='s3fs is not installed (pip install "srcsel[s3]")')
pytest.importorskip("moto", reason="moto is not installed (pip install srcsel[test])")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The folder that the server works in, and its address."""
    folder = tmp_path_factory.mktemp("server")
    with s3.served(folder) as address:
        yield folder, address


@pytest.fixture
def environment(server, tmp_path):
    return s3.emptied(server[1], tmp_path)


REF = "s3://bucket/pictures"


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
    local = answer(new_run(picture_folder, ["pixels", "demo/flowers"], device="cpu"))
    near = json.loads(json.dumps(to_json(local)))
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
    before = {path: path.stat().st_mtime_ns for path in files}
    (picture_folder / "blue" / "000.png").write_bytes(files[1].read_bytes() + b"\0")
    put(environment | {"AWS_DEFAULT_REGION": "us-east-1"}, picture_folder)
    rank(environment, "s3://bucket/pictures")
    same = [path for path in files if path.stat().st_mtime_ns == before[path]]
    assert [path.name for path in set(files) - set(same)] == ["000.png"]
    assert not list(work_folder.glob("public/store-*/coming-*"))


def test_of_very_many_only_the_sample_is_fetched_and_scores_are_those_of_a_local_copy(
    environment, server, picture_folder, tmp_path, monkeypatch
):
    for name, value in (("ALL_UP_TO", 30), ("SIZE", 15), ("EACH", 4)):
        monkeypatch.setattr(sampling, name, value)
    for name, value in environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    put(environment, picture_folder)

    def ranked(ref, **options):
        monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / ("far" if ref == REF else "near")))
        before = len(s3.fetched(server[0]))
        result = answer(new_run(ref, ["pixels", "demo/flowers"], device="cpu", **options))
        return result, s3.fetched(server[0])[before:]

    def numbers(result):
        return [(s.model, s.measure, s.value, s.null, s.low, s.high) for s in result.scores]

    near, none = ranked(picture_folder)
    far, asked = ranked(REF)
    assert none == []
    assert (far.dataset.paths, far.dataset.digest) == (near.dataset.paths, near.dataset.digest)
    assert len(far.dataset.paths) == 15
    assert sorted(asked) == [f"pictures/{path}" for path in far.dataset.paths]
    assert numbers(far) == numbers(near)
    assert (far.verdict.kind, far.verdict.firsts) == (near.verdict.kind, near.verdict.firsts)
    told = to_json(far)["dataset"]
    assert (told["sampled_from"], told["listed"], told["fetched"]) == (36, 36, 15)
    assert to_json(near)["dataset"]["fetched"] is None
    assert "36 pictures are listed at s3://bucket/pictures, and 15 were fetched" in told["notes"][1]

    assert ranked(REF)[1] == []  # again
    red = [path for path in near.dataset.paths if path.startswith("red/")][:2]
    fewer, asked = ranked(REF, left_out=red)
    again, _ = ranked(picture_folder, left_out=red)
    assert fewer.dataset.paths == again.dataset.paths
    new = set(fewer.dataset.paths) - set(far.dataset.paths)
    assert sorted(asked) == sorted(f"pictures/{path}" for path in new)
    whole, asked = ranked(REF, all_pictures=True)
    assert (len(whole.dataset.paths), whole.dataset.listed) == (36, 0)
    assert len(asked) == 36 - 15 - len(new)
    s3fs.S3FileSystem.clear_instance_cache()


def test_of_very_many_rows_of_parquet_the_groups_of_the_sample_are_read(
    environment, server, tmp_path, monkeypatch
):
    for name, value in (("ALL_UP_TO", 10), ("SIZE", 6), ("EACH", 2)):
        monkeypatch.setattr(sampling, name, value)
    for name, value in environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    folder = tmp_path / "rows"
    folder.mkdir()
    pq.write_table(table(), folder / "train.parquet", row_group_size=2)
    put(environment, folder)
    near, far = (answer(new_run(ref, ["pixels"])) for ref in (folder, "s3://bucket/rows"))
    assert far.dataset.digest == near.dataset.digest
    assert [(s.measure, s.value) for s in far.scores] == [(s.measure, s.value) for s in near.scores]
    told = to_json(far)["dataset"]
    assert (told["sampled_from"], told["listed"], told["fetched"]) == (12, 12, 6)
    assert len([path for path in far.dataset.folder.rglob("*") if path.is_file()]) == 6
    s3fs.S3FileSystem.clear_instance_cache()


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
