"""Whose a run is: what one person, another, and the owner see and may do."""

import dataclasses

import pytest

from srcsel.jobs.base import question_of
from srcsel.runs.public_json import to_json
from srcsel.store.serialize import to_plain
from srcsel.ui.parts import asking, mine
from srcsel.ui.people import people

ADA = people.Person("default:1", "ada@example.org")
BOB = people.Person("default:2", "bob@example.org")
NAMELESS = people.Person("default:3", "")


@pytest.fixture
def as_person(monkeypatch):
    """Whoever looks at the next page signed in with this account."""

    def sign_in(person: people.Person) -> None:
        monkeypatch.setattr(people, "way", lambda: "oidc")
        monkeypatch.setattr(people, "person_of", lambda cookies: person)

    return sign_in


@pytest.fixture
def two(stored, result):
    """A run of Ada's, and one made before people signed in."""
    old = dataclasses.replace(result.run, id="20250101-000000-000000-aaaa", title="before")
    stored.save(dataclasses.replace(result, run=old))
    new = dataclasses.replace(result.run, title="of Ada", person=ADA.id)
    stored.save(dataclasses.replace(result, run=new))
    return new.id, old.id


def listed(tab) -> set[str]:
    return set(tab.dataframe[0].value["Run"]) if tab.dataframe else set()


def test_lists_show_ones_own_runs_and_the_owner_all(visit, two, as_person, monkeypatch):
    assert listed(visit("history")) == {"of Ada", "before"}  # nobody signs in: one's own computer
    for person, runs in ((ADA, {"of Ada"}), (BOB, set()), (NAMELESS, set())):
        as_person(person)
        assert listed(visit("history")) == runs
    monkeypatch.setenv("SRCSEL_OWNER", "root@example.org, BOB@example.org")
    as_person(BOB)
    assert listed(visit("history")) == {"of Ada (somebody else's)", "before"}
    as_person(NAMELESS)  # the provider does not vouch for an address
    assert listed(visit("history")) == set()


def test_home_shows_ones_own_runs(visit, two, as_person, words_of):
    as_person(ADA)
    assert "of Ada" in words_of(visit())
    assert "before" not in words_of(visit())
    as_person(BOB)
    assert "of Ada" not in words_of(visit())


def test_a_link_opens_anothers_run_for_reading(visit, two, as_person, words_of):
    for person, whose in ((ADA, True), (BOB, False)):
        as_person(person)
        tab = visit("results", run=two[0])
        tab.segmented_control(key="results-table").set_value("Every measure").run()
        assert "measures are scored" in words_of(tab)
        assert bool([button for button in tab.button if button.key == "results-every"]) is whose
        assert (mine.NOT_YOURS in words_of(tab)) is not whose


def test_anothers_run_says_so_and_pictures_lie_on_the_server(
    visit, two, as_person, words_of, monkeypatch
):
    for person, anothers in ((ADA, False), (BOB, True)):
        as_person(person)
        for page in ("results", "explore"):
            said = words_of(visit(page, run=two[0]))
            assert ("Somebody else's run" in said) is anothers
    assert visit("images").segmented_control(key="images-way").options[1] == (
        "Folder on this computer"
    )
    monkeypatch.setenv("SRCSEL_HOSTS", "lab.example")  # others reach it
    for roots, way in (("/data/pictures", "folder"), ("s3://bucket", "folder"), ("nowhere", "zip")):
        monkeypatch.setenv("SRCSEL_ROOTS", roots)
        tab = visit()
        assert ":material/lock: Your pictures stay on the server." in [c.value for c in tab.caption]
        next(b for b in tab.button if b.label == "Use my own pictures").click().run()
        ways = tab.segmented_control(key="images-way")
        assert (ways.value, ways.options[1]) == (way, "Folder on the server")
        if way == "folder":
            box = tab.text_input(key="images-folder")
            assert (box.label, box.placeholder) == ("Folder on the server", f"{roots}/leaves")


@pytest.mark.parametrize("state", ["running", "failed"])
def test_only_ones_own_job_is_stopped_or_continued(
    visit, board, settle, as_person, result, work, state, words_of
):
    run = dataclasses.replace(result.run, person=ADA.id)
    settle(board.submit("rank", {"run": to_plain(run)}), state)
    for person, whose in ((ADA, True), (BOB, False)):
        as_person(person)
        tab = visit("results", run=run.id)
        labels = {button.label for button in tab.button} & {"Stop", "Continue"}
        assert bool(labels) is whose
        assert (mine.NOT_YOURS in words_of(tab)) is not whose


def test_a_run_is_anothers_to_measure(visit, board, two, as_person):
    as_person(BOB)
    tab = visit("evidence", run=two[0])
    next(button for button in tab.button if button.key == "evidence-probe").click().run()
    assert mine.NOT_YOURS in "".join(error.value for error in tab.error)
    assert not [job for job in board.recent() if job.kind == "evidence"]


def test_who_asks_travels_with_the_run_and_leaves_the_question_alone(
    board, as_person, result, work
):
    as_person(ADA)
    first = asking.submit_run(result.run)
    assert board.status(first).payload["run"]["person"] == board.status(first).person == ADA.id
    as_person(BOB)
    again = dataclasses.replace(result.run, id="20260301-101500-000000-ffff", person=ADA.id)
    assert asking.submit_run(again) == again.id  # Bob's own, computed once for both
    assert board.status(again.id).person == BOB.id
    same = [{"run": to_plain(dataclasses.replace(result.run, person=p))} for p in ("a", "b")]
    assert question_of("rank", same[0]) == question_of("rank", same[1])


def test_what_somebody_else_stopped_is_asked_again(board, as_person, settle, work):
    as_person(ADA)
    first = asking.ask_once("map", {"run_id": "x", "model": "y", "method": "pca"})
    settle(first.id, "running")
    as_person(BOB)
    assert asking.ask_once("map", {"run_id": "x", "model": "y", "method": "pca"}).id == first.id
    settle(first.id, "cancelled")
    again = asking.ask_once("map", {"run_id": "x", "model": "y", "method": "pca"})
    assert (again.id != first.id, again.person) == (True, BOB.id)


def test_the_check_of_ones_pictures_is_ones_own_to_stop(board, as_person, work):
    as_person(ADA)
    job = board.status(board.submit("check", {"ref": "demo:digits"}, mine.asker()))
    assert mine.job_is_mine(job)
    as_person(BOB)
    assert not mine.job_is_mine(job)


def test_who_asked_is_not_handed_on(result):
    told = to_json(dataclasses.replace(result, run=dataclasses.replace(result.run, person="x:9")))
    assert "x:9" not in str(told)
