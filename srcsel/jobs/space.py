"""What is kept on this computer and how large it may get: one answer for page, shell and doctor."""

from __future__ import annotations

from dataclasses import dataclass

from srcsel.base.phrases import capital, megabytes
from srcsel.base.settings import Settings
from srcsel.models.hubs import downloads
from srcsel.store import cache
from srcsel.store.cache import Cleaned, Share

WEIGHTS = "Downloaded weights, shared with other programs"


@dataclass(frozen=True)
class Kept:
    """Everything that srcsel keeps, and the limit."""

    shares: tuple[Share, ...]
    limit: float  # bytes; infinite without one

    @property
    def counted(self) -> int:
        """Bytes that count against the limit."""
        return sum(share.bytes for share in self.shares if share.removable)

    @property
    def needed(self) -> int:
        """Bytes of them that kept runs need."""
        return sum(share.needed for share in self.shares if share.removable)


def kept(settings: Settings) -> Kept:
    """Look at the work folder and the folders of downloaded weights. Raises InputError."""
    found = [cache.size_of(folder) for folder in downloads()]
    bytes_, files = sum(size for size, _ in found), sum(files for _, files in found)
    weights = Share("weights", WEIGHTS, bytes_, files, bytes_, removable=False)
    return Kept((*cache.shares(settings), weights), cache.limit())


def sentence(kept: Kept) -> str:
    """Say how much counts, what the limit is, and what to do where runs alone need more."""
    told = f"{capital(megabytes(kept.counted))} count"
    if kept.limit == float("inf"):
        return f"{told}; there is no limit (SRCSEL_CACHE)."
    told += f" against the limit of {megabytes(int(kept.limit))} (SRCSEL_CACHE)."
    if kept.needed > kept.limit:
        told += (
            f" Your runs alone need {megabytes(kept.needed)}: delete some that you no longer need,"
            " or raise the limit."
        )
    elif kept.counted > kept.limit:
        told += " What no run needs goes after the next run, the least recently used first."
    return told


def cleaned(done: Cleaned) -> str:
    """Say what cleaning did."""
    if not done.files:
        return "Nothing was removed: what is kept is within the limit, needed or in use."
    return f"{megabytes(done.bytes)} were removed; {megabytes(done.left)} are left."
