"""What letters and Đề án say beside the figures: kind of money, what stands against sites, what is not kept."""

from __future__ import annotations

import re

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn

from siteplan import locale
from siteplan.locale import encode
from siteplan.outputs import dossier, dossier_funds, released, run_words, site_counts
from siteplan.tables import RESULTS, conform

NAMES = ("to_trinh", "de_an", "phu_luc", "trinh_ban_thuong_vu")
LETTERS = ("to_trinh", "trinh_ban_thuong_vu")


def text_of(document):
    parts = [p.text for p in document.paragraphs]
    return "\n".join([*parts, *(cell.text for table in document.tables for row in table.rows for cell in row.cells)])


def papers_of(runs, folder):
    files = dossier.write_papers(runs, folder, "a")
    return {name: docx.Document(str(file)) for name, file in zip(NAMES, files, strict=True)}


def with_facilities(run):
    """Give a run facilities of every kind: kept, freed by a centre, vacant, to be handed over, waiting, decided."""
    reasons = {
        "already": "surplus.free.already", "at_once": "surplus.free.not_needed", "waiting": "surplus.free.waiting",
        "decided": "surplus.free.decided", "freed": "surplus.free.finished", "keep": "surplus.free.kept",
    }  # fmt: skip
    first = run.surplus.iloc[:1]
    parts = []
    for n, (state, count) in enumerate({"keep": 2, "freed": 3, "already": 1, "at_once": 4, "waiting": 2,
                                         "decided": 5}.items()):  # fmt: skip
        told = encode([(reasons[state], {})])
        part = pd.concat([first] * count, ignore_index=True).assign(
            facility_id=[f"F{n}{k}" for k in range(count)], reasons=told, floor_area_m2=10.0, land_area_m2=100.0,
            treatment="keep" if state == "keep" else ("transfer", "hand_over")[n % 2], decided=state == "decided",
        )  # fmt: skip
        part["free_year"] = pd.array([2029 if state == "freed" else None] * count, dtype="Int64")
        parts.append(part)
    run.tables["surplus"] = pd.concat(parts, ignore_index=True)
    return run


@pytest.fixture
def both(small_run_factory, tmp_path):
    return [with_facilities(small_run_factory(tmp_path, name)) for name in ("phuong_an_1", "phuong_an_2")]


@pytest.mark.parametrize("name", [*LETTERS, "de_an"])
def test_assumed_money_is_called_so_in_every_paper(two_runs, tmp_path, name):
    text = text_of(papers_of(two_runs, tmp_path)[name])
    assert "Mức vốn là giả định để tính toán, chưa phải vốn được giao." in text
    assert re.search(r"vốn giả định (là )?[\d.,]+ tỷ đồng", text)
    assert "vốn bố trí" not in text


@pytest.mark.parametrize("name", LETTERS)
def test_money_as_announced_and_money_without_a_source_are_called_so(two_runs, tmp_path, name):
    two_runs[0].manifest["scenario"]["programme"]["label_of_funds"] = "approved"
    two_runs[1].manifest["scenario"]["funds"] = []
    text = text_of(papers_of(two_runs, tmp_path)[name])
    assert "vốn theo số đã được thông báo 71,750 tỷ đồng" in text
    assert "nhu cầu vốn chưa xác định nguồn" in text
    assert "giả định" not in text.split("PHƯƠNG ÁN ĐẦU TƯ")[1].split("chưa kiểm chứng")[0]


@pytest.mark.parametrize("name", [*LETTERS, "de_an"])
def test_every_paper_says_of_how_many_centres_the_totals_hold_no_land_clearance(two_runs, tmp_path, name):
    text = text_of(papers_of(two_runs, tmp_path)[name])
    told = re.findall(r"chưa gồm chi phí giải phóng mặt bằng của (\d+)/(\d+) đơn vị được bố trí", text)
    counts = []
    for run in two_runs:
        planned = run.programme[run.programme["status"] == "planned"]
        unpriced = int((~planned["clearance_cost_included"].fillna(value=False).astype(bool)).sum())
        counts.append((str(unpriced), str(len(planned))))
    assert told == counts * 2  # where the money stands, and where the option is asked for


def test_totals_that_hold_all_land_clearance_are_not_reserved(two_runs, tmp_path):
    for run in two_runs:
        run.tables["programme"]["clearance_cost_included"] = True
    for document in papers_of(two_runs, tmp_path).values():
        assert "chưa gồm chi phí giải phóng mặt bằng" not in text_of(document)


def test_money_nobody_has_called_approved_is_assumed(build_run):
    run = build_run()
    run.manifest["scenario"]["programme"] = {}
    assert dossier_funds.kind_of(run) == "assumed"
    run.manifest["scenario"]["funds"] = []
    assert dossier_funds.kind_of(run) == "without_source"


@pytest.mark.parametrize("name", [*LETTERS, "de_an"])
def test_every_paper_says_what_stands_against_the_sites(two_runs, tmp_path, name):
    text = text_of(papers_of(two_runs, tmp_path)[name])
    # two overlaps and one withheld finding; the touches are none
    assert "Tại 1 vị trí đề xuất có 3 nội dung vướng, gồm 0 nội dung bị chặn và 3 nội dung có điều kiện." in text
    assert "có điều kiện" in text


def test_sites_no_plan_could_be_held_against_are_counted(two_runs, tmp_path):
    for run in two_runs:
        run.tables["conformity"].loc[run.tables["conformity"]["plan_kind"] == "land_use", "conformity"] = "no_plan"
    count = site_counts.not_compared_sites(two_runs[0])
    assert count == len(site_counts.proposed_sites(two_runs[0]))
    for name in LETTERS:
        text = text_of(papers_of(two_runs, tmp_path / name)[name])
        assert f"{count}/{count} vị trí đề xuất chưa đánh giá được với đủ các loại quy hoạch bắt buộc" in text


def test_the_list_of_findings_holds_as_many_as_the_papers_say(two_runs, tmp_path):
    annexes = papers_of(two_runs, tmp_path)["phu_luc"]
    heading = locale.text("dossier.overlaps_caption")
    assert any(heading in p.text for p in annexes.paragraphs)
    tables = [[[c.text for c in row.cells] for row in table.rows] for table in annexes.tables]
    (listed,) = (t for t in tables if "Quy tắc áp dụng" in t[0])
    (sites,) = (t for t in tables if "Số nội dung vướng" in t[0])
    at = sites[0].index("Số nội dung vướng")
    count = site_counts.conflict_count(two_runs[0])
    assert len(listed) - 1 == count.findings == sum(int(row[at]) for row in sites[1:])
    assert count.findings == count.blocking + count.conditional


@pytest.mark.parametrize("include", [False, True])
def test_a_finding_on_a_restricted_layer_is_never_without_a_name(build_run, include):
    run = build_run(include_restricted=include)
    run.tables["conflicts"].loc[run.tables["conflicts"]["restricted"], "title"] = None
    shown = run_words.printable_evidence(run, "vi")
    (title,) = shown.loc[shown["restricted"], "title"]
    assert "lớp hạn chế" in title
    assert "xác nhận bằng văn bản" in title


def test_what_is_not_kept_adds_up_in_the_run(both):
    run = both[0]
    assert released.by_when(run) == {"freed": 3, "already": 1, "at_once": 4, "waiting": 2, "decided": 5}
    found = released.breakdown(run)
    assert int(found["facilities"].sum()) == len(released.facilities(run)) == 15
    assert float(found["land_area_m2"].sum()) == 1500.0
    assert released.parts_of(run) == (15, 8, 2, 5)
    assert len(released.freed_by(run, 2028)) == 0
    assert len(released.freed_by(run, 2029)) == 3


def test_a_facility_that_is_decided_is_counted_once(both):
    run = both[0]
    run.tables["surplus"]["free_year"] = pd.array([2029] * len(run.surplus), dtype="Int64")
    assert released.by_when(run) == {"freed": 10, "already": 0, "at_once": 0, "waiting": 0, "decided": 5}
    assert len(released.freed_by(run, 2030)) == 10


def test_what_is_not_kept_adds_up_in_the_printed_papers(both, tmp_path):
    papers = papers_of(both, tmp_path)
    letter = next(p.text for p in papers["to_trinh"].paragraphs if "Không giữ lại 15 cơ sở nhà, đất" in p.text)
    parts, asked = letter.split(", gồm ")[1].split(". Lập phương án ")
    assert sum(int(n) for n in re.findall(r"(\d+) cơ sở", parts)) == 15
    assert [int(n) for n in re.findall(r"(\d+) cơ sở", asked)] == [8, 5, 2]
    for name in NAMES[:2] + NAMES[3:]:
        line = next(p.text for p in papers[name].paragraphs if "Giao lập phương án xử lý" in p.text)
        for told in re.findall(r"(\d+) cơ sở, trong đó ([^;)]+)", line):
            assert sum(int(n) for n in re.findall(r"(\d+) cơ sở", told[1])) == int(told[0]) == 15
    tables = [[[c.text for c in row.cells] for row in t.rows] for t in papers["de_an"].tables]
    whole = [t for t in tables if t[0][0] == "Hình thức xử lý" and t[0][1] == "Số cơ sở"]
    split = [t for t in tables if t[0][0] == "Hình thức xử lý" and t[0][-1] == "Tổng cộng"]
    assert len(whole) == len(split) == 2
    for by_treatment, by_when in zip(whole, split, strict=True):
        kept = next(int(row[1]) for row in by_treatment if row[0] == locale_keep())
        assert int(by_when[-1][-1]) == int(by_treatment[-1][1]) - kept == 15
        for row in by_when[1:]:
            assert sum(map(int, row[1:-1])) == int(row[-1])
        for row in by_when[1:-1]:
            assert next(int(r[1]) for r in by_treatment if r[0] == row[0]) == int(row[-1])
        for at in range(1, len(by_when[0])):
            assert sum(int(row[at]) for row in by_when[1:-1]) == int(by_when[-1][at])


def locale_keep():
    words = locale.value_text("treatment", "keep")
    return words[:1].upper() + words[1:]


def test_each_document_is_named_once_as_a_basis_of_treatments(both, tmp_path):
    law = "Luật A 15/2017/QH14 (sửa đổi đến 2025)"
    for run in both:
        cells = {"transfer": f"Công điện 1/CĐ; {law}, Điều 42", "hand_over": f"{law}; {law}, Điều 41"}
        run.tables["surplus"]["legal_basis"] = run.surplus["treatment"].map({**cells, "keep": "Công điện 1/CĐ"})
    lines = [p.text for p in papers_of(both, tmp_path)["de_an"].paragraphs]
    (told,) = (line for line in lines if law in line)
    assert re.search(r"Điều 41 \(.*\); Điều 42 \(", told)
    assert sum("Công điện 1/CĐ" in line for line in lines) == 1


def test_facilities_of_one_compound_are_named(build_run, tmp_path):
    run = build_run()
    facilities = run.tables["facilities"]
    facilities.loc[0, "geometry"] = facilities.loc[1, "geometry"].representative_point()
    assert released.sharing(run) == [("CS-1", "CS-2")]
    words = text_of(papers_of([run], tmp_path)["phu_luc"])
    assert "chung khuôn viên" in words
    assert "Trụ sở cũ (CS-1) – @nhà (CS-2)" in words
    facilities.loc[0, "geometry"] = facilities.loc[1, "geometry"].buffer(5).exterior.interpolate(0)
    assert released.sharing(run) == []


def test_renovated_floor_is_printed_once(build_run, tmp_path):
    run = build_run()
    run.tables["programme"].loc[run.tables["programme"]["commune_code"] == "06184", "build_type"] = "renovate"
    cost = {"commune_code": "06184", "build_type": "renovate", "component": "renovation", "quantity": 1580.3}
    run.tables["costs"] = pd.concat([run.costs, pd.DataFrame([cost])], ignore_index=True)
    words = text_of(papers_of([run], tmp_path)["de_an"])
    assert words.count("1.580 m²") == 1
    assert "Diện tích sàn được cải tạo: xã Hữu Lũng 1.580 m²." in words


@pytest.mark.parametrize("table", ["surplus", "surplus_buildings"])
def test_the_certainty_of_a_surplus_facility_says_of_what(table):
    column = RESULTS[table].column("certainty")
    assert (column.label, column.label_en) == ("Độ tin cậy của căn cứ pháp lý", "Certainty of the legal basis")


def one_paper(runs, folder, form="de_an"):
    (file,) = dossier.write_papers(runs, folder, "a", wanted=dossier.Wanted(forms=(form,)))
    return docx.Document(str(file))


def test_the_total_by_component_is_the_one_printed_elsewhere(build_run, tmp_path):
    run = build_run()
    rows = run.tables["programme"][run.tables["programme"]["status"] == "planned"]
    parts = [("construction", 0.9), ("contingency", 0.1)]
    costs = [
        {"commune_code": row.commune_code, "build_type": row.build_type, "component": name,
         "low": 0.5 * share * row.cost_at_price_year, "middle": share * (row.cost_at_price_year - 400_000.0),
         "high": 2 * share * row.cost_at_price_year}
        for row in rows.itertuples() for name, share in parts
    ]  # fmt: skip
    run.tables["costs"] = conform(pd.DataFrame(costs), RESULTS["costs"])
    tables = [[[c.text for c in row.cells] for row in t.rows] for t in one_paper([run], tmp_path).tables]
    (found,) = (t for t in tables if t[0][0] == "Khoản mục chi phí")
    assert found[-2] == ["Làm tròn tổng mức của từng đơn vị đến triệu đồng", "–", "0,001", "–"]
    assert found[-1] == ["Tổng cộng", "34,000", "68,000", "136,000"]


def test_floor_kept_by_need_and_by_option_is_reconciled(build_run, tmp_path):
    run = build_run()
    run.tables["surplus"].loc[0, "commune_code"] = "06184"
    text = text_of(one_paper([run], tmp_path))
    kept = float(run.communes["kept_floor_area_m2"].sum())
    told = f"1.500,25 m²; sàn tiếp tục sử dụng được khi tính nhu cầu là {locale.number(kept, 2)} m²."
    assert f"Sàn giữ lại theo bảng trên là {told} Chênh lệch" in text
    own = run.tables["communes"]["code"] == "06184"
    run.tables["communes"]["kept_floor_area_m2"] = own * 1500.25
    assert "Sàn giữ lại theo bảng trên" not in text_of(one_paper([run], tmp_path))
    run.tables["communes"]["kept_floor_area_m2"] = 0.0
    run.tables["programme"]["needed_build_type"] = "build_new"
    run.tables["programme"]["build_type"] = "extend"
    text = text_of(one_paper([run], tmp_path))
    assert "trụ sở mà phương án giữ do đầu tư khác hình thức theo nhu cầu (xã Hữu Lũng 1.500,25 m²)" in text
    run.tables["programme"]["build_type"] = "build_new"
    run.tables["surplus"]["decided"] = True
    text = text_of(one_paper([run], tmp_path))
    assert "cơ sở đã có quyết định giữ, ngoài trụ sở được tính cho nhu cầu (xã Hữu Lũng 1.500,25 m²)" in text


@pytest.mark.parametrize("form", LETTERS)
def test_the_place_of_the_signature_stays_whole(build_run, tmp_path, form):
    document = one_paper([build_run()], tmp_path, form)
    signature = document.tables[-1]
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in signature.rows)
    assert signature._tbl.getprevious().pPr.find(qn("w:keepNext")) is not None
