"""A small OpenID Connect provider, and a dashboard that asks it: both on this computer."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

ROOT = Path(__file__).parents[1]
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


@contextlib.contextmanager
def running_provider() -> Iterator[Provider]:
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextlib.contextmanager
def running_dashboard(place: Path, secrets: str = "", **environment: str) -> Iterator[str]:
    """Give the address of a dashboard that is to be shared; `secrets` with its port as {port}."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    if secrets:
        (place / ".streamlit").mkdir()
        (place / ".streamlit" / "secrets.toml").write_text(secrets.replace("{port}", str(port)))
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port"]
    own = {
        "SRCSEL_HOME": str(place / "home"),
        "SRCSEL_HOSTS": "localhost",  # as behind a proxy: shared
        "PYTHONPATH": str(ROOT),
        **environment,
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


def secrets_for(provider: Provider) -> str:
    return f"""
        [auth]
        redirect_uri = "http://localhost:{{port}}/oauth2callback"
        cookie_secret = "{"s" * 32}"
        client_id = "{CLIENT}"
        client_secret = "{SECRET}"
        server_metadata_url = "{provider.url}/.well-known/openid-configuration"
        client_kwargs = {{ code_challenge_method = "S256" }}
        """
