"""65 forms come back with every kind of fault: each is found, none is invented, good figures arrive unchanged."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, field

import openpyxl
import pytest
import shapely

from siteplan import locale
from siteplan.crs import Province, transformer
from siteplan.survey import feeding
from siteplan.survey.forms import form_name, write_form
from siteplan.survey.importing import take_in
from siteplan.survey.known import Known
from siteplan.survey.places import Ground
from siteplan.survey.questions import ABOUT_SHEET, FIRST_ROW, KEY_ROW, STAFF_PARTS, TOPICS, topic_of
from siteplan.survey.store import Store

PROVINCE = Province("20", "Lạng Sơn", "tỉnh", 9215, (380020, 2359400, 511531, 2484786))
SIDE = 8_000.0
ROWS = {t.key: {q.key: FIRST_ROW + n for n, q in enumerate(t.questions)} for t in TOPICS if not t.is_list}


def communes():
    """65 square communes, nine a row."""
    found = []
    for n in range(65):
        west, south = 400_000 + (n % 9) * SIDE, 2_380_000 + (n // 9) * SIDE
        unit = {"code": f"{6000 + 3 * n:05d}", "kind": "phường" if n % 8 == 0 else "xã", "name": f"Thử Nghiệm {n}"}
        found.append((unit, shapely.box(west, south, west + SIDE, south + SIDE)))
    return found


def truth(code, square, n):
    """What a commune answers, consistent in itself; two decimals that a binary fraction cannot hold."""
    pick = random.Random(n)
    parts = {key: pick.randint(2, 20) for key in STAFF_PARTS}
    floors = [round(pick.uniform(300, 2500), 2) for _ in range(3)]
    lands = [round(pick.uniform(2600, 6000), 2) for _ in range(3)]
    x, y = square.centroid.x, square.centroid.y
    first = round(floors[0] / 3, 2)
    facilities = {
        f"CS-{code}-{k}": {
            "facility_name": f"Trụ sở {k}", "former_level": "commune", "owner": "UBND", "land_area": lands[k],
            "floor_area": floors[k], "footprint": floors[k], "floors": 2, "year_built": 1990 + k,
            "condition": "fair", "status": "in_use" if k < 2 else "surplus", "crs": "vn2000",
            "x_north": round(y + 10 * k, 3), "y_east": round(x + 0.123, 3), "note": "=1+1" if k else "ghi chú",
        }
        for k in range(3)
    }  # fmt: skip
    lon, lat = transformer(9215, 4326).transform(x + 500, y + 500)
    single = {
        "unit": {
            "population": pick.randint(3000, 50_000), "population_date": "2026-03-31", "staff": sum(parts.values()),
            **parts, "staff_decision": "125/QĐ-UBND ngày 15/01/2026", "visits_per_day": pick.randint(5, 300),
            "hall_seats": 150, "reporter": "@Nguyễn Văn A, 0912", "report_no": f"{n}/BC-UBND",
            "report_date": "2026-04-10",
        },
        "needs": {
            "existing_floor": round(floors[0] + floors[1], 2), "existing_land": round(lands[0] + lands[1], 2),
            "extension_floor": round(pick.uniform(20, 900), 2), "extension_land": 0.0,
            "new_floor": round(pick.uniform(1000, 4000), 2), "new_land": round(pick.uniform(3000, 12_000), 2),
            "reason": "+84 lý do",
        },
        "dossier": {"filed": "yes", "filed_date": "2026-02-19", "unit_class": "II", "plan_state": "đang lập"},
    }  # fmt: skip
    return {
        **{topic: {key: {key: value} for key, value in row.items()} for topic, row in single.items()},
        "facilities": facilities,
        "buildings": {
            f"N-{code}-1": {"of_facility": 1, "building_name": "Nhà A", "building_floor": first, "floors": 1,
                            "year_built": 1999, "condition": "poor"},
            f"N-{code}-2": {"of_facility": 1, "building_name": "Nhà B", "building_floor": round(floors[0] - first, 2),
                            "floors": 2, "year_built": 2005, "condition": "good"},
        },
        "proposals": {
            f"DX-{code}-1": {"site_name": "-Khu đất 1", "crs": "wgs84", "x_north": round(lat, 8),
                             "y_east": round(lon, 8), "site_area": 15_069.07, "clearance": "partly",
                             "flooded": "flooded", "flood_year": 2024, "flood_depth": 0.85},
            f"DX-{code}-2": {"site_name": "Khu đất 2", "crs": "vn2000", "x_north": round(y - 900, 3),
                             "y_east": round(x - 900, 3), "site_area": 12_345.67, "clearance": "cleared",
                             "flooded": "no"},
        },
    }  # fmt: skip


@dataclass
class Form:
    """A returned form in the hands of whoever spoils it."""

    path: object
    truth: dict
    expected: set = field(default_factory=set)
    spoilt: set = field(default_factory=set)

    def __post_init__(self):
        self.book = openpyxl.load_workbook(self.path)

    def page(self, topic):
        return self.book[locale.text(f"survey.sheet.{topic}")]

    def cell(self, topic, key, row=1):
        page = self.page(topic)
        if topic in ROWS:
            return page.cell(ROWS[topic][key], 3)
        at = next(c.column for c in page[KEY_ROW] if c.value == key)
        return page.cell(FIRST_ROW + row - 1, at)

    def put(self, topic, key, value, row=1, problem="", at=None):
        cell = self.cell(topic, key, row)
        cell.value = value
        if problem:
            self.expect(problem, topic, at or cell.coordinate)
        return cell

    def expect(self, problem, topic="", cell=""):
        self.expected.add((problem, locale.text(f"survey.sheet.{topic}") if topic else "", cell))

    def lose(self, topic, *rows):
        """Say which rows cannot be taken; none for all of the sheet."""
        self.spoilt |= {(topic, row) for row in rows or self.truth[topic]}

    def facility(self, k):
        return list(self.truth["facilities"])[k]


def single(topic, key, value, problem, lost=True):
    def spoil(form):
        cell = form.put(topic, key, value, problem=problem)
        if problem == "survey_date_serial":
            cell.number_format = "General"
        if lost:
            form.lose(topic, key)

    return spoil


def of_list(topic, key, value, problem, row=1, lost=True, more=()):
    def spoil(form):
        given = value(form) if callable(value) else value
        form.put(topic, key, given, row, problem)
        if lost:
            form.lose(topic, list(form.truth[topic])[row - 1], *more)

    return spoil


def number_in_words(form):
    value = form.truth["facilities"][form.facility(0)]["land_area"]
    form.put("facilities", "land_area", locale.number(value, 2, "vi"), 1, "survey_number_text")


def staff_total(form):
    form.put("unit", "staff", form.truth["unit"]["staff"]["staff"] + 1, problem="survey_staff_total")
    form.lose("unit", "staff", *STAFF_PARTS)


def unchecked_totals(form):
    """The existing areas are sums over rows of which one was refused."""
    for key in ("existing_floor", "existing_land"):
        form.expect("survey_total_unchecked", "needs", form.cell("needs", key).coordinate)
        form.lose("needs", key)


def buildings_total(form):
    form.put(
        "buildings",
        "building_floor",
        form.truth["buildings"][next(iter(form.truth["buildings"]))]["building_floor"] + 10,
    )
    form.expect("survey_buildings_total", "facilities", form.cell("facilities", "floor_area").coordinate)
    form.lose("buildings")
    form.lose("facilities", form.facility(0))
    unchecked_totals(form)


def existing_total(form):
    form.put("needs", "existing_floor", form.truth["needs"]["existing_floor"]["existing_floor"] + 55,
             problem="survey_existing_total")  # fmt: skip
    form.lose("needs", "existing_floor")


def coordinates(east, north, problem, system="VN-2000"):
    def spoil(form):
        form.put("proposals", "crs", system, 2)
        x, y = form.square.centroid.x - 900, form.square.centroid.y - 900
        form.put("proposals", "y_east", east(x, y), 2)
        form.put("proposals", "x_north", north(x, y), 2, problem)
        if problem:
            form.lose("proposals", list(form.truth["proposals"])[1])

    return spoil


def zone(epsg, part):
    return lambda x, y: round(transformer(9215, epsg).transform(x, y)[part], 3)


def in_zone(epsg):
    return coordinates(zone(epsg, 0), zone(epsg, 1), "survey_zone")


def half(form):
    form.put("facilities", "y_east", None, 2, "survey_coordinate_half")
    form.lose("facilities", form.facility(1))
    unchecked_totals(form)


def twice(form):
    for key in ("facility_name", "land_area", "floor_area"):
        form.put("facilities", key, form.cell("facilities", key, 2).value, 4)
    form.expect("survey_row_twice", "facilities", form.cell("facilities", "facility_name", 4).coordinate)


def site_twice(form):
    form.put("proposals", "site_name", "Tên khác", 3)
    for key in ("crs", "x_north", "y_east"):
        form.put("proposals", key, form.cell("proposals", key, 2).value, 3)
    form.expect("survey_row_twice", "proposals", form.cell("proposals", "site_name", 3).coordinate)


def changed_id(form):
    page = form.page("facilities")
    page.cell(FIRST_ROW + 2, 1).value = page.cell(FIRST_ROW + 2, 1).value.replace("CS-", "CX-")
    form.expect("survey_row_changed", "facilities", form.cell("facilities", "facility_name", 3).coordinate)
    form.lose("facilities", form.facility(2))
    unchecked_totals(form)


def copied_id(form):
    page = form.page("facilities")
    page.cell(FIRST_ROW + 2, 1).value = page.cell(FIRST_ROW + 1, 1).value
    form.expect("survey_row_copied", "facilities", form.cell("facilities", "facility_name", 3).coordinate)
    form.lose("facilities", form.facility(2))
    unchecked_totals(form)


def extra_row(form):
    last = 3 + topic_of("facilities").spare
    form.put("facilities", "facility_name", "Cơ sở ngoài bảng", last + 1, "survey_row_extra")
    unchecked_totals(form)


def hidden_row(form):
    form.page("facilities").row_dimensions[FIRST_ROW + 2].hidden = True
    form.expect("survey_row_hidden", "facilities", form.cell("facilities", "facility_name", 3).coordinate)
    form.lose("facilities", form.facility(2))


def all_lost(form):
    for topic in form.truth:
        form.lose(topic)


def other_version(form):
    form.book[ABOUT_SHEET]["B2"] = "1"
    form.expect("survey_version")
    all_lost(form)


def other_commune_inside(form):
    form.book[ABOUT_SHEET]["B3"] = "06999"
    form.expect("survey_commune_changed")
    all_lost(form)


def missing_sheet(form):
    form.book.remove(form.page("proposals"))
    form.expect("survey_sheet_missing", "proposals")
    form.lose("proposals")


def renamed_sheet(form):
    form.page("proposals").title = "Trang của tôi"
    form.expected.add(("survey_sheet_renamed", "Trang của tôi", ""))


def foreign_sheet(form):
    page = form.page("proposals")
    page["A1"] = page["A1"].value.replace(form.code, "06003" if form.code != "06003" else "06000")
    form.expect("survey_sheet_other", "proposals")
    form.lose("proposals")


def extra_sheet(form):
    form.book.create_sheet("Riêng")["B2"] = "số của tôi"
    form.expected.add(("survey_sheet_extra", "Riêng", ""))


def moved_column(form):
    page = form.page("proposals")
    at = form.cell("proposals", "site_area").column
    page.cell(KEY_ROW, at).value = None
    form.expect("survey_columns", "proposals")
    form.lose("proposals")


def footprint(form):
    land = form.truth["facilities"][form.facility(2)]["land_area"]
    form.put("facilities", "footprint", land + 1, 3, "survey_footprint_land")


def no_flood_year(form):
    form.put("proposals", "flood_year", None, 1, "survey_flood_year")


def no_name(form):
    form.put("proposals", "site_name", None, 2, "survey_value_missing")
    form.lose("proposals", list(form.truth["proposals"])[1])


def unknown_facility(form):
    form.put("buildings", "of_facility", 15, 2, "survey_facility_unknown")
    form.lose("buildings", list(form.truth["buildings"])[1])


def removed_row(form):
    form.page("dossier").delete_rows(ROWS["dossier"]["plan_state"])
    form.expect("survey_row_missing", "dossier")
    form.lose("dossier", "plan_state")


def facility_without_name(form):
    """A facility in use is refused: its buildings and the sums over it are not taken either."""
    form.put("facilities", "facility_name", None, 1, "survey_value_missing")
    form.lose("facilities", form.facility(0))
    for row in (1, 2):
        form.expect("survey_facility_refused", "buildings", form.cell("buildings", "of_facility", row).coordinate)
    form.lose("buildings")
    unchecked_totals(form)


def part_of_staff(form):
    form.put("unit", "staff_party", "mười", problem="survey_type")
    form.expect("survey_total_unchecked", "unit", form.cell("unit", "staff").coordinate)
    form.lose("unit", "staff_party", "staff")


SPOILERS = [
    facility_without_name,
    part_of_staff,
    number_in_words,
    single("unit", "population", "12.345", "survey_number_ambiguous"),
    single("needs", "new_floor", "1,200", "survey_number_ambiguous"),
    single("unit", "hall_seats", "khoảng 500", "survey_type"),
    single("unit", "visits_per_day", dt.datetime(2026, 1, 15), "survey_type"),  # noqa: DTZ001
    single("unit", "report_date", "10/04/2026", "survey_date_text", lost=False),
    single("unit", "report_date", "31/02/2026", "survey_date_invalid"),
    single("unit", "population_date", 46_112, "survey_date_serial", lost=False),
    single("needs", "extension_floor", "=SUM(1,2)", "survey_formula"),
    single("needs", "extension_land", "#REF!", "survey_error_value"),
    staff_total,
    buildings_total,
    existing_total,
    single("needs", "new_land", 1.2, "survey_thousand"),
    single("needs", "extension_floor", 900_000, "survey_thousand"),
    of_list("facilities", "land_area", 2_500_000, "survey_range", 3),
    single("needs", "new_floor", -5, "survey_range"),
    of_list("buildings", "year_built", 1066, "survey_range", 1),
    of_list("facilities", "floors", 2.5, "survey_whole", 3),
    coordinates(lambda x, y: y, lambda x, y: x, "survey_axes_swapped"),
    in_zone(5897),
    in_zone(3405),
    in_zone(9216),
    coordinates(lambda x, y: x, lambda x, y: y - 2 * SIDE if y > 2_420_000 else y + 2 * SIDE, "survey_outside_commune"),
    coordinates(lambda x, y: 123.0, lambda x, y: 456.0, "survey_outside_province"),
    coordinates(lambda x, y: x, lambda x, y: y, "survey_system", "WGS 84"),
    half,
    twice,
    site_twice,
    changed_id,
    copied_id,
    extra_row,
    hidden_row,
    other_version,
    other_commune_inside,
    missing_sheet,
    renamed_sheet,
    foreign_sheet,
    extra_sheet,
    moved_column,
    of_list("facilities", "condition", "tuyệt vời", "survey_list", 3),
    single("dossier", "plan_state", "dài " * 200, "survey_text_long"),
    footprint,
    no_flood_year,
    no_name,
    unknown_facility,
    removed_row,
    single("unit", "reporter", "=HYPERLINK(1)", "survey_formula"),
    single("needs", "new_land", 8000.123, "survey_decimals", lost=False),
    single("unit", "population", "mười nghìn", "survey_type"),
]


@dataclass
class Case:
    folder: object
    store: Store
    ground: Ground
    forms: dict
    results: dict
    tables: dict


def _write_broken(folder, sent):
    """Files that are no forms at all; each says what it is."""
    whole = sent[60].read_bytes()
    (folder / sent[60].name).write_bytes(whole[: len(whole) // 2])
    sent_61 = folder / sent[61].name
    sent_61.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"))
    with zipfile.ZipFile(folder / sent[62].name, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", bytes(80 * 1024**2))
    shutil.copyfile(sent[63], folder / f"{communes()[10][0]['code']} nhầm tên.xlsx")
    book = openpyxl.Workbook()
    book.active["A1"] = "bảng của tôi"
    book.save(folder / sent[64].name)
    (folder / "công văn.docx").write_bytes(b"PK")
    return {
        sent[60].name: {("survey_file_corrupt", "", "")},
        sent[61].name: {("survey_file_password", "", "")},
        sent[62].name: {("survey_file_too_large", "", "")},
        f"{communes()[10][0]['code']} nhầm tên.xlsx": {("survey_commune_other", "", "")},
        sent[64].name: {("survey_file_foreign", "", "")},
        "công văn.docx": {("survey_file_kind", "", "")},
    }


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trả lời")
    sent_folder = tmp_path_factory.mktemp("gửi")
    forms, sent = {}, []
    for n, (unit, square) in enumerate(communes()):
        said = truth(unit["code"], square, n)
        name = form_name(unit["code"], unit["kind"], unit["name"])
        path = write_form(unit, sent_folder / name, PROVINCE, said)
        sent.append(path)
        if n >= 60:
            continue
        target = folder / name
        if 0 < n <= len(SPOILERS):
            form = Form(path, said)
            form.square, form.code = square, unit["code"]
            SPOILERS[n - 1](form)
            form.book.save(target)
        else:
            form = Form(path, said)
            shutil.copyfile(path, target)
        form.book.close()
        forms[name] = form
    broken = _write_broken(folder, sent)
    # the same commune once more, with other content
    again = form_name("06000", "phường", "bản hai")
    book = openpyxl.load_workbook(sent[0])
    book[locale.text("survey.sheet.needs")].cell(ROWS["needs"]["reason"], 3).value = "lý do khác"
    book.save(folder / again)
    both = {("survey_commune_twice", "", "")}
    forms[sent[0].name].expected |= both
    all_lost(forms[sent[0].name])
    store = Store(tmp_path_factory.mktemp("layers"))
    ground = Ground(PROVINCE, {unit["code"]: square for unit, square in communes()})
    results = take_in(folder, store, ground, Known(), "2026-04-15T08:00:00+07:00", "cán bộ A")
    tables = feeding.layer_rows(store, PROVINCE)
    case = Case(folder, store, ground, forms, {r.path.name: r for r in results}, tables)
    case.expected = {name: form.expected for name, form in forms.items()} | broken | {again: both}
    return case


def found(result):
    return {(p.key, p.layer, p.feature) for p in result.problems}


def test_there_are_enough_faults_of_every_kind(case):
    assert sum(map(len, case.expected.values())) >= 40
    assert len({key for faults in case.expected.values() for key, _, _ in faults}) >= 38


def test_every_fault_is_found_and_none_is_invented(case):
    wrong = {
        name: {"missed": faults - found(case.results[name]), "invented": found(case.results[name]) - faults}
        for name, faults in case.expected.items()
        if faults != found(case.results[name])
    }
    assert wrong == {}
    assert set(case.results) == set(case.expected)


def test_no_fault_is_told_twice(case):
    for result in case.results.values():
        assert len(result.problems) == len(found(result)), result.path.name


def wanted_rows(case):
    """What must stand in the layers: what was said and not spoilt, in the words of the layers."""
    rows = {"commune_reports": {}, "commune_staff": {}, "filing": {}, "facilities": {}, "facility_buildings": {},
            "proposals": {}}  # fmt: skip
    for form in case.forms.values():
        code = form.path.name[:5]
        for topic in TOPICS:
            for row_id, values in form.truth[topic.key].items():
                if (topic.key, row_id) in form.spoilt:
                    continue
                for question in topic.questions:
                    if question.key not in values or not question.role:
                        continue
                    key = row_id if topic.is_list else code
                    rows[question.role].setdefault(key, {})[question.column] = values[question.key]
    return rows


def test_good_figures_arrive_unchanged_to_the_last_digit(case):
    keys = {"facilities": "facility_id", "facility_buildings": "building_id", "proposals": "proposal_id"}
    checked = 0
    adjusted = {"survey_decimals", "survey_footprint_land", "survey_flood_year"}
    changed = {f.path.name[:5] for f in case.forms.values() if {k for k, _, _ in f.expected} & adjusted}
    for role, wanted in wanted_rows(case).items():
        there = {row[keys.get(role, "commune_code")]: row for row in case.tables[role]}
        assert set(there) == set(wanted), role
        for key, values in wanted.items():
            code = there[key].get("commune_code", str(key)[2:7])
            for column, value in values.items():
                if code in changed and there[key].get(column) != value:
                    continue  # what the fault itself changed
                assert there[key][column] == value, (role, key, column)
                checked += 1
    assert checked > 3_000


def test_the_written_layers_hold_the_same_digits(case, tmp_path):
    import csv

    feeding.write_layers(case.store, case.tables)
    with (case.store.folder / "co_so_nha_dat.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    there = {row["facility_id"]: row for row in case.tables["facilities"]}
    assert len(rows) == len(there) > 100
    for row in rows:
        assert float(row["land_area_m2"]) == there[row["facility_id"]]["land_area_m2"]
        assert not row["note"].startswith("=")
        assert row["name"] == there[row["facility_id"]]["name"]


def test_text_that_looks_like_a_formula_stays_text(case):
    from siteplan.survey import telling

    feeding.write_layers(case.store, case.tables)
    replies = telling.write_replies(list(case.results.values()), case.store.folder / "phản hồi", "vi")
    assert len(replies) > 40
    for path in [*case.store.folder.glob("*.xlsx"), *replies]:
        for page in openpyxl.load_workbook(path).worksheets:
            for row in page.iter_rows():
                assert not [c for c in row if c.data_type == "f"], path
    for path in case.store.folder.glob("*.csv"):
        for line in path.read_text("utf-8-sig").splitlines()[1:]:
            assert not [cell for cell in line.split(",") if cell[:1] in ("=", "@", "+")], path


def test_a_second_import_of_the_same_files_changes_nothing(case):
    before = {p: p.read_bytes() for p in sorted(case.store.folder.rglob("*")) if p.is_file()}
    again = take_in(case.folder, Store(case.store.layers), case.ground, Known(), "2027-01-01T00:00:00+07:00", "B")
    taken = {r.path.name for r in case.results.values() if r.outcome in ("taken", "partly")}
    assert {r.path.name for r in again if r.outcome == "same"} == taken
    assert not [r for r in again if r.outcome in ("taken", "partly")]
    assert {p: p.read_bytes() for p in sorted(case.store.folder.rglob("*")) if p.is_file()} == before


def test_no_returned_file_was_touched(case):
    for name, form in case.forms.items():
        if not form.expected:
            assert (case.folder / name).read_bytes() == form.path.read_bytes()


def test_every_problem_is_told_in_whole_sentences(case):
    from siteplan.survey import telling

    for lang in locale.LANGUAGES:
        for result in case.results.values():
            for problem in result.problems:
                words = telling.problem_words(problem, lang)
                for part in ("what", "cause", "remedy"):
                    assert words[part], problem.key
                    assert "problem." not in words[part], problem.key
                    assert "{" not in words[part], words[part]
                    assert "survey_" not in words[part], words[part]


@pytest.mark.require("soffice")
def test_a_form_saved_by_libreoffice_is_read_as_well(case, soffice_path, tmp_path):
    name = next(n for n, f in case.forms.items() if not f.expected and n[:5] != "06000")
    out = tmp_path / "lưu lại"
    command = [soffice_path, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
               "--outdir", str(out), str(case.folder / name)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=280)
    store = Store(tmp_path / "layers")
    (result,) = take_in(out, store, case.ground, Known(), "2026-04-15T08:00:00+07:00", "A")
    assert (result.outcome, result.problems) == ("taken", [])
    assert store.in_force(name[:5]) == case.store.in_force(name[:5])
