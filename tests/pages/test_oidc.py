"""Signing in with an organisation's account: a dashboard in a process of its own, and a small
OpenID Connect provider, both on this computer.
"""

import base64
import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

ROOT = Path(__file__).parents[2]
CLIENT = "srcsel-test"
SECRET = "only-the-provider-knows"


class Provider(http.server.ThreadingHTTPServer):
    """Signs in whoever `person` says, at once; checks what OAuth 2.1 asks of a client."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        self.codes: dict[str, dict[str, str]] = {}
        self.person = {"sub": "42", "email": "ada@example.org", "email_verified": True}


class Answers(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        place, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if place == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": self.server.url,
                    "authorization_endpoint": f"{self.server.url}/authorize",
                    "token_endpoint": f"{self.server.url}/token",
                    "jwks_uri": f"{self.server.url}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                }
            )
        elif place == "/keys":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif place == "/authorize":
            code = base64.urlsafe_b64encode(os.urandom(12)).decode()
            self.server.codes[code] = {name: values[0] for name, values in asked.items()}
            back = {"code": code, "state": asked["state"][0]}
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri'][0]}?{urlencode(back)}")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.server.codes.pop(form["code"])
        proof = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if proof != f"{CLIENT}:{SECRET}" or challenge != asked["code_challenge"]:
            return self.send_error(401)
        now = int(time.time())
        claims = {"iss": self.server.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"]} | self.server.person
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.server.key)
        return self._json({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _json(self, value) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def provider():
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def dashboard(provider, tmp_path_factory):
    """A dashboard that is to be shared, with the provider in its secrets."""
    place = tmp_path_factory.mktemp("dashboard")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (place / ".streamlit").mkdir()
    (place / ".streamlit" / "secrets.toml").write_text(
        f"""
        [auth]
        redirect_uri = "http://localhost:{port}/oauth2callback"
        cookie_secret = "{"s" * 32}"
        client_id = "{CLIENT}"
        client_secret = "{SECRET}"
        server_metadata_url = "{provider.url}/.well-known/openid-configuration"
        client_kwargs = {{ code_challenge_method = "S256" }}
        """
    )
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port"]
    own = {
        "SRCSEL_HOME": str(place / "home"),
        "SRCSEL_HOSTS": "localhost",  # as behind a proxy: shared
        "SRCSEL_PEOPLE": "@example.org, eve@else.where",
        "PYTHONPATH": str(ROOT),
    }
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(port), "--server.address", "127.0.0.1"],
            cwd=place,
            env=os.environ | own,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://localhost:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, (place / "log").read_text()
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


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
