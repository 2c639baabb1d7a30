from __future__ import annotations

import io
import re
from importlib import resources

import docx
import pytest
from jinja2 import Environment, meta

from siteplan import locale
from siteplan.errors import InputError, UsageError
from siteplan.outputs import dossier, templates
from siteplan.outputs.dossier import Wanted


@pytest.fixture
def layers(tmp_path):
    folder = tmp_path / "layers"
    templates.write_forms(folder / "templates")
    return folder


def with_words(layers, form, *paragraphs):
    path = layers / "templates" / f"{form}.docx"
    document = docx.Document(str(path))
    for words in paragraphs:
        document.add_paragraph(words)
    document.save(str(path))
    return path


def written(run, layers, tmp_path):
    files = dossier.write_papers([run], tmp_path / "out", "a", wanted=Wanted(layers=layers))
    return dict(zip(templates.FORMS, (docx.Document(str(f)) for f in files), strict=True))


def problems_of(run, layers, tmp_path):
    with pytest.raises(InputError) as refused:
        written(run, layers, tmp_path)
    assert not (tmp_path / "out").is_dir() or not list((tmp_path / "out").iterdir())
    for problem in refused.value.problems:
        row = locale.problem_row(problem)
        assert all(row[part] for part in ("what", "cause", "remedy"))
        assert not re.search(r"\{[a-z]+\}|Error|Exception|jinja", row["what"] + row["cause"] + row["remedy"])
    return refused.value.problems


def test_words_the_department_adds_stand_in_the_paper(small_run, layers, tmp_path):
    with_words(layers, "to_trinh", "Sở đã họp {{ so_don_vi }} đơn vị, gồm {{ so_phuong }} phường.")
    paper = written(small_run, layers, tmp_path)["to_trinh"]
    assert paper.paragraphs[-1].text == "Sở đã họp 4 đơn vị, gồm 1 phường."


def test_the_department_orders_and_drops_annexes(small_run, layers, tmp_path):
    document = docx.Document()
    for name in ("phu_luc_von", "phu_luc_don_vi"):
        document.add_paragraph(f"{{{{ {name} }}}}")
    document.save(str(layers / "templates" / "phu_luc.docx"))
    papers = written(small_run, layers, tmp_path)
    heads = [p.text for p in papers["phu_luc"].paragraphs if p.text.startswith("Phụ lục")]
    assert heads == ["Phụ lục I", "Phụ lục II"]
    words = "\n".join(p.text for p in papers["de_an"].paragraphs)
    assert "Vốn theo từng năm và từng nguồn nêu tại Phụ lục I." in words
    assert "mẫu phụ lục không in" in words


def test_a_tag_that_word_split_over_runs_is_one(small_run, layers, tmp_path):
    path = layers / "templates" / "to_trinh.docx"
    document = docx.Document(str(path))
    paragraph = document.add_paragraph("Có ")
    for part in ("{", "{ so_", "xa }", "} xã"):
        paragraph.add_run(part).bold = part == "{ so_"
    document.save(str(path))
    assert written(small_run, layers, tmp_path)["to_trinh"].paragraphs[-1].text == "Có 3 xã"


def test_unknown_names_are_all_told_with_the_nearest(small_run, layers, tmp_path):
    path = with_words(layers, "de_an", "{{ so_don_vj }}", "{{ khoi_kinh_phy }}")
    found = problems_of(small_run, layers, tmp_path)
    assert [(p.key, p.file, p.value, p.params["near"]) for p in found] == [
        ("template_form_variable", str(path), "khoi_kinh_phy", "khoi_kinh_phi"),
        ("template_form_variable", str(path), "so_don_vj", "so_don_vi"),
    ]


def test_faults_of_several_templates_are_told_at_once(small_run, layers, tmp_path):
    with_words(layers, "de_an", "{{ a }}")
    with_words(layers, "to_trinh", "{% for x in %}")
    assert [p.key for p in problems_of(small_run, layers, tmp_path)] == [
        "template_form_broken",
        "template_form_variable",
    ]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("{{ ''.__class__ }}", "template_form_refused"),
        ("{{ so_xa.__class__.__mro__[1].__subclasses__() }}", "template_form_refused"),
        ("{{ 'x' * 99999999999 }}", "template_form_refused"),
        ("{{ 9 ** 9 ** 9 }}", "template_form_refused"),
        ("{{ '%99999999d' % 1 }}", "template_form_refused"),
        ("{% for x in %}", "template_form_broken"),
        ("{% if so_xa %}mở mà không đóng", "template_form_broken"),
        ("{{ so_xa", "template_form_broken"),
        ("{{ số_xã | không_có }}", "template_form_broken"),
        ("{{ 1 / 0 }}", "template_form_failed"),
        ("{% include '/etc/passwd' %}", "template_form_failed"),
        ("{% import 'os' as os %}", "template_form_failed"),
        ("{{ so_xa() }}", "template_form_failed"),
        ("Chung đoạn {{ khoi_can_cu }}", "template_form_block"),
        ("{{ range(10) }}", "template_form_variable"),
        ("{{ phuong_an[0].khong_co }}", "template_form_variable"),
    ],
)
def test_what_is_wrong_in_a_template_is_told_and_nothing_runs(small_run, layers, tmp_path, words, key):
    path = with_words(layers, "de_an", words)
    (problem,) = problems_of(small_run, layers, tmp_path)
    assert (problem.key, problem.file) == (key, str(path))
    if key in ("template_form_refused", "template_form_failed"):
        assert problem.value == words


def test_a_block_in_a_table_or_header_is_told(small_run, layers, tmp_path):
    path = layers / "templates" / "de_an.docx"
    document = docx.Document(str(path))
    document.add_table(1, 1).cell(0, 0).text = "{{ khoi_can_cu }}"
    document.sections[0].header.paragraphs[0].text = "{{ khoi_kinh_phi }}"
    document.save(str(path))
    found = problems_of(small_run, layers, tmp_path)
    assert [(p.key, p.value) for p in found] == [
        ("template_form_block", "khoi_can_cu"),
        ("template_form_block", "khoi_kinh_phi"),
    ]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"hello", b"\xd0\xcf\x11\xe0"])
def test_a_file_that_is_no_word_file_is_told(small_run, layers, tmp_path, raw):
    (layers / "templates" / "de_an.docx").write_bytes(raw)
    (problem,) = problems_of(small_run, layers, tmp_path)
    assert problem.key == "template_form_unreadable"


def test_hostile_names_are_text_in_every_paper(build_run, layers, tmp_path):
    hostile = "{{7*7}} {% for %} <w:p> & \ue000khoi_can_cu\ue001 \x00\u202e" + "dài " * 250
    run = build_run(province={"code": "99", "name": hostile, "kind": "tỉnh", "epsg": 9215})
    for document in written(run, layers, tmp_path).values():
        words = "".join(document.element.body.itertext())
        assert "\x00" not in words
        assert "\ue000" not in words
    words = "".join(written(run, layers, tmp_path)["to_trinh"].element.body.itertext())
    assert "{{7*7}} {% for %} <w:p> & khoi_can_cu" in words


def test_templates_are_not_overwritten(layers):
    with pytest.raises(UsageError) as refused:
        templates.write_forms(layers / "templates")
    assert [p.key for p in refused.value.problems] == ["file_exists"] * len(templates.FORMS)


@pytest.mark.parametrize("form", templates.FORMS)
def test_both_languages_of_a_form_use_the_same_names(form):
    def names(lang):
        words = resources.files("siteplan.locale").joinpath(lang, "forms", f"{form}.txt").read_text("utf-8")
        found = meta.find_undeclared_variables(Environment(autoescape=True).parse(words))
        # inside a sentence Vietnamese writes the name with a small letter
        return {name.removesuffix("_trong_cau") for name in found}

    assert names("vi") == names("en")


def test_the_form_of_the_standing_board_says_it_is_not_verified(small_run, layers, tmp_path):
    paper = written(small_run, layers, tmp_path)["trinh_ban_thuong_vu"]
    assert "chưa kiểm chứng" in paper.paragraphs[0].text


def test_the_same_form_gives_the_same_bytes():
    assert templates.make_form("de_an", "vi") == templates.make_form("de_an", "vi")
    assert docx.Document(io.BytesIO(templates.make_form("de_an", "en"))).paragraphs
