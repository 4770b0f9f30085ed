"""Which engine a person means by "local", "ray" or "ray:HOST:PORT"."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from srcsel.base.allowed import check
from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings
from srcsel.features.engines._base import Engine
from srcsel.features.engines.local import Local
from srcsel.features.engines.ray import Ray

OTHERS = (
    "This dashboard is shared, so it works with the Ray that whoever runs it has set (SRCSEL_RAY)"
    " and with no other. Choose it, or this computer."
)


def engine_of(name: str) -> Engine:
    """Return an engine by its name: "local", "ray" (SRCSEL_RAY, or one started here), or
    "ray:HOST:PORT".

    Raises InputError for another name, and for an address where a shared dashboard allows its own
    only.
    """
    check(engine=name)
    if name == "local":
        return Local()
    settings = load_settings()
    address = name.partition(":")[2]
    if address and address != settings.ray and settings.roots is not None:
        raise InputError(OTHERS)
    return Ray(address or settings.ray)


@contextlib.contextmanager
def engaged(name: str) -> Iterator[Engine]:
    """Yield an engine that can be used, and leave it afterwards.

    Raises InputError with what is wrong, before anything is computed.
    """
    engine = engine_of(name)
    try:
        engine.require()
        yield engine
    finally:
        engine.close()
