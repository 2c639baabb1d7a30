from __future__ import annotations

import csv

import numpy as np
import openpyxl
import pytest

from siteplan.errors import InputError, UsageError
from siteplan.outputs import compare, compare_files, prices


def values(comparison, option):
    return dict(zip(comparison.measures["measure"], comparison.measures[option], strict=True))


def test_measures_of_a_hand_checked_programme(two_runs):
    comparison = compare.compare_runs(two_runs)
    first, second = (values(comparison, option) for option in comparison.options)
    # option 1: the ward (50,436) in 2026, Hữu Lũng (20,000) in 2029, Đoàn Kết (3,777, border) in 2031
    assert [first[f"finished_by_{year}"] for year in (2026, 2030, 2035)] == [1, 2, 3]
    assert [first[f"people_by_{year}"] for year in (2026, 2030, 2035)] == [50_436, 70_436, 74_213]
    assert first["people_share_by_2035"] == pytest.approx(100 * 74_213 / (20_000 + 50_436 + 3_777 + 6_890))
    assert [first[f"border_by_{year}"] for year in (2026, 2030, 2035)] == [0, 0, 1]
    assert [first[f"wards_by_{year}"] for year in (2026, 2030, 2035)] == [1, 1, 1]
    assert first["cost_at_price_year"] == pytest.approx(40 + 18 + 10)
    assert first["money_peak"] == 40.5
    assert first["money_mean"] == pytest.approx((40.5 + 10 + 21.25) / 3)
    assert first["peak_to_mean"] == pytest.approx(40.5 / ((40.5 + 10 + 21.25) / 3))
    # 06040 needs nothing and is never counted as a deficit left
    assert first["deficit_left_2030"] == pytest.approx(1000.5)
    assert first["deficit_left_2035"] == 0
    assert second["deficit_left_2035"] == pytest.approx(4000 + 1000.5)
    assert (second["waiting"], second["not_needed"], second["planned"]) == (2, 1, 1)
    assert (first["surplus_freed_2035"], second["surplus_freed_2035"]) == (1, 0)
    assert first["sites_not_clear"] == 2
    assert first["not_ready_share"] == pytest.approx(200 / 3)
    assert first["cost_per_person"] == pytest.approx(68_000 / 74_213)
    assert first["out_of_order"] == 1
    assert first["figures_missing"] == 2
    assert first["coverage_gaps"] == 1


def test_years_and_communes_side_by_side(two_runs):
    comparison = compare.compare_runs(two_runs)
    yearly = comparison.by_year.set_index(["option", "year"])
    assert yearly.loc[("phuong_an_1", 2029), "centres_finished"] == 1
    assert yearly.loc[("phuong_an_1", 2029), "money"] == 21.25e9
    assert yearly.loc[("phuong_an_2", 2035), "centres_finished"] == 0
    assert yearly.groupby("option")["people_served"].sum().to_dict() == {"phuong_an_1": 74_213, "phuong_an_2": 20_000}
    communes = comparison.by_commune.set_index("commune_code")
    assert communes["differs"].to_dict() == {"05977": True, "06001": True, "06184": True, "06040": False}
    assert communes.loc["06184", "phuong_an_1:finish_year"] == 2029
    assert communes.loc["06184", "phuong_an_2:finish_year"] == 2027


def test_each_view_has_its_own_answer(two_runs):
    comparison = compare.compare_runs(two_runs)
    verdict = {params["view"]: (key, params.get("option")) for key, params in comparison.verdict}
    assert verdict["time"] == ("compare.verdict.better", "phuong_an_1")
    assert verdict["money"] == ("compare.verdict.better", "phuong_an_2")
    assert verdict["certainty"] == ("compare.verdict.better", "phuong_an_2")
    assert set(verdict) == set(compare.VIEWS)


def test_a_better_option_is_told_with_its_lead_and_the_direction_that_counts(two_runs):
    comparison = compare.compare_runs(two_runs)
    told = next(line for line in comparison.sentences() if line.startswith("Tiến độ"))
    # 3 centres against 1 by 2035, 0 waiting against 2: the hand-checked programme above
    assert "số trung tâm hoàn thành đến hết năm 2035: 3 so với" in told
    assert told.count("cao hơn là tốt hơn") == 1
    assert "số đơn vị chờ bố trí: 0 so với 2 đơn vị – thấp hơn là tốt hơn" in told
    certain = next(line for line in comparison.sentences("en") if "66.7" in line)
    assert "less is better" in certain


def test_the_sheet_says_which_side_a_difference_is_on_and_tells_it_once(two_runs, tmp_path):
    compare_files.write_comparison(compare.compare_runs(two_runs), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "so_sanh.xlsx")
    lines = [row for row in book["Nhận xét so sánh"].iter_rows(values_only=True, max_col=2) if row[1]]
    strong = [row for row in lines if row[0].startswith("Ưu điểm của ")]
    assert len({about for about, _ in strong}) == 2
    assert len(lines) == 1 + len(compare.VIEWS) + len(strong)
    told = [line.split(":")[0] for _, line in strong]
    assert len(told) == len(set(told))


def test_nothing_stands_below_the_table_whose_headings_are_printed_again(two_runs, tmp_path):
    compare_files.write_comparison(compare.compare_runs(two_runs), tmp_path)
    page = openpyxl.load_workbook(tmp_path / "so_sanh.xlsx")["So sánh"]
    last = [cell.value for cell in page[page.max_row]]
    assert None not in last


def test_values_that_read_the_same_are_the_same(two_runs):
    lines = (compare.Measure("not_ready_share", "percent", "less", 1, view="certainty"),)
    for second, key in ((66.74, "equal"), (66.76, "better")):
        read = {"not_ready_share": [lines[0].printed(200 / 3), lines[0].printed(second)]}
        messages = {params["view"]: found for found, params in compare._verdict(lines, read, ("a", "b"))}
        assert messages["certainty"] == f"compare.verdict.{key}"
    strengths, weaknesses = compare._extremes(lines, {"not_ready_share": [66.7, 66.7]}, ("a", "b"))
    assert not any(strengths.values())
    assert not any(weaknesses.values())
    # and the comparison itself looks at what is printed: a share that differs in the third decimal decides nothing
    first = two_runs[0]
    twin = type(first)(first.folder, {**first.manifest, "scenario": {**first.manifest["scenario"], "name": "b"}}, {
        **first.tables,
        "programme": first.tables["programme"].assign(
            cost_at_price_year=first.tables["programme"]["cost_at_price_year"] + 1e6
        ),
    })  # fmt: skip
    found = compare.compare_runs([first, twin])
    assert {params["view"]: key for key, params in found.verdict}["money"] == "compare.verdict.equal"


def test_options_of_two_price_years_are_not_weighed_by_costs_at_them(build_run):
    """70 against 60 tỷ at prices of 2025 and 2020 says nothing; what is paid by year still counts."""
    first, second = build_run(), build_run("phuong_an_3")
    second.tables["programme"]["cost_at_price_year"] -= 5e9
    for run, year in ((first, 2025), (second, 2020)):
        run.manifest["scenario"]["costs"] = {"price_year": year}
    found = compare.compare_runs([first, second])
    told = {message[1]["measure"] for side in (found.strengths, found.weaknesses) for own in side.values()
            for message in own}  # fmt: skip
    assert not told & {"cost_at_price_year", "cost_per_person"}
    assert values(found, found.options[1])["cost_at_price_year"] == pytest.approx(68 - 15)
    assert "2025" in prices.note([first, second], "vi")
    assert "2020" in prices.note([first, second], "vi")
    assert {params["view"]: key for key, params in found.verdict}["money"] == "compare.verdict.equal"
    second.manifest["scenario"]["costs"] = {"price_year": 2025}
    found = compare.compare_runs([first, second])
    assert {params["view"]: key for key, params in found.verdict}["money"] == "compare.verdict.better"


def test_notes_tell_of_each_option_what_its_money_is_and_does_not_hold(two_runs, tmp_path):
    first, second = two_runs
    first.manifest["scenario"]["funds"] = []
    second.manifest["scenario"]["funds"] = [{"year": 2027, "amount": 1e9, "committed": True}]
    second.manifest["scenario"].setdefault("programme", {})["label_of_funds"] = "assumed"
    first.tables["programme"]["clearance_cost_included"] = False
    found = compare.compare_runs(two_runs)
    *_, one, other = found.notes("vi")
    assert one.endswith("chưa xác định nguồn. Chưa tính giải phóng mặt bằng cho 3/3 trung tâm.")
    assert one.startswith(f"{found.short_title('phuong_an_1')}: chưa ràng buộc theo nguồn vốn")
    assert other.startswith(f"{found.short_title('phuong_an_2')}: mức vốn là giả định")
    compare_files.write_comparison(found, tmp_path)
    page = openpyxl.load_workbook(tmp_path / "so_sanh.xlsx")["So sánh"]
    cells = [row[0] for row in page.iter_rows(values_only=True)]
    assert {one, other} <= set(cells)


def test_what_one_option_plans_and_the_other_does_not_is_compared_at_the_price_year(two_runs):
    found = compare.compare_runs(two_runs)
    rows = found.by_commune.set_index("commune_code")
    first, second = (rows[f"{option}:cost_at_price_year"] for option in found.options)
    assert rows.loc["05977", f"{found.options[0]}:status"] == "planned"
    assert rows.loc["05977", f"{found.options[1]}:status"] == "waiting"
    assert first.loc["05977"] == second.loc["05977"] == 40e9


def test_equal_options_have_neither_strength_nor_winner(build_run):
    comparison = compare.compare_runs([build_run(), build_run("phuong_an_3")])
    assert all(not messages for messages in comparison.strengths.values())
    assert all(not messages for messages in comparison.weaknesses.values())
    assert {key for key, _ in comparison.verdict} == {"compare.verdict.equal"}


def test_a_strength_of_one_of_two_is_a_weakness_of_the_other(two_runs):
    comparison = compare.compare_runs(two_runs)
    for one, other in (("phuong_an_1", "phuong_an_2"), ("phuong_an_2", "phuong_an_1")):
        strong = [(p["measure"], p["values"], p["others"]) for _, p in comparison.strengths[one]]
        weak = [(p["measure"], p["others"], p["values"]) for _, p in comparison.weaknesses[other]]
        assert strong
        assert strong == weak


def test_an_advantage_holds_only_the_years_in_which_it_is_one(two_runs):
    comparison = compare.compare_runs(two_runs)
    told = {p["measure"]: p for _, p in comparison.strengths["phuong_an_1"]}
    # border communes finished: 0; 0; 1 against 0; 0; 0
    assert told["border_by"] | {"years": [2035], "values": [1], "others": [0]} == told["border_by"]
    for side in (comparison.strengths, comparison.weaknesses):
        for _, params in (message for own in side.values() for message in own):
            assert all(a != b for a, b in zip(params["values"], params["others"], strict=True))
    words = [compare.words(comparison, message, "vi") for message in comparison.strengths["phuong_an_1"]]
    (border,) = (line for line in words if line.startswith("Số xã biên giới"))
    assert "đến hết năm 2035: 1 đơn vị, so với 0 đơn vị" in border


def test_runs_over_different_inputs_are_refused_by_layer(build_run):
    other = build_run("phuong_an_2", inputs={"communes": "aa", "dem": "CHANGED", "roads": "cc"})
    with pytest.raises(InputError) as caught:
        compare.compare_runs([build_run(), other])
    assert [p.layer for p in caught.value.problems] == ["dem", "roads"]
    assert {p.key for p in caught.value.problems} == {"runs_differ"}


def test_one_run_is_nothing_to_compare(small_run):
    with pytest.raises(UsageError):
        compare.compare_runs([small_run])


def test_two_runs_of_the_same_option_stay_apart(build_run):
    comparison = compare.compare_runs([build_run(), build_run()])
    assert len(set(comparison.options)) == 2


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_short_table_has_a_value_for_each_option(two_runs, lang):
    comparison = compare.compare_runs(two_runs)
    rows = compare.summary_rows(comparison, lang)
    assert all(len(row) == 3 for row in rows)
    assert len(rows) < len(compare.measure_rows(comparison, lang))
    text = " ".join(" ".join(row) for row in rows)
    assert "compare." not in text
    assert "compare." not in " ".join(comparison.sentences(lang))


def test_files_hold_the_same_figures(two_runs, tmp_path):
    comparison = compare.compare_runs(two_runs)
    files = compare_files.write_comparison(comparison, tmp_path / "so_sanh", "vi")
    assert [f.name for f in files] == ["so_sanh.xlsx", "so_sanh.csv", "so_sanh_theo_nam.csv", "so_sanh_theo_xa.csv"]
    with files[1].open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    book = openpyxl.load_workbook(files[0])
    sheet = book.worksheets[0]
    shown = {row[0].value: row[2].value for row in sheet.iter_rows() if row[0].value}
    for row in rows:
        if row["phuong_an_1"]:
            assert float(row["phuong_an_1"]) == pytest.approx(shown[row["label"]])
    with files[3].open(encoding="utf-8-sig", newline="") as handle:
        cells = [cell for line in csv.reader(handle) for cell in line]
    assert not any(cell.startswith(("=", "@", "+")) for cell in cells)


def test_the_same_runs_give_the_same_bytes(two_runs, tmp_path):
    comparison = compare.compare_runs(two_runs)
    first = [f.read_bytes() for f in compare_files.write_comparison(comparison, tmp_path / "a")]
    second = [f.read_bytes() for f in compare_files.write_comparison(comparison, tmp_path / "b")]
    assert first == second


def test_an_option_is_not_better_for_building_less(build_run):
    """One of three sites planned alike: less land, cost and clearance in all, the same of each centre."""
    first, second = build_run(), build_run("phuong_an_3")
    for run in (first, second):
        run.tables["programme"]["build_type"] = "build_new"
        for name in ("area_m2", "rice_percent", "forest_percent", "residential_percent", "buildings_inside"):
            run.tables["sites"][name] = 40
    waiting = second.tables["programme"]["commune_code"] == "05977"
    second.tables["programme"].loc[waiting, ["status", "phase", "start_year", "finish_year"]] = ["waiting", *[None] * 3]
    found = compare.compare_runs([first, second])
    more, fewer = (values(found, option) for option in found.options)
    assert more["land_taken"] > fewer["land_taken"] > 0
    assert more["land_taken_each"] == fewer["land_taken_each"] == 40
    assert more["land_rice_each"] == 16
    assert {params["view"]: key for key, params in found.verdict}["land"] == "compare.verdict.equal"
    told = {message[1]["measure"] for message in found.strengths[found.options[1]]}
    absolute = {"land_taken", "houses_moved", "cost_at_price_year", "money_peak", "smaller", "unfinished"}
    assert not told & (absolute | {"without_site", "out_of_order"})


def test_land_taken_by_class_is_that_of_the_sites_built_new(two_runs):
    comparison = compare.compare_runs(two_runs)
    for run, option in zip(two_runs, comparison.options, strict=True):
        rows, sites = run.programme, run.sites.set_index("site_id")
        new = rows[(rows["status"] == "planned") & (rows["build_type"] == "build_new") & rows["site_id"].notna()]
        own = [site for site in new["site_id"] if site in sites.index]
        taken = sum(sites.loc[site, "area_m2"] for site in own)
        rice = [sites.loc[site, "area_m2"] * sites.loc[site, "rice_percent"] / 100 for site in own]
        assert values(comparison, option)["land_taken"] == pytest.approx(taken)
        known = [value for value in rice if value == value]  # noqa: PLR0124 - NaN
        found = values(comparison, option)["land_rice"]
        assert found == pytest.approx(sum(known)) if known or not own else found is None or np.isnan(found)
