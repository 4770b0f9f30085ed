"""Addresses of shared stores, such as s3://bucket/pictures: what is one, and what may be opened.

Text only: nothing is connected to here. Only the kinds of stores below are known, so that no
address leads a dashboard to other computers of its network; what stands for one file inside another
(`zip::`) is none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from srcsel.base.errors import InputError

STORES = {
    "s3": ("s3fs", "s3"),
    "gs": ("gcsfs", "gs"),
    "gcs": ("gcsfs", "gs"),
    "az": ("adlfs", "az"),
    "abfs": ("adlfs", "az"),
    "hf": ("huggingface_hub", ""),
}
"""Kind of store -> the package that speaks to it, and the extra of srcsel that brings that."""
OTHERWISE = {"s3a": "s3", "s3n": "s3", "abfss": "abfs", "wasb": "abfs", "wasbs": "abfs"}
"""Kinds as Hadoop calls them."""
LONGEST = 2048  # letters of an address

_ADDRESS = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_STROKE = re.compile(rf"({'|'.join((*STORES, *OTHERWISE))}):/(?!/)", re.IGNORECASE)
"""What `pathlib` makes of an address: one stroke of two."""
_CHAINED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*::.*://", re.DOTALL)
_SECRET = re.compile(r"[^/]*:.*@|.*[?&](sig|awsaccesskeyid|x-(amz|goog)-\w+)=", re.I | re.S)
"""KEY:SECRET@, where the secret may have strokes in it, or a signature behind the address."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, order=True)
class Address:
    """A place in a store; joined and named like a path."""

    kind: str  # of STORES
    path: str  # bucket and key, without strokes at its ends

    def __str__(self) -> str:
        return f"{self.kind}://{self.path}"

    def __truediv__(self, inside: str) -> Address:
        return Address(self.kind, f"{self.path}/{inside}".strip("/") if inside else self.path)

    def joinpath(self, *parts: str) -> Address:
        """Return the place inside that the parts lead to."""
        return self / "/".join(parts)

    @property
    def name(self) -> str:
        """The last part."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending of the name with its dot, "" where it has none."""
        stem, dot, ending = self.name.rpartition(".")
        return f".{ending}" if dot and stem else ""

    @property
    def parent(self) -> Address:
        """The place around it; a bucket is its own."""
        around = self.path.rpartition("/")[0]
        return Address(self.kind, around) if around else self

    def is_relative_to(self, other: Address) -> bool:
        """Tell whether it lies in `other`, or is it."""
        same = self.kind == other.kind
        return same and (self.path == other.path or self.path.startswith(f"{other.path}/"))


def address_of(text: str) -> Address | None:
    """Return the address that a text means, None where it means a path of this computer.

    Raises InputError for an address that is not opened, without repeating what may be a secret.
    """
    if _CHAINED.match(text):
        raise InputError(
            "An address inside another one (with ::) is not opened. Give the address itself, such"
            " as s3://bucket/pictures."
        )
    text = _STROKE.sub(r"\1://", text, count=1) if _STROKE.match(text) else text
    found = _ADDRESS.fullmatch(text)
    if found is None or found["kind"].lower() == "file":
        return None
    kind, rest = found["kind"].lower(), found["rest"]
    kind = OTHERWISE.get(kind, kind)
    if kind not in STORES:
        raise InputError(
            f"Addresses that begin with {kind}:// are not opened. Give a folder of this computer or"
            " an address of a store: s3://, gs://, az:// or hf://."
        )
    if _SECRET.match(rest):
        raise InputError(
            "This address holds a password. Give the address without it: credentials are taken from"
            " the environment."
        )
    path = rest.strip("/")
    if not path or len(text) > LONGEST or _UNSEEN.search(path):
        raise InputError(f"This is no address of a folder in a store. Give {kind}://bucket/folder.")
    if {"", ".", ".."} & set(path.split("/")):
        raise InputError(
            "This address has an empty part or .. in it. Give it as the store shows it:"
            f" {kind}://bucket/folder."
        )
    return Address(kind, path)
