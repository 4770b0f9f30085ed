"""Which encoding a table is written in, told from few and short words; where it cannot be told,
that is said.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

from srcsel.base.errors import InputError
from srcsel.pictures.tables.likely import CANDIDATES, likely_of
from srcsel.pictures.tables.names import base, composed

HEAD = 1 << 16  # bytes looked at for marks and zeros
WORDS = 2000  # different words looked at, at most
CLEAR = 0.6  # a second reading this close to the first (as a share) leaves the encoding open

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SPOKEN = {"gb18030": "GBK", "cp932": "Shift-JIS", "cp949": "EUC-KR", "cp874": "Thai"}
_BETWEEN = re.compile(rb'[,;\t\r\n"]+')  # no double-byte encoding has these as a second byte


def encoding_of(table: Path, names: Callable[[], Collection[str]]) -> tuple[str, str]:
    """Return the encoding and a sentence about it ("" where it is UTF-8 or has a mark).

    `names` returns the file names of the folder, which tell it for certain where they are not plain
    ASCII.
    Raises InputError where two readings are about as likely, or none works.
    """
    with table.open("rb") as file:
        head = file.read(HEAD)
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if marked or (marked := _unmarked_utf16(head)):
        return marked, ""
    words, wrong = _words(table)
    if not wrong:
        return "utf-8", ""
    if 2 * sum(_reads(word, "utf-8") is not None for word in words) >= len(words):
        raise InputError(
            f"{table.name} is UTF-8 but for line {wrong:,}, which holds other bytes. Mend that"
            " line, or save the table again as CSV (UTF-8)."
        )
    return _told(table.name, words, names())


def name_encoding(names: Collection[bytes], usual: str) -> str:
    """Return the encoding of file names that say none (as in a zip): `usual`, unless another one
    is clearly more likely.
    """
    joined = b"\n".join(sorted({part for name in names for part in name.split(b"/")})[:WORDS])
    read = {name: text for name in (*CANDIDATES, usual) if (text := _reads(joined, name))}
    likely = likely_of(joined, read)
    first = max(likely, key=lambda name: likely[name], default=usual)
    rivals = [likely[name] for name in read if read[name] != read[first]]
    return first if max(rivals, default=0.0) < CLEAR * likely.get(first, 0.0) else usual


def _unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 without its mark: the Latin letters of file names leave every other byte zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    if 8 * many < len(head) or 10 * few > many:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _words(table: Path) -> tuple[list[bytes], int]:
    """Return different words that are not ASCII, and the first line that is no UTF-8 (0 = none)."""
    words: dict[bytes, None] = {}
    wrong = 0
    with table.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isascii():
                continue
            if not wrong and _reads(line, "utf-8") is None:
                wrong = number
            if len(words) < WORDS:
                words.update((word, None) for word in _BETWEEN.split(line) if not word.isascii())
    return list(words), wrong


def _told(table: str, words: list[bytes], names: Collection[str]) -> tuple[str, str]:
    joined = b"\n".join(words)
    read = {name: text for name in CANDIDATES if (text := _reads(joined, name)) is not None}
    if not read:
        raise InputError(
            f"{table} is written in no encoding that I know. Save it again as CSV (UTF-8)."
        )
    known = {name: _known(text, names) for name, text in read.items()}
    most = max(known.values())
    read = {name: text for name, text in read.items() if known[name] == most}
    likely = likely_of(joined, read)
    (first, *others) = sorted(read, key=lambda name: -likely[name])
    second = next((name for name in others if read[name] != read[first]), None)
    if second is not None and likely[second] >= CLEAR * likely[first]:
        raise InputError(
            f"{table} is not UTF-8, and I cannot tell its encoding: read as {_spoken(first)} it"
            f" holds {_shown(read[first])}, read as {_spoken(second)} {_shown(read[second])}. Save"
            " it again as CSV (UTF-8)."
        )
    return first, (
        f"{table} is not UTF-8. It was read as {_spoken(first)}, so it holds"
        f" {_shown(read[first])}. If that is wrong, save it again as CSV (UTF-8)."
    )


def _known(text: str, names: Collection[str]) -> int:
    return sum(composed(base(word)) in names for word in text.split("\n"))


def _reads(data: bytes, encoding: str) -> str | None:
    """Return the text, None where it is none; elsewhere than in UTF-8, private letters and control
    characters stand for bytes without meaning.
    """
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding == "utf-8":
        return text
    letters = set(text) - {"\n"}
    return None if any(unicodedata.category(a) in ("Cc", "Co") for a in letters) else text


def _spoken(encoding: str) -> str:
    return SPOKEN.get(encoding, encoding.upper().replace("CP125", "Windows-125"))


def _shown(text: str) -> str:
    words = sorted(set(text.split("\n")), key=lambda word: (len(word), word))[:3]
    return ", ".join(f"'{word[:24]}'" for word in words)
