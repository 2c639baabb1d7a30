"""The map of a run, driven in a browser without network; the console must stay clean (fixture ``open_map``)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from siteplan import crs
from siteplan.outputs.webmap.projection import parameters

pytestmark = pytest.mark.require("chromium")

# lon, lat inside and around the province, and their place by PROJ through EPSG:6960
PLACES = [
    (106.7610, 21.8530),
    (107.25, 21.80),
    (106.0917, 21.3250),
    (107.37, 22.47),
    (105.5, 20.0),
    (108.9, 23.4),
    (107.25, 0.0),
    (106.3, 22.222222),
]


def names(page) -> list[str]:
    # lines that were out of sight have no inner text before the next frame
    return page.locator(".ranking .line .name > span:first-child").all_text_contents()


def test_all_communes_are_listed_by_rank_and_drawn(open_map, map_file, map_run):
    page = open_map(map_file)
    assert [n.split("\n")[0] for n in names(page)][:3] == ["Hữu Lũng", "Đồng Đăng", "Đình Lập"]
    assert page.locator(".ranking .line").count() == len(map_run.CODES)
    assert page.locator("canvas").count() >= 5
    assert page.locator(".count").inner_text() == "9 / 9 xã, phường"


SEARCHES = {
    "huu lung": {"Hữu Lũng"},
    "HỮU LŨNG": {"Hữu Lũng"},
    "dong dang": {"Đồng Đăng"},
    "dinh lap": {"Đình Lập"},
    "Hoà Bình": {"Hòa Bình", "Hoà Bình"},
    "hòa bình": {"Hòa Bình", "Hoà Bình"},
    "phuong ky lua": {"Kỳ Lừa"},
    "06002": {"Đình Lập"},
    "không có": set(),
}


def test_search_with_and_without_accents(open_map, map_file):
    page = open_map(map_file)
    for words, found in SEARCHES.items():
        page.locator("#search").fill(words)
        assert set(names(page)) == found, words
        assert page.locator(".ranking .empty").count() == (0 if found else 1)


def test_filters_and_sorting(open_map, map_file):
    page = open_map(map_file)
    page.get_by_label("Chỉ xã biên giới").check()
    assert set(names(page)) == {"Đồng Đăng", "Mẫu Sơn"}
    page.get_by_label("Chỉ xã biên giới").uncheck()
    page.get_by_label("Lọc theo loại đơn vị").select_option("phường")
    assert names(page) == ["Kỳ Lừa"]
    page.get_by_label("Lọc theo loại đơn vị").select_option("")
    page.get_by_label("Lọc theo giai đoạn").select_option("waiting")
    assert names(page)[:2] == ["Đình Lập", "Mẫu Sơn"]
    page.get_by_label("Lọc theo giai đoạn").select_option("")
    page.locator(".heads button", has_text="Thiếu m²").click()
    assert names(page)[0] == "Hữu Lũng"
    assert names(page)[-1] == "Hoà Bình", "a commune without figures stays at the end"
    page.locator(".heads button", has_text="Thiếu m²").click()
    assert names(page)[-1] == "Hoà Bình"
    assert names(page)[0] != "Hữu Lũng"


def test_click_opens_the_card_of_a_commune_with_all_its_parts(open_map, map_file):
    page = open_map(map_file)
    page.locator(".line[data-code='06000']").click()
    card = page.locator("[data-commune='06000']")
    assert card.locator("h2").inner_text() == "Xã Hữu Lũng"
    text = card.inner_text()
    for words in (
        "2.910",
        "1.500",
        "1.510",
        "cần 2.910 m²",
        "Thiếu diện tích",
        "30,0 / 60",
        "thiếu dữ liệu",
        "thi-diem",
        "2026–2027",
        "giá năm gốc",
        "40,5 tỷ đồng",
        "theo giá các năm chi",
        "45,6 tỷ đồng",
        "Huyện lỵ cũ",
        "2 / 3 đủ điều kiện",
        "Giữ lại tiếp tục sử dụng",
        "Vị trí giả định",
        "Thiếu dữ liệu không có nghĩa",
        "Mức đầy đủ dữ liệu",
    ):
        assert words in text, words
    page.wait_for_timeout(900)
    assert page.evaluate("map_siteplan_1.getZoom()") > 10
    page.keyboard.press("Escape")
    assert page.locator(".ranking .line").count() == 9
    assert page.evaluate("document.activeElement.dataset.code") == "06000"


def test_a_site_tells_score_criteria_and_evidence(open_map, map_file):
    page = open_map(map_file)
    page.locator(".line[data-code='06000']").click()
    page.locator("[data-site='06000-K-aaaaaa']").click()
    card = page.locator("[data-site-card='06000-K-aaaaaa']")
    text = card.inner_text()
    for words in (
        "80,5",
        "từ 70,0 đến 85,0",
        "4.800 m²",
        "Quy hoạch chung xã Hữu Lũng",
        "Số MH-07/QĐ-MINH HỌA ngày 19/03/2024",
        "120 m² · 2,5 %",
        "Đi lại",
        "64,0 / 100",
        "địa hình 450 m",
        "Đất chuyên trồng lúa (LUC) 62,5 %; Đất trồng cây lâu năm (CLN) 37,5 %",
        "Cần xác nhận bằng văn bản",
        "Không chồng lấn chưa có nghĩa là phù hợp",
    ):
        assert words in text, words
    page.keyboard.press("Escape")
    assert page.locator("[data-commune='06000']").is_visible()


def test_the_figures_of_a_site_never_leave_blank_what_could_read_as_safe(open_map, map_file):
    page = open_map(map_file)
    page.locator(".line[data-code='06000']").click()
    told = {}
    for site in ("06000-K-aaaaaa", "06000-T-aaaaaa"):
        page.locator(f"[data-site='{site}']").click()
        measures = page.locator(f"[data-site-card='{site}'] .part", has=page.locator("h3", has_text="Số đo"))
        names, values = (measures.locator(tag).all_inner_texts() for tag in ("dt", "dd"))
        told[site] = dict(zip(names, values, strict=True))
        page.keyboard.press("Escape")
    full, empty = told["06000-K-aaaaaa"], told["06000-T-aaaaaa"]
    assert full["San nền"] == "đào 1.830 m³, đắp 2.050 m³ ở cao độ 419,01 m, chưa kể mái dốc"
    assert full["So với mực lũ đã biết"] == "phải tôn nền 3,40 m · mực lũ 420,50 m (Yagi, 09/09/2024)"
    assert full["Thiên tai"] == "cao (12,5 %)"
    assert full["Số hộ phải di dời"] == "1"
    assert full["Bồi thường về đất"] == "2,5 tỷ đồng"
    assert "2.634 m²" in full["Bồi thường theo nhóm đất"]
    assert "đường giao thông" in full["Hạ tầng trong tầm đấu nối"]
    for name in ("San nền", "So với mực lũ đã biết", "Sạt lở theo địa hình", "Thiên tai", "Nhà phải giải tỏa",
                 "Số hộ phải di dời", "Bồi thường theo nhóm đất", "Bồi thường về đất",
                 "Hạ tầng trong tầm đấu nối"):  # fmt: skip
        assert empty[name] == "chưa đánh giá được", name


def test_a_commune_says_what_its_figures_count(open_map, map_file):
    page = open_map(map_file)
    page.locator(".line[data-code='06000']").click()
    card = page.locator("article[data-commune='06000']")
    assert "gộp từ 3 đơn vị cũ" in card.inner_text()
    told = card.locator("[data-counts]").all_inner_texts()
    assert told == [
        "Phân tán tính là 4 đơn vị quy đổi vì các cơ sở ở cách xa nhau; số đơn vị cũ gộp lại là 3.",
        "Tỷ lệ nhà xuống cấp chỉ tính trên 1/2 cơ sở đã biết tình trạng và diện tích; các cơ sở còn lại chưa rõ.",
    ]
    page.keyboard.press("Escape")
    page.locator(".line[data-code='06001']").click()
    assert page.locator("article[data-commune='06001'] [data-counts]").count() == 0


def test_a_site_tells_what_the_agencies_answered(open_map, map_file, map_run):
    page = open_map(map_file)
    page.locator(".line[data-code='06000']").click()
    page.locator("[data-site='06000-K-aaaaaa']").click()
    card = page.locator("[data-site-card='06000-K-aaaaaa']")
    answers = card.locator("[data-answer]")
    assert answers.count() == 3
    by_agency = [[line for line in t.splitlines() if line] for t in answers.all_inner_texts()]
    withheld, whole, first = by_agency
    assert first == [
        "Sở Xây dựng: đồng ý có điều kiện",
        "văn bản 123/SXD-QH ngày 05/02/2026 · ô Z0 (Quy hoạch chung xã Hữu Lũng)",
        "Giữ 3 m cây xanh " + map_run.HOSTILE,
    ]
    assert whole == [
        "Sở Nông nghiệp và Môi trường: không đồng ý",
        "văn bản 123/SXD-QH ngày 05/02/2026 · về cả khu đất",
    ]
    # what was asked about withheld land is not told
    assert withheld == ["Bộ Chỉ huy quân sự tỉnh: cần bổ sung hồ sơ", "văn bản 123/SXD-QH ngày 05/02/2026"]
    assert "không thay đổi kết quả" in card.inner_text()
    assert page.evaluate("window.hacked") is None
    page.keyboard.press("Escape")
    page.locator("[data-site='06000-T-aaaaaa']").click()
    assert page.locator("[data-site-card='06000-T-aaaaaa'] [data-answer]").count() == 0


def test_a_commune_without_sites_says_why(open_map, map_file):
    page = open_map(map_file)
    page.locator(".line[data-code='06007']").click()
    card = page.locator("[data-commune='06007']")
    assert card.locator(".site-line").count() == 0
    assert "Chưa có vị trí đạt yêu cầu" in card.locator(".reasons").all_inner_texts()


LAYERS = (
    "plans_in_force",
    "plans_not_in_force",
    "land_use",
    "floods",
    "landslides",
    "eligible",
    "sector_projects",
    "urban_areas",
    "facilities",
    "travel",
    "access_points",
)


def picture(page) -> np.ndarray:
    """Take the map once it has come to rest: rows, columns, red green blue."""
    page.mouse.move(2, 2)
    last = b""
    for _ in range(40):
        page.wait_for_timeout(60)
        now = page.locator(".map-holder").first.screenshot()
        if now == last:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                with MemoryFile(now) as memory, memory.open(driver="PNG") as source:
                    return np.moveaxis(source.read()[:3], 0, 2).astype(int)
        last = now
    raise AssertionError("the map does not come to rest")


def changed_percent(before: np.ndarray, after: np.ndarray) -> float:
    """Share of the picture whose colour changed by more than a shade."""
    return float((np.abs(before - after).max(axis=2) > 8).mean() * 100)


def test_layers_are_switched_on_and_off(open_map, map_file):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    before = picture(page)
    for layer in LAYERS:
        page.locator(f"#layer-{layer}").check()
        assert changed_percent(before, picture(page)) > 0.02, layer
        page.locator(f"#layer-{layer}").uncheck()
        assert changed_percent(before, picture(page)) < 0.005, layer


def test_opacity_and_themes_change_the_picture(open_map, map_file):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    last = picture(page)
    page.get_by_label("Độ đậm của lớp Màu theo chuyên đề").fill("20")
    assert changed_percent(last, picture(page)) > 5
    page.get_by_label("Độ đậm của lớp Màu theo chuyên đề").fill("100")
    last = picture(page)
    for theme in ("phase", "need", "check", "coverage"):
        page.locator("#theme").select_option(theme)
        now = picture(page)
        assert changed_percent(last, now) > 5, theme
        last = now
    legend = page.locator(".map-legend").inner_text()
    assert "Mức đầy đủ dữ liệu (%)" in legend


def test_legend_names_only_what_is_there(open_map, map_file):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    page.locator("#layer-land_use").check()
    lines = page.locator("[data-layer='land_use'] .classes li").all_inner_texts()
    assert len(lines) == 9
    assert "Mã loại đất khác" in lines
    assert any(line.startswith("LUC – ") for line in lines)


def test_hostile_names_are_shown_as_text(open_map, map_file, map_run):
    page = open_map(map_file)
    assert map_run.HOSTILE in [n.replace("\xa0", " ") for n in names(page)]
    page.locator(".line[data-code='06008']").click()
    assert map_run.HOSTILE in page.locator("[data-commune='06008'] h2").inner_text()
    page.locator("#sources-button").click()
    assert map_run.HOSTILE in page.locator(".sheet").inner_text()
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("img[src='x']").count() == 0


def test_coordinates_agree_with_proj_to_a_centimetre(open_map, map_file, map_run):
    page = open_map(map_file)
    # the province's own zone, and another central meridian, a 6-degree zone, and a CRS on WGS 84 itself
    for epsg in (map_run.EPSG, 5896, 3405, 32648):
        found = page.evaluate(
            "([places, p]) => places.map(q => SP.projector(p)(q[1], q[0]))", [PLACES, parameters(epsg)]
        )
        for (lon, lat), at in zip(PLACES, found, strict=True):
            east, north = crs.transformer(4326, epsg).transform(lon, lat)
            assert (at["east"], at["north"]) == pytest.approx((east, north), abs=0.01), (epsg, lon, lat)


def test_coordinates_of_the_published_points(open_map, map_file, map_run):
    # PROJ 9.5, EPSG:9215 through EPSG:6960
    published = {(106.7610, 21.8530): (449262.4506, 2417472.3549), (107.37, 22.47): (512153.6511, 2485711.8565)}
    page = open_map(map_file)
    for (lon, lat), (east, north) in published.items():
        at = page.evaluate("([lat, lon, p]) => SP.projector(p)(lat, lon)", [lat, lon, parameters(map_run.EPSG)])
        assert (at["east"], at["north"]) == pytest.approx((east, north), abs=0.01)


def test_the_cursor_shows_coordinates(open_map, map_file):
    page = open_map(map_file)
    box = page.locator(".map-holder").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    assert page.locator(".coordinates b").count() == 2
    east = page.locator(".coordinates b").first.inner_text()
    assert east.startswith("E 4")
    assert page.locator(".tip").is_visible()


def test_clicking_the_map_opens_what_is_there(open_map, map_file, map_run):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    page.locator("#layer-plans_in_force").check()
    page.locator("#layers-button").click()
    at = page.evaluate(
        """() => {
            const c = SP.content;
            const communes = c.runs[0].communes;
            const [x, y] = communes.rows[0][communes.names.indexOf('label_at')];
            const p = map_siteplan_1.latLngToContainerPoint([y / c.steps.coarse, x / c.steps.coarse]);
            const box = map_siteplan_1.getContainer().getBoundingClientRect();
            return [p.x + box.left, p.y + box.top];
        }"""
    )
    page.mouse.click(at[0] + 20, at[1] + 30)
    assert page.locator("[data-commune='06000'] h2").inner_text() == "Xã Hữu Lũng"
    assert "MH-07/QĐ-MINH HỌA" in page.locator("[data-commune='06000']").inner_text()
    assert page.locator("[data-commune='06000'] .findings").first.is_visible()


def test_everything_can_be_reached_by_keyboard(open_map, map_file):
    page = open_map(map_file)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("mau son")
    page.keyboard.press("Enter")
    assert page.locator("[data-commune='06005']").is_visible()
    page.keyboard.press("Escape")
    page.locator("#sources-button").focus()
    page.keyboard.press("Enter")
    assert page.locator(".sheet").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".sheet").count() == 0
    assert page.evaluate("document.activeElement.id") == "sources-button"


def test_stamp_banner_and_licences(open_map, map_file):
    page = open_map(map_file)
    assert "DỰ THẢO" in page.locator(".bar .stamp").inner_text()
    assert "22/11/2026 · bản 0.1.0" in page.locator(".bar .stamp").inner_text()
    assert "dữ liệu minh họa" in page.locator(".banner").inner_text()
    assert "không phải tài liệu địa chính" in page.locator(".foot").inner_text()
    page.locator("#sources-button").click()
    page.get_by_text("Xem giấy phép").click()
    text = page.locator(".sheet pre").inner_text()
    assert "SIL OPEN FONT LICENSE" in text
    assert "Vladimir Agafonkin" in text
    assert "BSD 2-Clause" in text


def test_a_frozen_run_is_no_draft_and_english_is_english(open_map, map_run, style, tmp_path):
    from siteplan.outputs import webmap

    run = map_run.build(tmp_path, frozen={"version": "trình lần 2", "date": "2026-12-01"}, illustrative_layers=[])
    page = open_map(webmap.write_map(run, tmp_path / "m.html", style, "en"))
    assert page.locator(".bar .stamp").inner_text() == "Version trình lần 2 of 2026-12-01"
    assert page.locator(".banner").count() == 0
    assert page.locator("h1").inner_text().startswith("Commune administrative centres")
    page.locator(".line").first.click()
    assert "2,910" in page.locator(".card").inner_text()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_nothing_runs_over_the_edge(open_map, map_file, width, height):
    page = open_map(map_file, width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".line").first.click()
    assert page.locator(".card").is_visible()
    over = page.evaluate(
        """() => [...document.querySelectorAll('.side *, .bar *')]
            .filter(n => n.offsetParent && n.getBoundingClientRect().right > innerWidth + 1).map(n => n.className)"""
    )
    assert over == []
    page.keyboard.press("Escape")
    if page.locator(".drawer").is_hidden():
        page.locator("#layers-button").click()
    assert page.locator("#layer-roads").is_visible()


def test_numbers_round_as_the_program_does(open_map, map_file):
    from siteplan import locale

    page = open_map(map_file)
    values = [77.25, 0.15, 2.5, 3.5, -0.04, 0.125, 1234567.885, 999.995, 0.5, 1e7 + 0.25, -2.5, 12.345, 1.005]
    for decimals in (0, 1, 2):
        shown = page.evaluate(
            "([v, d]) => v.map(x => SP.words({lang: 'vi', texts: {}, tokens: {}}).number(x, d))",
            [values, decimals],
        )
        assert shown == [locale.number(v, decimals) for v in values]


def test_comparison_moves_two_maps_as_one_and_marks_differences(open_map, comparison_file):
    page = open_map(comparison_file)
    assert page.locator(".folium-map").count() == 2
    page.evaluate("map_siteplan_1.setView([21.8, 106.5], 12, {animate: false})")
    left, right = (page.evaluate(f"[map_siteplan_{i}.getCenter().lat, map_siteplan_{i}.getZoom()]") for i in (1, 2))
    assert left == pytest.approx(right)
    assert page.locator(".badge.differs").count() == 6
    page.get_by_label("Chỉ xã khác nhau (≠)").check()
    assert page.locator(".ranking .line").count() == 6
    page.locator(".line[data-code='06000']").click()
    both = page.locator("table.both")
    assert "thi-diem" in both.inner_text()
    assert "mo-rong" in both.inner_text()
    assert both.locator("tr.differs").count() >= 1
    page.locator("[data-full='1']").click()
    assert page.locator("[data-commune='06000'] h2").inner_text() == "Xã Hữu Lũng"
    page.keyboard.press("Escape")
    assert page.locator("table.both").is_visible()
