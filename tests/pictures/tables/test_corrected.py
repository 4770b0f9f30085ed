"""Corrections as a table: written, edited by hand, read back; the corrected list as a table."""

import csv
import io
import os

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.corrections import corrections
from srcsel.pictures.dataset import load_dataset
from srcsel.pictures.tables import corrected_csv, corrections_csv, read_corrections

HOSTILE = ["=1+1.png", "a/'b,c\"d.png", "é/＝x.png", "@x/ y .png"]


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "corrections.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_what_is_written_is_read_back_and_no_spreadsheet_runs_it(table):
    known = corrections(HOSTILE[:2], {HOSTILE[2]: "=cmd()", HOSTILE[3]: "-5"})
    text = corrections_csv(known, dict.fromkeys(HOSTILE, "+was"))
    assert read_corrections(table(text)) == known
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["file", "label", "change", "new_label"]
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@＝"))]
    assert ["'=1+1.png", "'+was", "leave out", ""] in rows


def test_a_table_by_hand(table):
    path = table("\ufeffFile;New label\nred/1.png;blue\nred/2.png;\n")
    assert read_corrections(path) == corrections(["red/2.png"], {"red/1.png": "blue"})
    path = table("file,change\na.png,Leave out\nb.png,leave out\n")
    assert read_corrections(str(path)) == corrections(["a.png", "b.png"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\na.png,b\n", "is no table of corrections"),
        ("file,change,new_label\na.png,leave out,b\n", "Line 2 of .* cannot be meant so"),
        ("file,change,new_label\na.png,new label,\n", "Line 2 of .* cannot be meant so"),
        (
            "file,change,new_label\na.png,rename,b\n",
            "Line 2 of .* cannot be meant so: 'rename' is neither 'leave out' nor 'new label'",
        ),
        ("file,change,new_label\n", "names no picture, so it corrects nothing"),
        ("file,new_label\na.png,b\na.png,c\n", "two new labels"),
        ("file,new_label\na.png,b\na.png,\n", "left out and to have another label"),
        ("hello\n", r"no table with two columns. Its first line is file,change,new_label"),
        ('file,change\n"' + "x" * 1_100_000, "no table of corrections. Its first line is"),
        ("", "is empty"),
    ],
)
def test_what_is_no_such_table_is_refused(table, text, said):
    with pytest.raises(InputError, match=said):
        read_corrections(table(text))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"corrections .* cannot be read: No such file"):
        read_corrections(tmp_path / "no.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is a pipe, which can be read only once"):
        read_corrections(tmp_path / "pipe.csv")


def test_the_corrected_list_read_as_a_table_is_the_corrected_set(picture_folder):
    (picture_folder / "red" / "000.png").rename(picture_folder / "red" / "=0.png")
    whole = load_dataset(str(picture_folder))
    known = corrections(["red/001.png"], {"blue/000.png": "=sea", "red/=0.png": "blue"})
    (picture_folder / "labels.csv").write_text(corrected_csv(whole, known))
    again = load_dataset(str(picture_folder))
    (picture_folder / "labels.csv").unlink()
    corrected = load_dataset(
        str(picture_folder), left_out=known.left_out, relabeled=known.relabeled
    )
    assert again.digest == corrected.digest
    assert "=sea" in again.classes
