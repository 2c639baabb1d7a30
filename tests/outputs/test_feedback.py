from __future__ import annotations

import csv

import docx
import pytest

from siteplan import locale
from siteplan.errors import InputError
from siteplan.outputs import dossier
from siteplan.outputs.annexes import ANNEXES
from siteplan.outputs.dossier import Wanted
from siteplan.outputs.feedback import COLUMNS, FILE, read_opinions

NAMES = tuple(ANNEXES.values())
ROW = ("Sở Tài chính", "CV 12/STC", "bổ sung nguồn vốn", "đã bổ sung", "accepted", "part:money; annex:funding")


def write(folder, *rows, columns=COLUMNS):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return folder / FILE


def problems_of(path):
    with pytest.raises(InputError) as refused:
        read_opinions(path, NAMES)
    for problem in refused.value.problems:
        row = locale.problem_row(problem)
        assert all(row[part] and "{" not in row[part] for part in ("what", "cause", "remedy"))
        assert problem.file == str(path)
    return refused.value.problems


def table_of(run, layers, tmp_path):
    wanted = Wanted(layers=layers, forms=("phu_luc",))
    (file,) = dossier.write_papers([run], tmp_path / "out", "a", wanted=wanted)
    document = docx.Document(str(file))
    rows = next(t for t in document.tables if t.rows[0].cells[0].text == "Số" and len(t.columns) == 7)
    return document, [[cell.text for cell in row.cells] for row in rows.rows[1:]]


def test_an_opinion_is_printed_with_its_answer_and_where_it_stands(small_run, tmp_path):
    write(tmp_path / "layers", ROW, (*ROW[:2], "giải thích diện tích", "theo định mức", "explained", "mục 3"),
          (*ROW[:3], "", "", ""))  # fmt: skip
    document, rows = table_of(small_run, tmp_path / "layers", tmp_path)
    assert rows[0] == ["1", *ROW[:4], "Tiếp thu", "Phần KINH PHÍ THỰC HIỆN; Phụ lục VI"]
    assert rows[1][5:] == ["Giải trình", "Mục 3"]
    assert rows[2][4:] == ["–", "Chưa trả lời", "–"]
    words = "\n".join(p.text for p in document.paragraphs)
    assert "Tổng số 3 ý kiến: tiếp thu 1, giải trình 1, chưa trả lời 1." in words


def test_all_missing_columns_are_told(tmp_path):
    found = problems_of(write(tmp_path, ROW[:4], columns=COLUMNS[:4]))
    assert [(p.key, p.column) for p in found] == [("opinion_column", "handling"), ("opinion_column", "place")]


def test_unknown_states_and_places_are_all_told_with_their_rows(tmp_path):
    found = problems_of(write(tmp_path, ROW, (*ROW[:4], "đồng ý", "part:nowhere; annex:evidence; annex:xyz"),
                              (*ROW[:4], "Accepted", "")))  # fmt: skip
    assert [(p.key, p.feature, p.value) for p in found] == [
        ("opinion_handling", "3", "đồng ý"),
        ("opinion_place", "3", "part:nowhere"),
        ("opinion_place", "3", "annex:xyz"),
        ("opinion_handling", "4", "Accepted"),
    ]


def test_no_file_and_no_rows_are_no_opinions(small_run, tmp_path):
    assert read_opinions(tmp_path / FILE, NAMES) == []
    assert read_opinions(write(tmp_path), NAMES) == []


@pytest.mark.parametrize(
    "hostile",
    [
        "=cmd|' /C calc'!A0",
        "{{ ''.__class__ }} {% for x in y %}",
        "</w:t></w:r><w:p>&amp;<![CDATA[",
        "dài " * 250,
        "đảo\u202engược \u2066chữ\u2069",
        "rỗng\x00\x07giữa",
        "annex:evidence part:need {so_don_vi}",
        "\ue000khoi_can_cu\ue001",
    ],
)
def test_hostile_text_stays_text_in_its_cell(small_run, tmp_path, hostile):
    write(tmp_path / "layers", (*[hostile] * 4, "accepted", ""))
    _, rows = table_of(small_run, tmp_path / "layers", tmp_path)
    said = "".join(c for c in hostile if c.isprintable() or c in "\ue000\ue001")
    assert [cell.split() for cell in rows[0][1:5]] == [said.split()] * 4
    assert rows[0][5] == "Tiếp thu"


def test_the_eight_tasks_of_the_notice_stand_in_the_table_of_the_package(repo_root):
    found = read_opinions(repo_root / "layers" / FILE, NAMES)
    assert [o.opinion.split(":")[0] for o in found] == [f"Nhiệm vụ {n}" for n in range(1, 9)]
    assert {o.document for o in found} == {
        "Thông báo ngày 27/10/2025 kết luận của Phó Chủ tịch UBND tỉnh tại cuộc họp ngày 24/10/2025"
    }
    assert [o.answered for o in found] == [True] * 7 + [False]  # nobody but the department knows when it went
