"""Signing in with an organisation's account: a dashboard in a process of its own, and a small
OpenID Connect provider, both on this computer.
"""

import json
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.provider import running_dashboard, running_provider, secrets_for


@pytest.fixture(scope="module")
def provider():
    with running_provider() as server:
        yield server


@pytest.fixture(scope="module")
def dashboard(provider, tmp_path_factory):
    """A dashboard that is to be shared, with the provider in its secrets."""
    place, people = tmp_path_factory.mktemp("dashboard"), "@example.org, eve@else.where"
    with running_dashboard(place, secrets_for(provider), SRCSEL_PEOPLE=people) as url:
        yield url


@pytest.fixture
def get(dashboard):
    """A browser with cookies: get(path) -> (status, where it ended, body)."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("Accept", "text/html")]

    def fetch(path: str) -> tuple[int, str, str]:
        try:
            with browser.open(dashboard + path, timeout=20) as answer:
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.status, answer.url, answer.read().decode()

    return fetch


def test_one_signs_in_there_and_comes_back_to_where_one_wanted_to_go(get, dashboard, provider):
    provider.person = {"sub": "42", "email": "ada@example.org", "email_verified": True}
    status, where, body = get("/results?run=abc")
    assert (status, where) == (200, f"{dashboard}/results?run=abc")
    assert "<title>Streamlit</title>" in body or 'id="root"' in body
    assert get("/_stcore/host-config")[0] == 200


def test_nothing_is_answered_before(dashboard):
    for path in ("/", "/_stcore/host-config", "/thumbs/x/0/96.jpg", "/media/x"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(dashboard + path, timeout=20)


def test_a_forged_cookie_proves_nobody(dashboard):
    forged = json.dumps({"sub": "42", "is_logged_in": True, "origin": dashboard})
    request = urllib.request.Request(
        dashboard + "/", headers={"Cookie": f"_streamlit_user={forged.replace(' ', '')}"}
    )
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=20)


@pytest.mark.parametrize(
    ("email", "verified", "status"),
    [
        ("ada@example.org", True, 200),
        ("EVE@else.where", True, 200),
        ("mallory@else.where", True, 403),
        ("mallory@notexample.org", True, 403),
        ("ada@example.org", False, 403),  # the provider does not vouch for it
    ],
)
def test_only_those_the_dashboard_is_for_are_let_in(get, provider, email, verified, status):
    provider.person = {"sub": "7", "email": email, "email_verified": verified}
    got, _, body = get("/")
    assert got == status
    assert status == 200 or "not among those this dashboard is for" in body
    assert status == 200 or '<a href="/sign-out">' in body


def test_who_signed_out_has_to_sign_in_again_also_with_a_copy_of_the_cookie(dashboard, provider):
    provider.person = {"sub": "42", "email": "ada@example.org", "email_verified": True}
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.addheaders = [("Accept", "text/html")]
    browser.open(dashboard + "/", timeout=20).close()
    held = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    copy = urllib.request.Request(dashboard + "/_stcore/host-config", headers={"Cookie": held})
    urllib.request.urlopen(copy, timeout=20).close()
    browser.open(dashboard + "/sign-out", timeout=20).close()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(copy, timeout=20)


def test_the_log_tells_who_came_and_went(dashboard, provider, tmp_path_factory):
    """All that the tests before did, in the order they did it; the last of each here."""
    provider.person = {"sub": "77", "email": "ada@example.org", "email_verified": True}
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    browser.addheaders = [("Accept", "text/html")]
    browser.open(dashboard + "/", timeout=20).close()
    browser.open(dashboard + "/sign-out", timeout=20).close()
    provider.person = {"sub": "78", "email": "mallory@else.where", "email_verified": True}
    other = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    other.addheaders = [("Accept", "text/html")]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        other.open(dashboard + "/", timeout=20)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(dashboard + "/oauth2callback?code=x&state=y", timeout=20)
    logs = tmp_path_factory.getbasetemp().glob("dashboard*/home/log/server.jsonl")
    path = max(logs, key=lambda log: log.stat().st_mtime_ns)
    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["person"]) for line in told if "address" in line][-4:] == [
        ("signed in", "default:77"),
        ("signed out", "default:77"),
        ("sign-in refused", "default:78"),
        ("sign-in failed", ""),
    ]
