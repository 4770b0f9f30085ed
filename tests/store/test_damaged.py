"""Wrong types and flipped bytes in everything the store keeps: refused or passed over in words,
never a traceback, and never other numbers.
"""

import copy
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.errors import StoreError
from srcsel.base.records import Evidence, FeatureKey, Features, JobStatus, Part, Run
from srcsel.report.numbers import to_csv
from srcsel.runs.public_json import to_json
from srcsel.store import files
from srcsel.store.features import FeatureStore
from srcsel.store.memory import Memory
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain, to_plain
from srcsel.verdict import readings

OLD = Path(__file__).parent / "data" / "before_the_move" / "runs"
ID = "20261128-172543-158689-82f3"
WRONG = [None, True, -7, 2.5, "x", [], [[]], [None], ["x"], {}, {"x": "y"}, 10**400, "\0" * 9]
KEY = FeatureKey("d", "demo/flowers", "1", "p", "float32")


def places(value, path=()):
    """Every field once: of lists the first item stands for all."""
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(whole, path, wrong):
    """Put `wrong` at `path`; None where nothing would change."""
    again = copy.deepcopy(whole)
    inner = again
    for name in path[:-1]:
        inner = inner[name]
    if json.dumps(inner[path[-1]]) == json.dumps(wrong):
        return None
    inner[path[-1]] = wrong
    return again


def mutations(whole):
    for path in places(whole):
        for wrong in WRONG if path else ():
            if (again := changed(whole, path, wrong)) is not None:
                yield path, wrong, again


@pytest.fixture
def run_folder(tmp_path):
    shutil.copytree(OLD / ID, tmp_path / "runs" / ID)
    return tmp_path / "runs" / ID


def use(result):
    """Ask for what pages, shell and downloads say of a result."""
    json.dumps(to_json(result))
    to_csv(result)
    readings.model_places(result)


def test_every_field_of_a_result_with_another_type_is_refused_or_harmless(run_folder):
    path = run_folder / "result.json"
    whole = json.loads(path.read_bytes())
    said = []
    for at, wrong, again in mutations(whole):
        path.write_text(json.dumps(again))
        try:
            use(RunStore(run_folder.parent).load(ID))
        except StoreError as error:
            said.append(str(error))
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            pytest.fail(f"{at} = {wrong!r}: {type(error).__name__}: {error}")
    assert set(said) == {f"The stored run {ID} is damaged and cannot be shown. Run it again."}
    assert len(said) > 1000


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (("dataset", "labels"), [0] * 17),
        (("dataset", "labels"), [0.5] * 18),
        (("dataset", "labels"), [3] * 18),
        (("dataset", "labels"), [-1] * 18),
        (("dataset", "paths", 4), 7),
        (("scores", 0, "value"), "0.5"),
        (("scores", 0, "model"), "no/such"),
        (("scores", 0, "reading"), "sideways"),
        (("rankings", 0, "models"), ["no/such"]),
        (("rankings", 0, "ranks"), [1]),
        (("verdict", "kind"), "purple"),
        (("verdict", "winner"), "no/such"),
        (("verdict", "firsts"), {"no/such": 1.0}),
        (("run", "models"), "demo/flowers"),
        (("complete",), "yes"),
        (("run", "id"), "20260101-000000-000000-aaaa"),
        (("seconds_per_picture",), {"demo/flowers": "soon"}),
    ],
)
def test_what_would_break_a_page_is_refused(run_folder, at, wrong):
    path = run_folder / "result.json"
    path.write_text(json.dumps(changed(json.loads(path.read_bytes()), at, wrong)))
    with pytest.raises(StoreError, match="Run it again"):
        RunStore(run_folder.parent).load(ID)


def test_deep_nesting_is_a_sentence(run_folder):
    (run_folder / "result.json").write_text("[" * 100_000)
    (run_folder / "run.json").write_text("[" * 100_000)
    store = RunStore(run_folder.parent)
    with pytest.raises(StoreError, match="damaged"):
        store.load(ID)
    assert store.list() == []
    assert "left out of the list" in store.notes[0]


def test_every_field_of_the_line_in_history(run_folder):
    path = run_folder / "run.json"
    whole = json.loads(path.read_bytes())
    for at, _, again in mutations(whole):
        path.write_text(json.dumps(again))
        store = RunStore(run_folder.parent)
        for summary in store.list():
            assert from_plain(type(summary), to_plain(summary)) == summary
        if at[:2] == ("summary", "images") and not isinstance(again["summary"]["images"], int):
            assert "is damaged" in store.notes[0]


def test_every_field_of_evidence(run_folder):
    (path,) = run_folder.glob("evidence/*.json")
    whole = json.loads(path.read_bytes())
    left_out = 0
    for _, _, again in mutations(whole):
        path.write_text(json.dumps(again))
        store = RunStore(run_folder.parent)
        for evidence in store.evidences(ID):
            assert isinstance(evidence, Evidence)
            assert all(isinstance(a.mean, (int, float)) for a in evidence.accuracies)
        left_out += len(store.notes)
    assert left_out > 300


@pytest.mark.parametrize(
    "wrong", [{"run": "another"}, {"close": ["no/such"]}, {"accuracies": [{"model": "no/such"}]}]
)
def test_evidence_of_another_run_or_of_other_models_is_left_out(run_folder, wrong):
    (path,) = run_folder.glob("evidence/*.json")
    whole = json.loads(path.read_bytes())
    if "accuracies" in wrong:
        wrong = {"accuracies": [{**whole["accuracies"][0], "model": "no/such"}]}
    path.write_text(json.dumps({**whole, **wrong}))
    store = RunStore(run_folder.parent)
    assert store.evidences(ID) == []
    assert "Measure again" in store.notes[0]


@pytest.mark.parametrize("record", [Part("a", "running"), JobStatus("a", "rank", "done", 1, 2, "")])
def test_progress_of_a_job_with_other_types_is_refused(record):
    for at, wrong, again in mutations(to_plain(record)):
        try:
            found = from_plain(type(record), again)
        except (TypeError, ValueError):
            continue
        now = getattr(found, at[0])
        kind = type(getattr(record, at[0]))
        assert kind is type(None) or type(now) in (kind, int), (at, wrong)


def test_a_question_keeps_the_names_it_was_asked_with_but_no_other_type():
    run = to_plain(Run("id", "2026", "demo:digits", ("a/one",)))
    assert from_plain(Run, {**run, "metric": "manhattan"}).metric == "manhattan"
    for name, wrong in (("metric", 7), ("models", "a/one"), ("seed", "0"), ("race", 1)):
        with pytest.raises((TypeError, ValueError)):
            from_plain(Run, {**run, name: wrong})


def test_every_field_of_a_feature_header(tmp_path):
    store = FeatureStore(tmp_path)
    good = Features(KEY, np.ones((4, 3), np.float32), None, 0.1, (0.1, 0.2))
    store.put(good)
    (path,) = tmp_path.glob("*.safetensors")
    tensors, about = files.read_tensors(path)
    for at, wrong, again in mutations(about):
        files.write_tensors(path, tensors, again)
        found = FeatureStore(tmp_path).get(KEY)
        assert found is None or found.values.shape == (4, 3), (at, wrong)
        assert found is None or at[0] == "shards", (at, wrong)


@pytest.mark.parametrize("shape", [(4,), (4, 3, 2)])
def test_features_that_are_no_table_are_made_again(tmp_path, shape):
    store = FeatureStore(tmp_path)
    store.put(Features(KEY, np.ones(shape, np.float32)))
    assert store.get(KEY) is None
    assert "computed again" in store.notes[0]


def test_flipped_bytes_of_a_header_are_noticed(tmp_path):
    """The arrays had a checksum, what stands beside them had none."""
    question = {"version": 1, "of": "x"}
    chance = random.Random(0)
    memory = Memory(tmp_path)
    memory.remember("scores", question, {"a": np.arange(3.0)}, {"value": 0.25, "words": "Half."})
    (path,) = tmp_path.glob("scores/*")
    whole = path.read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(8, len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        kept = memory.recall("scores", question)
        if kept is not None:
            assert kept[1] == {"value": 0.25, "words": "Half."}
            np.testing.assert_array_equal(kept[0]["a"], np.arange(3.0))


def test_an_answer_that_cannot_be_taken_apart_counts_as_absent_and_goes(tmp_path):
    memory = Memory(tmp_path)
    memory.remember("maps", {"a": 1}, {"xy": np.zeros((3, 2))})
    assert memory.recall("maps", {"a": 1}, lambda kept, _: kept["xy"]).shape == (3, 2)
    assert memory.recall("maps", {"a": 1}, lambda kept, _: kept["yx"]) is None
    assert memory.recall("maps", {"a": 1}) is None
