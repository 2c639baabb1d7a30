from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.layers import vietnamese

# the heading of every administrative document (NĐ 30/2020/NĐ-CP, Annex I); in the old fonts as documents of the years
# before Unicode have it, such as decisions of the Ministry of Finance of 2002
UNICODE = "Cộng hoà xã hội chủ nghĩa Việt Nam"
TCVN3 = "Céng hoµ x· héi chñ nghÜa ViÖt Nam"
VNI = "Coäng hoaø xaõ hoäi chuû nghóa Vieät Nam"

LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
PLACES = (
    "Hữu Lũng",
    "Đồng Đăng",
    "xã Thiện Thuật",
    "phường Lương Văn Tri",
    "thị trấn Thất Khê",
    "Quỳnh Sơn",
    "Nhượng Bạn",
)


def test_published_sentence_in_both_fonts():
    assert vietnamese.from_tcvn3(TCVN3) == UNICODE
    assert vietnamese.from_vni(VNI) == UNICODE
    assert vietnamese.from_vni("Ñoäc laäp - Töï do - Haïnh phuùc") == "Độc lập - Tự do - Hạnh phúc"
    assert vietnamese.from_vni("UÛY BAN NHAÂN DAÂN TÆNH") == "ỦY BAN NHÂN DÂN TỈNH"
    assert vietnamese.from_tcvn3("§éc lËp - Tù do - H¹nh phóc") == "Độc lập - Tự do - Hạnh phúc"


def test_every_letter_as_iconv_has_it():
    """glibc's TCVN5712-1 holds the letters of TCVN3 at the same places."""
    iconv = shutil.which("iconv")
    if iconv is None:
        pytest.skip("no iconv")
    made = subprocess.run(
        [iconv, "-f", "UTF-8", "-t", "TCVN5712-1"], input=LETTERS.encode(), capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("this iconv does not know TCVN5712-1")
    assert vietnamese.from_tcvn3(made.stdout.decode("latin-1")) == LETTERS


def _in_tcvn3(text: str) -> str:
    back = {to: source for source, to in zip(vietnamese._TCVN3_FROM, vietnamese._TCVN3_TO, strict=True)}
    return "".join(back.get(letter, letter) for letter in text)


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=6))
def test_tcvn3_is_recognised_and_read_back(places):
    legacy = vietnamese.recognise([_in_tcvn3(place.lower()) for place in places])
    assert legacy is not None
    assert legacy.encoding == "TCVN3"
    assert [legacy.read(_in_tcvn3(place.lower())) for place in places] == [place.lower() for place in places]


@pytest.mark.parametrize(
    "texts",
    [
        ["Hà Lang", "Phú Xá", "Bình Xá"],  # Unicode that happens to stay within Latin-1
        ["Hữu Lũng", "Đồng Đăng"],
        ["Huu Lung"],
        ["Café Rivière", "Zürich"],
        [],
    ],
)
def test_unicode_is_left_alone(texts):
    assert vietnamese.recognise(texts) is None


def test_vni_and_cp1258_are_told_apart():
    assert vietnamese.recognise(["Höõu Luõng", "Ñoàng Ñaêng"]).encoding == "VNI"
    # cp1258 writes the tone after its letter: H ư ~ u, L u ~ n g
    as_bytes = b"H\xfd\xdeu Lu\xdeng".decode("latin-1")
    legacy = vietnamese.recognise([as_bytes])
    assert legacy.encoding == "cp1258"
    assert legacy.read(as_bytes) == "Hữu Lũng"


def test_utf8_bytes_cut_in_a_letter_lose_only_that_letter():
    raw = "Hữu Lũng".encode()
    assert vietnamese.from_utf8(raw.decode("latin-1")) == "Hữu Lũng"
    assert vietnamese.from_utf8(raw[:4].decode("latin-1")) == "Hữ"
    assert vietnamese.from_utf8(raw[:3].decode("latin-1")) == "H"


@pytest.mark.parametrize("word", ["nghiêng", "Thuỵ", "Hoà", "quỳnh", "đường", "xã", "khuỷu", "giếng", "Yên"])
def test_syllables(word):
    assert vietnamese.is_syllable(word)


@pytest.mark.parametrize("word", ["x·", "ViÖt", "hoµ", "Höõu", "hètt", "mặć"])
def test_no_syllables(word):
    assert not vietnamese.is_syllable(word)
