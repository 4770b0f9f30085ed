"""Without a run in the address, pages about a run open the latest, else the example."""

import dataclasses

import pytest

from srcsel.ui.people import people

PAGES = ["results", "explore", "evidence"]
LATER = "20990101-101500-000000-ab12"


@pytest.mark.parametrize("page", PAGES)
def test_the_newest_finished_run_opens_and_the_page_says_so(visit, stored, result, words_of, page):
    later = dataclasses.replace(result.run, id=LATER)
    stored.save(dataclasses.replace(result, run=later, complete=False))  # is under way
    tab = visit(page)
    assert tab.query_params["run"] == result.run.id
    assert "Your latest run" in words_of(tab)
    assert "Your latest run" in words_of(tab.run())
    assert "Your latest run" not in words_of(visit(page, run=result.run.id))


@pytest.mark.parametrize("page", PAGES)
def test_the_example_opens_for_who_has_none(visit, example, words_of, page):
    tab = visit(page)
    assert tab.query_params["run"] == example
    assert "A finished example" in words_of(tab)
    assert "A finished example" in words_of(tab.run())  # it still is true


def test_the_example_is_none_of_who_has_a_run(visit, example, stored, result, words_of):
    assert result.run.id in [run.id for run in stored.list()]
    assert "you have no run yet" not in words_of(visit("results", run=example))


def test_somebody_elses_run_does_not_open_by_itself(visit, stored, result, monkeypatch):
    theirs = dataclasses.replace(result.run, id=LATER, person="default:1")
    stored.save(dataclasses.replace(result, run=theirs))
    monkeypatch.setattr(people, "way", lambda: "oidc")
    monkeypatch.setattr(people, "person_of", lambda cookies: people.Person("default:2", "b@x.org"))
    assert "run" not in visit("results").query_params


@pytest.mark.parametrize("page", PAGES)
def test_an_owner_sees_all_runs_and_opens_the_own_latest(visit, stored, result, monkeypatch, page):
    own = dataclasses.replace(result.run, id="20980101-101500-000000-ab12", person="default:2")
    theirs = dataclasses.replace(result.run, id=LATER, person="default:1")
    for run in (own, theirs):
        stored.save(dataclasses.replace(result, run=run))
    monkeypatch.setenv("SRCSEL_OWNER", "b@x.org")
    monkeypatch.setattr(people, "way", lambda: "oidc")
    monkeypatch.setattr(people, "person_of", lambda cookies: people.Person("default:2", "b@x.org"))
    assert visit(page).query_params["run"] == own.id


@pytest.mark.parametrize("page", PAGES)
def test_what_was_chosen_among_the_classes_of_another_run_is_forgotten(visit, stored, result, page):
    stored.save(dataclasses.replace(result, run=dataclasses.replace(result.run, id=LATER)))
    tab = visit(page, run=result.run.id, pins="2", classes="1", second="demo/m1")
    assert tab.run().query_params["pins"] == "2"  # the same run keeps it
    tab.query_params["run"] = LATER
    tab.run()
    assert not {"pins", "classes", "second"} & set(tab.query_params)
