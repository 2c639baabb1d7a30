import copy

import openpyxl

from siteplan.locale import LANGUAGES, has_text
from siteplan.outputs.changes import CAUSES, MOVED, TOKEN_CAUSES, changes, lines, write_changes


def altered(run, **tables):
    other = copy.copy(run)
    other.manifest = copy.deepcopy(run.manifest)
    other.tables = {**run.tables, **tables}
    return other


def told(found, code, column):
    row = found.communes.set_index("commune_code").loc[code]
    return dict(row[column])


def test_the_same_run_twice_has_no_changes(small_run):
    found = changes(small_run, small_run)
    assert found.communes.empty
    assert found.inputs == [("changes.same_inputs", {})]
    assert dict(found.totals) == {"changes.count": {"moved": 0, "touched": 0}}


def test_a_move_stands_beside_the_figures_that_changed(small_run):
    programme, communes = small_run.table("programme"), small_run.table("communes")
    code = programme.loc[programme["status"] == "planned", "commune_code"].iloc[0]
    at = programme.index[programme["commune_code"] == code][0]
    year = int(programme.loc[at, "start_year"])
    programme.loc[at, "start_year"] = year + 1
    communes.loc[communes["code"] == code, "priority_rank"] += 5
    found = changes(small_run, altered(small_run, programme=programme, communes=communes))
    assert told(found, code, "moved") == {"changes.start_year": {"old": year, "new": year + 1}}
    assert set(told(found, code, "causes")) == {"changes.priority_rank"}
    assert dict(found.totals)["changes.count"] == {"moved": 1, "touched": 1}


def test_who_is_moved_by_others_is_told_so(small_run):
    programme = small_run.table("programme")
    at = programme.index[programme["status"] == "planned"][0]
    programme.loc[at, "finish_year"] += 1
    found = changes(small_run, altered(small_run, programme=programme))
    assert list(told(found, programme.loc[at, "commune_code"], "causes")) == ["changes.by_others"]


def test_layers_and_settings_that_differ_come_first(small_run):
    later = altered(small_run)
    later.manifest["inputs"] = {**small_run.manifest["inputs"], "roads": "0" * 64}
    later.manifest["scenario"]["seed"] = 99
    found = changes(small_run, later)
    assert {key for key, _ in found.inputs} & {"changes.layer_new", "changes.layer_changed"}
    assert (
        "changes.setting",
        {"key": "seed", "old": str(small_run.manifest["scenario"].get("seed") or "–"), "new": "99"},
    ) in found.inputs


def test_a_commune_that_is_gone_is_listed(small_run):
    communes, programme = small_run.table("communes"), small_run.table("programme")
    code = communes["code"].iloc[0]
    later = altered(
        small_run, communes=communes[communes["code"] != code], programme=programme[programme["commune_code"] != code]
    )
    assert list(told(changes(small_run, later), code, "moved")) == ["changes.commune_gone"]


def test_every_kind_of_change_has_words():
    for name in (*MOVED, *(n for n, _ in CAUSES), *TOKEN_CAUSES):
        assert all(has_text(f"changes.{name}", lang) for lang in LANGUAGES)


def test_the_report_is_a_workbook_that_says_the_same(small_run, tmp_path):
    programme = small_run.table("programme")
    at = programme.index[programme["status"] == "planned"][0]
    programme.loc[at, "start_year"] += 1
    found = changes(small_run, altered(small_run, programme=programme))
    book = openpyxl.load_workbook(write_changes(found, tmp_path / "x.xlsx"))
    cells = [str(c.value) for row in book.worksheets[0].iter_rows() for c in row if c.value is not None]
    assert any(lines(found.communes["moved"].iloc[0], "vi") == cell for cell in cells)
