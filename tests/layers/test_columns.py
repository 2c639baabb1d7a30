from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from siteplan.layers import columns
from siteplan.layers.catalog import LayerEntry
from siteplan.locale import problem_row
from siteplan.tables import INPUTS

LABELS = np.array(["#1", "#2", "#3", "#4"], dtype=object)


def _read(role, column, cells, **entry):
    made = LayerEntry(name="lop", role=role, **entry)
    return columns.read_column(cells, INPUTS[role].column(column), made, LABELS[: len(cells)], "tep.csv")


def test_every_dbf_name_leads_back_to_its_column():
    for role, table in INPUTS.items():
        found = columns.match(table, [c.dbf for c in table.columns])
        for column in table.columns:
            if column.name not in ("layer", "illustrative", "restricted"):
                assert found.get(column.name) == column.dbf, role


def test_labels_with_accents_and_cut_names_are_recognised():
    names = ["Mã xã", "TÊN", "LAND_AREA_", "x"]
    assert columns.match(INPUTS["facilities"], names) == {
        "commune_code": "Mã xã", "name": "TÊN", "land_area_m2": "LAND_AREA_",
    }  # fmt: skip


def test_one_column_of_the_file_is_used_once():
    found = columns.match(INPUTS["communes"], ["MA_XA", "TEN", "name"])
    assert found["name"] == "name"
    assert sorted(found.values()) == ["MA_XA", "name"]


def test_vietnamese_words_become_tokens():
    read, problems = _read("facilities", "condition", np.array(["Tốt", "XUONG CAP", "good", None], dtype=object))
    assert read.tolist() == ["good", "poor", "good", None]
    assert problems == []


def test_values_of_the_catalog_come_first_and_star_takes_the_rest():
    pairs = {"service_class": {"Trường": "school", "*": "other"}}
    read, problems = _read("services", "service_class", np.array(["truong", "quán", None], dtype=object), values=pairs)
    assert read.tolist() == ["school", "other", "other"]
    assert problems == []


def test_unknown_token_counts_as_missing_and_is_told_once():
    read, problems = _read("roads", "road_class", np.array(["quốc lộ", "lạ", "lạ", "kỳ"], dtype=object))
    assert read.tolist() == ["national", None, None, None]
    (problem,) = problems
    assert (problem.key, problem.severity, problem.params["count"]) == ("layer_value_unknown", "warning", 3)
    assert problem.value == "lạ, kỳ"


@pytest.mark.parametrize(
    ("column", "words", "number"),
    [("land_area_m2", "2.159,6", 2159.6), ("land_area_m2", "2,159.6", 2159.6), ("land_area_m2", "2 159,6", 2159.6),
     ("floors", "3", 3.0), ("floors", "3,0", 3.0)],
)  # fmt: skip
def test_numbers_in_three_styles(column, words, number):
    read, problems = _read("facilities", column, np.array([words], dtype=object))
    assert read.tolist() == [number]
    assert problems == []


@pytest.mark.parametrize(
    ("column", "words", "key"),
    [("land_area_m2", "1.200", "layer_number_ambiguous"), ("land_area_m2", "khoảng 900", "layer_number_invalid"),
     ("floors", "2,5", "layer_integer_invalid"), ("position_assumed", "có lẽ", "layer_bool_invalid")],
)  # fmt: skip
def test_what_is_no_number_is_an_error_with_its_place(column, words, key):
    read, problems = _read(
        "facilities",
        column,
        np.array(["5", words], dtype=object) if column != "position_assumed" else np.array(["có", words], dtype=object),
    )
    assert read[1] is None
    (problem,) = problems
    assert (problem.key, problem.severity, problem.feature, problem.value) == (key, "error", "#2", words)


def test_numbers_that_the_file_holds_as_numbers_are_never_ambiguous():
    read, problems = _read("facilities", "land_area_m2", np.array([1.2, 231.741, np.nan]))
    assert read.tolist() == [1.2, 231.741, None]
    assert problems == []


def test_dates():
    read, problems = _read(
        "filing", "filed_date", np.array(["18/03/2026", "2026-03-18", "3/8/2025", "31/02/2026"], dtype=object)
    )
    assert read.tolist() == ["2026-03-18", "2026-03-18", "2025-08-03", None]
    assert [p.key for p in problems] == ["layer_date_invalid"]
    stamps, problems = _read("filing", "filed_date", pd.to_datetime(["2026-03-18"]).to_numpy())
    assert stamps.tolist() == ["2026-03-18"]
    assert problems == []


def test_codes_get_their_zeros_back_and_it_is_told():
    codes, problems = columns.restored_codes(
        np.array(["6184", "06184", "6184.5", None], dtype=object), "commune_code", LABELS, "tep.csv", "lop"
    )
    assert codes.tolist() == ["06184", "06184", "6184.5", None]
    assert [(p.key, p.severity, p.feature) for p in problems] == [
        ("layer_code_restored", "warning", "#1"), ("layer_code_invalid", "error", "#3"),
    ]  # fmt: skip


def test_codes_that_a_dbf_keeps_as_numbers():
    assert columns.texts(np.array([6184.0, np.nan])).tolist() == ["6184", None]


def test_several_columns_join_to_one():
    entry = LayerEntry(name="lop", role="facilities", fields={"facility_id": "code + COMMUNE_CODE"})
    found, problems = columns.resolve(entry, INPUTS["facilities"], ["code", "commune_code"], "tep.csv")
    assert found["facility_id"] == ["code", "commune_code"]
    assert problems == []


def test_field_that_is_not_there_names_the_nearest():
    entry = LayerEntry(name="lop", role="communes", fields={"code": "MA_XAA"})
    _, problems = columns.resolve(entry, INPUTS["communes"], ["MA_XA", "TEN"], "tep.shp")
    (problem,) = problems
    assert (problem.key, problem.value, problem.params["near"]) == ("layer_field_missing", "MA_XAA", "MA_XA")


def test_text_is_composed_and_trimmed():
    assert columns.texts(["Hu\u031b\u0303u", "  a\u00a0", "", None]).tolist() == ["Hữu", "a", None, None]


@pytest.mark.parametrize(
    ("column", "word", "token"),
    [
        ("hazard_kind", "Sạt lở", "landslide"), ("hazard_kind", "TRƯỢT LỞ ĐẤT", "landslide"),
        ("hazard_kind", "Ngập úng", "flood"), ("hazard_kind", "lũ ống, lũ quét", "flash_flood"),
        ("clearance", "Đã GPMB", "cleared"), ("clearance", "chưa GPMB", "not_cleared"),
    ],
)  # fmt: skip
def test_usual_words_of_classes_are_read(column, word, token):
    role = "hazards" if column == "hazard_kind" else "proposals"
    read, problems = _read(role, column, [word])
    assert (list(read), problems) == ([token], [])


def test_usual_names_of_columns_of_proposals_are_proposed():
    found = columns.match(INPUTS["proposals"], ["TEN_KHU", "đã GPMB"], usual=True)
    assert found == {"name": "TEN_KHU", "clearance": "đã GPMB"}


def test_an_unknown_value_that_leaves_features_out_is_told_so_with_the_count():
    _, (problem,) = _read("hazards", "hazard_kind", ["Xói", "Xói"])
    assert (problem.key, problem.severity, problem.params["count"]) == ("layer_value_unknown_needed", "warning", 2)
    row = problem_row(problem, "vi")
    assert "2 đối tượng bị bỏ ra" in row["what"]
    assert '"Xói" = "…"' in row["remedy"]


def test_land_use_codes_are_spelt_as_the_table_spells_them():
    values = np.array(["hnk", " LUC", "ont + cln", "ONT+ CLN", "Đất\nlúa", None], dtype=object)
    assert columns.spelt_codes(values).tolist() == ["HNK", "LUC", "ONT+CLN", "ONT+CLN", "ĐẤT LÚA", None]
