"""Corrections under way: kept over tabs, each person's own, and undone step by step."""

from srcsel.base.records import Corrections
from srcsel.store import drafts

START = Corrections(("a",))
ONE, TWO = Corrections(("a", "b")), Corrections(("a",), (("c", "rust"),))


def test_what_is_corrected_is_kept_for_each_person_and_undone_step_by_step(tmp_path):
    assert drafts.read(tmp_path, "me", START) == drafts.Draft(START)
    first = drafts.change(tmp_path, "me", drafts.read(tmp_path, "me", START), ONE)
    drafts.change(tmp_path, "me", first, TWO)
    kept = drafts.read(tmp_path, "me", START)
    assert kept == drafts.Draft(TWO, (START, ONE))
    assert drafts.read(tmp_path, "you", START) == drafts.Draft(START)
    assert drafts.undo(tmp_path, "me", kept).now == ONE
    last = drafts.undo(tmp_path, "me", drafts.read(tmp_path, "me", START))
    assert last == drafts.Draft(START)
    assert drafts.undo(tmp_path, "me", last) == last


def test_what_changes_nothing_is_no_step(tmp_path):
    assert drafts.change(tmp_path, "", drafts.Draft(ONE), ONE) == drafts.Draft(ONE)


def test_only_the_last_steps_are_kept_and_not_too_many_pictures_in_all(tmp_path, monkeypatch):
    monkeypatch.setattr(drafts, "CHANGES", 2)
    draft = drafts.Draft(START)
    for number in range(4):
        draft = drafts.change(tmp_path, "", draft, Corrections((str(number),)))
    assert [one.left_out for one in draft.past] == [("1",), ("2",)]
    monkeypatch.setattr(drafts, "HELD", 1)
    draft = drafts.change(tmp_path, "", draft, ONE)
    assert [one.left_out for one in draft.past] == [("3",)]  # the last one can be undone always


def test_a_damaged_file_counts_as_none(tmp_path):
    drafts.change(tmp_path, "", drafts.Draft(START), ONE)
    (path,) = tmp_path.iterdir()
    for text in (b"{", b"[]", b'{"now": {"left_out": 3}}'):
        path.write_bytes(text)
        assert drafts.read(tmp_path, "", START) == drafts.Draft(START)
