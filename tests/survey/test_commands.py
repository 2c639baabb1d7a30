"""The commands of the survey on a small workspace: out, filled in, back, into the layers, counted, reminded."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import openpyxl
import pytest
import shapely

from siteplan import locale
from siteplan.cli.app import call
from siteplan.layers.catalog import load_catalog
from siteplan.layers.read import read_layers
from siteplan.survey.questions import FIRST_ROW, KEY_ROW, TOPICS

CATALOG = """# danh mục thử
[province]
file = "province.toml"

[layers.communes]
role = "communes"
path = "communes.gpkg"

[layers.co_so]
role = "facilities"
path = "co_so.csv"
xy = ["east", "north"]
crs = 9215
"""
FACILITIES = """facility_id,name,commune_code,land_area_m2,floor_area_m2,condition,status,east,north
CS-1,Trụ sở xã,06001,1000.5,500.25,poor,in_use,445000,2415000
"""


@pytest.fixture
def place(tmp_path, repo_root, monkeypatch):
    layers = tmp_path / "layers"
    layers.mkdir()
    (layers / "province.toml").write_bytes((repo_root / "layers" / "province.toml").read_bytes())
    shapes = [shapely.box(440_000 + 10_000 * n, 2_410_000, 450_000 + 10_000 * n, 2_420_000) for n in range(3)]
    frame = {"code": ["06001", "06004", "06019"], "name": ["Một", "Hai", "Ba"], "kind": ["xã", "phường", "xã"]}
    gpd.GeoDataFrame(frame, geometry=shapes, crs=9215).to_file(layers / "communes.gpkg")
    (layers / "co_so.csv").write_text(FACILITIES, "utf-8")
    (layers / "catalog.toml").write_text(CATALOG, "utf-8")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(place, *words):
    return call(["survey", *words, "--workspace", str(place), "--quiet"])


def fill(path, target, **said):
    book = openpyxl.load_workbook(path)
    for topic in TOPICS:
        page = book[locale.text(f"survey.sheet.{topic.key}")]
        for n, question in enumerate(topic.questions):
            if not topic.is_list and question.key in said:
                page.cell(FIRST_ROW + n, 3).value = said[question.key]
            at = next((c.column for c in page[KEY_ROW] if c.value == question.key), None)
            if topic.key == "facilities" and question.key in said:
                page.cell(FIRST_ROW, at).value = said[question.key]
    book.save(target)


ANSWER = {
    "population": 8000, "staff": 41, "reporter": "A", "report_no": "9/BC", "report_date": dt.datetime(2026, 4, 10),  # noqa: DTZ001
    "land_area": 1234.56, "new_floor": 1500.75,
}  # fmt: skip


def test_from_form_to_layer_to_letter(place, capsys):
    assert run(place, "new", "--deadline", "15/12/2026") == 0
    sent = sorted(p.name for p in (place / "khao_sat" / "gui_di").iterdir())
    assert sent == ["06001 xã Một.xlsx", "06004 phường Hai.xlsx", "06019 xã Ba.xlsx", "tong_hop.xlsx"]
    back = place / "về"
    back.mkdir()
    fill(place / "khao_sat" / "gui_di" / sent[0], back / sent[0], **ANSWER)
    received = (back / sent[0]).read_bytes()
    assert run(place, "import", str(back), "--by", "cán bộ B") == 0
    assert (back / sent[0]).read_bytes() == received
    words = (place / "layers" / "catalog.toml").read_text("utf-8")
    assert words.startswith("# danh mục thử\n")
    layers = read_layers(load_catalog(place / "layers" / "catalog.toml"))
    facility = layers.table("facilities").iloc[0]
    assert (facility["land_area_m2"], facility["floor_area_m2"], facility["condition"]) == (1234.56, 500.25, "poor")
    assert facility["layer"] == "khao_sat_co_so_nha_dat"
    report = layers.table("commune_reports").iloc[0]
    assert (report["commune_code"], report["new_floor_area_m2"], report["report_date"]) == (
        "06001",
        1500.75,
        "2026-04-10",
    )
    assert layers.table("commune_staff")["staff"].tolist() == [41]
    capsys.readouterr()
    assert run(place, "status", "--xlsx", str(place / "tinh_hinh.xlsx")) == 0
    assert "1 trả lời một phần, 0 đã gửi nhưng bị từ chối, 2 chưa trả lời" in capsys.readouterr().out
    assert (place / "tinh_hinh.xlsx").is_file()
    assert run(place, "remind", "--deadline", "31/12/2026") == 0
    assert (place / "khao_sat" / "cong_van_don_doc.docx").is_file()


def test_the_next_form_shows_what_was_answered_and_a_second_import_says_so(place, capsys):
    assert run(place, "new") == 0
    back = place / "về"
    back.mkdir()
    name = "06001 xã Một.xlsx"
    fill(place / "khao_sat" / "gui_di" / name, back / name, **ANSWER)
    assert run(place, "import", str(back / name)) == 0
    before = (place / "layers" / "catalog.toml").read_bytes()
    capsys.readouterr()
    assert run(place, "import", str(back / name)) == 0
    assert "đã nhập trước đây" in " ".join(capsys.readouterr().out.split())
    assert (place / "layers" / "catalog.toml").read_bytes() == before
    assert run(place, "new") == 2, "a form that differs is not written over unasked"
    assert run(place, "new", "--out", str(place / "đợt hai")) == 0
    page = openpyxl.load_workbook(place / "đợt hai" / name)[locale.text("survey.sheet.unit")]
    assert page.cell(FIRST_ROW, 3).value == 8000


def test_faults_are_told_by_cell_and_go_back_as_a_workbook(place, capsys):
    assert run(place, "new") == 0
    back = place / "về"
    back.mkdir()
    name = "06001 xã Một.xlsx"
    fill(place / "khao_sat" / "gui_di" / name, back / name, **{**ANSWER, "new_floor": "1.200", "reason": "=1+1"})
    capsys.readouterr()
    assert run(place, "import", str(back)) == 1
    out = capsys.readouterr().out
    assert f"LỖI: {name} · Nhu cầu diện tích · C11 · Diện tích sàn cần xây mới" in out
    assert '"1.200" có thể là 1.200 hoặc 1,200' in out
    reply = place / "khao_sat" / "phan_hoi" / "06001 xã Một - phan hoi.xlsx"
    cells = [c for row in openpyxl.load_workbook(reply).active.iter_rows() for c in row]
    assert any(c.value == "C11" for c in cells)
    assert not [c for c in cells if c.data_type == "f"]
    assert run(place, "import", str(place / "không có")) == 1
    assert run(place, "new", "--deadline", "hôm nay") == 2
