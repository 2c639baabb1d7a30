from __future__ import annotations

import io
import re
import zipfile
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import docx
import pytest
from docx.enum.section import WD_ORIENT
from PIL import Image

from siteplan import cache
from siteplan.outputs import dossier, dossier_pictures
from siteplan.outputs.dossier import Wanted

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def png(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draw blank maps of the right shape in place of real ones; the names of those drawn."""
    names = []

    def draw(_, item):
        names.extend(dossier_pictures._names(item))
        return {
            name: png(420, 297) if name.startswith("sheet") else png(164, 150) for name in dossier_pictures._names(item)
        }

    monkeypatch.setattr(dossier_pictures, "_draw", draw)
    monkeypatch.setattr(dossier_pictures, "_key", lambda *_: "of-these-runs")
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")
    return names


STYLE = SimpleNamespace(model_dump_json=lambda: "{}")


def written(runs, folder):
    wanted = Wanted(style=STYLE, jobs=1)
    return [docx.Document(str(file)) for file in dossier.write_papers(runs, folder, "a", wanted=wanted)]


def captions(document):
    return [p.text for p in document.paragraphs if re.match(r"Hình \d+\. ", p.text)]


def test_maps_and_charts_stand_where_they_are_told_of(two_runs, tmp_path, drawn):
    _, paper, annexes, _ = written(two_runs, tmp_path)
    names = [words.split(". ", 1)[1] for words in captions(paper)]
    assert names[:4] == [
        "Mức đầy đủ của dữ liệu và quy hoạch tại các xã, phường",
        "Mức ưu tiên đầu tư của các xã, phường",
        "Vị trí đề xuất và giai đoạn đầu tư theo Phương án 1 & " + names[2].split("Phương án 1 & ")[1],
        "Vị trí đề xuất và giai đoạn đầu tư theo Phương án 2 & " + names[3].split("Phương án 2 & ")[1],
    ]
    assert "Số trung tâm hoàn thành theo năm của các phương án" in names
    assert [words.split(".")[0] for words in captions(paper)] == [f"Hình {n}" for n in range(1, len(names) + 1)]
    assert len(paper.inline_shapes) == len(names)
    assert len(annexes.inline_shapes) == 3 + 4  # three sites; phases of two options, priority, coverage
    assert sorted(drawn) == sorted(
        ["site_05977", "site_06001", "site_06184", *(f"{kind}_{theme}" for kind in ("overview", "sheet")
         for theme in ("phase_0", "phase_1", "priority_0", "coverage_0"))]
    )  # fmt: skip


def test_the_maps_of_the_province_stand_on_a3_and_fit_their_page(two_runs, tmp_path, drawn):
    *_, annexes, _ = written(two_runs, tmp_path)
    last = annexes.sections[-1]
    assert last.orientation == WD_ORIENT.LANDSCAPE
    assert (round(last.page_width.mm), round(last.page_height.mm)) == (420, 297)
    for shape in list(annexes.inline_shapes)[-4:]:
        assert shape.width.mm <= last.page_width.mm - last.left_margin.mm - last.right_margin.mm
        # room for the heading of the annex and the caption
        assert shape.height.mm <= last.page_height.mm - last.top_margin.mm - last.bottom_margin.mm - 30


def test_without_maps_there_is_no_annex_of_maps_and_the_sheets_say_so(two_runs, tmp_path):
    files = dossier.write_papers(two_runs, tmp_path, "a")
    words = [p.text for p in docx.Document(str(files[2])).paragraphs]
    assert "BẢN ĐỒ TOÀN TỈNH" not in words
    assert any(line.startswith("Bản in này chưa kèm bản đồ") for line in words)
    paper = [p.text for p in docx.Document(str(files[1])).paragraphs]
    assert any("chưa kèm bản đồ" in line for line in paper)
    assert not [line for line in paper if "số liệu và bản đồ tại" in line]
    # an official paper holds no command of the program
    assert not [line for line in [*words, *paper] if "siteplan dossier" in line or "--" in line]


def test_maps_are_drawn_once_for_the_same_runs(two_runs, tmp_path, drawn):
    first = written(two_runs, tmp_path / "x")
    count = len(drawn)
    again = written(two_runs, tmp_path / "y")
    assert len(drawn) == count
    assert [len(d.inline_shapes) for d in first] == [len(d.inline_shapes) for d in again]
    names = (tmp_path / "x" / "a_phu_luc.docx").read_bytes(), (tmp_path / "y" / "a_phu_luc.docx").read_bytes()
    assert names[0] == names[1]


def test_maps_that_do_not_read_back_are_drawn_again(two_runs, tmp_path, drawn):
    written(two_runs, tmp_path / "x")
    count = len(drawn)
    next((tmp_path / "cache" / "pictures").glob("*/site_05977.png")).unlink()
    written(two_runs, tmp_path / "y")
    assert len(drawn) == 2 * count


def test_the_key_of_the_maps_follows_what_they_show(tmp_path):
    def run(name, content=b"a", manifest=b"{}"):
        folder = tmp_path / name
        (folder / "rasters").mkdir(parents=True)
        for path, raw in (("results.gpkg", content), ("background.gpkg", b"b"), ("manifest.json", manifest),
                          ("rasters/hillshade.tif", b"c")):  # fmt: skip
            (folder / path).write_bytes(raw)
        return SimpleNamespace(folder=folder)

    key = dossier_pictures._key([run("1")], STYLE, "vi")
    assert key == dossier_pictures._key([run("2")], STYLE, "vi")
    assert key != dossier_pictures._key([run("3", content=b"other")], STYLE, "vi")
    assert key != dossier_pictures._key([run("4", manifest=b'{"frozen": 1}')], STYLE, "vi")
    assert key != dossier_pictures._key([run("5")], STYLE, "en")
    assert key != dossier_pictures._key([run("6")], SimpleNamespace(model_dump_json=lambda: "[]"), "vi")


def test_the_font_table_names_what_stands_in_for_times_new_roman(small_run, tmp_path):
    for file in dossier.write_papers([small_run], tmp_path, "a"):
        with zipfile.ZipFile(file) as packed:
            (font,) = ET.fromstring(packed.read("word/fontTable.xml"))
            assert b"word/fontTable.xml" in packed.read("[Content_Types].xml")
        assert font.get(f"{W}name") == "Times New Roman"
        assert font.find(f"{W}altName").get(f"{W}val").split(",") == ["Liberation Serif", "Tinos"]
        assert font.find(f"{W}family").get(f"{W}val") == "roman"
