"""Submissions over time: history, differences, what is in force, who has answered, and the letter."""

from __future__ import annotations

import datetime as dt
import json

import docx
import openpyxl
import pytest
import shapely

from siteplan import locale
from siteplan.errors import InputError
from siteplan.survey import feeding, telling
from siteplan.survey.answers import lines_of
from siteplan.survey.forms import form_name, write_form
from siteplan.survey.importing import take_in
from siteplan.survey.known import Known
from siteplan.survey.letter import write_letter
from siteplan.survey.overview import counts, write_overview
from siteplan.survey.places import Ground
from siteplan.survey.store import Store

FULL = {
    "unit": {
        "population": 8000, "population_date": "2026-03-31", "staff": 40, "staff_party": 10, "staff_government": 18,
        "staff_front": 6, "staff_service_centre": 4, "staff_contract": 2, "staff_decision": "1/QĐ",
        "visits_per_day": 50,
        "hall_seats": 120, "reporter": "A", "report_no": "9/BC", "report_date": "2026-04-10",
    },
    "needs": {
        "existing_floor": 500.25, "existing_land": 1200.5, "extension_floor": 0.0, "extension_land": 0.0,
        "new_floor": 1500.0, "new_land": 5000.0,
    },
    "dossier": {"filed": "yes"},
}  # fmt: skip
LISTS = {
    "facilities": {
        "KS-06184-C01": {"facility_name": "Trụ sở", "land_area": 1200.5, "floor_area": 500.25, "condition": "good",
                         "status": "in_use", "crs": "vn2000", "x_north": 2_420_000.5, "y_east": 440_000.25},
    },
    "buildings": {},
    "proposals": {
        "KS-06184-X01": {"site_name": "Khu đất", "crs": "vn2000", "x_north": 2_421_000.125, "y_east": 441_000.0,
                         "site_area": 6000.01, "clearance": "cleared", "flooded": "no"},
    },
}  # fmt: skip


def answer(**changes):
    single = {t: {k: {k: v} for k, v in rows.items()} for t, rows in FULL.items()}
    full = {**single, **{t: {k: dict(v) for k, v in rows.items()} for t, rows in LISTS.items()}}
    for place, value in changes.items():
        topic, key = place.split("__")
        if value is None:
            del full[topic][key]
        elif topic in LISTS:
            full[topic][key] = value
        else:
            full[topic][key] = {key: value}
    return full


@pytest.fixture
def desk(tmp_path, case):
    """Somewhere to receive answers."""

    class Desk:
        store = Store(tmp_path / "layers")
        ground = Ground(
            case.province, {c["code"]: shapely.box(430_000, 2_410_000, 450_000, 2_430_000) for c in case.communes}
        )
        communes = case.communes
        province = case.province

        def receive(self, said, code="06184", at="2026-04-15T08:00:00+07:00", keep=True):
            commune = next(c for c in case.communes if c["code"] == code)
            path = tmp_path / "nhận" / form_name(code, commune["kind"], commune["name"])
            write_form(commune, path, case.province, said)
            (result,) = take_in(path, self.store, self.ground, Known(), at, "cán bộ B", keep=keep)
            return result

    return Desk()


def test_history_keeps_who_when_and_the_file(desk):
    result = desk.receive(answer())
    assert (result.outcome, result.number, result.problems, result.differences) == ("taken", 1, [], [])
    (record,) = desk.store.records("06184")
    assert (record.by, record.received, record.value("unit", "reporter")) == (
        "cán bộ B",
        "2026-04-15T08:00:00+07:00",
        "A",
    )
    kept = next((desk.store.folder / "lich_su" / "06184").glob("*.xlsx"))
    assert kept.read_bytes() == result.path.read_bytes()
    assert desk.receive(answer()).outcome == "same"
    assert len(desk.store.records("06184")) == 1


def test_a_newer_submission_shows_its_differences_cell_by_cell(desk):
    desk.receive(answer())
    first = sorted((desk.store.folder / "lich_su" / "06184").iterdir())
    before = [p.read_bytes() for p in first]
    again = desk.receive(answer(needs__new_floor=1600.5, unit__hall_seats=None, unit__report_date="2026-05-10"))
    assert again.number == 2
    changed = {(d.topic, d.question): (d.old, d.new) for d in again.differences}
    assert changed == {
        ("needs", "new_floor"): (1500.0, 1600.5),
        ("unit", "hall_seats"): (120, None),
        ("unit", "report_date"): ("2026-04-10", "2026-05-10"),
    }
    assert [p.read_bytes() for p in first] == before, "what was kept is never changed"
    assert telling.difference_words(again.differences[-1], "vi")[2:] != []
    words = {tuple(telling.difference_words(d, "vi")[2:]) for d in again.differences}
    assert ("Diện tích sàn cần xây mới", "1.500,00", "1.600,50") in words
    assert ("Ngày văn bản báo cáo", "10/04/2026", "10/05/2026") in words


def test_a_bad_cell_leaves_the_earlier_answer_in_force(desk):
    desk.receive(answer())
    again = desk.receive(answer(needs__new_floor=1.5, needs__new_land=5500.0))
    assert again.outcome == "partly"
    assert {p.key for p in again.problems} == {"survey_thousand"}
    rows = feeding.layer_rows(desk.store, desk.province)["commune_reports"]
    assert (rows[0]["new_floor_area_m2"], rows[0]["new_land_area_m2"]) == (1500.0, 5500.0)


def test_an_earlier_report_does_not_take_the_place_of_a_later_one(desk):
    desk.receive(answer())
    older = desk.receive(answer(unit__report_date="2026-01-10", needs__new_floor=1.0e3))
    assert older.outcome == "refused"
    assert [p.key for p in older.problems] == ["survey_older"]
    assert len(desk.store.records("06184")) == 1


def test_a_form_sent_back_blank_is_no_answer(desk):
    result = desk.receive({})
    assert (result.outcome, [p.key for p in result.problems]) == ("refused", ["survey_file_empty"])
    assert desk.store.communes() == []


def test_checking_keeps_nothing(desk):
    assert desk.receive(answer(), keep=False).outcome == "taken"
    assert desk.store.communes() == []


def test_a_killed_import_leaves_the_history_whole(desk, monkeypatch):
    from siteplan.survey import store as module

    desk.receive(answer())
    before = {p: p.read_bytes() for p in desk.store.folder.rglob("*") if p.is_file()}

    def killed(path, words):
        (path.with_name(path.name + ".new")).write_text(words[:40], "utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.receive(answer(needs__new_floor=2000.0))
    fresh = Store(desk.store.layers)
    assert len(fresh.records("06184")) == 1
    assert all(p.read_bytes() == content for p, content in before.items())
    assert desk.receive(answer(needs__new_floor=2000.0)).number == 2
    assert Store(desk.store.layers).in_force("06184")["needs"]["new_floor"] == {"new_floor": 2000.0}


def test_a_record_changed_by_hand_is_told(desk):
    desk.receive(answer())
    path = next((desk.store.folder / "lich_su" / "06184").glob("*.json"))
    path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    with pytest.raises(InputError) as caught:
        Store(desk.store.layers).records("06184")
    assert caught.value.problems[0].key == "survey_record_unreadable"


def test_the_layers_are_entered_once_and_the_catalog_keeps_its_comments(desk):
    desk.receive(answer())
    tables = feeding.layer_rows(desk.store, desk.province)
    files = feeding.write_layers(desk.store, tables)
    first = {p: p.read_bytes() for p in files}
    catalog = desk.store.layers / "catalog.toml"
    catalog.write_text('# ghi chú\n[province]\nfile = "province.toml"\n', "utf-8")
    added = feeding.enter(catalog, desk.store, desk.province, tables)
    assert added == ["khao_sat_bao_cao", "khao_sat_bien_che", "khao_sat_co_so_nha_dat", "khao_sat_vi_tri_de_xuat",
                     "khao_sat_ho_so"]  # fmt: skip
    assert feeding.enter(catalog, desk.store, desk.province, tables) == []
    words = catalog.read_text("utf-8")
    assert words.startswith("# ghi chú\n")
    assert words.count("updates = true") == 5
    feeding.write_layers(desk.store, feeding.layer_rows(Store(desk.store.layers), desk.province))
    assert {p: p.read_bytes() for p in files} == first


def test_who_has_answered_and_what_is_missing(desk, tmp_path):
    desk.receive(answer())
    said = answer(unit__population=None)
    desk.receive(said, code="05977")
    lines = {line.code: line for line in lines_of(desk.communes, desk.store, "vi")}
    assert [lines[c["code"]].state for c in desk.communes] == ["partial", "none", "complete"]
    assert lines["06184"].percent == 100
    assert lines["05977"].lacking == ["Dân số (thường trú và tạm trú)"]
    assert 90 < lines["05977"].percent < 100
    assert counts(list(lines.values())) == {"total": 3, "none": 1, "refused": 0, "partial": 1, "complete": 1}
    path = write_overview(list(lines.values()), tmp_path / "tong_hop.xlsx", "vi", dt.date(2026, 12, 15))
    page = openpyxl.load_workbook(path).active
    rows = [row for row in page.iter_rows(values_only=True) if row[0] in lines]
    assert [(row[0], row[3]) for row in rows] == [
        ("05977", "trả lời một phần"), ("06001", "chưa trả lời"), ("06184", "đã trả lời đủ"),
    ]  # fmt: skip


def test_what_blocks_is_counted_as_lacking(desk):
    desk.receive(answer(needs__new_land=0.5))
    (line,) = [line for line in lines_of(desk.communes, desk.store, "vi") if line.code == "06184"]
    assert line.state == "partial"
    assert line.lacking == ["Diện tích đất cần cho xây mới"]
    assert line.blocking == ["Nhu cầu diện tích C12"]


def test_the_letter_names_who_is_silent_and_what_is_missing(desk, tmp_path):
    desk.receive(answer(unit__population=None))
    lines = lines_of(desk.communes, desk.store, "vi")
    path = write_letter(lines, tmp_path / "thư.docx", desk.province, dt.date(2026, 11, 22), dt.date(2026, 12, 15))
    paper = docx.Document(str(path))
    words = "\n".join(p.text for p in paper.paragraphs)
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in paper.tables]
    assert "15/12/2026" in words
    assert (
        "0 đơn vị đã trả lời đủ, 1 đơn vị trả lời một phần, "
        "0 đơn vị đã gửi nhưng phiếu bị từ chối và 2 đơn vị chưa trả lời" in words
    )
    flat = json.dumps(tables, ensure_ascii=False)
    for part in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Nơi nhận:", "GIÁM ĐỐC", "06001", "05977", "Dân số"):
        assert part in flat, part
    assert "DỰ THẢO" in paper.sections[0].first_page_header.paragraphs[0].text
    again = write_letter(lines, tmp_path / "b.docx", desk.province, dt.date(2026, 11, 22), dt.date(2026, 12, 15))
    assert again.read_bytes() == path.read_bytes()
    for lang in locale.LANGUAGES:
        write_letter(lines_of(desk.communes[2:], desk.store, lang), tmp_path / "c.docx", desk.province,
                     dt.date(2026, 11, 22), None, lang)  # fmt: skip


def test_a_form_of_another_commune_is_an_answer_that_was_refused(desk, tmp_path):
    first, second = desk.communes[2], desk.communes[0]
    path = tmp_path / "về" / form_name(second["code"], second["kind"], second["name"])
    write_form(first, path, desk.province, answer())
    names = {c["code"]: f"{c['kind']} {c['name']}" for c in desk.communes}
    ground = Ground(desk.province, desk.ground.communes, names=names)
    (result,) = take_in(path, desk.store, ground, Known(), "2026-04-15T08:00:00+07:00", "B")
    what = telling.problem_words(result.problems[0], "vi")["what"]
    assert "05977 (phường Đông Kinh)" in what
    assert "06184 (xã Đồng Đăng)" in what
    lines = {line.code: line for line in lines_of(desk.communes, desk.store, "vi")}
    assert [lines[c["code"]].state for c in desk.communes] == ["refused", "none", "none"]
    assert lines["05977"].lacking == [f"đã gửi ngày 15/04/2026, bị từ chối: {what}"]
    assert counts(list(lines.values())) == {"total": 3, "none": 2, "refused": 1, "partial": 0, "complete": 0}
    letter = write_letter(list(lines.values()), tmp_path / "thư.docx", desk.province, dt.date(2026, 4, 20))
    cells = [cell.text for table in docx.Document(letter).tables for row in table.rows for cell in row.cells]
    assert lines["05977"].lacking[0] in cells
    kept = {p: p.read_bytes() for p in desk.store.folder.rglob("*") if p.is_file()}
    take_in(path, desk.store, ground, Known(), "2026-04-17T08:00:00+07:00", "B")
    assert {p: p.read_bytes() for p in desk.store.folder.rglob("*") if p.is_file()} == kept
    desk.receive(answer(), code="05977", at="2026-04-18T08:00:00+07:00")
    assert lines_of(desk.communes, desk.store, "vi")[0].submissions == 1


def test_the_six_areas_are_counted_apart_from_the_rest_of_the_form(desk):
    desk.receive(answer(unit__visits_per_day=None))
    line = lines_of(desk.communes, desk.store, "vi")[2]
    assert (line.state, line.areas) == ("partial", "answered")
    desk.receive(answer(needs__new_land=None, unit__report_date="2026-05-10"))
    line = lines_of(desk.communes, desk.store, "vi")[2]
    assert (line.state, line.areas) == ("partial", "partly")
    desk.receive(answer(**{f"needs__{key}": None for key in FULL["needs"]}), code="05977")
    assert lines_of(desk.communes, desk.store, "vi")[0].areas == "partly", "a report without areas is one in part"
