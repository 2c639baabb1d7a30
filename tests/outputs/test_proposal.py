"""The table for the provincial plan: parts sum up to the site, office land is not new, the quota is stated."""

from __future__ import annotations

import re

import docx
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.crs import Province
from siteplan.errors import InputError
from siteplan.outputs import proposal


def test_land_of_a_site_by_group():
    parts = proposal.land_of("LUC 40.0; LUK 10.0; TSC 25.0; ONT+CLN 20.0; DGD 5.0", 4_000.0)
    assert {k: v for k, v in parts.items() if v} == {
        "rice": 2_000, "tsc": 1_000, "residential": 800, "other": 200,
    }  # fmt: skip


def test_what_the_shares_leave_over_is_not_classified():
    assert proposal.land_of("CLN 60.0", 1_000.0)["unclassified"] == pytest.approx(400)
    assert proposal.land_of(None, 1_000.0)["unclassified"] == 1_000.0
    # rounding of the shares is no gap
    third = proposal.land_of("CLN 33.3; LUC 33.3; ONT 33.3", 999.0)
    assert third["unclassified"] == 0
    assert sum(third.values()) == pytest.approx(999.0)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8), st.floats(100, 50_000))
def test_parts_always_sum_up_to_the_area(weights, area):
    codes = ("LUC", "CLN", "ONT", "TSC", "RSX", "BCS", "DGD", "RPH")
    shares = "; ".join(f"{c} {100 * w / sum(weights):.1f}" for c, w in zip(codes, weights, strict=False))
    parts = proposal.land_of(shares, area)
    assert sum(parts.values()) == pytest.approx(area, rel=1e-9)
    assert parts["unclassified"] <= 0.002 * area * len(weights)


@pytest.fixture
def run(small_run):
    sites, programme = small_run.tables["sites"], small_run.tables["programme"]
    first = sites["site_id"].iloc[0]
    sites["land_use_shares"] = "LUC 75.0; TSC 25.0"
    option = programme["option"].iloc[0]
    small_run.tables["programme"] = programme.iloc[[0]].assign(
        option=option,
        site_id=first,
        status="planned",
        build_type="build_new",
        commune_code=sites["commune_code"].iloc[0],
    )
    return small_run


def test_new_office_land_against_the_quota(run):
    area = float(run.sites["area_m2"].iloc[0])
    made = proposal.propose(run, {})
    assert made.new_tsc_m2 == pytest.approx(0.75 * area)
    assert made.rows["rice"].tolist() == pytest.approx([0.75 * area])
    assert (made.quota_m2, made.balance_m2) == (None, None)
    assert "Chưa có chỉ tiêu" in proposal.quota_line(made, "vi")
    enough = proposal.propose(run, {"ha": area / 10_000, "basis": "12/NQ-HĐND"})
    assert enough.balance_m2 == pytest.approx(0.25 * area)
    assert "12/NQ-HĐND" in proposal.quota_line(enough, "vi")
    short = proposal.propose(run, {"ha": area / 20_000})
    assert short.balance_m2 == pytest.approx(-0.25 * area)
    assert "VƯỢT" in proposal.quota_line(short, "vi")


def test_land_beside_a_facility_that_is_extended_counts_as_new_and_not_classified(run):
    code = run.sites["commune_code"].iloc[0]
    area = float(run.sites["area_m2"].iloc[0])
    run.tables["programme"] = run.programme.assign(build_type="extend", needed_build_type="extend")
    run.tables["communes"].loc[run.tables["communes"]["code"] == code, "extension_land_area_m2"] = 828.96
    made = proposal.propose(run, {})
    assert made.new_tsc_m2 == pytest.approx(0.75 * area + 828.96)
    assert made.rows["unclassified"].tolist() == pytest.approx([828.96])
    assert made.rows["area_m2"].tolist() == pytest.approx([area + 828.96])


def test_centres_that_need_no_land_are_left_out(run):
    run.tables["programme"] = run.programme.assign(build_type="renovate")
    assert len(proposal.propose(run, {}).rows) == 0


def test_centres_without_a_site_are_counted_and_named_beside_the_sum(run, tmp_path):
    own = run.tables["programme"]
    others = [code for code in run.communes["code"] if code != own["commune_code"].iloc[0]][:2]
    lost = own.assign(commune_code=others[0], site_id=None, status="waiting", phase=None, start_year=None)
    settled = own.assign(commune_code=others[1], site_id=None, status="not_needed")
    run.tables["programme"] = pd.concat([own, lost, settled], ignore_index=True)
    made = proposal.propose(run, {})
    name = run.communes.set_index("code")["name"][others[0]]
    assert len(made.rows) == 1
    assert len(made.without_site) == 1
    assert name in made.without_site[0]
    assert "Chưa tính 1 trung tâm cần đất nhưng chưa có vị trí" in proposal.quota_line(made, "vi")
    book = openpyxl.load_workbook(proposal.write_workbook(run, made, tmp_path / "d.xlsx", "vi"))
    words = [str(c.value) for row in book["Đề nghị điều chỉnh"].iter_rows() for c in row]
    assert any(name in line and "chưa có vị trí" in line for line in words)
    paper = docx.Document(proposal.write_annex(run, made, tmp_path / "d.docx", "vi"))
    assert any(name in p.text and "chưa có vị trí" in p.text for p in paper.paragraphs)


def test_phases_stand_in_the_order_of_the_scenario_and_what_has_none_last(run, tmp_path):
    names = ["thí điểm", "nhân rộng bước đầu", "nhân rộng bước hai", "chờ"]  # no alphabetical order
    run.manifest["scenario"]["phases"] = [{"name": n, "years": [2026 + i, 2026 + i]} for i, n in enumerate(names)]
    own = run.tables["programme"]
    phases = [None, *names[::-1]]
    run.tables["programme"] = pd.concat([own.assign(phase=p, start_year=None) for p in phases], ignore_index=True)
    made = proposal.propose(run, {})
    assert made.rows["phase"].fillna("").tolist() == [*names, ""]
    book = openpyxl.load_workbook(proposal.write_workbook(run, made, tmp_path / "d.xlsx", "vi"))
    first = [row[0].value for row in book["Theo giai đoạn"].iter_rows()]
    at = first.index(names[0])
    assert first[at : at + 5] == [*names, "chờ bố trí"]


def test_workbook_and_annex_say_the_same(run, tmp_path):
    made = proposal.propose(run, {})
    book = openpyxl.load_workbook(proposal.write_workbook(run, made, tmp_path / "d.xlsx", "vi"))
    assert book.sheetnames == ["Đề nghị điều chỉnh", "Theo giai đoạn"]
    page = [[c.value for c in row] for row in book["Đề nghị điều chỉnh"].iter_rows()]
    head = next(n for n, row in enumerate(page) if "Đất lúa" in row)
    rice = page[head + 1][page[head].index("Đất lúa")]
    assert rice == pytest.approx(made.rows["rice"].iloc[0] / 10_000)
    formulas = [c.value for row in book["Đề nghị điều chỉnh"].iter_rows() for c in row if c.data_type == "f"]
    assert all(re.fullmatch(r"=ROUND\(SUM\([A-Z]+\d+:[A-Z]+\d+\),9\)", words) for words in formulas)
    document = docx.Document(proposal.write_annex(run, made, tmp_path / "d.docx", "vi"))
    cells = [[c.text for c in row.cells] for row in document.tables[0].rows]
    at = cells[0].index("Đất lúa")
    assert cells[1][at] == cells[-1][at] == f"{rice:.4f}".replace(".", ",")


def test_the_quota_of_a_province(tmp_path, repo_root):
    text = (repo_root / "layers" / "province.toml").read_text("utf-8")
    path = tmp_path / "province.toml"
    path.write_text(text, "utf-8")
    assert Province.load(path).tsc_quota == {}
    path.write_text(text + '\n[tsc_quota]\nha = 25.5\nbasis = "x"\n', "utf-8")
    assert Province.load(path).tsc_quota == {"ha": 25.5, "basis": "x"}
    for wrong in ("ha = -1", 'ha = "nhiều"', 'basis = "x"'):
        path.write_text(f"{text}\n[tsc_quota]\n{wrong}\n", "utf-8")
        with pytest.raises(InputError):
            Province.load(path)


def test_what_is_extended_in_place_of_a_new_building_takes_no_land_beside_and_says_what_is_needed(run, tmp_path):
    code, area = run.sites["commune_code"].iloc[0], float(run.sites["area_m2"].iloc[0])
    run.tables["programme"] = run.programme.assign(build_type="extend", needed_build_type="build_new")
    run.tables["communes"].loc[run.tables["communes"]["code"] == code, "extension_land_area_m2"] = 828.96
    made = proposal.propose(run, {})
    assert made.new_tsc_m2 == pytest.approx(0.75 * area)
    assert made.rows["beside_m2"].tolist() == [0.0]
    book = openpyxl.load_workbook(proposal.write_workbook(run, made, tmp_path / "d.xlsx", "vi"))
    words = [c.value for row in book["Đề nghị điều chỉnh"].iter_rows() for c in row]
    assert "mở rộng (theo nhu cầu: xây mới)" in words
