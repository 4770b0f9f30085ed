"""The queue is fair: people take turns, and a question is computed once for all who ask it."""

import contextlib
import json
import sqlite3

import pytest

from srcsel.base.errors import InputError, QuotaError
from srcsel.base.quotas import load_quotas
from srcsel.base.settings import load_settings
from srcsel.jobs import Board, starting, worker
from srcsel.jobs.base import Table
from srcsel.jobs.turns import Waiting, in_turn
from srcsel.store import owned
from srcsel.store.features import open_runs


def queue(*jobs):
    """("ada1", "bob1") -> waiting jobs of ada and bob with questions of their own, in order."""
    return [Waiting(name, name[:-1], place, name) for place, name in enumerate(jobs)]


def order(waiting, turns, answered=()):
    return [one.id for one in in_turn(waiting, turns, answered)[0]]


def test_people_take_turns():
    jobs = queue(*[f"ada{k}" for k in range(10)], "bob0", "bob1", "eve0")
    assert order(jobs, {})[:6] == ["ada0", "bob0", "eve0", "ada1", "bob1", "ada2"]
    assert order(jobs, {"ada": 3})[:5] == ["bob0", "eve0", "ada0", "bob1", "ada1"]
    assert order(jobs, {"ada": 1, "bob": 3, "eve": 2})[:4] == ["ada0", "eve0", "bob0", "ada1"]
    assert order(queue("me0", "me1", "me2"), {"me": 9}) == ["me0", "me1", "me2"]


def test_who_asks_the_same_follows_and_uses_up_no_turn():
    jobs = [Waiting("a0", "a", 0, "x"), Waiting("a1", "a", 1, "y")]
    jobs += [Waiting("b0", "b", 2, "x"), Waiting("b1", "b", 3, "z")]
    taken, followers = in_turn(jobs, {})
    assert [one.id for one in taken] == ["a0", "b0", "b1", "a1"]  # b's turn is still b's
    assert followers == {"b0"}
    assert order(jobs, {}, {"y"})[0] == "a1"  # its answer is there already


@pytest.fixture
def lane(work_folder, monkeypatch):
    """A board whose jobs nobody works on: they are claimed by hand."""
    monkeypatch.setattr(starting, "_start", lambda *_: None)
    return Board(load_settings().jobs)


def ask(board, jobs, person, seed=0):
    return board.submit("rank", jobs.question("slow/one", seed=seed), person)


def test_ten_runs_of_one_do_not_delay_anothers_first(lane, jobs):
    ten = [ask(lane, jobs, "ada", seed) for seed in range(10)]
    assert worker._claim(lane.table, "compute")["id"] == ten[0]
    worker._finish(lane.table, ten[0], "done", "")
    first = ask(lane, jobs, "bob", 99)
    assert (lane.status(first).ahead, lane.status(ten[1]).ahead) == (0, 1)
    assert [job.id for job in lane.active()][:3] == [first, ten[1], ten[2]]
    claimed = [worker._claim(lane.table, "compute")["id"] for _ in range(2)]
    assert claimed == [first, ten[1]]


def test_the_place_in_the_queue_is_said(lane, jobs):
    ids = [ask(lane, jobs, "ada", seed) for seed in range(3)]
    assert "Getting ready" in lane.status(ids[0]).what
    assert lane.status(ids[2]).what == "In the queue: 2 runs before this one"
    with lane.table.open(write=True) as db:
        db.execute("update jobs set state='running' where id=?", (ids[0],))
    assert "Next in the queue" in lane.active()[1].what


def test_two_people_get_one_computation_and_each_may_stop_theirs(jobs):
    first = jobs.board.submit("rank", jobs.question("slow/one"), "ada")
    second = jobs.board.submit("rank", jobs.question("slow/one"), "bob")
    third = jobs.board.submit("rank", jobs.question("slow/one"), "eve")
    assert len({first, second, third}) == 3
    assert jobs.board.submit("rank", jobs.question("slow/one"), "bob") == second
    jobs.until(lambda: jobs.rows() > 0)
    shown = jobs.board.status(second)
    assert "Somebody else asked the same" in shown.what
    assert (shown.state, bool(shown.parts)) == ("queued", True)  # how far the first is
    jobs.board.cancel(third)
    jobs.wait(first, "done")
    jobs.wait(second, "done")
    assert jobs.rows() == 600  # every picture once
    assert jobs.board.status(third).state == "cancelled"
    one, two = (open_runs(load_settings()).load(job) for job in (first, second))
    assert one.run.id != two.run.id
    assert [s.value for s in one.scores] == [s.value for s in two.scores]


def test_where_the_first_is_stopped_the_other_goes_on(jobs):
    first = jobs.board.submit("rank", jobs.question("slow/one"), "ada")
    second = jobs.board.submit("rank", jobs.question("slow/one"), "bob")
    jobs.until(lambda: jobs.rows() > 0)
    jobs.board.cancel(first)
    jobs.wait(first, "cancelled")
    jobs.wait(second, "done")
    assert open_runs(load_settings()).load(second).complete


def test_neither_sees_it_where_the_folder_may_not_be_opened(jobs, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    for person in ("ada", "bob"):
        job = jobs.board.submit("rank", jobs.question("slow/one"), person)
        assert "opens no folders by path" in jobs.wait(job, "failed").error
    assert jobs.rows() == 0


def test_too_many_runs_of_one_or_of_all_are_refused_in_words(lane, jobs, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_RUNS", "2")
    monkeypatch.setenv("SRCSEL_MOST_RUNS_ALL", "3")
    for seed in range(2):
        ask(lane, jobs, "ada", seed)
    with pytest.raises(QuotaError, match=r"You have 2 runs .* stop one .*SRCSEL_MOST_RUNS\)"):
        ask(lane, jobs, "ada", 3)
    assert ask(lane, jobs, "ada", 1)  # the same question joins the run that waits
    ask(lane, jobs, "bob", 4)
    with pytest.raises(QuotaError, match=r"3 runs of all people .*SRCSEL_MOST_RUNS_ALL\)"):
        ask(lane, jobs, "eve", 5)
    lane.submit("check", {"ref": "demo:digits"}, "ada")  # looking at pictures waits for nobody
    lane.cancel(lane.active()[0].id)
    ask(lane, jobs, "eve", 5)


def test_each_kind_of_request_has_a_limit(lane, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_RUNS", "2")
    for token in "ab":
        lane.submit("try", {"run_id": "x", "token": token}, "ada")
    with pytest.raises(QuotaError, match=r"You have 2 requests waiting or under way"):
        lane.submit("try", {"run_id": "x", "token": "c"}, "ada")
    lane.submit("map", {"run_id": "x", "model": "m", "method": "pca"}, "ada")
    lane.submit("try", {"run_id": "x", "token": "c"}, "bob")


def test_alone_on_ones_computer_only_the_limit_of_all_holds(lane, jobs, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_RUNS", "1")
    for seed in range(3):
        ask(lane, jobs, "", seed)


def test_stored_features_count_for_whose_job_made_them(jobs, monkeypatch):
    job = jobs.board.submit("rank", jobs.question("slow/one"), "ada")
    jobs.wait(job, "done")
    jobs.wait(jobs.board.submit("rank", jobs.question("slow/one", seed=1), "bob"), "done")
    sizes = owned.taken(load_settings().features)
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", str(sizes["ada"] / 1e9))
    with pytest.raises(QuotaError, match=r"made of your pictures takes .*SRCSEL_MOST_FEATURES\)"):
        ask(jobs.board, jobs, "ada", 2)
    for file in load_settings().jobs.glob("board.sqlite*"):
        file.unlink()  # as where a damaged table is moved aside
    with pytest.raises(QuotaError, match="made of your pictures takes"):
        ask(jobs.board, jobs, "ada", 2)
    jobs.board.cancel(ask(jobs.board, jobs, "bob", 2))  # used the same ones, added none
    monkeypatch.setenv("SRCSEL_MOST_FEATURES_ALL", str(sizes.total() / 1e9))
    with pytest.raises(QuotaError, match=r"Stored features take .*SRCSEL_MOST_FEATURES_ALL\)"):
        ask(jobs.board, jobs, "bob", 3)
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", "none")
    monkeypatch.setenv("SRCSEL_MOST_FEATURES_ALL", "none")
    jobs.board.cancel(ask(jobs.board, jobs, "ada", 2))


@pytest.mark.parametrize("text", ["abc", "-1", "nan", "inf"])
def test_what_is_no_limit_is_refused(monkeypatch, text):
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS", text)
    with pytest.raises(InputError, match="SRCSEL_MOST_UPLOADS is a number"):
        load_quotas()


def test_a_table_of_an_earlier_version_is_brought_up_to_date(tmp_path):
    table = Table(tmp_path)
    with table.open():
        pass
    with contextlib.closing(sqlite3.connect(table.path)) as old, old:
        for column in ("person", "turn"):
            old.execute(f"alter table jobs drop column {column}")
        old.execute(
            "insert into jobs (id, place, kind, lane, question, payload, state, created) values"
            " ('old', 1, 'check', 'quick', '?', ?, 'queued', 0)",
            (json.dumps({"ref": "demo:digits"}),),
        )
    assert worker._claim(table, "quick")["person"] == ""
