"""What is kept, how large it is, and what goes first: never what a kept run needs."""

import math
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

import srcsel
from srcsel.base.errors import InputError
from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.cli.commands import main
from srcsel.features.recover import features_of
from srcsel.store import cache
from srcsel.store.features import open_features, open_runs
from srcsel.store.kept import entries
from srcsel.store.memory import Memory

OLD = Path(__file__).parent / "data" / "before_the_move"
STRANGER = "0" * 32  # pictures of no run


@pytest.fixture
def settings(work_folder):
    """The old work folder with its two runs, all of it unused for a day."""
    shutil.copytree(OLD, work_folder)
    return load_settings()


def age(settings, seconds=86400):
    now = cache.time.time()
    for path in settings.home.rglob("*"):
        os.utime(path, (now - seconds,) * 2)


def key(number):
    return FeatureKey(STRANGER, f"demo/m{number}", "1", "p", "float32")


def add_strangers(settings, count=5):
    store = open_features(settings)
    for number in range(count):
        store.put(Features(key(number), np.ones((100, 25), np.float32)))
        half = FeatureKey(STRANGER, f"demo/p{number}", "1", "p", "float32")
        store.put_part(half, np.full((5, 32), number, np.uint8), np.ones((5, 5)), None)
        store.memory.remember("scores", {"features": {"dataset": STRANGER}, "n": number}, {})
        Memory(settings.datasets).remember("thumbs", {"file": f"{number}.jpg"}, {})
        Memory(settings.evidence).remember("checkpoints", {"dataset": STRANGER, "n": number}, {})
        Memory(settings.features).remember("converted", {"model": number}, {})
    (settings.jobs / "logs").mkdir(parents=True)
    (settings.jobs / "logs" / "check-1.log").write_text("x" * 1000)
    (settings.features / "x.safetensors.damaged").write_bytes(b"x")


def files(settings):
    found = {path for path in settings.home.rglob("*") if path.is_file()}
    return {path.relative_to(settings.home).as_posix() for path in found} - {"cache.lock"}


def test_everything_that_no_run_needs_goes_and_nothing_else(settings):
    before = files(settings)
    add_strangers(settings)
    age(settings)
    done = cache.clean(settings, 0)
    assert files(settings) == before
    assert done.files == 5 * 7 + 2
    assert done.left == sum(s.needed for s in cache.shares(settings) if s.removable) > 0
    runs, store = open_runs(settings), open_features(settings)
    for run in [run for run in runs.list() if not run.example]:
        assert runs.load(run.id).scores
        assert runs.evidences(run.id) or run.title == "Leaves, one left out"
    assert not runs.notes
    assert not store.notes


def test_what_computes_cleans_after_itself(settings, monkeypatch):
    """Whatever became of it; a limit that is none spoils no run."""
    asked, real = [], cache.clean
    monkeypatch.setattr(cache, "clean", lambda about: asked.append(1) or real(about))
    for ask in (srcsel.rank, srcsel.gather_evidence, srcsel.more_pictures, srcsel.settle):
        with pytest.raises(InputError):
            ask("no-folder")
    assert len(asked) == 4
    for command in ("rank", "evidence", "curve"):
        assert main([command, "no-folder"]) == 2
    assert main(["settle", "no-run"]) == 2
    assert len(asked) == 9  # `srcsel settle` asks srcsel.settle
    add_strangers(settings)
    age(settings)
    monkeypatch.setenv("SRCSEL_CACHE", "0")
    assert cache.tidied(lambda: 5)() == 5
    assert not list(settings.features.glob("demo-p*"))
    monkeypatch.setenv("SRCSEL_CACHE", "abc")
    assert cache.tidied(lambda: 5)() == 5


def test_features_of_which_a_run_took_some_rows_stay(settings):
    """The run with one picture left out holds rows of the features of all pictures."""
    shutil.rmtree(settings.runs / "20261128-172543-158689-82f3")  # the run of all pictures
    age(settings)
    cache.clean(settings, 0)
    assert len(list(settings.features.glob("demo-flowers-*.safetensors"))) == 2
    (fewer,) = (run for run in open_runs(settings).list() if not run.example)
    result, store = open_runs(settings).load(fewer.id), open_features(settings)
    (found,) = features_of(result, result.models, store, Watch())
    assert found.values.shape == (17, 160)


def test_what_a_kept_run_shares_with_others_stays_and_the_rest_of_them_goes(settings):
    """Pictures 0 to 9 are a kept run's, 5 to 14 a deleted one's; 20 were never finished."""
    store, pictures = open_features(settings), np.arange(21, dtype=np.uint8)[:, None]
    pictures = np.repeat(pictures, 32, axis=1)
    kept = open_runs(settings).load("20261128-172543-158689-82f3").dataset.digest
    mine, other = (FeatureKey(d, "demo/m", "1", "p", "float32") for d in (kept, STRANGER))

    def values(rows):
        return np.arange(21, dtype=np.float32)[rows, None]

    for rows in (slice(0, 5), slice(5, 10), slice(10, 15), slice(20, 21)):
        store.put_part(mine, pictures[rows], values(rows), None)
    for key_, rows in ((mine, slice(0, 10)), (other, slice(5, 15))):
        assert store.gather(key_, pictures[rows], listed=True) is not None
    age(settings)
    cache.clean(settings, 0)
    np.testing.assert_array_equal(store.get(mine).values, values(slice(0, 10)))
    assert store.get(other) is None
    assert store.missing(mine, pictures).tolist() == list(range(10, 21))


def test_when_its_run_is_deleted_it_may_go(settings):
    shutil.rmtree(settings.runs)
    age(settings)
    cache.clean(settings, 0)
    assert files(settings) == set()


def test_the_least_recently_used_goes_first_and_no_more_than_must(settings):
    add_strangers(settings)
    age(settings)
    store = open_features(settings)
    for number in (0, 2):  # used two hours ago; the others a day
        path = store._path(key(number))
        os.utime(path, (cache.time.time() - 7200,) * 2)
    total = sum(entry.bytes for entry in entries(settings))
    done = cache.clean(settings, total - 2000)
    assert 2000 <= done.bytes < 2000 + 11_000
    cache.clean(settings, total - 30_000)
    assert store.has(key(0))
    assert store.has(key(2))


def test_reading_counts_as_use(settings):
    add_strangers(settings)
    age(settings)
    store = open_features(settings)
    assert store.get(key(3)) is not None
    assert store.memory.recall("scores", {"features": {"dataset": STRANGER}, "n": 3}) is not None
    cache.clean(settings, 0)
    assert [store.has(key(n)) for n in range(5)] == [False, False, False, True, False]
    assert store.memory.recall("scores", {"features": {"dataset": STRANGER}, "n": 3}) is not None


def test_what_was_just_made_stays(settings):
    add_strangers(settings)
    before = files(settings)
    assert cache.clean(settings, 0).files == 0
    assert files(settings) == before


def test_a_run_that_is_damaged_keeps_its_features(settings):
    before = {name for name in files(settings) if name.startswith("features/")}
    for path in settings.runs.glob("*/result.json"):
        path.write_bytes(path.read_bytes()[:-200])
    age(settings)
    cache.clean(settings, 0)
    assert {name for name in files(settings) if name.startswith("features/")} == before


def test_what_goes_while_it_is_wanted_is_made_again(settings, monkeypatch):
    """Whoever writes and reads meanwhile gets what they wrote, or nothing; never an error."""
    monkeypatch.setattr(cache, "YOUNG", -1.0)
    store, stop, wrong = open_features(settings), threading.Event(), []

    def work():
        while not stop.is_set():
            store.put_part(key(0), np.ones((1, 32), np.uint8), np.ones((1, 5)), None)
            store.gather(key(0), np.ones((1, 32), np.uint8), listed=True)
            store.put(Features(key(1), np.full((100, 25), 7, np.float32)))
            found = store.get(key(1))
            if found is not None and not (found.values == 7).all():
                wrong.append(found)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for _ in range(40):
        cache.clean(settings, 0)
        list(entries(settings))
    stop.set()
    worker.join()
    assert not wrong
    assert not store.notes


def test_two_at_once_do_nothing_twice(settings):
    from filelock import FileLock

    add_strangers(settings)
    age(settings)
    with FileLock(settings.home / "cache.lock"):
        assert cache.clean(settings, 0).files == 0
    assert cache.clean(settings, 0).files > 0


def test_shares_add_up_and_say_what_is_not_cleaned(settings):
    add_strangers(settings)
    settings.uploads.mkdir()
    (settings.uploads / "a.zip").write_bytes(b"x" * 500)
    found = {share.name: share for share in cache.shares(settings)}
    assert (found["uploads"].bytes, found["uploads"].removable) == (500, False)
    whole = sum((settings.home / name).stat().st_size for name in files(settings))
    assert sum(share.bytes for share in found.values()) == whole
    assert found["features"].needed < found["features"].bytes
    assert found["thumbnails"].needed == 0


@pytest.mark.parametrize(
    ("text", "bytes_"), [("", 50e9), ("none", math.inf), ("0", 0), ("1.5", 1.5e9)]
)
def test_the_limit(monkeypatch, text, bytes_):
    monkeypatch.setenv("SRCSEL_CACHE", text)
    assert cache.limit() == bytes_


@pytest.mark.parametrize("text", ["-1", "much", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("SRCSEL_CACHE", text)
    with pytest.raises(InputError, match="SRCSEL_CACHE is a number from 0 on"):
        cache.limit()


def test_a_clock_that_was_set_back_keeps_nothing_for_ever(settings):
    add_strangers(settings)
    age(settings, -10 * 365 * 86400)  # written while the clock was ten years ahead
    cache.clean(settings, 0)
    assert not open_features(settings).has(key(0))
    assert all(open_runs(settings).load(r.id).scores for r in open_runs(settings).list())
