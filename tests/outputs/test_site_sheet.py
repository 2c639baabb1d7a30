"""The page of one site: all texts found, nothing from data runs, one page on A4."""

from __future__ import annotations

import re
import subprocess

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine

from siteplan.errors import UsageError
from siteplan.locale import encode, text
from siteplan.outputs.site_sheet import find_site, page, verdict_lines, write_site_sheet
from siteplan.outputs.style import load_style
from siteplan.raster import Raster
from siteplan.tables import INPUTS, RESULTS, conform, empty


@pytest.fixture(scope="module")
def style(repo_root):
    return load_style(repo_root / "maps" / "style.toml")


@pytest.fixture
def small_run(small_run):
    """The small run with what lies around its sites: shaded terrain, one road, the place people reach soonest."""
    west, south, east, north = small_run.sites.total_bounds
    shade = np.full((20, 20), 180, dtype=np.uint8)
    place = Affine((east - west) / 20 + 60, 0, west - 600, 0, -(north - south) / 20 - 60, north + 600)
    small_run.raster = lambda name: Raster(shade, place, 0, 60.0) if name == "hillshade" else None
    road = {"road_class": "provincial", "geometry": shapely.LineString([(west - 900, south), (east + 900, north)])}
    roads = conform(gpd.GeoDataFrame([road], crs=9215).assign(layer="roads", illustrative=False, restricted=False),
                    INPUTS["roads"])  # fmt: skip
    small_run.background = lambda role: roads if role == "roads" else empty(INPUTS[role], 9215)
    for name in ("access_points", "climate"):
        small_run.tables.setdefault(name, empty(RESULTS[name], 9215))
    return small_run


def words(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


def test_a_site_is_found_by_id_and_by_commune_and_label(small_run) -> None:
    row = small_run.sites.iloc[0]
    assert find_site(small_run, row["site_id"])["site_id"] == row["site_id"]
    assert find_site(small_run, f"{row['commune_code']} {row['label']}")["site_id"] == row["site_id"]
    for wrong in ("", "khong-co", row["commune_code"]):
        with pytest.raises(UsageError) as caught:
            find_site(small_run, wrong)
        assert caught.value.problems[0].key == "site_unknown"


def test_a_site_is_found_by_the_name_of_its_commune_with_or_without_accents(small_run) -> None:
    row = small_run.sites[small_run.sites["commune_code"] == "06184"].iloc[0]
    for asked in (f"Hữu Lũng {row['label']}", f"huu lung {row['label'].lower()}", f"xã Hữu Lũng {row['label']}"):
        assert find_site(small_run, asked)["site_id"] == row["site_id"]
    for asked in ("Hữu Lũng K99", "huu lung", f"huu lugn {row['label']}"):
        with pytest.raises(UsageError) as caught:
            find_site(small_run, asked)
        found = caught.value.problems[0].params["found"]
        assert row["site_id"] in found
        assert set(re.findall(r"\b\d{5}\b", found)) == {"06184"}  # no site of another commune is proposed


def test_the_verdict_comes_first(small_run, style) -> None:
    site = find_site(small_run, small_run.sites["site_id"].iloc[0])
    fit = verdict_lines({**site, "eligible": True, "broken_rules": None, "is_best": True}, "vi")
    assert fit[0].startswith("Kết quả kiểm tra: ")
    assert fit[1].startswith("Đủ điều kiện")
    assert re.search(r"điểm, thứ hạng \d+ · được đề xuất$", fit[2])
    broken = {**site, "eligible": False, "broken_rules": "slope; needed_area", "score": None, "rank": None}
    lines = verdict_lines(broken, "vi")
    assert lines[1] == "Không đủ điều kiện, vi phạm: Độ dốc vượt ngưỡng; nhỏ hơn diện tích cần"
    assert lines[2].startswith("Chưa chấm điểm")
    assert verdict_lines({**site, "eligible": None}, "vi")[1] == "Chưa xét điều kiện"
    head = page(small_run, broken, style, "vi").split("</header>")[0]
    assert all(line in words(head) for line in lines[:2])


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_page_says_everything_in_words(small_run, style, tmp_path, lang) -> None:
    site = small_run.sites.sort_values("site_id").iloc[0]
    path = write_site_sheet(small_run, site["site_id"], tmp_path, style, lang)
    assert path.name == f"{site['site_id']}.html"
    html = path.read_text("utf-8")
    assert site["site_id"] in html
    assert "<svg" in html
    assert 'href="data:image/png;base64,' in html
    assert 'stroke-width="4"' in html  # the outline of the site
    assert not re.search(r"\b(site_sheet|sites|value|assumption)\.[a-z_]+", words(html))
    assert "not_assessed" not in words(html)
    if lang == "vi":
        assert "DỰ THẢO" in html


def test_what_came_from_data_does_not_run(small_run, style) -> None:
    site = find_site(small_run, small_run.sites["site_id"].iloc[0])
    hostile = {**site, "land_use_shares": "<script>x</script>", "clearance": "<img src=x onerror=y>", "label": "<b>"}
    html = page(small_run, hostile, style, "vi")
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_no_source_from_outside(small_run, style) -> None:
    html = page(small_run, find_site(small_run, small_run.sites["site_id"].iloc[0]), style, "vi")
    assert not re.search(r"(href|src)=\"(?!data:image/png;base64)", html)


def test_what_is_not_confirmed_and_hazards_are_never_cut_for_what_is_about_ranks(small_run, style) -> None:
    site = find_site(small_run, small_run.sites["site_id"].iloc[0])
    ranks = [("decide.site.swap", {"site": "K6", "label": "Đường", "label_en": "Road", "now": 10.0, "to": 11.0})] * 60
    flood = ("sites.reason.flood_raise", {"flood": 7.0, "event": "2008", "ground": 6.0, "raise": 1.0})
    low = ("sites.reason.low_ground", {"height": 0.8, "distance": 40.0})
    unconfirmed = ("sites.reason.unconfirmed", {"owner": "Bộ Chỉ huy quân sự tỉnh"})
    cell = encode([*ranks, unconfirmed, low, flood])
    told = re.findall("<li>(.*?)</li>", page(small_run, {**site, "reasons": cell}, style, "vi"))
    expected = [text(key, **params) for key, params in (low, flood, unconfirmed)]
    assert told[:3] == expected
    assert told[3].startswith("Đổi chỗ với K6")


@pytest.mark.require("chromium")
def test_the_page_prints_on_one_sheet(small_run, style, tmp_path, chromium_path) -> None:
    site = small_run.sites.sort_values("site_id")["site_id"].iloc[0]
    path, paper = write_site_sheet(small_run, site, tmp_path, style), tmp_path / "sheet.pdf"
    command = [chromium_path, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run([*command, f"--print-to-pdf={paper}", path.as_uri()], check=True, capture_output=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) == 1


def test_why_this_site_comes_first_and_what_is_not_told_is_counted(small_run, style) -> None:
    site = find_site(small_run, small_run.sites["site_id"].iloc[0])
    ground = [("sites.reason.found", {})] * 12
    lead = ("decide.site.lead", {"site": "K2", "points": 0.04})
    stays = ("decide.place.stays", {"type": "none"})
    html = page(small_run, {**site, "reasons": encode([*ground, lead, stays])}, style, "vi")
    told = re.findall("<li>(.*?)</li>", html)
    assert len(told) == 14
    assert told[0].startswith("Trung tâm đặt tại cơ sở hiện có")
    assert told[1] == "Hơn vị trí xếp sau (K2) 0,04 điểm"
    html = page(small_run, {**site, "reasons": encode([*ground * 5, lead])}, style, "vi")
    told = re.findall("<li>(.*?)</li>", html)
    assert told[0] == "Hơn vị trí xếp sau (K2) 0,04 điểm"
    assert 14 < len(told) < 61
    assert f"Còn {61 - len(told)} nhận xét trong sổ Excel, trang Vị trí." in html
