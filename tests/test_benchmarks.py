"""The tools of the benchmarks, at tiny sizes; the benchmarks themselves are not run here."""

import json
import time

import pytest

from benchmarks import _common


def test_medians_take_turns():
    order = []
    found = _common.medians({"a": lambda: order.append("a"), "b": lambda: (order.append("b"), time.sleep(0.01))}, 3)
    assert order == ["a", "b"] * 3
    assert found["b"] >= 0.01


def test_table_and_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_common, "RESULTS", tmp_path / "results")
    _common.tell("tiny", [_common.row("a case", 4.0, 2.0, 0.5, error=1e-9), _common.row("alone", None, 1.0)])
    shown = capsys.readouterr().out
    assert "a case" in shown
    told = json.loads((tmp_path / "results" / "tiny.json").read_text())
    assert told["rows"][0]["ratio"] == pytest.approx(2)
    assert told["rows"][1]["ratio"] is None
    assert told["machine"]["cores"] >= 1
    assert not {"host", "node"} & set(told["machine"])


def test_product_speed_and_peak(capsys):
    assert _common.product_speed("float32", 64) > 0
    _common.report_peak(lambda: None, lambda _: bytearray(80_000_000))
    assert float(capsys.readouterr().out) > 0
