import pytest

from srcsel.base.records import JobStatus


@pytest.mark.parametrize(
    ("done", "total", "share"), [(0, 0, 0), (3, 0, 0), (1, 4, 0.25), (4, 4, 1), (5, 4, 1)]
)
def test_a_jobs_share_stays_between_nothing_and_all(done, total, share):
    assert JobStatus("map-1", "map", "running", done, total, "").share == share
