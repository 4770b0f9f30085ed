"""A glimpse is whole, or there is none: it lies in a file, which may be anything."""

import dataclasses
import json

import pytest

from srcsel.base.records import Glimpse
from srcsel.jobs import looks
from srcsel.store.serialize import to_plain

BARS = {"silhouette": (0.0, 0.5)}
GLIMPSE = Glimpse("demo/m0", 10, 30, BARS, (0, 2), (-5, 5), (7, 8))


@pytest.fixture
def read(tmp_path):
    """Write some bytes as the glimpse of a job, and read it."""
    looks.write_glimpse(tmp_path, "job", GLIMPSE)
    (path,) = tmp_path.rglob("job.json")

    def again(told):
        path.write_bytes(told)
        return looks.read_glimpse(tmp_path, "job")

    return again


def test_a_glimpse_comes_back_as_it_was_written(tmp_path):
    looks.write_glimpse(tmp_path, "job", GLIMPSE)
    assert looks.read_glimpse(tmp_path, "job") == GLIMPSE
    assert looks.read_glimpse(tmp_path, "other") is None
    looks.forget_glimpses(tmp_path, "job")
    assert looks.read_glimpse(tmp_path, "job") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": (0,)},
        {"x": (1, 2, 3)},
        {"y": ()},
        {"rows": (0, -40)},
        {"seen": -1},
        {"seen": 31},
        {"bars": {"silhouette": (0.0, float("nan"))}},
    ],
)
def test_one_whose_parts_do_not_go_together_is_none(changed, read):
    told = to_plain(dataclasses.replace(GLIMPSE, **changed))
    assert read(json.dumps(told).encode()) is None


@pytest.mark.parametrize("told", [b"", b"[]", b"{}", b'{"model": 3}', b"[" * 200_000])
def test_what_is_none_at_all_is_none(told, read):
    assert read(told) is None


def test_a_very_large_one_is_not_read(read):
    whole = json.dumps(to_plain(GLIMPSE)).encode()
    assert read(whole + b" " * 1000) == GLIMPSE
    assert read(whole + b" " * looks.LARGEST) is None
