"""A Word document in the form of Nghị định 30/2020/NĐ-CP, Annex I: page, margins, letter sizes, headings, tables.

Tables are written as XML in one piece: python-docx needs minutes for a few thousand cells.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import docx
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt
from docx.text.paragraph import Paragraph

from siteplan.outputs.paper_page import set_page, set_styles, write_marks
from siteplan.outputs.paper_table import Align, capital, rule, table_xml
from siteplan.outputs.paper_width import column_widths, height_mm, total_spans, without_room
from siteplan.outputs.wording import clean

if TYPE_CHECKING:
    from pathlib import Path

TABLE_PT = 10
_TWIPS_PER_MM = 56.6929
_KEPT_WHOLE_MM = 95.0  # a table no higher than that is not broken over pages
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Paper:
    """A document being written.

    Parameters
    ----------
    title
        Title in the document's properties.
    created
        Date in the properties; fixed, so that the same content gives the same bytes.
    marks
        Lines in the header of every page: draft stamp, word on illustrative figures.
    document
        A rendered template to write into: its page, styles and headers stay, the marks are added to them.
    """

    def __init__(self, title: str, created: dt.date, marks: Sequence[str], document: Any = None) -> None:
        self._document: Any = docx.Document() if document is None else document
        self.marks = [clean(mark) for mark in marks]
        self.table_word = self.picture_word = ""  # where given, tables and pictures are numbered
        self._numbers = {"table": 0, "picture": 0}
        moment = dt.datetime(created.year, created.month, created.day)  # noqa: DTZ001 - the property has no zone
        properties = self._document.core_properties
        properties.title, properties.author, properties.last_modified_by = clean(title, 250), "siteplan", "siteplan"
        properties.created = properties.modified = moment
        properties.comments = ""
        if document is None:
            set_styles(self._document)
            set_page(self._document.sections[0], self.marks, landscape=False)
            return
        known = {style.name for style in document.styles}
        for level in {1, 2, 3}.intersection(n for n in (1, 2, 3) if f"Heading {n}" not in known):
            document.styles.add_style(f"Heading {level}", WD_STYLE_TYPE.PARAGRAPH)
        for section in document.sections:
            for header in (section.header, section.first_page_header):
                if not header.is_linked_to_previous:
                    write_marks(header.add_paragraph(), self.marks)

    @contextmanager
    def instead_of(self, paragraph: Any) -> Iterator[None]:
        """Put what is written inside into the place of a paragraph of the body (its XML element)."""
        body = self._document.element.body
        first = len(body) - 1  # the last element is the section's
        yield
        for element in list(body)[first:-1]:
            paragraph.addprevious(element)
        body.remove(paragraph)

    def letterhead(
        self, left: Sequence[tuple[str, bool]], right: Sequence[tuple[str, bool]], number: str, place: str
    ) -> None:
        """Write the head: issuing bodies and number left, Quốc hiệu, Tiêu ngữ, place and date right."""
        table = self._document.add_table(rows=2, cols=2)
        table.autofit = False
        for column, width in zip(table.columns, (Mm(64), Mm(100)), strict=True):
            column.width = width
            for cell in column.cells:
                cell.width = width
        for cell, lines in ((table.cell(0, 0), left), (table.cell(0, 1), right)):
            for at, (words, bold) in enumerate(lines):
                paragraph = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                paragraph.paragraph_format.space_after = Pt(0)
                run = paragraph.add_run(clean(words))
                run.bold, run.font.size = bold, Pt(12)
        # issuing body: a third to a half of the text; Tiêu ngữ: as long as the text
        rule(table.cell(0, 0).add_paragraph(), 22)
        rule(table.cell(0, 1).add_paragraph(), 24)
        for cell, words, italic in ((table.cell(1, 0), number, False), (table.cell(1, 1), place, True)):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_before = Pt(6)
            run = paragraph.add_run(clean(words))
            run.italic, run.font.size = italic, Pt(13)

    def title(self, title: str, abstract: str) -> None:
        """Write the kind of document in capitals and its abstract, centred and bold."""
        for words, before in ((title, 18), (abstract, 0)):
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_before = Pt(before)
            run = paragraph.add_run(clean(words))
            run.bold = True

    def heading(self, words: str, level: int = 1, *, new_page: bool = False) -> None:
        """Write the heading of a part (1), a section (2) or an item (3)."""
        paragraph = self._document.add_heading(clean(words), level)
        paragraph.paragraph_format.page_break_before = new_page or None

    def text(self, words: str, *, italic: bool = False, indent: bool = True) -> None:
        """Write a paragraph, justified, first line 1.27 cm, spacing 1.15; after a colon it stays with the next."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        style = paragraph.paragraph_format
        style.keep_with_next = words.endswith(":") or None
        style.line_spacing_rule, style.line_spacing = WD_LINE_SPACING.MULTIPLE, 1.15
        if indent:
            style.first_line_indent = Cm(1.27)
        paragraph.add_run(clean(words)).italic = italic

    def centred(self, words: str, *, bold: bool = False, italic: bool = False, before_pt: float = 6) -> None:
        """Write a line in the middle."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_before = Pt(before_pt)
        run = paragraph.add_run(clean(words))
        run.bold, run.italic = bold, italic

    def picture(self, png: bytes, width_mm: float, words: str, *, captioned: bool = True) -> None:
        """Add a picture in the middle; `words` says what it shows, below it and to those who cannot see it."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(4)
        shape = paragraph.add_run().add_picture(io.BytesIO(png), width=Mm(width_mm))
        shape._inline.docPr.set("descr", clean(words))  # noqa: SLF001
        if captioned:
            paragraph.paragraph_format.keep_with_next = True
            below = self._document.add_paragraph()
            below.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = below.add_run(clean(self._numbered("picture", self.picture_word, words)))
            run.italic, run.font.size = True, Pt(12)

    def items(self, lines: Sequence[str]) -> None:
        """Write lines, each begun by a dash; the last ends the sentence."""
        for at, line in enumerate(lines, start=1):
            bare = line.rstrip(".;")
            self.text(f"- {bare}." if at == len(lines) else f"- {line if bare != line else bare + ';'}")

    @property
    def document(self) -> Any:
        """The document as python-docx has it."""
        return self._document

    def is_bare(self) -> bool:
        """Whether nothing stands in the text yet."""
        return not any("".join(p.itertext()).strip() for p in self._document.element.body.iter(qn("w:p")))

    def _numbered(self, kind: str, word: str, words: str) -> str:
        self._numbers[kind] += 1
        return f"{word} {self._numbers[kind]}. {words}" if word else words

    def caption(self, words: str) -> None:
        """Write the name of a table above it."""
        words = self._numbered("table", self.table_word, words)
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_before = Pt(6)
        run = paragraph.add_run(clean(words))
        run.bold, run.font.size = True, Pt(13)

    def _next_section(self) -> Any:
        # nor does the line that keeps a table off what follows it: it would take a page where the table fills its own
        body = self._document.element.body
        if (
            len(body) > 2
            and body[-3].tag == qn("w:tbl")
            and body[-2].tag == qn("w:p")
            and body[-2].find(qn("w:r")) is None
        ):
            body.remove(body[-2])
        section = self._document.add_section(WD_SECTION.NEW_PAGE)
        # the break stands in a paragraph of its own: behind a table that fills its page it would make an empty one
        last = self._document.paragraphs[-1].paragraph_format
        last.space_before = last.space_after = Pt(0)
        last.line_spacing_rule, last.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(1)
        return section

    def annex(
        self,
        number: str,
        name: str,
        note: str = "",
        *,
        marks: Sequence[str] | None = None,
        landscape: bool = True,
        large: bool = False,
        here: bool = False,
    ) -> None:
        """Begin an annex on a page of its own numbering: in a new section, or `here` in the last one; `large` is A3."""
        section = self._document.sections[-1] if here else self._next_section()
        said = self.marks if marks is None else [clean(mark) for mark in marks]
        set_page(section, said, landscape=landscape, large=large)
        for level, words in ((1, number), (0, name.upper())):
            paragraph = self._document.add_heading("", 1) if level else self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)
            paragraph.paragraph_format.keep_with_next = True
            run = paragraph.add_run(clean(words))
            run.bold = True
        if note:
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.add_run(clean(note)).italic = True
        paragraph.paragraph_format.space_after = Pt(6)

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float] | None = None,
        align: Sequence[Align] | None = None,
        *,
        groups: Sequence[tuple[str, int]] = (),
        bold_rows: Sequence[int] = (),
        spans: Sequence[tuple[int, int, int]] = (),
        size_pt: float = TABLE_PT,
    ) -> None:
        """Write a table whose heading is repeated on each page.

        Parameters
        ----------
        headings, rows
            Texts; each row has as many as there are headings.
        widths
            Relative widths; the table is as wide as the page allows. Without them columns are as wide as what stands in
            them asks for, and the letters smaller where a number would be broken otherwise.
        align
            Alignment of each column; without it all stand left.
        groups
            Headings above the headings, each with the number of columns it spans; an empty one leaves the space.
        bold_rows
            Rows printed bold (totals); the first cell of one takes the room of the empty cells behind it.
        spans
            Cells that take the room of those behind them: row, column, how many columns.
        size_pt
            Letter size.
        """
        section = self._document.sections[-1]
        total_mm = (section.page_width - section.left_margin - section.right_margin) / 36_000
        shown = [capital(words) for words in headings]
        spans = [*spans, *total_spans(rows, bold_rows)]
        if widths is None:
            widths, size_pt = column_widths(shown, without_room(rows, bold_rows, spans), total_mm, size_pt)
        share = total_mm / sum(widths)
        columns = [width * share for width in widths]
        whole = height_mm(rows, columns, size_pt) <= _KEPT_WHOLE_MM
        xml = table_xml(
            shown, rows, [round(width * _TWIPS_PER_MM) for width in columns], align or ["left"] * len(headings),
            groups=groups, bold_rows=bold_rows, size_pt=size_pt, whole=whole, spans=spans,
        )  # fmt: skip
        body = self._document.element.body
        body.insert(len(body) - 1, parse_xml(xml))  # the last element is the section's
        gap = self._document.add_paragraph()
        gap.paragraph_format.space_after = Pt(0)

    def signature(self, recipients_title: str, recipients: Sequence[str], signer: str) -> None:
        """Write recipients left and the signer's place right."""
        table = self._document.add_table(rows=1, cols=2)
        left, right = table.rows[0].cells
        run = left.paragraphs[0].add_run(clean(recipients_title))
        run.bold = run.italic = True
        run.font.size = Pt(12)
        for line in recipients:
            paragraph = left.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.add_run(f"- {clean(line)}").font.size = Pt(11)
        right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        right.paragraphs[0].add_run(clean(signer)).bold = True

    def keep_signature(self) -> None:
        """Keep the last table, the place of the signature, whole and on the page of the line before it."""
        tables = self._document.tables
        for row in tables[-1].rows if tables else ():
            properties = row._tr.get_or_add_trPr()  # noqa: SLF001
            if properties.find(qn("w:cantSplit")) is None:
                properties.append(OxmlElement("w:cantSplit"))
        for row in tables[-1].rows[:-1] if tables else ():
            for cell in row.cells:
                for paragraph in cell.paragraphs:
                    paragraph.paragraph_format.keep_with_next = True
        before = tables[-1]._tbl.getprevious() if tables else None  # noqa: SLF001
        if before is not None and before.tag == qn("w:p"):
            Paragraph(before, self._document).paragraph_format.keep_with_next = True

    def save(self, path: Path) -> None:
        """Write the file; the dates inside the package are fixed."""
        with path.open("wb") as file:
            self.write(file)

    def write(self, file: IO[bytes]) -> None:
        """Write the package; the dates inside it are fixed."""
        raw = io.BytesIO()
        self._document.save(raw)
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, source.read(name))
