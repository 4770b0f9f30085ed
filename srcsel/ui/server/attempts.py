"""Slows down guessing of the password: by the address it comes from, and in all."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable

FREE = 5  # wrong passwords of one address before it has to wait
LONGEST = 300.0  # seconds one address waits at most
FORGOTTEN = 3600.0  # seconds after which an address's wrong passwords are forgotten
IN_ALL = 60  # wrong passwords of all addresses together ...
WINDOW = 600.0  # ... in so many seconds; then nobody may try until some are this old
REMEMBERED = 4096  # addresses kept


class Attempts:
    """Wrong passwords, and how long to wait for the next try. For one thread, without a lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count by `clock`, in seconds."""
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, the last when
        self._all: deque[float] = deque(maxlen=IN_ALL)

    def wait(self, address: str) -> float:
        """Return the seconds until this address may try again; 0 = now."""
        now = self._clock()
        many, last = self._wrong.get(_place(address), (0, now))
        own = 0.0
        if many >= FREE and now - last < FORGOTTEN:
            own = last + min(2.0 ** min(many - FREE, 20), LONGEST) - now
        full = self._all[0] + WINDOW - now if len(self._all) == IN_ALL else 0.0
        return max(own, full, 0.0)

    def failed(self, address: str) -> None:
        """Count a wrong password."""
        now, place = self._clock(), _place(address)
        many, last = self._wrong.pop(place, (0, now))
        self._wrong[place] = (many + 1 if now - last < FORGOTTEN else 1, now)
        self._all.append(now)
        while len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget the wrong passwords of an address whose person knows the right one."""
        self._wrong.pop(_place(address), None)


def _place(address: str) -> str:
    """Return what counts as one address: of IPv6 the /64, which one person has to themselves."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network(f"{ip}/64", strict=False))
