"""Records to plain values and back, those that older versions stored too."""

from pathlib import Path

import pytest

import srcsel
from srcsel.base.records import Result, SourceModel
from srcsel.store.runs import RunStore
from srcsel.store.serialize import from_plain, to_plain

RUNS = Path(srcsel.__file__).parent / "demo" / "runs"
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
