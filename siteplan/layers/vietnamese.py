"""Attribute text typed in the old Vietnamese fonts: TCVN3 (.VnTime), VNI, and Windows code page 1258, made Unicode.

The two font encodings keep Vietnamese letters at the places of Latin-1 letters ("Hµ Néi", "Haø Noäi"), so no codec
tells them apart: the text is read each way, and the way wins that makes Vietnamese syllables. Tables: TCVN 5712:1993
(VN3); VNI Windows encoding of VNI Software.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

_TCVN3_FROM = (
    "\u00b5\u00b8\u00b6\u00b7\u00b9\u00a8\u00bb\u00be\u00bc\u00bd\u00c6\u00a9\u00c7\u00ca\u00c8\u00c9\u00cb\u00ae"
    "\u00cc\u00d0\u00ce\u00cf\u00d1\u00aa\u00d2\u00d5\u00d3\u00d4\u00d6\u00d7\u00dd\u00d8\u00dc\u00de"
    "\u00df\u00e3\u00e1\u00e2\u00e4\u00ab\u00e5\u00e8\u00e6\u00e7\u00e9\u00ac\u00ea\u00ed\u00eb\u00ec\u00ee"
    "\u00ef\u00f3\u00f1\u00f2\u00f4\u00ad\u00f5\u00f8\u00f6\u00f7\u00f9\u00fa\u00fd\u00fb\u00fc\u00fe"
    "\u00a1\u00a2\u00a7\u00a3\u00a4\u00a5\u00a6"
)
_TCVN3_TO = (
    "àáảãạăằắẳẵặâầấẩẫậđ"
    "èéẻẽẹêềếểễệìíỉĩị"
    "òóỏõọôồốổỗộơờớởỡợ"
    "ùúủũụưừứửữựỳýỷỹỵ"
    "ĂÂĐÊÔƠƯ"
)  # fmt: skip
_TCVN3 = str.maketrans(_TCVN3_FROM, _TCVN3_TO)


def _vni_table() -> dict[str, str]:
    """Letter with its following mark to Unicode, lower and upper case; single letters last."""
    tones = {"\u0300": "øØ", "\u0301": "ùÙ", "\u0309": "ûÛ", "\u0303": "õÕ", "\u0323": "ïÏ"}
    circumflex = {"": "âÂ", "\u0300": "àÀ", "\u0301": "áÁ", "\u0309": "åÅ", "\u0303": "ãÃ", "\u0323": "äÄ"}
    breve = {"": "êÊ", "\u0300": "èÈ", "\u0301": "éÉ", "\u0309": "úÚ", "\u0303": "üÜ", "\u0323": "ëË"}
    pairs: dict[str, str] = {}

    def put(base: str, marks: str, result: str) -> None:
        composed = unicodedata.normalize("NFC", result)
        pairs[base + marks[0]] = composed
        pairs[base.upper() + marks[1]] = composed.upper()
        pairs[base.upper() + marks[0]] = composed.upper()

    for tone, marks in tones.items():
        for base, plain in (("a", "a"), ("e", "e"), ("o", "o"), ("u", "u"), ("y", "y"), ("ô", "ơ"), ("ö", "ư")):
            put(base, marks, unicodedata.normalize("NFD", plain) + tone)
    for tone, marks in circumflex.items():
        for base in "aeo":
            put(base, marks, base + "\u0302" + tone)
    for tone, marks in breve.items():
        put("a", marks, "a\u0306" + tone)
    single = {"ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "ñ": "đ", "ö": "ư", "ô": "ơ"}
    for letter, result in single.items():
        pairs[letter] = result
        pairs[letter.upper()] = result.upper()
    return pairs


_VNI = _vni_table()
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


def from_tcvn3(words: str) -> str:
    """Read Latin-1 letters as TCVN3: "Hµ Néi" gives "Hà Nội"."""
    return unicodedata.normalize("NFC", words.translate(_TCVN3))


def from_vni(words: str) -> str:
    """Read Latin-1 letters as VNI: "Haø Noäi" gives "Hà Nội"."""
    return unicodedata.normalize("NFC", _VNI_PATTERN.sub(lambda match: _VNI[match.group()], words))


def from_cp1258(words: str) -> str:
    """Read Latin-1 letters as the bytes of code page 1258, whose tones follow their letter."""
    try:
        return unicodedata.normalize("NFC", words.encode("latin-1").decode("cp1258"))
    except UnicodeError:
        return words


def from_utf8(words: str) -> str:
    """Read Latin-1 letters as the bytes of UTF-8; a letter cut in two at the end is dropped."""
    try:
        raw = words.encode("latin-1")
    except UnicodeError:
        return words
    for cut in range(3):
        try:
            return unicodedata.normalize("NFC", raw[: len(raw) - cut].decode("utf-8"))
        except UnicodeDecodeError as error:
            if error.start < len(raw) - 3:
                return words
    return words


_READINGS: Mapping[str, Callable[[str], str]] = {
    "UTF-8": from_utf8,
    "TCVN3": from_tcvn3,
    "VNI": from_vni,
    "cp1258": from_cp1258,
}

_TONES = "\u0300\u0301\u0309\u0303\u0323"
_ONSETS = (
    "ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|b|c|d|đ|g|h|k|l|m|n|p|q|r|s|t|v|x|"
)  # fmt: skip
_NUCLEI = (
    "iê|yê|uô|ươ|ia|ya|ua|ưa|uyê|uya|oa|oă|oe|oo|uâ|uê|uy|uơ|ai|ao|au|ay|âu|ây|eo|êu|iu|iêu|yêu|oi|ôi|ơi|oai|oay|oao|"
    "oeo|ui|ưi|uôi|ươi|ưu|ươu|uây|uyu|uau|i|y|u|ư|e|ê|o|ô|ơ|a|ă|â"
)
_SYLLABLE = re.compile(f"(?:{_ONSETS})(?:{_NUCLEI})(?:ch|c|m|ng|nh|n|p|t)?")
_STOPPED = re.compile(r"(ch|c|p|t)$")
_WORD = re.compile(r"[^\W\d_]+[^\s\w]?[^\W\d_]*|[^\x00-\x7f]+")


def is_syllable(word: str) -> bool:
    """Whether a word is a Vietnamese syllable by its spelling: onset, vowels, end, and at most one fitting tone."""
    letters = unicodedata.normalize("NFD", word.lower())
    tones = [letter for letter in letters if letter in _TONES]
    if len(tones) > 1:
        return False
    plain = unicodedata.normalize("NFC", "".join(letter for letter in letters if letter not in _TONES))
    if not _SYLLABLE.fullmatch(plain):
        return False
    return not (_STOPPED.search(plain) and tones and tones[0] not in "\u0301\u0323")


def _words_with_marks(texts: Iterable[str]) -> list[str]:
    words: list[str] = []
    for text in texts:
        words += [w.strip(".,;:()[]-\"'") for w in re.split(r"[\s/\-,]+", text) if not w.isascii()]
    return [word for word in words if word]


def _share(texts: Iterable[str], reading: Callable[[str], str]) -> float:
    read = _words_with_marks(reading(text) for text in texts)
    return sum(map(is_syllable, read)) / len(read) if read else 0.0


@dataclass(frozen=True)
class Legacy:
    """An old encoding that was recognised, with the share of marked words that become syllables by it."""

    encoding: str
    share: float

    def read(self, text: str) -> str:
        """Return the text as Unicode."""
        return _READINGS[self.encoding](text)


ENOUGH_SHARE = 0.7
BETTER_BY = 0.2
SAMPLE = 2_000


def recognise(texts: Iterable[str], *, raw_bytes: bool = False) -> Legacy | None:
    """Tell in which old encoding texts are written, or None where they are Unicode already.

    Parameters
    ----------
    texts
        Attribute texts; those in plain ASCII tell nothing.
    raw_bytes
        The texts are bytes shown as Latin-1 (a shapefile without a code page), so UTF-8 is tried first.
    """
    sample = [text for text in texts if not text.isascii()][:SAMPLE]
    # a letter beyond Latin-1 is Unicode's own: nothing to convert there
    sample = [text for text in sample if all(ord(letter) < 256 for letter in text)]
    if not sample:
        return None
    if raw_bytes:
        readable = sum(from_utf8(text) != text for text in sample)
        if readable == len(sample):
            return Legacy("UTF-8", 1.0)
    as_it_is = _share(sample, lambda text: text)
    best: Legacy | None = None
    for encoding in ("TCVN3", "VNI", "cp1258"):
        share = _share(sample, _READINGS[encoding])
        if share >= ENOUGH_SHARE and share >= as_it_is + BETTER_BY and (best is None or share > best.share):
            best = Legacy(encoding, share)
    return best
