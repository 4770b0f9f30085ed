"""Who is at the door: the sign-in that was set up, and the person a request's cookies prove.

| set up by | sign-in |
|---|---|
| `[auth]` in .streamlit/secrets.toml | OpenID Connect, by Streamlit's own `st.login` |
| SRCSEL_PASSWORD | one password for all |
| neither | none; then nobody else must reach the server |
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from itsdangerous import BadSignature, URLSafeTimedSerializer
from streamlit.auth_util import (
    get_cookie_with_chunks,
    get_origin_from_redirect_uri,
    get_secrets_auth_section,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from srcsel.base.errors import InputError
from srcsel.base.settings import SHORTEST_PASSWORD, load_settings
from srcsel.ui.people import ended
from srcsel.ui.people.reach import shared

Way = Literal["oidc", "password", "none"]
COOKIE = "srcsel_person"
STAYS = 7 * 24 * 3600  # seconds a sign-in by password lasts

_REMEDIES = (
    "Others could reach this dashboard and nobody would have to sign in, so it does not start."
    " Either set SRCSEL_PASSWORD, one password for all; or set up a sign-in of your organisation"
    " ([auth] in .streamlit/secrets.toml, see docs/team.md). For this computer only, leave"
    " --server.address at 127.0.0.1 and SRCSEL_HOSTS unset. To start without a sign-in anyway:"
    " srcsel app --insecure."
)
INSECURE = (
    "Started without a sign-in: whoever reaches this address can see all pictures, runs and"
    " results, start, stop and delete runs, and use this computer to compute. Use it only behind a"
    " sign-in of your own, such as a proxy's."
)


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    id: str  # the same at every sign-in; of a password: this browser's
    name: str  # what the page shows


def way() -> Way:
    """Return the sign-in that is asked for. One for all is always, OpenID Connect where others
    reach the server: the file may be there for other programs.
    """
    if shared() and _providers():
        return "oidc"
    return "password" if os.environ.get("SRCSEL_PASSWORD") else "none"


def insecure() -> bool:
    """Tell whether whoever runs the server said that it needs no sign-in."""
    return os.environ.get("SRCSEL_INSECURE", "") not in ("", "0")


def require_sign_in() -> None:
    """Raise InputError, with the remedies, where others reach the server and no sign-in works."""
    chosen = way()
    if chosen == "none" and shared() and not insecure():
        raise InputError(_REMEDIES)
    if chosen == "password" and len(os.environ["SRCSEL_PASSWORD"]) < SHORTEST_PASSWORD:
        raise InputError(
            f"SRCSEL_PASSWORD is too short. Take {SHORTEST_PASSWORD} characters or more."
        )
    if chosen == "oidc":
        if not is_authlib_installed():
            raise InputError("The sign-in needs Authlib: pip install 'srcsel[signin]'.")
        try:
            for provider in _providers():
                validate_auth_credentials(provider)
        except StreamlitAuthError as error:
            raise InputError(f"The sign-in in secrets.toml cannot be used: {error}") from error


def providers() -> list[str]:
    """Return the names of the OpenID Connect providers, in the order of the file."""
    return _providers()


def person_of(cookies: Mapping[str, str]) -> Person | None:
    """Return who these cookies prove, by the sign-in that is asked for; None = nobody."""
    mark = sign_in_of(cookies)
    if mark is None or ended.is_ended(mark):
        return None
    return _by_provider(cookies) if way() == "oidc" else _by_password(cookies)


def sign_in_of(cookies: Mapping[str, str]) -> str | None:
    """Return what stands for the sign-in that these cookies hold; None where they hold none."""
    chosen = way()
    if chosen == "oidc":
        held: str | bytes | None = _of_provider(cookies)
    else:
        held = _of_password(cookies) if chosen == "password" else None
    return ended.mark_of(held) if held else None


def welcome(person: Person) -> bool:
    """Tell whether somebody who signed in may use the dashboard: all, or those in SRCSEL_PEOPLE.

    It holds e-mail addresses, or @example.org for all of a domain, separated by commas.
    """
    asked = os.environ.get("SRCSEL_PEOPLE", "")
    people = {part.strip().lower() for part in asked.split(",") if part.strip()}
    if not people or way() != "oidc":
        return True
    email = person.name.lower()
    return email in people or f"@{email.rpartition('@')[2]}" in people


def is_password(text: str) -> bool:
    """Compare with SRCSEL_PASSWORD, in the same time whatever `text` is."""
    expected = os.environ.get("SRCSEL_PASSWORD", "")
    digests = (
        hashlib.sha256(word.encode("utf-8", "replace")).digest() for word in (text, expected)
    )
    return hmac.compare_digest(*digests) and bool(expected)


def cookie_for(person: str | None = None) -> str:
    """Return the signed cookie of somebody who knew the password; a new person without an id."""
    return _signer().dumps(person or secrets.token_hex(8))


def _by_password(cookies: Mapping[str, str]) -> Person | None:
    person = _of_password(cookies)
    return Person(f"password:{person}", "") if person else None


def _of_password(cookies: Mapping[str, str]) -> str | None:
    try:
        person = _signer().loads(cookies.get(COOKIE, ""), max_age=STAYS)
    except (BadSignature, UnicodeError):
        return None
    return person if isinstance(person, str) else None


def _of_provider(cookies: Mapping[str, str]) -> bytes | None:
    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, ""))

    return get_cookie_with_chunks(signed, USER_COOKIE_NAME)


def _by_provider(cookies: Mapping[str, str]) -> Person | None:
    try:
        user = json.loads(_of_provider(cookies) or b"{}")
    except ValueError:
        return None
    if not isinstance(user, dict) or user.get("is_logged_in") is not True:
        return None
    if user.get("origin") != get_origin_from_redirect_uri() or not user.get("sub"):
        return None
    return Person(f"{user.get('provider')}:{user['sub']}", _email(user))


def _email(user: Mapping[str, Any]) -> str:
    """Return the address the provider vouches for; "" where it says that it does not."""
    return "" if user.get("email_verified") is False else str(user.get("email") or "")


def _providers() -> list[str]:
    section = get_secrets_auth_section()
    if "client_id" in section:
        return ["default"]
    return [name for name, value in section.items() if hasattr(value, "keys")]


def _signer() -> URLSafeTimedSerializer:
    """Sign with a key that stays over restarts; another password makes every cookie worthless."""
    password = os.environ.get("SRCSEL_PASSWORD", "").encode("utf-8", "replace")
    return URLSafeTimedSerializer(hmac.digest(_key(), password, "sha256"), salt="srcsel sign-in")


def _key() -> bytes:
    path = load_settings().home / "sign-in.key"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()
