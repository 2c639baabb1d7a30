"""The dossier as Word files: Tờ trình, Đề án, annexes, and the submission to the standing board.

Each is a template the department can edit (:mod:`siteplan.outputs.templates`) filled with figures, and blocks of text,
tables and pictures written from the figures of finished runs. Every number comes from the result tables through
:mod:`siteplan.outputs.summary`; a sentence is written only where its figures exist. Money is written in tỷ đồng.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.errors import InputError, Problem, SiteplanError
from siteplan.outputs import compare, dossier_end, dossier_options, dossier_places, dossier_state, run_words
from siteplan.outputs.annexes import ANNEXES, annexes
from siteplan.outputs.dossier_pictures import Pictures, pictures_of
from siteplan.outputs.dossier_values import values_of
from siteplan.outputs.feedback import FILE, Opinion, read_opinions
from siteplan.outputs.finality import missing_for_final
from siteplan.outputs.paper import Paper
from siteplan.outputs.templates import FORMS, blocks_of, fill, form_path
from siteplan.outputs.writer import ROMAN, Writer
from siteplan.workspace import open_workspace, template_folder

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.outputs.style import Style
    from siteplan.runs import Run

# variable of the template of the annexes -> name of the annex
ANNEX_BLOCKS = {f"phu_luc_{variable}": name for variable, name in ANNEXES.items()}
_SUFFIXES = {"de_an": "", "phu_luc": "_phu_luc", "to_trinh": "_to_trinh", "trinh_ban_thuong_vu": "_trinh_ban_thuong_vu"}


@dataclass(frozen=True)
class Wanted:
    """How the papers are made.

    Parameters
    ----------
    final
        No draft mark; refused while a figure rests on illustrative data or on a norm nobody has confirmed.
    forms
        Which papers.
    layers
        Folder with ``templates/`` and ``y_kien.csv``; by default that of the workspace the run lies in, else the
        package's.
    style
        Looks of maps; without it no map is drawn.
    jobs
        Number of processes that draw maps.
    """

    final: bool = False
    forms: tuple[str, ...] = FORMS
    layers: Path | None = None
    style: Style | None = None
    jobs: int = 1


@dataclass(frozen=True)
class _Material:
    """What all papers of one dossier share."""

    runs: Sequence[Run]
    lang: str
    wanted: Wanted
    layers: Path
    opinions: list[Opinion]
    comparison: compare.Comparison | None
    illustrative: bool
    numbers: Mapping[str, str]
    values: Mapping[str, Any]
    pictures: Pictures | None = None


def write_papers(
    runs: Sequence[Run],
    folder: Path,
    stem: str,
    lang: str = locale.DEFAULT_LANGUAGE,
    wanted: Wanted | None = None,
) -> list[Path]:
    """Write the papers of one or more options.

    Parameters
    ----------
    runs
        One run, or one per option over the same inputs; they are compared where there are several.
    folder, stem
        Where they go: ``<stem>.docx`` is the Đề án, the others have the name of their form behind.

    Returns
    -------
    list of Path
        The files, in the order of ``wanted.forms``.

    Raises
    ------
    InputError
        Where several runs have different inputs, a template or the table of opinions is wrong, or the final dossier
        is asked for and not due: all that is missing is listed.
    """
    wanted = wanted or Wanted()
    if wanted.final:
        missing = missing_for_final(runs, lang)
        if missing:
            raise InputError(*missing)
    layers = wanted.layers or _layers_of(runs[0])
    material = _Material(
        runs, lang, wanted, layers, read_opinions(layers / FILE, tuple(ANNEXES.values())),
        compare.compare_runs(runs) if len(runs) > 1 else None, bool(run_words.illustrative_line(runs, lang)), {}, {},
    )  # fmt: skip
    material = _numbered(material)
    folder.mkdir(parents=True, exist_ok=True)
    papers: list[Paper] = []
    problems: list[Problem] = []
    for form in wanted.forms:
        try:
            papers.append(_filled(material, form))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*problems)
    files = []
    with pictures_of(runs, wanted.style, lang, wanted.jobs) as pictures:
        material = replace(material, pictures=pictures)
        for form, paper in zip(wanted.forms, papers, strict=True):
            write = _write_annexes if form == "phu_luc" else _write_blocks
            write(material, paper)
            files.append(folder / f"{stem}{_SUFFIXES[form]}.docx")
            paper.save(files[-1])
    return files


def write_dossier(
    runs: Sequence[Run], path: Path, lang: str = locale.DEFAULT_LANGUAGE, wanted: Wanted | None = None
) -> Path:
    """Write the Đề án alone; see :func:`write_papers`."""
    return write_papers(runs, path.parent, path.stem, lang, replace(wanted or Wanted(), forms=("de_an",)))[0]


def _layers_of(run: Run) -> Path:
    try:
        return open_workspace(run.folder).layers
    except SiteplanError:
        return template_folder() / "layers"


def marks_of(material: _Material, rests: bool = True) -> list[str]:
    """Return what each page carries: the draft mark or the version, and a word on illustrative figures."""
    runs, lang = material.runs, material.lang
    stamp = run_words.stamp(runs, lang)
    if not material.wanted.final and not run_words.is_draft(runs):
        stamp = locale.text("stamp.draft_frozen", lang, stamp=stamp)
    short = [locale.text("stamp.illustrative_short", lang)] if rests and material.illustrative else []
    return [stamp, *short]


def _paper(material: _Material, document: object = None) -> Paper:
    run = material.runs[0]
    kind, province = run_words.province_of(run)
    title = locale.text("dossier.abstract", material.lang, kind=kind, name=province)
    date = dt.date.fromisoformat(str(run_words.scenario_of(run).get("date", "2000-01-01")))
    paper = Paper(title, date, marks_of(material), document)
    paper.table_word = locale.text("dossier.table_word", material.lang)
    paper.picture_word = locale.text("dossier.picture_word", material.lang)
    return paper


def _writer(material: _Material, paper: Paper) -> Writer:
    return Writer(paper, material.runs, material.lang, material.numbers, material.pictures)


def _filled(material: _Material, form: str) -> Paper:
    """Fill in the template of a form; its blocks are still to be written."""
    writer = _writer(material, Paper("", dt.date(2000, 1, 1), []))
    names = ANNEX_BLOCKS if form == "phu_luc" else _blocks(material, writer)
    path = form_path(material.layers / "templates", form, material.lang)
    return _paper(material, fill(path, form, material.lang, material.values, names))


def _blocks(material: _Material, writer: Writer) -> dict[str, Callable[[], None]]:
    """Return what each block writes."""
    state, places, options, end = dossier_state, dossier_places, dossier_options, dossier_end
    return {
        "khoi_tinh_trang_so_lieu": partial(end.state_of_figures, writer),
        "khoi_can_cu": partial(state.legal_basis, writer, material.layers / "templates"),
        "khoi_hien_trang": partial(state.present_state, writer),
        "khoi_nhu_cau": partial(state.need, writer),
        "khoi_vi_tri": partial(places.locations, writer),
        "khoi_uu_tien": partial(places.priority, writer),
        "khoi_phuong_an": partial(options.options, writer, material.comparison),
        "khoi_so_sanh": partial(end.comparison_table, writer, material.comparison),
        "khoi_doi_du": partial(options.surplus, writer),
        "khoi_kinh_phi": partial(end.money, writer),
        "khoi_to_chuc": partial(end.organisation, writer),
        "khoi_kien_nghi": partial(end.recommendations, writer),
        "khoi_so_lieu_chinh": partial(end.key_figures, writer),
        "khoi_danh_muc_phu_luc": partial(end.list_of_annexes, writer),
    }


def _write_blocks(material: _Material, paper: Paper) -> None:
    blocks = _blocks(material, _writer(material, paper))
    for paragraph, name in blocks_of(paper.document):
        with paper.instead_of(paragraph):
            blocks[name]()
    paper.keep_signature()


def _numbered(material: _Material) -> _Material:
    """Return the material with the numbers of the annexes there are, and with what templates may print."""
    writer = _writer(material, Paper("", dt.date(2000, 1, 1), []))
    values = values_of(writer)
    path = form_path(material.layers / "templates", "phu_luc", material.lang)
    document = fill(path, "phu_luc", material.lang, values, ANNEX_BLOCKS)
    there = {annex.name for annex in annexes(writer, material.opinions, maps=material.wanted.style is not None)}
    wanted = [ANNEX_BLOCKS[name] for _, name in blocks_of(document)]
    numbers = dict(zip((name for name in dict.fromkeys(wanted) if name in there), ROMAN, strict=False))
    return replace(material, numbers=numbers, values=values | {"so_phu_luc": str(len(numbers))})


def _write_annexes(material: _Material, paper: Paper) -> None:
    writer = _writer(material, paper)
    for paragraph, _ in blocks_of(paper.document):
        paragraph.getparent().remove(paragraph)
    bare = paper.is_bare()
    known = {a.name: a for a in annexes(writer, material.opinions, maps=material.wanted.style is not None)}
    for at, annex in enumerate(known[name] for name in material.numbers):
        number = writer.words("annex", number=material.numbers[annex.name])
        note = writer.words(f"annex_note.{annex.note or annex.name}")
        paper.annex(
            number, writer.annex_name(annex.name), note, marks=marks_of(material, annex.rests),
            landscape=annex.landscape, large=annex.large, here=bare and at == 0,
        )  # fmt: skip
        annex.write()
