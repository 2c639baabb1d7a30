from __future__ import annotations

import re
import shutil
import subprocess
import zipfile

import docx
import pandas as pd
import pytest
from docx.enum.section import WD_ORIENT
from docx.shared import Mm

from siteplan import locale
from siteplan.errors import InputError
from siteplan.outputs import compare, dossier, site_counts, summary
from siteplan.outputs.annexes import ANNEXES
from siteplan.outputs.dossier import Wanted
from siteplan.outputs.finality import to_check_before_final


@pytest.fixture(scope="module")
def both(small_run_factory, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return small_run_factory(folder), small_run_factory(folder, "phuong_an_2", early=False)


@pytest.fixture(scope="module")
def papers(both, tmp_path_factory):
    files = dossier.write_papers(both, tmp_path_factory.mktemp("dossier"), "de_an")
    return dict(zip(("to_trinh", "de_an", "phu_luc", "trinh_ban_thuong_vu"), files, strict=True))


@pytest.fixture(scope="module")
def written(papers):
    return papers["de_an"]


@pytest.fixture(scope="module")
def document(written):
    return docx.Document(str(written))


@pytest.fixture(scope="module")
def annexed(papers):
    return docx.Document(str(papers["phu_luc"]))


def text_of(document):
    parts = [p.text for p in document.paragraphs]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(parts)


def cells(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def table_with(document, heading):
    return next(cells(t) for t in document.tables if heading in [c.text for c in t.rows[0].cells])


def vn(value, decimals=2):
    return locale.number(value, decimals)


def test_page_is_that_of_the_decree(document, annexed):
    # NĐ 30/2020/NĐ-CP, Annex I: A4, top and bottom 20-25, left 30-35, right 15-20 mm, Times New Roman 13-14
    upright = document.sections[0]
    assert (round(upright.page_width.mm), round(upright.page_height.mm)) == (210, 297)
    for section in [*document.sections, *annexed.sections]:
        assert Mm(20) <= section.top_margin <= Mm(25)
        assert Mm(20) <= section.bottom_margin <= Mm(25)
        assert Mm(30) <= section.left_margin <= Mm(35)
        assert Mm(15) <= section.right_margin <= Mm(20)
    # the sheets of the sites, the second annex of the small run, stand upright like their maps
    turned = [s.orientation == WD_ORIENT.LANDSCAPE for s in annexed.sections]
    assert turned == [True, False, *[True] * (len(turned) - 2)]
    normal = document.styles["Normal"]
    assert normal.font.name == "Times New Roman"
    assert 13 <= normal.font.size.pt <= 14


def test_page_numbers_stand_on_top_and_not_on_first_pages(papers):
    for section in (s for path in papers.values() for s in docx.Document(str(path)).sections):
        assert section.different_first_page_header_footer
        assert "PAGE" in section.header._element.xml
        assert "PAGE" not in section.first_page_header._element.xml


def headers_of(document):
    return [
        "".join(p.text for p in header.paragraphs)
        for section in document.sections
        for header in (section.header, section.first_page_header)
    ]


def test_every_page_says_draft(papers):
    for path in papers.values():
        assert all("DỰ THẢO" in words for words in headers_of(docx.Document(str(path))))


def test_pages_with_illustrative_figures_say_so_and_others_do_not(papers, document, annexed):
    for form in ("to_trinh", "de_an", "trinh_ban_thuong_vu"):
        assert all("minh họa" in words for words in headers_of(docx.Document(str(papers[form]))))
    names = [p.text for p in annexed.paragraphs if p.text.isupper()]
    marked = dict(zip(names, headers_of(annexed)[::2], strict=True))
    silent = {locale.text(f"dossier.annex_name.{n}").upper() for n in ("assumptions", "coverage", "feedback")}
    assert {name for name, words in marked.items() if "minh họa" not in words} == silent


def confirmed(run):
    """Take from a run all that keeps a dossier from being final."""
    run.tables["sources"]["illustrative"] = False
    run.tables["assumptions"] = run.tables["assumptions"].query("certainty not in ('R', 'P')")
    return run


FROZEN = {"version": "trình lần 2", "date": "2026-03-01"}


def test_a_final_dossier_carries_no_draft_mark_and_its_version(build_run, tmp_path):
    run = confirmed(build_run(frozen=FROZEN, illustrative_layers=[]))
    for path in dossier.write_papers([run], tmp_path, "a", wanted=Wanted(final=True)):
        document = docx.Document(str(path))
        assert "DỰ THẢO" not in text_of(document) + "".join(headers_of(document))
        assert all("trình lần 2" in words for words in headers_of(document))


def test_a_frozen_run_is_a_draft_until_the_final_is_asked_for(build_run, tmp_path):
    run = confirmed(build_run(frozen=FROZEN, illustrative_layers=[]))
    document = docx.Document(str(dossier.write_dossier([run], tmp_path / "a.docx")))
    assert all("DỰ THẢO" in words and "trình lần 2" in words for words in headers_of(document))


def test_the_final_is_refused_and_all_that_is_missing_is_listed(both, tmp_path):
    with pytest.raises(InputError) as refused:
        dossier.write_papers(both, tmp_path / "x", "a", wanted=Wanted(final=True))
    told = [(p.key, p.value if p.key == "final_not_frozen" else p.layer or p.feature) for p in refused.value.problems]
    assert told == [
        ("final_not_frozen", "phuong_an_1"),
        ("final_not_frozen", "phuong_an_2"),
        ("final_illustrative", "dem"),
        ("final_illustrative", "plans"),
        ("final_unconfirmed", "norm"),
        ("final_proposed", "K_kv"),
    ]
    assert not (tmp_path / "x").exists()
    words = [locale.problem_row(p) for p in refused.value.problems]
    assert all(row[part] and "{" not in row[part] for row in words for part in ("what", "cause", "remedy"))


@pytest.mark.parametrize("what", ["frozen", "illustrative", "source", "R", "P"])
def test_each_single_hindrance_keeps_a_dossier_from_being_final(build_run, tmp_path, what):
    run = confirmed(build_run(frozen=None if what == "frozen" else FROZEN,
                              illustrative_layers=["dem"] if what == "illustrative" else []))  # fmt: skip
    if what == "source":
        run.tables["sources"].loc[0, "illustrative"] = True
    if what in ("R", "P"):
        run.tables["assumptions"] = run.tables["assumptions"].reset_index(drop=True)
        run.tables["assumptions"].loc[0, "certainty"] = what
    with pytest.raises(InputError) as refused:
        dossier.write_papers([run], tmp_path, "a", wanted=Wanted(final=True))
    assert len(refused.value.problems) == 1


def test_a_basis_read_in_a_secondary_text_is_told_and_does_not_stop_the_final(build_run, tmp_path):
    run = confirmed(build_run(frozen=FROZEN, illustrative_layers=[]))
    evidence = run.tables["conflicts"]
    evidence["certainty"] = "V"
    evidence.loc[evidence.index[:2], ["certainty", "legal_basis"]] = ["V2", "Nghị định 53/2024/NĐ-CP"]
    for name in ("needs", "conformity", "surplus", "costs", "steps", "land_account", "land_options"):
        if "certainty" in run.table(name):
            run.tables[name] = run.table(name).assign(certainty="V")
    (warned,) = to_check_before_final([run], "vi")
    assert (warned.severity, warned.value, warned.params["rows"]) == ("warning", "Nghị định 53/2024/NĐ-CP", "2")
    assert "{" not in "".join(locale.problem_row(warned)[part] for part in ("what", "cause", "remedy"))
    assert dossier.write_papers([run], tmp_path, "a", wanted=Wanted(final=True))


def test_table_headings_are_repeated(document):
    for table in document.tables:
        if len(table.rows) > 2:
            assert "w:tblHeader" in table.rows[0]._tr.xml


def test_parts_stand_in_order(document, annexed):
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    parts = ("legal_basis", "present_state", "need", "locations", "priority", "options", "surplus", "money",
             "organisation", "recommendations")  # fmt: skip
    assert [h.split(". ", 1)[1] for h in headings if ". " in h] == [locale.text(f"dossier.part.{p}") for p in parts]
    annexes = [p.text for p in annexed.paragraphs if p.text.startswith("Phụ lục") and p.style.name == "Heading 1"]
    assert annexes == [f"Phụ lục {n}" for n in ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")]
    names = [p.text for p in annexed.paragraphs if p.text.isupper()]
    # the small run has neither groups nor the three columns of figures
    order = [name for name in ANNEXES.values() if name not in ("groups", "figures", "agreement", "maps")]
    assert names == [locale.text(f"dossier.annex_name.{name}").upper() for name in order]
    listed = [p.text for p in document.paragraphs if p.text.startswith("Phụ lục")]
    assert listed == [
        f"{number}. {locale.text(f'dossier.annex_name.{name}')}{'.' if name == order[-1] else ';'}"
        for number, name in zip(annexes, order, strict=True)
    ]


def test_annexes_are_cited_by_their_numbers(document):
    # the third of the template; sizes by group, its second, has no figures in the small run
    assert "Từng nội dung bị chặn hoặc có điều kiện được liệt kê tại Phụ lục III." in text_of(document)


def test_areas_of_the_annex_equal_the_results_digit_by_digit(annexed, both):
    rows = table_with(annexed, "Mã xã")
    head, by_code = rows[0], {row[0]: row for row in rows[1:]}
    at = {name: head.index(name) for name in head}
    for commune in both[0].communes.to_dict("records"):
        row = by_code[commune["code"]]
        for column, label in (
            ("required_floor_area_m2", "Diện tích sàn cần (m²)"),
            ("existing_floor_area_m2", "Sàn hiện có (m²)"),
            ("extension_floor_area_m2", "Sàn mở rộng (m²)"),
            ("new_floor_area_m2", "Sàn xây mới (m²)"),
            ("new_land_area_m2", "Đất xây mới (m²)"),
        ):
            assert row[at[label]] == vn(commune[column])
    total = by_code[locale.text("workbook.total")]
    assert total[at["Sàn hiện có (m²)"]] == vn(5000.25)
    assert total[at["Sàn xây mới (m²)"]] == vn(1509.44 + 4000 + 1000.5)


def test_money_of_the_annex_equals_the_results(annexed, both):
    rows = next(cells(t) for t in annexed.tables if t.rows[0].cells[-1].text == "Tổng cộng (tỷ đồng)")
    money = summary.money_by_year_and_source(both[0].funding)
    assert [row[-1] for row in rows[1:]] == [vn(v / 1e9, 3) for v in [*money["total"], money["total"].sum()]]


def test_the_comparison_table_is_that_of_the_comparison(document, both):
    rows = table_with(document, locale.text("compare.column.measure"))
    assert rows[1:] == compare.summary_rows(compare.compare_runs(both))


def test_conformity_is_counted_and_named_by_kind(document):
    lines = table_with(document, "Phù hợp quy hoạch")
    assert lines[0] == [
        "Loại quy hoạch", "Phù hợp quy hoạch", "Cần điều chỉnh quy hoạch", "Chưa có trong quy hoạch",
        "Chưa có quy hoạch, chưa đối chiếu được",
    ]  # fmt: skip
    # three proposed sites: one each way with the general plan, no land-use plan registered; others are not mandatory
    assert lines[1:] == [
        ["Quy hoạch chung đô thị, quy hoạch chung xã", "1", "1", "1", "0"],
        ["Quy hoạch sử dụng đất", "0", "0", "0", "3"],
    ]
    words = text_of(document)
    assert "Quy hoạch chung đô thị, quy hoạch chung xã (1): xã Đoàn Kết" in words
    assert "Quy hoạch chung đô thị, quy hoạch chung xã (1): phường Đông Kinh" in words
    after = words.index("chưa có quy hoạch loại này trong sổ quy hoạch")
    assert words.find("Quy hoạch sử dụng đất: tất cả 3 vị trí") > after


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (["not_in_plan", "paper_only"], "not_in_plan"),
        (["no_plan", "not_compared"], "not_compared"),
        (["conforms", "needs_adjustment"], "needs_adjustment"),
        (["outside", "conforms"], "conforms"),
    ],
)
def test_of_several_plans_of_a_kind_the_one_held_against_a_site_counts_first(build_run, said, first):
    run = build_run()
    rows = run.conformity[run.conformity["plan_kind"] == "land_use"]
    run.tables["conformity"] = pd.concat([rows.assign(conformity=token) for token in said])
    assert set(site_counts.conformity_by_kind(run)["conformity"]) == {first}


def test_the_annex_says_of_each_proposed_site_what_the_plans_of_each_kind_say(annexed, both):
    rows = table_with(annexed, "Quy hoạch sử dụng đất")
    run = both[0]
    best = run.sites[run.sites["is_best"].fillna(value=False).astype(bool)].sort_values("commune_code")
    assert len(rows) - 1 == len(best) == 3
    names = dict(zip(run.communes["code"], run.communes["name"], strict=True))
    land = rows[0].index("Quy hoạch sử dụng đất")
    general = rows[0].index("Quy hoạch chung đô thị, quy hoạch chung xã")
    for line, code in zip(rows[1:], best["commune_code"], strict=True):
        assert names[code] in line[0]
        assert line[land] == "Chưa có quy hoạch, chưa đối chiếu được"
    by_name = {line[0]: line[general] for line in rows[1:]}
    assert next(words for name, words in by_name.items() if "Đoàn Kết" in name) == "Chưa có trong quy hoạch"
    assert next(words for name, words in by_name.items() if "Đông Kinh" in name) == "Cần điều chỉnh quy hoạch"


def asked(runs, folder):
    """Return the numbered lines of the last part."""
    document = docx.Document(str(dossier.write_dossier(runs, folder / "a.docx")))
    lines = [p.text for p in document.paragraphs]
    return [line for line in lines[lines.index("XII. KIẾN NGHỊ") if "XII. KIẾN NGHỊ" in lines else 0 :]
            if re.match(r"\d+\. ", line)]  # fmt: skip


def test_sites_are_asked_for_by_group(build_run, tmp_path):
    run = build_run()
    codes = ["05977", "06001", "06184"]
    # the first is built on, the second blocked and to be built on, the third stays as it is and is blocked
    results = dict(zip(codes, ("conditional", "blocked", "blocked"), strict=True))
    run.tables["sites"]["check_result"] = run.sites["commune_code"].map(results)
    status = dict(zip(codes, ("planned", "waiting", "not_needed"), strict=True))
    run.tables["programme"]["status"] = run.programme["commune_code"].map(status).fillna("waiting")
    evidence = run.conflicts
    blocking = pd.concat([evidence.iloc[:1]] * 4, ignore_index=True).assign(
        site_id=[f"{codes[1]}-K-AAAAAA", f"{codes[2]}-K-AAAAAA", f"{codes[2]}-K-AAAAAA", f"{codes[2]}-T-AAAAAA"],
        rule_name=["Đất lúa", "Đất nghĩa trang", "Đất nghĩa trang", "Đường sắt"], effect="blocking", restricted=False,
    )  # fmt: skip
    run.tables["conflicts"] = pd.concat([evidence[evidence["effect"] != "blocking"], blocking], ignore_index=True)
    lines = asked([run], tmp_path)
    names = summary.names_by_code(run)
    going, again, staying = (next(line for line in lines if words in line) for words in (
        "để làm thủ tục tiếp theo", "chọn lại vị trí", "không lập dự án"))  # fmt: skip
    assert "Thống nhất 1 vị trí" in going
    assert "bị chặn, " not in going
    assert f"{names['06001']} (Đất lúa)" in again
    assert f"1 trụ sở bị chặn, phải xử lý trong quá trình sử dụng: {names['06184']} (Đất nghĩa trang)." in staying
    assert "Đường sắt" not in "".join(lines)
    words = text_of(docx.Document(str(tmp_path / "a.docx")))
    assert "Trong các vị trí bị chặn, 1 vị trí là trụ sở hiện có" in words


def test_what_is_restricted_is_not_named_but_told_as_what_blocks(build_run):
    run = build_run()
    first = run.conflicts.iloc[:1].assign(effect="blocking", rule_name="Kho", site_id="s")
    run.tables["conflicts"] = pd.concat([first.assign(restricted=flag) for flag in (True, False)], ignore_index=True)
    withheld = "lớp hạn chế, cần xác nhận bằng văn bản của cơ quan quản lý"
    assert site_counts.blocking_rules(run, "vi") == {"s": [withheld, "Kho"]}
    run.tables["conflicts"] = first.assign(restricted=True)
    assert site_counts.blocking_rules(run, "vi") == {"s": [withheld]}


def test_a_headquarters_that_one_option_builds_does_not_stay_as_it_is(small_run_factory, tmp_path):
    runs = [small_run_factory(tmp_path, name) for name in ("phuong_an_1", "phuong_an_2")]
    runs[0].tables["programme"]["status"] = "not_needed"
    lines = asked(runs, tmp_path)
    assert any("Thống nhất 3 vị trí" in line for line in lines)
    assert not any("không lập dự án" in line for line in lines)


def test_sentences_carry_the_figures(document):
    text = text_of(document)
    assert "4 đơn vị hành chính cấp xã, gồm 3 xã và 1 phường" in text
    assert "tổng dân số 81.103 người" in text
    assert f"Tổng diện tích sàn hiện có là {vn(5000.25)} m²" in text
    assert (
        "1 đơn vị chưa báo cáo hoặc báo cáo chưa đủ, số hiện có lấy theo phần đã báo cáo, danh mục cơ sở "
        "nhà, đất hoặc bình quân nhóm và 1 đơn vị chưa có số liệu" in text
    )
    assert (
        "Tổng vốn giả định là 71,750 tỷ đồng (theo giá các năm chi) trong các năm 2026–2029; "
        "năm cao nhất là 2026 với 40,500 tỷ đồng." in text
    )
    assert "bố trí 3 đơn vị với tổng mức đầu tư 68,000 tỷ đồng (theo giá năm gốc)" in text
    assert "độ phân giải 450 m" in text


def test_no_key_and_no_template_is_left(document):
    text = text_of(document)
    assert not re.search(r"\b(dossier|workbook|compare|stamp|unit)\.[a-z_]+\b", text)
    assert not re.search(r"\{[a-z_]+(:[a-z0-9_]+)?\}", text)


def test_legal_basis_ends_as_the_decree_asks(document, written):
    lines = [p.text for p in document.paragraphs if p.text.startswith("Căn cứ") and p.runs[0].italic]
    assert len(lines) > 3
    assert all(line.endswith(";") for line in lines[:-1])
    assert lines[-1].endswith(".")
    assert any("155/2025/NĐ-CP" in line for line in lines), "cited by an assumption of the run"
    assert not any("62/2025" in line for line in lines), "cited nowhere in the run"


def test_hostile_text_stays_text(papers, written, document):
    for path in papers.values():
        words = text_of(docx.Document(str(path)))
        assert "{{7*7}}" in words or path.stem.endswith("phu_luc")
        assert "\x00" not in words
    with zipfile.ZipFile(written) as archive:
        assert b"\xe2\x80\xae" not in archive.read("word/document.xml")


def test_restricted_objects_are_nowhere(two_runs, tmp_path):
    for run in two_runs:
        run.tables["conflicts"].loc[run.tables["conflicts"]["zone_id"] == "Z1", "title"] = "Quy hoạch chung xã Mẫu"
    files = dossier.write_papers(two_runs, tmp_path, "a")
    text = "".join(text_of(docx.Document(str(path))) for path in files)
    assert "Quy hoạch chung xã Mẫu" in text
    assert "Trận địa" not in text
    assert "BIMAT" not in text


def test_one_option_is_not_compared(small_run, tmp_path):
    text = text_of(docx.Document(str(dossier.write_dossier([small_run], tmp_path / "a.docx"))))
    assert locale.text("dossier.options.single") in text
    assert locale.text("compare.column.measure") not in text


def test_no_province_is_named_in_the_program(document):
    text = text_of(document)
    assert "Ủy ban nhân dân tỉnh Thử Nghiệm" in text
    assert "Lạng Sơn" not in text


def test_an_empty_run_still_gives_a_document(small_run, tmp_path):
    for name in (
        "sites",
        "conflicts",
        "programme",
        "funding",
        "surplus",
        "facilities",
        "scores",
        "coverage",
        "assumptions",
    ):
        small_run.tables[name] = small_run.tables[name].iloc[:0]
    assert dossier.write_dossier([small_run], tmp_path / "a.docx").stat().st_size > 10_000


def test_english_too(two_runs, tmp_path):
    text = text_of(docx.Document(str(dossier.write_dossier(two_runs, tmp_path / "a.docx", "en"))))
    assert "5,000.25" in text
    assert "dossier." not in text


def test_the_same_runs_give_the_same_bytes(two_runs, tmp_path):
    first = dossier.write_dossier(two_runs, tmp_path / "a.docx").read_bytes()
    assert dossier.write_dossier(two_runs, tmp_path / "b.docx").read_bytes() == first


@pytest.mark.require("soffice")
def test_libreoffice_turns_it_into_pages_with_whole_letters(written, soffice_path, tmp_path):
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice_path, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(written)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    pdf = tmp_path / "de_an.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, text=True, check=True)
        words = " ".join(done.stdout.split())
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in words
        assert words.count("DỰ THẢO") >= done.stdout.count("\f")


def test_the_type_the_programme_chose_stands_beside_the_one_needed(two_runs, tmp_path):
    run = two_runs[0]
    programme = run.tables["programme"]
    planned = programme[programme["status"] == "planned"]
    at = planned.index[0]
    programme.loc[at, ["build_type", "needed_build_type", "deficit_left_m2"]] = ["renovate", "build_new", 321.5]
    place = summary.names_by_code(run)[programme.loc[at, "commune_code"]]
    said = f"{place}: cải tạo, sửa chữa (theo nhu cầu: xây mới)"
    for runs in (two_runs, two_runs[:1]):
        words = text_of(docx.Document(str(dossier.write_dossier(runs, tmp_path / "d.docx"))))
        assert said in words
        assert "321,50 m²" in words
        renovated = ((programme["status"] == "planned") & (programme["build_type"] == "renovate")).sum()
        assert f"{renovated} đơn vị cải tạo, sửa chữa" in words


def test_the_signature_does_not_stand_alone_on_a_page(papers):
    for form in ("to_trinh", "de_an", "trinh_ban_thuong_vu"):
        signature = docx.Document(str(papers[form])).tables[-1]
        assert "GIÁM ĐỐC" in signature.rows[0].cells[1].text
        assert "w:keepNext" in signature._tbl.getprevious().xml
