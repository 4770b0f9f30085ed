"""Who can reach this server: this computer only, or others too."""

from __future__ import annotations

import ipaddress
import os

import streamlit as st

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


def shared() -> bool:
    """Tell whether others reach this server: it listens wider, or a proxy gives it a name."""
    return not is_loopback(st.get_option("server.address") or "") or bool(own_names())


def here() -> str:
    """Return what the computer that runs this is to who looks at a page: "this computer", or where
    others reach it "the server".
    """
    return "the server" if shared() else "this computer"


def own_names() -> frozenset[str]:
    """Return the names in SRCSEL_HOSTS (separated by commas)."""
    extra = os.environ.get("SRCSEL_HOSTS", "")
    return frozenset(name.strip().lower() for name in extra.split(",") if name.strip())


def is_loopback(name: str) -> bool:
    """Tell whether a name or an address means this computer itself."""
    if name in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def prefix() -> str:
    """Return what stands before every address of this server: "" or "/base"."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
