"""How much may come out of shards: pictures hardly shrink when they are packed, bombs do by
thousands.
"""

from __future__ import annotations

from pathlib import Path

from srcsel.base.errors import InputError, StoreError
from srcsel.pictures.archive import BLOCK, RATIO_FREE, RATIO_LIMIT, TOTAL_LIMIT

GROWTH = 4  # times its size that a data set may grow beyond TOTAL_LIMIT: small pictures do shrink
BOMB = (
    "These shards, {:,.0f} MB, unpack to more than {:,.0f} MB, far more than pictures would."
    " Nothing was kept. If they are sound, unpack them yourself and give the folder."
)
NO_ROOM = (
    "Bringing these pictures here takes {:.1f} GB of free space, and {} has {:.1f} GB. Free some"
    " space, or set SRCSEL_HOME to a folder on another disk."
)


class Allowance:
    """Bytes of the disk that the pictures of a data set may take, with the rest of a block each."""

    def __init__(self, packed: int, place: Path, free: int) -> None:
        """Allow what fits to shards of `packed` bytes, in a folder with `free` bytes left."""
        self._packed, self._place, self._free = packed, place, free
        self.most = min(max(RATIO_LIMIT * packed, RATIO_FREE), max(TOTAL_LIMIT, GROWTH * packed))
        self._taken = 0

    def require(self, size: int) -> None:
        """Raise InputError where `size` more bytes are too many, StoreError where the disk has no
        room for them.
        """
        needed = self._taken + size
        if needed > self.most:
            raise InputError(BOMB.format(self._packed / 1e6, self.most / 1e6))
        if needed > self._free:
            raise StoreError(NO_ROOM.format(needed / 1e9, self._place, self._free / 1e9))

    def take(self, size: int) -> None:
        """Count a picture of `size` bytes with what belongs to it. Raises as `require`."""
        self.require(BLOCK + size)
        self._taken += BLOCK + size
