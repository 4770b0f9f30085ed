"""Addresses of Azure that name their account: CONTAINER@ACCOUNT.dfs.core.windows.net/folder."""

from __future__ import annotations

import os
import re
from typing import Any

from srcsel.base.addresses import Address
from srcsel.base.errors import InputError

_NAMED = re.compile(
    r"(?P<container>[^/@]+)@(?P<account>[^/@.]+)(?P<host>[^/@]*)(?P<inside>|/.*)", re.DOTALL
)
_HOSTS = ("", ".dfs.core.windows.net", ".blob.core.windows.net")
ELSEWHERE = (
    "{} lies in the account '{}', and AZURE_STORAGE_CONNECTION_STRING names another place. Take"
    " that out of the environment, or write the address without the account."
)
UNKNOWN = (
    "{} names a host that is not known. Put it into AZURE_STORAGE_CONNECTION_STRING, and write the"
    " address without it."
)


def placed(address: Address) -> tuple[str, dict[str, Any]]:
    """Return where an address lies, CONTAINER/folder, and options of adlfs that name its account,
    {} where the environment says which.

    Raises InputError where the library would connect to another account: it prefers a connection
    string, and knows one host.
    """
    named = _NAMED.fullmatch(address.path)
    if named is None:
        return address.path, {}
    account, given = named["account"], os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    told = re.search(r"(?:^|;)\s*AccountName=([^;]*)", given, re.IGNORECASE)
    if told is not None and told[1].strip() != account:
        raise InputError(ELSEWHERE.format(address, account))
    if named["host"].casefold() not in _HOSTS:
        raise InputError(UNKNOWN.format(address))
    return f"{named['container']}{named['inside']}", {"account_name": account}
