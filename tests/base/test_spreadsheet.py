import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import srcsel
from srcsel.base import spreadsheet

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
)


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_begins_like_a_formula_and_the_name_is_found_again(name):
    text = spreadsheet.to_csv((name, "plain"), [("a", name)])
    ((first, _), (_, cell)) = csv.reader(io.StringIO(text, newline=""))
    assert first == cell == f"'{name}"
    assert spreadsheet.as_named(cell) == name


@pytest.mark.parametrize("name", ["", "plain", "a=b", "'", "''", "'quoted'", "'=x", "it's", " =x"])
def test_other_names_are_found_again_too(name):
    assert spreadsheet.as_named(str(spreadsheet.safe_cell(name))) == name


def test_a_name_is_one_cell_whatever_separates_them():
    text = spreadsheet.to_csv(("file",), [("x;=1+1",), ("x\t=1+1",), ('x","=1+1',)])
    for separator in ",;\t":
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
        assert [len(row) for row in rows] == [1, 1, 1, 1]


def test_numbers_stay_numbers_and_the_unknown_is_empty():
    cells = (-1, -0.5, np.float64(-0.1), None, float("nan"), pd.NA, True)
    text = spreadsheet.to_csv(list("abcdefg"), [cells])
    assert text.splitlines()[1] == '-1,-0.5,-0.1,"","","",True'
    again = pd.read_csv(io.StringIO(text)).iloc[0]
    assert again[["a", "b", "c"]].tolist() == [-1, -0.5, -0.1]
    assert again[["d", "e", "f"]].isna().all()


def test_every_csv_is_written_here():
    """A download that writes CSV in another way would be forgotten."""
    package = Path(srcsel.__file__).parent
    writers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\.to_csv\(index|csv\.(Dict)?[wW]riter\(", path.read_text(encoding="utf-8"))
    }
    assert writers == {"base/spreadsheet.py", "models/hubs/_tables.py"}  # ships, read here only


def test_the_training_script_reads_names_as_they_are():
    source = (Path(srcsel.__file__).parent / "report/script/train.txt").read_text(encoding="utf-8")
    (function,) = re.findall(r"def named\(cell\):\n(?:    .*\n)+", source)
    space: dict = {}
    exec(function, space)
    for name in (*FORMULAS, "", "plain", "'", "'=x", "it's"):
        assert space["named"](str(spreadsheet.safe_cell(name))) == name
