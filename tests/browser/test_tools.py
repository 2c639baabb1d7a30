"""Filters, the address, years, measuring, printing, two options: each driven in the browser."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Polygon

pytestmark = pytest.mark.require("chromium")

MM = 72 / 25.4


def listed(page) -> list[str]:
    return page.locator(".ranking .line").evaluate_all("all => all.map(n => n.dataset.code)")


def settled(page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def slide(page, year: int) -> None:
    page.locator("#year").evaluate("(n, v) => { n.value = v; n.dispatchEvent(new Event('input')); }", year)


# ---- filters


def test_each_filter_keeps_what_it_names(open_map, map_file, map_run):
    page = open_map(map_file)
    for label, value, kept in (
        ("Lọc theo loại đơn vị", "phường", ["06006"]),
        ("Lọc theo giai đoạn", "mo-rong", ["06001", "06004", "06007"]),
        ("Lọc theo kết quả kiểm tra", "conditional", ["06002", "06005", "06008"]),
        ("Lọc theo tình trạng dữ liệu", "need", ["06004"]),
        ("Lọc theo tình trạng dữ liệu", "site", ["06007"]),
        ("Lọc theo tình trạng dữ liệu", "coverage", list(map_run.CODES)),
        ("Lọc theo tình trạng dữ liệu", "priority", []),
    ):
        page.get_by_label(label).select_option(value)
        assert listed(page) == kept, (label, value)
        page.get_by_label(label).select_option("")
    page.get_by_label("Chỉ xã biên giới").check()
    assert listed(page) == ["06001", "06005"]


def test_each_column_sorts_both_ways(open_map, map_file, map_run):
    page = open_map(map_file)
    by_rank = list(map_run.CODES)
    assert listed(page) == by_rank
    page.locator(".sort", has_text="Hạng").click()
    assert listed(page) == by_rank[::-1]
    page.locator(".sort", has_text="Điểm").click()
    assert listed(page) == by_rank
    need = page.locator(".sort", has_text="Thiếu m²")
    need.click()
    assert listed(page)[0] == "06000"
    assert listed(page)[-1] == "06004"  # not known: below, whichever way
    need.click()
    assert listed(page)[0] == "06008"
    assert listed(page)[-1] == "06004"
    page.locator(".sort", has_text="GĐ").click()
    assert listed(page) == ["06000", "06003", "06006", "06001", "06004", "06007", "06002", "06005", "06008"]


# ---- the address


def test_a_link_opens_what_its_sender_saw(open_map, map_file, wait_for):
    sender = open_map(map_file)
    sender.locator("#layers-button").click()
    sender.locator("#layer-land_use").check()
    sender.locator("#layer-roads").uncheck()
    sender.locator("#layers-button").click()
    sender.locator("#theme").select_option("need")
    sender.locator(".line[data-code='06003']").click()
    sender.evaluate("map_siteplan_1.setView([21.85, 106.55], 12.5, { animate: false })")
    wait_for(sender, "location.hash.includes('c=06003') && location.hash.includes('12.5')")
    link = sender.evaluate("location.hash")
    reader = open_map(map_file, fragment=link)
    assert reader.locator("[data-commune='06003']").is_visible()
    assert reader.locator("#theme").input_value() == "need"
    assert reader.locator("#layer-land_use").is_checked()
    assert not reader.locator("#layer-roads").is_checked()
    at = reader.evaluate("[map_siteplan_1.getCenter().lat, map_siteplan_1.getCenter().lng, map_siteplan_1.getZoom()]")
    assert at == pytest.approx([21.85, 106.55, 12.5], abs=1e-4)


@pytest.mark.parametrize(
    "fragment",
    ["#m=a,b,c&c=99999&t=none&l=x,y&y=z&s=<img>", "#%E0%A4%A&&&=", "#m=1e99,2,3&y=1e9", "#c=%3Cscript%3E", "#r=9,9"],
)
def test_a_broken_link_opens_the_whole_province(open_map, map_file, fragment, wait_for):
    page = open_map(map_file, fragment=fragment)
    assert page.locator(".ranking .line").count() == 9
    assert page.locator(".card").count() == 0
    page.locator(".line").first.click()
    wait_for(page, "location.hash.includes('c=06000')")
    assert "<" not in unquote(page.evaluate("location.hash"))


def test_the_address_follows_the_site(open_map, map_file, wait_for):
    page = open_map(map_file)
    page.locator(".line[data-code='06001']").click()
    page.locator("[data-site='06001-T-aaaaaa']").click()
    wait_for(page, "location.hash.includes('s=06001-T-aaaaaa')")
    other = open_map(map_file, fragment=page.evaluate("location.hash"))
    assert other.locator("[data-site-card='06001-T-aaaaaa']").is_visible()


# ---- years


def test_the_slider_shows_what_stands_what_is_built_and_what_is_free(open_map, map_file):
    page = open_map(map_file)
    page.locator("#years-button").click()
    assert page.locator(".years").is_visible()
    states = "SP.content && [...document.querySelectorAll('.year-told p')].map(n => n.innerText)"
    # six communes are built from 2026 to 2027, one facility stands empty already, eight become free in 2028
    for year, words in (
        (2026, "0 trung tâm đã xong · 6 đang xây · 1 cơ sở cũ dôi ra"),
        (2027, "6 trung tâm đã xong · 0 đang xây · 1 cơ sở cũ dôi ra"),
        (2028, "6 trung tâm đã xong · 0 đang xây · 9 cơ sở cũ dôi ra"),
    ):
        slide(page, year)
        assert page.evaluate(states) == [words]
        assert page.locator(".year-shown").inner_text() == f"Hết năm {year}"
    legend = page.locator(".legend-box").inner_text()
    assert "Đã hoàn thành" in legend
    assert "Đang xây dựng" not in legend
    assert "Đã dôi ra" in legend
    assert page.locator("#layer-freed").is_checked()
    page.locator("#layers-button").click()
    assert page.locator("[data-layer='freed'] .classes li").count() == 3
    page.locator("#layers-button").click()
    page.locator("#years-button").click()
    assert page.locator(".years").is_hidden()
    assert page.locator("#theme").input_value() == "priority"
    assert not page.locator("#layer-freed").is_checked()


def test_the_years_play_to_the_end(open_map, map_file):
    page = open_map(map_file, fragment="#t=year&y=2028")
    assert page.locator(".year-shown").inner_text() == "Hết năm 2028"
    page.clock.install()
    page.locator(".play").click()
    page.clock.run_for(5000)
    assert page.locator(".year-shown").inner_text() == "Hết năm 2030"
    assert page.locator(".play").get_attribute("aria-label") == "Chạy"


# ---- measuring

CORNERS = [(440_000.0, 2_410_000.0), (446_000.0, 2_410_500.0), (445_000.0, 2_417_000.0), (438_500.0, 2_415_000.0)]


def test_lengths_and_areas_are_those_of_the_plane(open_map, map_file, map_run):
    """Points given in VN-2000 come back with the length and area that shapely finds in VN-2000."""
    page = open_map(map_file)
    degrees = gpd.GeoSeries.from_xy(*zip(*CORNERS, strict=True), crs=map_run.EPSG).to_crs(4326)
    points = [{"lat": p.y, "lng": p.x} for p in degrees]
    found = page.evaluate("p => SP.measured(SP.projector(SP.content.projection), p)", points)
    assert found["length"] == pytest.approx(LineString(CORNERS).length, abs=0.02)
    assert found["area"] == pytest.approx(Polygon(CORNERS).area, rel=1e-6)
    assert found["around"] == pytest.approx(Polygon(CORNERS).length, abs=0.02)


def test_clicks_measure_and_open_no_card(open_map, map_file):
    page = open_map(map_file)
    page.locator("#measure-button").click()
    holder = page.locator(".map-holder").bounding_box()
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.7)):
        page.mouse.click(holder["x"] + holder["width"] * x, holder["y"] + holder["height"] * y)
        page.wait_for_timeout(350)
    assert page.locator(".card").count() == 0
    assert re.fullmatch(r"[\d.]+,\d m", page.locator(".measure-result").inner_text())
    page.get_by_label("Diện tích", exact=True).check()
    assert re.search(
        r"[\d.]+,\d m² = [\d.]+,\d{4} ha\nChu vi [\d.]+,\d m", page.locator(".measure-result").inner_text()
    )
    page.get_by_role("button", name="Xóa").click()
    assert "Bấm từng điểm" in page.locator(".measure-result").inner_text()
    page.locator(".map-holder .leaflet-container").focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(400)
    page.get_by_label("Khoảng cách", exact=True).check()
    assert re.fullmatch(r"[\d.]+,\d m", page.locator(".measure-result").inner_text())
    page.keyboard.press("Escape")
    assert page.locator(".measure-box").is_hidden()
    page.mouse.click(holder["x"] + holder["width"] * 0.4, holder["y"] + holder["height"] * 0.5)
    assert page.locator(".card").count() == 1


# ---- printing


@pytest.mark.parametrize(
    ("sheet", "width", "height"), [("A4-landscape", 297, 210), ("A4-portrait", 210, 297), ("A3-landscape", 420, 297)]
)
def test_the_print_view_is_one_sheet_with_all_a_map_needs(open_map, map_file, sheet, width, height):
    page = open_map(map_file)
    page.locator("#print-button").click()
    page.locator("#print-size").select_option(sheet)
    settled(page)
    paper = page.locator(".paper")
    words = paper.inner_text()
    for text in (
        "DỰ THẢO",
        "Chú giải",
        "Nguồn số liệu",
        "Tỷ lệ khoảng 1:",
        "không phải tài liệu địa chính",
        "22/11/2026",
    ):
        assert text in words, text
    assert paper.locator("svg.north").is_visible()
    box, inner = paper.bounding_box(), paper.locator(".print-map canvas").first.bounding_box()
    assert box["width"] == pytest.approx(width * 96 / 25.4, abs=1)
    assert inner["width"] > 0.5 * box["width"]
    # the bar is as long on paper as its metres at the scale that is told
    scale = int(paper.locator("[data-scale]").get_attribute("data-scale"))
    bar = paper.locator(".print-bar").bounding_box()["width"] * 25.4 / 96
    metres = float(paper.locator("[data-metres]").get_attribute("data-metres"))
    ticks = paper.locator(".print-ticks span")
    zero, half, whole = ticks.all_inner_texts()
    unit = 1000 if whole.endswith(" km") else 1
    assert (zero, float(half.replace(",", ".")), float(whole.split()[0])) == ("0", metres / unit / 2, metres / unit)
    side, last = paper.locator("aside").bounding_box(), ticks.last.bounding_box()
    assert last["x"] + last["width"] <= side["x"] + side["width"] + 0.5
    assert metres / (bar / 1000) == pytest.approx(scale, rel=0.02)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) == 1
    assert [float(v) for v in boxes[0]] == pytest.approx([width * MM, height * MM], abs=1.5)
    page.keyboard.press("Escape")
    assert page.locator(".print-page").count() == 0
    assert page.locator(".ranking .line").first.is_visible()
    assert page.locator(".map-holder canvas").first.is_visible()


def test_a_sheet_of_trial_weights_says_so(open_map, map_file):
    page = open_map(map_file)
    page.locator("#print-button").click()
    page.locator("#print-title").fill("<b>{{7*7}}</b>")
    assert page.locator(".paper h2").inner_text() == "<b>{{7*7}}</b>"
    assert "Xếp hạng thử" not in page.locator(".paper").inner_text()


# ---- two options


def test_two_options_side_by_side_or_one_above_the_other(open_map, comparison_file):
    page = open_map(comparison_file)

    def boxes():
        return [page.locator(".pane").nth(i).bounding_box() for i in (0, 1)]

    left, right = boxes()
    assert (left["y"], left["height"]) == (right["y"], right["height"])
    page.locator("#turn-button").click()
    upper, lower = boxes()
    assert (upper["x"], upper["width"]) == (lower["x"], lower["width"])
    assert lower["y"] >= upper["y"] + upper["height"] - 1
    centres = [page.evaluate(f"[map_siteplan_{i}.getCenter().lat, map_siteplan_{i}.getZoom()]") for i in (1, 2)]
    assert centres[0] == pytest.approx(centres[1], abs=1e-3)  # within a pixel


def test_the_years_of_two_options_stand_beside_each_other(open_map, comparison_file):
    page = open_map(comparison_file)
    page.locator("#years-button").click()
    slide(page, 2027)
    assert page.locator(".year-told p").all_inner_texts() == [
        f"PA {n}: 6 trung tâm đã xong · 0 đang xây · 1 cơ sở cũ dôi ra" for n in (1, 2)
    ]
    page.locator(".sort", has_text="PA 2").click()
    assert listed(page)[:3] == ["06001", "06004", "06007"]


def test_the_tools_fit_every_screen(open_map, map_file: Path):
    for width, height in ((1366, 768), (390, 844)):
        page = open_map(map_file, width, height, fragment="#t=year")
        page.locator("#measure-button").click()
        for selector in (".years", ".measure-box", ".bar nav"):
            box = page.locator(selector).bounding_box()
            assert box["x"] >= 0, (selector, width)
            assert box["x"] + box["width"] <= width, (selector, width)


def test_the_map_of_one_commune_opens_on_it(open_map, map_run, style, tmp_path):
    from siteplan.outputs import webmap

    file = webmap.write_map(map_run.build(tmp_path), tmp_path / "m.html", style, commune="06003")
    page = open_map(file)
    assert page.locator("[data-commune='06003']").is_visible()
    assert page.locator(".site-line").count() == 3
    assert "Bản đồ lập riêng cho Hòa Bình" in page.locator(".banner.one").inner_text()
    assert page.locator("#trial-button").count() == 0
    page.locator(".card .back").click()
    page.locator(".line[data-code='06001']").click()
    assert page.locator(".site-line").count() == 0
