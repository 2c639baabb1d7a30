from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.locale import encode
from siteplan.outputs import run_words, wording
from siteplan.tables import RESULTS

COMMUNES = RESULTS["communes"]


@pytest.mark.parametrize("missing", [None, pd.NA, np.nan, pd.NaT, float("inf")])
def test_what_is_missing_is_none_and_shown_as_a_dash(missing):
    assert wording.scalar(missing) is None
    assert wording.cell(COMMUNES.column("existing_floor_area_m2"), missing, "vi") is None
    assert wording.shown(COMMUNES.column("existing_floor_area_m2"), missing, "vi") == "–"


def test_zero_is_not_missing():
    assert wording.cell(COMMUNES.column("existing_floor_area_m2"), 0.0, "vi") == 0.0
    assert wording.shown(COMMUNES.column("existing_floor_area_m2"), 0.0, "vi") == "0,00"


def test_numbers_in_the_readers_style():
    area = COMMUNES.column("required_floor_area_m2")
    assert wording.shown(area, 2159.6, "vi") == "2.159,60"
    assert wording.shown(area, 2159.6, "en") == "2,159.60"


def test_years_are_never_grouped():
    assert wording.shown(COMMUNES.column("start_year"), 2028, "vi") == "2028"
    assert wording.shown(RESULTS["funding"].column("year"), 2030, "vi") == "2030"
    assert wording.shown(COMMUNES.column("population"), 20280, "vi") == "20.280"


def test_money_is_shown_in_billions_and_keeps_each_million():
    cost = COMMUNES.column("total_cost")
    assert wording.cell(cost, 30_396_000_000.0, "vi") == 30.396
    assert wording.shown(cost, 1_230_396_000_000.0, "vi") == "1.230,396"
    assert wording.label(cost, "vi").endswith("(tỷ đồng)")


def test_tokens_messages_and_flags_become_words():
    assert wording.cell(COMMUNES.column("best_check_result"), "clear", "vi") != "clear"
    assert wording.cell(COMMUNES.column("is_border"), np.True_, "vi") == wording.cell(
        COMMUNES.column("is_border"), True, "vi"
    )
    reasons = encode([("stamp.frozen", {"version": "trình lần 2"})])
    assert wording.cell(RESULTS["sites"].column("reasons"), reasons, "vi") == "Phiên bản trình lần 2"


def test_what_a_row_rests_on_is_named_in_words():
    assert (
        wording.rests_on("assumption:K_kv; layer:dem; layer:roads; ở ngoài", "vi")
        == "lớp: dem, roads; giả định: K_kv; ở ngoài"
    )


def test_assumptions_are_cited_by_their_numbers_and_layers_by_their_roles():
    numbers = {"a": 7, "b": 3, "c": 8, "d": 9, "e": 12}
    basis = wording.Basis(numbers, {"quoc_lo": "roads", "tinh_lo": "roads"})
    tokens = "assumption:a; assumption:b; assumption:c; assumption:d; assumption:e; layer:quoc_lo; layer:tinh_lo"
    assert wording.rests_on(tokens, "vi", basis) == "lớp: Đường bộ; giả định số 3, 7–9, 12"
    assert wording.rests_on("assumption:z", "vi", basis) == "giả định: z"


@given(st.text(max_size=60))
def test_cleaned_text_can_stand_in_any_document(words):
    cleaned = wording.clean(words)
    assert not any(ord(c) < 32 and c not in "\n\t\r" for c in cleaned)
    assert not any(0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069 for c in cleaned)
    assert wording.clean(cleaned) == cleaned
    cleaned.encode("utf-8")


def test_cleaning_keeps_vietnamese_letters_and_composes_them():
    assert wording.clean("Đề án trụ sở xã Hữu Lũng") == "Đề án trụ sở xã Hữu Lũng"
    assert len(wording.clean("H\u01b0\u0303u")) == 3


def test_draft_and_frozen_stamps(build_run):
    draft = build_run()
    frozen = build_run(frozen={"version": "trình lần 2", "date": "2026-03-01"})
    assert "DỰ THẢO" in run_words.stamp([draft], "vi")
    assert "03/02/2026" in run_words.stamp([draft], "vi")
    assert run_words.stamp([frozen], "vi") == "Phiên bản trình lần 2 (01/03/2026)"
    assert "DỰ THẢO" in run_words.stamp([frozen, draft], "vi")


def test_illustrative_layers_are_named(build_run):
    run = build_run(illustrative_layers=["dem", "plans"])
    assert "mô hình số độ cao; quy hoạch" in run_words.illustrative_line([run], "vi")
    assert run_words.illustrative_line([build_run(illustrative_layers=[])], "vi") == ""


def test_evidence_of_restricted_layers_tells_nothing_of_the_object(small_run):
    shown = run_words.printable_evidence(small_run, "vi")
    assert len(shown) == len(small_run.conflicts)
    words = " ".join(str(v) for v in pd.DataFrame(shown).drop(columns="geometry").to_numpy().ravel())
    assert "BIMAT" not in words
    assert "Trận địa" not in words
    assert "cần xác nhận bằng văn bản" in words


def test_evidence_of_restricted_layers_is_whole_where_the_run_includes_it(build_run):
    run = build_run(include_restricted=True)
    assert "Trận địa bí mật" in set(run_words.printable_evidence(run, "vi")["title"])


def test_ids_and_kinds_of_rules_are_told_in_words() -> None:
    assert wording.zone_words("QH-011-0003", "vi") == "QH-011-0003"
    assert wording.zone_words("road_national:national", "vi").startswith("Hành lang an toàn quốc lộ (cấp III): ")
    assert "national" not in wording.zone_words("road_national:national", "vi")
    assert wording.zone_words("withheld", "vi") == "lớp không được cung cấp"
    assert wording.function_words("TSC", "en")
    assert ":" not in wording.function_words("flood:high", "vi")
    assert "flood" not in wording.function_words("flood:high", "vi")


def test_a_layer_is_called_by_its_title_else_by_its_role(small_run):
    sources = small_run.sources
    sources.loc[sources["layer"] == "quoc_phong", "title"] = "Đất quốc phòng"
    small_run.tables["sources"] = sources
    assert wording.layer_label("quoc_phong", "vi", [small_run]) == "đất quốc phòng"
    assert wording.layer_label("quoc_phong", "en", [small_run]) == wording.role_label("plans", "en").lower()
    assert wording.layer_label("dem", "vi", [small_run]) == wording.role_label("dem", "vi").lower()
    basis = wording.Basis.of(small_run)
    assert "Đất quốc phòng" in wording.rests_on("layer:quoc_phong", "vi", basis)
    assert "quoc_phong" not in wording.rests_on("layer:quoc_phong", "vi", basis)


def test_criteria_that_are_missing_are_named_in_words():
    column = COMMUNES.column("priority_missing")
    assert wording.cell(column, "remoteness; readiness_land", "vi") == "Khó khăn đi lại; Mặt bằng sẵn sàng"
