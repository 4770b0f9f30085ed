"""`srcsel uploads` lists what was uploaded, and removes it."""

import json

from srcsel.base.settings import load_settings
from srcsel.cli.commands import main


def test_uploads_are_listed_and_removed(work_folder, capsys, monkeypatch):
    folder = load_settings().uploads / "0123456789abcdef" / "leaves"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(b"x" * 2_000_000)
    assert main(["uploads", "--json", "-"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["uploads"]
    assert (one["id"], one["folder"], one["people"]) == ("0123456789abcdef", str(folder), 0)
    assert one["used"] < one["until"]
    assert main(["uploads"]) == 0
    assert "2 MB" in capsys.readouterr().out
    assert main(["uploads", "--remove", "fedcba9876543210"]) == 2
    assert "There is no upload named" in capsys.readouterr().err
    assert main(["uploads", "--remove", "0123456789abcdef"]) == 0
    assert capsys.readouterr().out == "No zip was uploaded.\n"
    assert not folder.exists()
