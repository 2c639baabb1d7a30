"""Printed sheets: read back with poppler; places and scales against closed forms."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from siteplan import locale
from siteplan.outputs import sheet_paper, sheet_text, sheets
from siteplan.outputs.sheet_commune import draw_commune
from siteplan.outputs.sheet_material import Material
from siteplan.outputs.style import LegendClass, Style, load_style
from tests.outputs.test_webmap import map_run

MM = 25.4


@pytest.fixture(scope="module")
def style(repo_root) -> Style:
    return load_style(repo_root / "maps" / "style.toml")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return map_run.build(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def written(run, style, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("Đề án") / "to_in"
    sheets.write_sheets(run, style, folder, communes=["06001", "06008", "priority", "phase", "coverage"])
    return folder


def told(file: Path) -> str:
    command = ["pdftotext", "-layout", str(file), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout


# ---- the files


@pytest.mark.require("poppler")
def test_a_commune_sheet_says_all_that_a_map_must_say(written):
    words = told(written / "xa_06001.pdf")
    for text in (
        "Trung tâm hành chính xã Đồng Đăng", "DỰ THẢO", "22/11/2026", "Tỷ lệ 1:", "EPSG:9215", "Chú giải", "Nguồn:",
        "không phải tài liệu địa chính", "Vị trí xem xét", "Cơ sở cũ và hướng xử lý", "Trụ sở cũ 0 Đồng Đăng",
        "hạng 2 / 9", "sàn 2.910 m²", "mo-rong",
    ):  # fmt: skip
        assert text in words, text
    # the grid is named in metres of the CRS, at whole steps inside the frame
    assert re.search(r"\b4\d\d 000\b", words)
    assert re.search(r"\b2 4\d\d 000\b", words)


@pytest.mark.require("poppler")
def test_province_sheets_name_every_commune(written, run):
    for name, title in (("uu_tien", "Mức ưu tiên"), ("phan_ky", "Phân kỳ"), ("du_lieu", "Mức đầy đủ")):
        words = told(written / f"tinh_{name}.pdf")
        assert title in words
        flat = " ".join(words.split())
        names = run.communes["name"].map(lambda commune: " ".join(str(commune).split()))
        assert [commune for commune in names if commune not in flat and len(commune) < 60] == [], name
        assert all(commune[:7] in flat for commune in names), name  # one too long for its row is cut
        assert "DỰ THẢO" in words


@pytest.mark.require("poppler")
def test_paper_sizes_and_embedded_fonts(written):
    for name, width, height in (("tinh_uu_tien", 420, 297), ("xa_06001", 210, 297)):
        info = subprocess.run(["pdfinfo", str(written / f"{name}.pdf")], check=True, capture_output=True, text=True)
        size = [float(v) for v in re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", info.stdout).groups()]
        assert size == pytest.approx([width / MM * 72, height / MM * 72], abs=0.6)
        fonts = subprocess.run(["pdffonts", str(written / f"{name}.pdf")], check=True, capture_output=True, text=True)
        rows = fonts.stdout.splitlines()[2:]
        assert rows
        for row in rows:
            assert "BeVietnamPro" in row
            assert row.split()[-5] == "yes", row  # embedded
        assert (written / f"{name}.png").stat().st_size > 20_000


@pytest.mark.require("poppler")
def test_hostile_names_are_text_and_restricted_rows_are_absent(written):
    words = told(written / "xa_06008.pdf")
    assert "{{7*7}}" in words
    assert "<script>window.hacked=1</script>" in words
    assert "${1}" in words
    for name in ("xa_06008", "xa_06001", "tinh_uu_tien"):
        assert map_run.SECRET not in told(written / f"{name}.pdf")


def test_the_same_run_gives_the_same_bytes(run, style, written, tmp_path):
    again = sheets.write_sheets(run, style, tmp_path, communes=["06001"])
    assert [f.read_bytes() for f in again] == [(written / f.name).read_bytes() for f in again]


def test_restricted_zones_are_not_among_what_is_drawn(style, tmp_path):
    for included in (False, True):
        own = map_run.build(tmp_path / str(included), include_restricted=included)
        zones = Material(own, style, "vi").background("plans_in_force")
        assert ("QP1" in set(zones["zone_id"])) is included


# ---- places and scales


def test_a_kilometre_is_as_long_on_paper_as_the_scale_says():
    sheet = sheet_paper.Sheet(210, 297, "vi")
    ground = sheet.map(15, 34, 181, 128, (450_000, 2_420_000), 125_000)
    at = ground.axes.transData.transform([(450_000, 2_420_000), (451_000, 2_420_000), (450_000, 2_421_000)])
    mm = at / sheet.figure.dpi * MM
    assert mm[1, 0] - mm[0, 0] == pytest.approx(1000 / 125_000 * 1000, rel=1e-9)
    assert mm[2, 1] - mm[0, 1] == pytest.approx(8.0, rel=1e-9)
    # and the middle of the map is the middle of its frame
    assert mm[0] == pytest.approx([15 + 181 / 2, 297 - 34 - 128 / 2], rel=1e-9)


@given(
    width=st.floats(100, 200_000),
    height=st.floats(100, 200_000),
    room=st.tuples(st.floats(50, 300), st.floats(50, 300)),
)
@settings(max_examples=60, deadline=None)
def test_the_scale_is_the_largest_usual_one_that_fits(width, height, room):
    scale = sheet_paper.scale_for((0, 0, width, height), *room)

    def fits(candidate: float) -> bool:
        return width / candidate * 1000 <= room[0] and height / candidate * 1000 <= room[1]

    larger = [s for s in sheet_paper.SCALES if s < scale]
    # what fills a frame exactly does so but for the rounding of floats
    assert fits(scale * (1 + 1e-12)) or scale == sheet_paper.SCALES[-1]
    assert not any(fits(s * (1 - 1e-12)) for s in larger)


@pytest.mark.parametrize("count", [3, 25, 40, 70])
def test_a_long_legend_stays_on_its_sheet(count):
    sheet = sheet_paper.Sheet(210, 297, "vi")
    look = LegendClass(fill="#112233")
    lines = [(f"Ô quy hoạch số {n}", None if n % 6 == 0 else look, False) for n in range(count)]
    sheet.legend(81, 175, 116, 214, lines)
    sheet.figure.canvas.draw()
    ends = [text.get_window_extent() for text in sheet.figure.texts]
    assert len(ends) == count
    assert max(e.x1 for e in ends) / sheet.figure.dpi * MM <= 81 + 116 + 0.5
    assert max(297 - e.y0 / sheet.figure.dpi * MM for e in ends) <= 214 + 4


def test_words_of_a_legend_are_cut_only_when_the_smallest_letters_are_too_wide():
    look = LegendClass(fill="#112233")
    short = [(f"Quy hoạch chi tiết, tổng mặt bằng {n}", look, False) for n in range(28)]
    sheet = sheet_paper.Sheet(210, 297, "vi")
    sheet.legend(81, 175, 116, 212, short)
    assert [text.get_text() for text in sheet.figure.texts] == [words for words, *_ in short]
    assert min(text.get_fontsize() for text in sheet.figure.texts) >= 6.3 * 2.5 / 3.2
    long = [("Quy hoạch " * 20, look, False) for _ in range(34)]
    sheet = sheet_paper.Sheet(210, 297, "vi")
    sheet.legend(81, 175, 116, 212, long)
    assert all(text.get_text().endswith("…") for text in sheet.figure.texts)


def test_every_commune_stands_whole_in_its_frame(run, style):
    material = Material(run, style, "vi")
    sheet, title = draw_commune(material, "06004")
    assert title == "Trung tâm hành chính xã Hoà Bình"
    window = next(a for a in sheet.figure.axes)
    west, east = window.get_xlim()
    south, north = window.get_ylim()
    shape = run.communes.set_index("code").geometry["06004"]
    assert shapely.box(west, south, east, north).contains(shape)


def test_a_commune_whose_site_ranks_low_says_why_it_is_proposed(run, style):
    material = Material(run, style, "vi")
    own = (material.sites["commune_code"] == "06001") & material.sites["is_best"].fillna(value=False).astype(bool)
    assert own.sum() == 1
    ranked = ("decide.place.ranked", {"why": "none", "rank": 14, "count": 14})
    longer = {"minutes": 55.5, "own": 93.9, "other": 38.4, "site": "L1", "least": 15.0}
    for reasons, said in (([], False), ([ranked, ("decide.place.longer", longer)], True)):
        material.sites.loc[own, "reasons"] = locale.encode(reasons)
        sheet, _ = draw_commune(material, "06001")
        words = " ".join(text.get_text() for text in sheet.figure.texts)
        assert ("Xếp hạng 14 trong 14 vị trí" in words) == said
        assert ("cảnh báo từ 15 phút" in words) == said


@given(st.text(max_size=80), st.floats(5, 60))
@settings(max_examples=80, deadline=None)
def test_a_cell_never_grows_over_its_room(words, room):
    fitted = sheet_text.fitted(words, 7, room)
    assert sheet_text.width_mm(fitted, 7) <= room or fitted == "…"
    assert all(ord(letter) in sheet_text._letters() for letter in fitted)


def test_widths_are_those_that_matplotlib_draws():
    sheet = sheet_paper.Sheet(210, 297, "vi")
    words = "Trung tâm hành chính xã Hữu Lũng, Đồng Đăng"
    sheet.text(10, 20, words, 12)
    sheet.figure.canvas.draw()
    drawn = sheet.figure.texts[0].get_window_extent().width / sheet.figure.dpi * MM
    assert sheet_text.width_mm(words, 12) == pytest.approx(drawn, rel=0.03)


def drawn(sheet: sheet_paper.Sheet, dpi: int) -> np.ndarray:
    """Shares of ink, rows from above."""
    sheet.figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(sheet.figure)
    canvas.draw()
    return 1 - np.asarray(canvas.buffer_rgba())[:, :, 0] / 255


@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_a_line_stands_where_matplotlib_would_put_it(align):
    """Oracle: the layout of matplotlib itself, for the same words, font and place."""
    words, at = "Trung tâm hành chính xã Hữu Lũng: Ắ Ỵ g 2.910 m²", (50, 12)
    own, other = sheet_paper.Sheet(100, 20, "vi"), sheet_paper.Sheet(100, 20, "vi")
    own.text(*at, words, 9, bold=True, colour="#000000", align=align)
    other.figure.text(
        *other.at(*at), words, fontproperties=sheet_text.font(True), fontsize=9, color="#000000", ha=align,
        va="baseline", parse_math=False,
    )  # fmt: skip
    with mpl.rc_context({"text.hinting": "none"}):
        mine, theirs = drawn(own, 200), drawn(other, 200)
    for axis in (0, 1):
        ink, inked = mine.sum(axis=axis), theirs.sum(axis=axis)
        assert ink.sum() == pytest.approx(inked.sum(), rel=0.03)
        middle = [np.average(np.arange(len(v)), weights=v) for v in (ink, inked)]
        assert middle[0] == pytest.approx(middle[1], abs=1.0)  # a point is an eighth of a millimetre
    assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.9


def test_names_on_the_map_are_in_the_middle_of_their_place_and_have_a_rim():
    sheet = sheet_paper.Sheet(100, 100, "vi")
    ground = sheet.map(0, 0, 100, 100, (50, 50), 1000)
    ground.shapes([shapely.box(0, 0, 100, 100)], LegendClass(fill="#808080"), 1)
    ground.label(50, 50, "HÀH", 20, bold=True)
    dark = drawn(sheet, 100)
    letters = np.argwhere(dark > 0.8)
    letters = letters[(np.abs(letters - dark.shape[0] / 2) < 40).all(axis=1)]
    assert letters[:, 1].mean() == pytest.approx(dark.shape[1] / 2, abs=1.5)
    rows = np.flatnonzero((dark > 0.8)[:, int(letters[:, 1].min()) + 1])  # the left stem of the first H
    rows = rows[np.abs(rows - dark.shape[0] / 2) < 40]
    assert (rows.min() + rows.max()) / 2 == pytest.approx(dark.shape[0] / 2, abs=1.5)
    # left of the first stem the rim is lighter than the ground
    assert dark[dark.shape[0] // 2, int(letters[:, 1].min()) - 2] < 0.3


def test_zones_with_holes_are_drawn_with_holes():
    outer, hole = shapely.box(0, 0, 100, 100), shapely.box(40, 40, 60, 60)
    sheet = sheet_paper.Sheet(100, 100, "vi")
    ground = sheet.map(0, 0, 100, 100, (50, 50), 1000)
    assert ground.shapes([outer.difference(hole)], LegendClass(fill="#000000"), 1) == 1
    ink = drawn(sheet, 50)
    middle = ink.shape[0] // 2
    assert ink[middle, middle] < 0.2
    assert ink[middle // 3, middle // 3] > 0.8


def test_every_word_of_the_sheets_exists_in_both_languages():
    keys = {lang: {k for k in locale.catalogue(lang) if k.startswith("sheets.")} for lang in ("vi", "en")}
    assert keys["vi"] == keys["en"]
    assert len(keys["vi"]) > 30
