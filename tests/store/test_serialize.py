"""Records to plain values and back, those that older versions stored too."""

import json
import math
from pathlib import Path

import pytest

import srcsel
from srcsel.base.allowed import check_fields
from srcsel.base.errors import InputError
from srcsel.base.records import Protocol, Result, Run, SourceModel
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain, to_plain

RUNS = Path(srcsel.__file__).parent / "demo" / "runs"
RUN = Run("id", "2026-01-31T10:00:00+00:00", "demo:digits", ("a/one",))
PIXELS = SourceModel("pixels/a", "A", "1", 0, 0.0, 32, 3, "none", "MIT", yardstick=True)


@pytest.mark.parametrize("yardstick", [True, False])
def test_a_yardstick_stored_as_a_baseline_is_still_one(yardstick):
    stored = to_plain(PIXELS) | {"yardstick": yardstick}
    stored["baseline"] = stored.pop("yardstick")
    assert from_plain(SourceModel, stored).yardstick is yardstick


def test_a_run_stored_before_the_word_is_opened(tmp_path):
    place = tmp_path / "example-butterflies"
    place.mkdir()
    for path in (RUNS / place.name).iterdir():
        if path.is_file():
            (place / path.name).write_bytes(path.read_bytes())
    text = (place / "result.json").read_text(encoding="utf-8")
    assert '"yardstick":' in text
    (place / "result.json").write_text(text.replace('"yardstick":', '"baseline":'), "utf-8")
    before = RunStore(RUNS).load(place.name)
    after = RunStore(tmp_path).load(place.name)
    assert after.models == before.models
    assert any(model.yardstick for model in after.models)


@pytest.mark.parametrize("damaged", [None, 3, "text", [1, 2]])
def test_what_is_no_record_is_refused(damaged):
    with pytest.raises(TypeError):
        from_plain(Result, damaged)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({"seed": -1}, ("seed", -1)),
        ({"metric": "manhattan"}, ("metric", "manhattan")),
        ({"device": "tpu"}, ("device", "tpu")),
    ],
)
def test_an_old_question_opens_and_is_checked_when_it_is_asked_again(stored, read):
    found = from_plain(Run, {**to_plain(RUN), **stored})
    assert getattr(found, read[0]) == read[1]
    assert (found.models, found.measures, found.left_out) == (RUN.models, RUN.measures, ())
    with pytest.raises(InputError, match=read[0]):
        check_fields(found)


def test_a_temperature_that_json_could_not_hold_is_no_number():
    found = from_plain(Run, json.loads(json.dumps({**to_plain(RUN), "temperature": None})))
    assert math.isnan(found.temperature)


def test_an_old_protocol_takes_usual_values_for_fields_it_lacks():
    found = from_plain(Protocol, {"kind": "finetune", "epochs": 0})
    assert (found.epochs, found.seeds, found.batch) == (0, (0, 1, 2), 20)


def test_what_is_no_question_at_all_is_refused():
    with pytest.raises(TypeError):
        from_plain(Run, {"id": "x", "seed": -1})
