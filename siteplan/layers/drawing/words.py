"""Text of a drawing made plain: formatting, control codes, Unicode escapes and the old Vietnamese fonts.

A label is what a person reads beside or inside a zone; which part of it is a code is judged by :func:`code_of`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from siteplan.layers import vietnamese

TEXT_LIMIT = 500
_UNICODE = re.compile(r"\\U\+([0-9A-Fa-f]{4,6})")
_PERCENT = {"%%c": "Ø", "%%d": "°", "%%p": "±", "%%%": "%", "%%u": "", "%%o": "", "%%k": ""}
_PERCENT_CODE = re.compile(r"%%[cdpuok%]", re.IGNORECASE)
_PERCENT_NUMBER = re.compile(r"%%(\d{3})")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
# an area, a number of floors, a share: figures that stand beside a code and are none
_FIGURE = re.compile(
    r"[sS]?\s*[=:~≈]?\s*[\d.,\s]+\s*(m2|m²|m\^2|ha|%|t|tang|tầng|người|nguoi|hộ|ho|km|m)?\.?", re.IGNORECASE
)
_PARTS = re.compile(r"[\s\-_.:;,/()\[\]+]+")


def _numbered(found: re.Match[str]) -> str:
    number = int(found.group(1))
    return chr(number) if 32 <= number < 256 else ""


def _escaped(found: re.Match[str]) -> str:
    number = int(found.group(1), 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def plain(text: str) -> str:
    """Return text without formatting and control codes: lines kept, Unicode NFC, cut to :data:`TEXT_LIMIT`.

    Parameters
    ----------
    text
        Content of a TEXT or ATTRIB, or of an MTEXT whose inline formatting is removed already.
    """
    words = _UNICODE.sub(_escaped, text[: 20 * TEXT_LIMIT])
    words = _PERCENT_NUMBER.sub(_numbered, words)
    words = _PERCENT_CODE.sub(lambda m: _PERCENT[m.group().lower()], words)
    words = _INVISIBLE.sub("", words.replace("\r", "\n").replace("\t", " "))
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", words).split("\n"))
    return "\n".join(line for line in lines if line)[:TEXT_LIMIT]


def inline_font(mtext: str) -> str:
    """Font that an MTEXT names first in its formatting, "" where it names none."""
    found = re.search(r"\\[fF]([^|;\\{}]{1,60})", mtext)
    return found.group(1) if found else ""


def by_font(text: str, font: str) -> str:
    """Return text as Unicode where its font tells the encoding: ``.Vn*`` is TCVN3, ``VNI-*`` is VNI."""
    name = font.lower().lstrip()
    upper_only = name.startswith(".vn") and name.removesuffix(".ttf").endswith("h")
    if any(ord(letter) > 255 for letter in text):
        return text
    if name.startswith(".vn"):
        read = vietnamese.from_tcvn3(text)
        return read.upper() if upper_only else read
    if name.startswith("vni"):
        return vietnamese.from_vni(text)
    return text


def decoded(texts: Sequence[str]) -> tuple[list[str], str]:
    """Return texts as Unicode where they are written in an old encoding, and its name ("" where they are not)."""
    legacy = vietnamese.recognise(texts)
    if legacy is None:
        return list(texts), ""
    return [text if any(ord(c) > 255 for c in text) else legacy.read(text) for text in texts], legacy.encoding


def is_figure(text: str) -> bool:
    """Whether a line is only a figure (an area, a height), which is no code."""
    return bool(_FIGURE.fullmatch(text.strip()))


def code_of(text: str, known: AbstractSet[str]) -> tuple[str, str]:
    """Return function and label of a text: ("TSC", "TSC-01"), or ("", "") where it holds only figures.

    Parameters
    ----------
    text
        As :func:`plain` gives it; the first line that is no figure counts.
    known
        Functions and land-use codes that rules know, upper case. A label none of whose parts is known is its own
        function.
    """
    label = next((line for line in text.split("\n") if not is_figure(line)), "")
    if not label:
        return "", ""
    whole = label.upper().replace(" ", "_")
    if whole in known:
        return whole, label
    parts = [part.upper() for part in _PARTS.split(label) if part]
    # numbered labels: the code comes first ("TSC-01", "TSC1")
    for part in parts[:1]:
        bare = part.rstrip("0123456789")
        for candidate in (part, bare):
            if candidate in known:
                return candidate, label
    return label, label
