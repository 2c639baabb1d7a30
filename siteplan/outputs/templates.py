"""Word templates the department edits: made from the forms of ``locale/*/forms``, filled in by docxtpl.

A template is the department's own file, so what is wrong in it is told as a problem, and what it may do is bounded:
Jinja's sandbox, values escaped, no attribute of Python, no unknown variable. A *block* is a variable that stands alone
in a paragraph of the text and becomes paragraphs, tables and pictures written after the template is filled in, so text
of data never passes through Jinja.
"""

from __future__ import annotations

import datetime as dt
import difflib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import docx
import docxtpl
from docx.oxml.ns import qn
from jinja2 import StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from siteplan import locale
from siteplan.errors import InputError, Problem, UsageError
from siteplan.outputs.paper import Paper
from siteplan.outputs.wording import clean

FORMS = ("to_trinh", "de_an", "phu_luc", "trinh_ban_thuong_vu")
MAX_BYTES = 20 * 1024**2
MAX_UNPACKED_BYTES = 100 * 1024**2
_OPEN, _CLOSE = "\ue000", "\ue001"
_MADE = dt.date(2026, 1, 1)


def form_path(folder: Path | None, form: str, lang: str) -> Path | None:
    """Template file of a form in a folder, where there is one: ``de_an.docx``, in English ``de_an.en.docx``."""
    if folder is None:
        return None
    path = folder / (f"{form}.docx" if lang == locale.DEFAULT_LANGUAGE else f"{form}.{lang}.docx")
    return path if path.is_file() else None


def make_form(form: str, lang: str) -> bytes:
    """Return the built-in template of a form as a Word file."""
    lines = resources.files("siteplan.locale").joinpath(lang, "forms", f"{form}.txt").read_text("utf-8")
    paper = Paper("", _MADE, [])
    for line in lines.splitlines():
        _write_line(paper, line.strip(), lang)
    raw = io.BytesIO()
    paper.write(raw)
    return raw.getvalue()


def _write_line(paper: Paper, line: str, lang: str) -> None:
    kind, _, words = line.partition(" ")
    cells = [cell.strip() for cell in words.split(" | ")]
    if kind == "@head":
        state = [(locale.text(f"dossier.{key}", lang), True) for key in ("state", "motto")]
        paper.letterhead([(cells[0], False), (cells[1], True)], state, cells[2], cells[3])
    elif kind == "@title":
        paper.title(cells[0], cells[1])
    elif kind == "@to":
        paper.centred(words)
    elif kind == "@note":
        paper.text(words, italic=True, indent=False)
    elif kind == "@sign":
        recipients = [f"{cell.strip(' .;')};" for cell in cells[1].split(";")]
        recipients[-1] = recipients[-1].removesuffix(";") + "."
        paper.signature(locale.text("dossier.recipients", lang), recipients, cells[0])
    elif kind == "#":
        paper.heading(words)
    elif line.startswith("{%"):
        paper.text("{%p" + line[2:])  # of the paragraph nothing is left but what it says
    elif line:
        paper.text(line)


def write_forms(folder: Path, lang: str = locale.DEFAULT_LANGUAGE) -> list[Path]:
    """Write the built-in templates into a folder, for the department to edit.

    Raises
    ------
    UsageError
        Where one of them is there already; then none is written.
    """
    end = "" if lang == locale.DEFAULT_LANGUAGE else f".{lang}"
    files = [folder / f"{form}{end}.docx" for form in FORMS]
    there = [Problem("file_exists", file=str(file)) for file in files if file.exists()]
    if there:
        raise UsageError(*there)
    folder.mkdir(parents=True, exist_ok=True)
    for form, file in zip(FORMS, files, strict=True):
        file.write_bytes(make_form(form, lang))
    return files


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja for templates: nothing of Python, and no text or number made huge by multiplying."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator != "*" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(operator)
        return super().call_binop(context, operator, left, right)


def block(name: str) -> str:
    """Return what stands for a block while a template is filled in; no cleaned text can hold it."""
    return f"{_OPEN}{name}{_CLOSE}"


def value(words: object) -> str:
    """Return text for a template: cleaned, and never taken for a block."""
    return clean(str(words)).replace(_OPEN, "").replace(_CLOSE, "")


def fill(path: Path | None, form: str, lang: str, values: Mapping[str, Any], blocks: Iterable[str]) -> Any:
    """Fill in a template.

    Parameters
    ----------
    path
        The department's file; None takes the built-in form.
    values
        Variables: texts made by :func:`value`, or lists of mappings of such.
    blocks
        Names of blocks the template may hold.

    Returns
    -------
    docx.Document
        With the blocks still to be written: see :func:`blocks_of`.

    Raises
    ------
    InputError
        All unknown variables, or what else is wrong with the template.
    """
    file = str(path) if path else f"{form}.docx"
    raw = _measured(path) if path else make_form(form, lang)
    context = {**values, **{name: block(name) for name in blocks}}
    sandbox = _Sandbox(autoescape=True, undefined=StrictUndefined)
    # what Jinja itself offers would let a template spin for minutes
    sandbox.globals.clear()
    try:
        template = docxtpl.DocxTemplate(io.BytesIO(raw))
        named = template.get_undeclared_template_variables(jinja_env=sandbox)
        _refuse_unknown(file, named, context)
        template.render(context, jinja_env=sandbox, autoescape=True)
        filled = io.BytesIO()
        template.save(filled)  # read again: docxtpl leaves headers that python-docx does not know as such
        document = docx.Document(filled)
    except InputError:
        raise
    except TemplateError as error:
        raise InputError(_broken(file, raw, error, context, sandbox)) from None
    except Exception:  # noqa: BLE001 - a template may provoke anything: a zip, XML, arithmetic
        raise InputError(Problem("template_form_failed", file=file, value=_near(raw, context, sandbox))) from None
    return _checked(file, document)


def _measured(path: Path) -> bytes:
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
        readable = unpacked <= MAX_UNPACKED_BYTES and bool(docx.Document(io.BytesIO(raw)).sections)
    except OSError as error:
        raise InputError(Problem("file_unreadable", file=str(path), value=str(error))) from None
    except Exception:  # noqa: BLE001 - python-docx raises whatever a broken file provokes
        readable = False
    if not readable:
        raise InputError(
            Problem("template_form_unreadable", file=str(path), params={"limit": MAX_BYTES // 1024**2})
        )  # fmt: skip
    return raw


def _refuse_unknown(file: str, named: Iterable[str], context: Mapping[str, Any]) -> None:
    unknown = sorted(set(named) - set(context))
    if unknown:
        raise InputError(*(_unknown(file, name, context) for name in unknown))


def _unknown(file: str, name: str, known: Iterable[str]) -> Problem:
    near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
    return Problem("template_form_variable", file=file, value=name, params={"near": near[0] if near else "–"})


def _broken(file: str, raw: bytes, error: TemplateError, context: Mapping[str, Any], sandbox: _Sandbox) -> Problem:
    if isinstance(error, UndefinedError):
        name = next((word for word in str(error).split("'")[::-1] if word.isidentifier() and word != "attribute"), "")
        return _unknown(file, name, context)
    key = "template_form_refused" if isinstance(error, SecurityError) else "template_form_broken"
    return Problem(key, file=file, value=_near(raw, context, sandbox))


def _near(raw: bytes, context: Mapping[str, Any], sandbox: _Sandbox) -> str:
    """Return the paragraph of a template that is at fault: where parsing stops, else the first that cannot be shown."""
    lines = [_words_of(paragraph) for paragraph in docx.Document(io.BytesIO(raw)).element.body.iter(qn("w:p"))]
    plain = [re.sub(r"([{][{%])(p|tr|tc|r) ", r"\1 ", line) for line in lines]
    try:
        sandbox.parse("\n".join(line.replace("\n", " ") for line in plain))
    except TemplateSyntaxError as error:
        return value(lines[max(0, min(error.lineno, len(lines)) - 1)])[:120] or "–"
    for line, words in zip(lines, plain, strict=True):
        try:
            sandbox.from_string(words).render(context)
        except (TemplateSyntaxError, UndefinedError):
            continue  # part of a loop over several paragraphs
        except Exception:  # noqa: BLE001 - this is the one looked for
            return value(line)[:120]
    return "–"


def _words_of(paragraph: Any) -> str:
    return "".join(part.text or "" for part in paragraph.iter(qn("w:t")))


def _paragraphs_with_blocks(root: Any) -> list[tuple[Any, str]]:
    found = []
    for paragraph in root.iter(qn("w:p")):
        words = _words_of(paragraph)
        if _OPEN in words:
            found.append((paragraph, words.strip()))
    return found


def _checked(file: str, document: Any) -> Any:
    """Hold each block to its place: alone in a paragraph of the text itself, not in a table, a header or a footer."""
    body, problems = document.element.body, []
    for paragraph, words in _paragraphs_with_blocks(body):
        name = words.partition(_OPEN)[2].partition(_CLOSE)[0]
        if paragraph.getparent() is not body or words != block(name):
            problems.append(Problem("template_form_block", file=file, value=name))
    for section in document.sections:
        for edge in ("header", "first_page_header", "even_page_header", "footer", "first_page_footer"):
            part = getattr(section, edge)
            if not part.is_linked_to_previous:
                for _, words in _paragraphs_with_blocks(part._element):  # noqa: SLF001
                    name = words.partition(_OPEN)[2].partition(_CLOSE)[0]
                    problems.append(Problem("template_form_block", file=file, value=name))
    if problems:
        raise InputError(*problems)
    return document


def blocks_of(document: Any) -> list[tuple[Any, str]]:
    """Return the blocks of a filled template in order: the paragraph (XML element) and the name."""
    return [(p, words.strip(_OPEN + _CLOSE)) for p, words in _paragraphs_with_blocks(document.element.body)]
