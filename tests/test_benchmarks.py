"""The tools of the benchmarks, at tiny sizes; the benchmarks themselves are not run here."""

import json
import re
import time

import pytest

from benchmarks import __main__, _common


def test_medians_take_turns():
    order = []
    found = _common.medians(
        {"a": lambda: order.append("a"), "b": lambda: (order.append("b"), time.sleep(0.01))}, 3
    )
    assert order == ["a", "b"] * 3
    assert found["b"] >= 0.01 > found["b"].cpu
    both = found["a"] + found["b"]
    assert both == float(found["a"]) + float(found["b"])
    assert both.cpu == found["a"].cpu + found["b"].cpu


def test_table_and_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_common, "RESULTS", tmp_path / "results.json")
    _common.tell(
        "tiny", [_common.row("a case", 4.0, 2.0, 0.5, error=1e-9), _common.row("alone", None, 1.0)]
    )
    shown = capsys.readouterr().out
    assert "a case" in shown
    _common.tell(
        "other", [{"what": "pages", "median": 1234.5}], means="milliseconds", browser="any"
    )
    told = json.loads((tmp_path / "results.json").read_text())
    rows = told["tables"]["tiny"]["rows"]
    assert rows[0]["ratio"] == pytest.approx(2)
    assert rows[1]["ratio"] is None
    assert told["tables"]["other"]["browser"] == "any"
    assert told["machine"]["cores"] >= 1
    assert not {"host", "node"} & set(told["machine"])
    assert "| pages | 1,234 |" in _common.markdown()
    assert _common.markdown(["other"]).endswith(
        "other: milliseconds\n\n| what | median |\n|---|---|\n| pages | 1,234 |"
    )
    assert "a case" not in _common.markdown(["other"])


def test_a_page_keeps_the_latest_table_between_its_marks():
    page = "# Speed\n\n<!-- benchmark tiny -->\nold\n<!-- end -->\n\nmore <!-- end -->\n"
    rows = [
        {**_common.row("a case", 4.0, 2.0, 0.5), "n, d, classes": (1000, 8, 3)},
        _common.row("alone", None, 1.0),
    ]
    told = _common.with_table(page, "tiny", rows)
    assert told == (
        "# Speed\n\n<!-- benchmark tiny -->\n\n"
        "| what | pictures x features, classes | usual way (s) | srcsel (s) | ratio | limit (s) |\n"
        "|---|---|---|---|---|---|\n"
        "| a case | 1,000 x 8, 3 | 4 | 2 | 2 | 0.5 |\n"
        "| alone | - | - | 1 | - | - |\n\n<!-- end -->\n\nmore <!-- end -->\n"
    )
    assert _common.with_table(told, "tiny", rows) == told
    assert _common.with_table(page, "other", rows) == page
    compares_nothing = [{"what": "first paint", "median": 1.25, "limit": 1.5, "kept": "yes"}]
    told = _common.with_table(page, "tiny", compares_nothing)
    assert "| what | median | limit | kept |" in told
    assert "| first paint | 1.25 | 1.5 | yes |" in told


def test_the_tables_of_the_page_are_those_of_the_benchmark():
    from benchmarks.scoring import TABLES

    marked = re.findall(r"<!-- benchmark scoring_(\w+) -->", _common.SPEED.read_text())
    assert marked
    assert set(marked) <= set(TABLES)
    others = re.findall(r"<!-- benchmark (?!scoring_)(\w+) -->", _common.SPEED.read_text())
    assert {"journey", "start", "pages", "extraction", "growth", "racing"} <= set(others)
    assert set(others) <= set(__main__.USUAL)  # named like their file, and run by make bench


def test_another_computer_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(_common, "RESULTS", tmp_path / "results.json")
    _common.tell("old", [_common.row("a case", 4.0, 2.0)])
    monkeypatch.setattr(_common, "machine", lambda: {"processor": "another"})
    _common.tell(
        "new", [_common.row("a case", _common.Seconds(4.0, 6.0), _common.Seconds(2.0, 2.0))]
    )
    told = json.loads((tmp_path / "results.json").read_text())
    assert list(told["tables"]) == ["new"]
    assert told["tables"]["new"]["rows"][0]["ratio, all cores"] == pytest.approx(3)


def test_a_slow_one_is_stopped(monkeypatch, capfd):
    assert "_common" not in __main__.NAMES
    assert {"scoring", "projection", "journey"} <= set(__main__.USUAL)
    assert set(__main__.ALONE) < set(__main__.NAMES)
    monkeypatch.setattr(__main__, "MINUTES", 0.0001)
    assert __main__.run_all(["scoring"]) == 1
    assert "was stopped" in capfd.readouterr().out


def test_product_speed_and_peak(capsys):
    assert _common.product_speed("float32", 64) > 0
    _common.report_peak(lambda: None, lambda _: bytearray(80_000_000))
    clock, cpu, peak = map(float, capsys.readouterr().out.split())
    assert clock > 0
    assert cpu > 0
    assert peak > 0
