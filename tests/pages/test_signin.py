"""The gate before a shared server, by password; OpenID Connect has tests of its own."""

import json
import re

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from srcsel.base import log
from srcsel.base.errors import InputError
from srcsel.jobs import starting
from srcsel.ui.people import people
from srcsel.ui.server import attempts, server

PASSWORD = "correct horse battery"
WINDOW = {"accept": "text/html,*/*"}


async def _echo(window):
    await window.accept()
    async for text in window.iter_text():
        await window.send_text(text)


@pytest.fixture
def make(work, on_this_computer, monkeypatch):
    monkeypatch.setenv("SRCSEL_PASSWORD", PASSWORD)
    monkeypatch.setenv("SRCSEL_HOSTS", "lab.example")
    page = Route(
        "/{path:path}",
        lambda request: PlainTextResponse("secret"),
        methods=["GET", "PUT", "POST", "HEAD"],
    )
    app = Starlette(
        routes=[*server.ROUTES, WebSocketRoute("/_stcore/stream", _echo), page],
        middleware=server.MIDDLEWARE,
    )

    def browser(address: str = "192.168.1.7") -> TestClient:
        return TestClient(
            app, base_url="http://lab.example", client=(address, 1), follow_redirects=False
        )

    return browser


@pytest.fixture
def browser(make):
    return make()


def sign_in(browser, password=PASSWORD, onward="/"):
    return browser.post(f"/sign-in?next={onward}", data={"password": password})


EVERYTHING = [
    "/",
    "/results?run=x",
    "/thumbs/0123456789abcdef01234567/0/96.jpg",
    "/media/0123.csv",
    "/app/static/logo.svg",
    "/static/js/index.js",
    "/component/x/index.html",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/upload_file/s/f",
    "/_stcore/script-health-check",
    "/sign-in/../",
    "/sign-in/x",
    "/auth/login/../../",
    "//sign-in",
]


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_is_answered_before_the_sign_in(browser, path):
    for method in ("GET", "PUT", "POST", "HEAD"):
        answer = browser.request(method, path)
        assert answer.status_code == 401
        assert "secret" not in answer.text
    window = browser.get(path, headers=WINDOW)
    assert window.status_code == 303
    assert window.headers["location"].startswith("/sign-in")
    assert sign_in(browser).status_code == 303
    assert browser.get(path).status_code in (200, 404)


def test_no_socket_before_the_sign_in(browser):
    def opens() -> bool:
        try:
            with browser.websocket_connect("ws://lab.example/_stcore/stream", headers=host):
                return True
        except WebSocketDisconnect:
            return False

    host = {"host": "lab.example"}
    assert not opens()
    sign_in(browser)
    assert opens()


def test_the_sign_in_leads_on_to_where_one_wanted_to_go(browser):
    to = browser.get("/results?run=x&model=a%2Fb", headers=WINDOW).headers["location"]
    page = browser.get(to)
    assert (page.status_code, 'type="password"' in page.text) == (200, True)
    action = re.search(r'action="([^"]+)"', page.text).group(1).replace("&amp;", "&")
    answer = browser.post(f"/sign-in{action}", data={"password": PASSWORD})
    assert answer.headers["location"] == "/results?run=x&model=a%2Fb"


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:x",
        "/a\r\nSet-Cookie:x",
    ],
)
def test_the_sign_in_leads_nowhere_else(browser, onward):
    answer = browser.post("/sign-in", params={"next": onward}, data={"password": PASSWORD})
    assert answer.headers["location"] == "/"
    assert "evil" not in browser.get("/sign-in", params={"next": onward}).text


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser):
    cookie = sign_in(browser).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = TestClient(
        browser.app, base_url="https://lab.example", client=("1.1.1.1", 1), follow_redirects=False
    )
    assert "Secure" in sign_in(secure).headers["set-cookie"]


@pytest.mark.parametrize(
    "wrong", ["", "x", PASSWORD + " ", PASSWORD.upper(), "x" * 10_000, "\ud800"]
)
def test_a_wrong_password_is_said_and_lets_nobody_in(browser, wrong):
    data = wrong.encode("utf-8", "surrogatepass")
    answer = browser.post("/sign-in", content=b"password=" + data)
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    assert browser.get("/").status_code == 401


def test_forged_old_and_foreign_cookies_prove_nobody(browser, monkeypatch, work):
    sign_in(browser)
    good = browser.cookies[people.COOKIE]
    forged = URLSafeTimedSerializer("guess", salt="srcsel sign-in").dumps("0123")
    for cookie in (forged, good[:-1], good + "x", "", "é", "a" * 5000):
        assert people.person_of({people.COOKIE: cookie}) is None
    assert people.person_of({people.COOKIE: good}) is not None
    monkeypatch.setattr(people, "STAYS", -1)
    assert people.person_of({people.COOKIE: good}) is None
    monkeypatch.undo()
    monkeypatch.setenv("SRCSEL_HOME", str(work))
    monkeypatch.setenv("SRCSEL_PASSWORD", "another one entirely")
    assert people.person_of({people.COOKIE: good}) is None


def test_a_person_stays_the_same_over_a_restart_and_differs_from_others(make, work):
    first, second = make(), make()
    sign_in(first)
    sign_in(second)
    one, two = (people.person_of(dict(b.cookies)) for b in (first, second))
    assert one != two
    assert people.person_of(dict(first.cookies)) == one
    assert (work / "sign-in.key").stat().st_mode & 0o777 == 0o600


def test_signing_out_ends_it_for_every_copy_of_the_cookie(browser, make):
    sign_in(browser)
    copy = make()
    copy.cookies.update(dict(browser.cookies))
    other = make()
    sign_in(other)
    assert copy.get("/").status_code == 200
    assert browser.get("/sign-out").headers["location"] == "/sign-in"
    for path in EVERYTHING[:6]:
        for one in (browser, copy):
            assert one.get(path).status_code == 401
    assert other.get("/").status_code == 200
    people.ended._read.clear()  # as after a restart
    assert copy.get("/").status_code == 401


def test_an_ended_sign_in_is_forgotten_when_its_cookie_is_too_old(work, monkeypatch):
    people.ended.end("old")
    now = people.ended.time.time()
    monkeypatch.setattr(people.ended.time, "time", lambda: now + people.ended.KEPT + 1)
    people.ended.end("new")
    assert [people.ended.is_ended(mark) for mark in ("old", "new")] == [False, True]


def test_signing_out_closes_the_sockets_of_every_tab(browser, make):
    """A tab that stays open when one signs out in another can do nothing more."""
    sign_in(browser)
    other = make()
    sign_in(other)
    host = {"host": "lab.example"}
    place = "ws://lab.example/_stcore/stream"
    with (
        browser.websocket_connect(place, headers=host) as tab,
        other.websocket_connect(place, headers=host) as others,
    ):
        for one in (tab, others):
            one.send_text("a")
            assert one.receive_text() == "a"
        browser.get("/sign-out")
        with pytest.raises(WebSocketDisconnect):
            tab.receive_text()
        others.send_text("b")
        assert others.receive_text() == "b"


def test_a_socket_ends_with_its_sign_in(browser, monkeypatch):
    sign_in(browser)
    host = {"host": "lab.example"}
    with browser.websocket_connect("ws://lab.example/_stcore/stream", headers=host) as tab:
        monkeypatch.setattr(people, "STAYS", -1)  # a week later
        tab.send_text("a")
        with pytest.raises(WebSocketDisconnect):
            tab.receive_text()


def test_guessing_is_slowed_down_by_address(make):
    guesser, other = make(), make("192.168.1.8")
    statuses = [sign_in(guesser, "wrong").status_code for _ in range(attempts.FREE + 1)]
    assert statuses == [401] * attempts.FREE + [429]
    answer = sign_in(guesser)  # the right one has to wait too, or waiting would tell nothing
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "Try again in 1 seconds" in answer.text
    assert sign_in(other).status_code == 303


def test_the_log_tells_who_came_and_went_and_who_guessed(make, tmp_path):
    path = log.begin(tmp_path / "log", "server")
    try:
        guess, browser = make("10.1.1.1"), make("192.168.1.7")
        for _ in range(attempts.FREE + 3):
            sign_in(guess, "wrong horse")
        sign_in(browser)
        browser.get("/sign-out")
    finally:
        log.end()
    text = path.read_text(encoding="utf-8")
    told = [json.loads(line) for line in text.splitlines()]
    events = [line["event"] for line in told]
    assert events == [
        *["sign-in failed"] * attempts.FREE,
        "sign-in slowed down",  # once, however often it is tried meanwhile
        "signed in",
        "signed out",
    ]
    assert {line["address"] for line in told[:-2]} == {"10.1.1.1"}
    assert told[-1]["person"] == told[-2]["person"] != ""
    assert told[-2]["address"] == "192.168.1.7"
    assert "wrong horse" not in text
    assert PASSWORD not in text


def test_waits_double_and_end_by_the_naive_count():
    now = 0.0
    counted = attempts.Attempts(lambda: now)
    waits = []
    for _ in range(16):
        counted.failed("1.2.3.4")
        waits.append(counted.wait("1.2.3.4"))
        now += waits[-1]
        assert counted.wait("1.2.3.4") == 0
    assert waits == [0] * 4 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    counted.succeeded("1.2.3.4")
    counted.failed("1.2.3.4")
    assert counted.wait("1.2.3.4") == 0


def test_guessing_from_many_addresses_is_slowed_down_in_all():
    now = 0.0
    counted = attempts.Attempts(lambda: now)
    for k in range(attempts.IN_ALL):
        assert counted.wait(f"10.0.{k}.1") == 0
        counted.failed(f"10.0.{k}.1")
        now += 1
    assert counted.wait("10.1.1.1") == attempts.WINDOW - attempts.IN_ALL
    now = attempts.WINDOW
    assert counted.wait("10.1.1.1") == 0


def test_one_network_of_ipv6_is_one_address_and_the_memory_is_bounded():
    counted = attempts.Attempts(lambda: 0.0)
    for k in range(attempts.FREE):
        counted.failed(f"2001:db8::{k}")
    assert counted.wait("2001:db8::ffff") == 1
    assert counted.wait("2001:db8:0:1::1") == 0
    for k in range(3 * attempts.REMEMBERED):
        counted.failed(f"10.{k >> 16}.{k >> 8 & 255}.{k & 255}")
    assert len(counted._wrong) == attempts.REMEMBERED


@pytest.fixture
def wide(on_this_computer):
    config.set_option("server.address", "0.0.0.0")


def test_a_wide_server_starts_with_a_sign_in_only(wide, monkeypatch):
    with pytest.raises(InputError) as caught:
        people.require_sign_in()
    for remedy in ("SRCSEL_PASSWORD", "[auth]", "--insecure"):
        assert remedy in str(caught.value)
    monkeypatch.setenv("SRCSEL_PASSWORD", "short")
    with pytest.raises(InputError, match="8 characters"):
        people.require_sign_in()
    monkeypatch.setenv("SRCSEL_PASSWORD", PASSWORD)
    people.require_sign_in()
    monkeypatch.delenv("SRCSEL_PASSWORD")
    monkeypatch.setenv("SRCSEL_INSECURE", "1")
    people.require_sign_in()


@pytest.mark.parametrize("address", ["", "::", "192.168.1.5", "lab.example"])
def test_every_other_address_is_wide(wide, address):
    config.set_option("server.address", address)
    with pytest.raises(InputError, match="does not start"):
        people.require_sign_in()


def test_a_name_given_by_a_proxy_makes_it_wide_too(on_this_computer, monkeypatch):
    people.require_sign_in()
    monkeypatch.setenv("SRCSEL_HOSTS", "lab.example")
    with pytest.raises(InputError, match="does not start"):
        people.require_sign_in()


def test_the_refusal_is_a_sentence_and_no_trace(wide, capsys):
    with pytest.raises(SystemExit) as caught:
        server.require_sign_in()
    assert str(caught.value).startswith("srcsel: Others could reach this dashboard")


def test_a_limit_that_is_none_is_said_at_the_start(on_this_computer, monkeypatch):
    monkeypatch.setenv("SRCSEL_MOST_RUNS", "many")
    with pytest.raises(SystemExit, match="SRCSEL_MOST_RUNS is a number"):
        server.require_sign_in()


def test_a_worker_does_not_learn_the_password(work, monkeypatch):
    monkeypatch.setenv("SRCSEL_PASSWORD", PASSWORD)
    assert PASSWORD not in starting._environment(work / "jobs").values()
