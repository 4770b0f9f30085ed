"""Licences of weights: their SPDX names, and which of them surely allow commercial use."""

from __future__ import annotations

UNKNOWN = "unknown"

COMMERCIAL = frozenset(
    {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC0-1.0", "CC-BY-4.0"}
)
"""Only licences that allow it without a condition on who you are. A custom licence is not on this
list, however friendly: whoever wants it should read it. "unknown" is never allowed.
"""

_SPDX = {
    name.lower(): name
    for name in (
        *COMMERCIAL,
        "CC-BY-NC-4.0",
        "CC-BY-NC-SA-4.0",
        "CC-BY-SA-4.0",
        "GPL-3.0",
        "AGPL-3.0",
        "Unlicense",
    )
}


def spdx(name: str | None) -> str:
    """Return the SPDX spelling where there is one, the given text otherwise, and "unknown" for
    nothing.
    """
    text = (name or UNKNOWN).strip()
    return _SPDX.get(text.lower(), text)


def swag_or_bsd(url: str | None) -> str:
    """Return the licence of torchvision weights: the library's own, but for SWAG's, which name
    another.
    """
    if url is None:
        return "BSD-3-Clause"
    return "CC-BY-NC-4.0" if "SWAG" in url else UNKNOWN


def allows_commercial_use(license_name: str) -> bool:
    """Say whether the licence surely allows commercial use of the weights."""
    return license_name in COMMERCIAL
