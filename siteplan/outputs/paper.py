"""A Word document in the form of Nghị định 30/2020/NĐ-CP, Annex I: page, margins, letter sizes, headings, tables.

Tables are written as XML in one piece: python-docx needs minutes for a few thousand cells.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Mm, Pt, RGBColor

from siteplan.outputs.wording import clean

if TYPE_CHECKING:
    from pathlib import Path

FONT = "Times New Roman"
BODY_PT = 14
TABLE_PT = 10
_TWIPS_PER_MM = 56.6929
_A4_MM = (210, 297)
# NĐ 30/2020/NĐ-CP, Annex I: top and bottom 20-25, left 30-35, right 15-20 mm
_MARGINS_MM = {"top": 20, "bottom": 20, "left": 30, "right": 16}
_EPOCH = (1980, 1, 1, 0, 0, 0)

Align = Literal["left", "center", "right"]


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
    """

    def __init__(self, title: str, created: dt.date, marks: Sequence[str]) -> None:
        self._document: Any = docx.Document()
        self.marks = [clean(mark) for mark in marks]
        moment = dt.datetime(created.year, created.month, created.day)  # noqa: DTZ001 - the property has no zone
        properties = self._document.core_properties
        properties.title, properties.author, properties.last_modified_by = clean(title), "siteplan", "siteplan"
        properties.created = properties.modified = moment
        properties.comments = ""
        self._style()
        self._page(self._document.sections[0], landscape=False)

    def _style(self) -> None:
        normal = self._document.styles["Normal"]
        normal.font.name, normal.font.size = FONT, Pt(BODY_PT)
        fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
        for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(part), FONT)
        normal.paragraph_format.space_after = Pt(6)
        for level in (1, 2, 3):
            heading = self._document.styles[f"Heading {level}"]
            heading.font.name, heading.font.size, heading.font.bold = FONT, Pt(BODY_PT), True
            heading.font.italic = level == 3
            heading.font.color.rgb = RGBColor(0, 0, 0)
            fonts = heading.element.get_or_add_rPr().get_or_add_rFonts()
            for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(qn(name), None)
            for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
                fonts.set(qn(part), FONT)
            heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(6)
            heading.paragraph_format.keep_with_next = True

    def _page(self, section: Any, landscape: bool) -> None:
        width, height = reversed(_A4_MM) if landscape else _A4_MM
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(width), Mm(height)
        for side, size in _MARGINS_MM.items():
            setattr(section, f"{side}_margin", Mm(size))
        section.header_distance = Mm(8)
        section.different_first_page_header_footer = True
        section.header.is_linked_to_previous = False
        section.first_page_header.is_linked_to_previous = False
        # each annex has its own page numbering
        numbering = OxmlElement("w:pgNumType")
        numbering.set(qn("w:start"), "1")
        for old in section._sectPr.findall(qn("w:pgNumType")):  # noqa: SLF001
            section._sectPr.remove(old)  # noqa: SLF001
        section._sectPr.insert_element_before(  # noqa: SLF001 - the schema fixes the order
            numbering,
            "w:cols",
            "w:formProt",
            "w:vAlign",
            "w:noEndnote",
            "w:titlePg",
            "w:textDirection",
            "w:bidi",
            "w:rtlGutter",
            "w:docGrid",
            "w:printerSettings",
            "w:sectPrChange",
        )
        self._header(section.header, numbered=True)
        self._header(section.first_page_header, numbered=False)

    def _header(self, header: Any, numbered: bool) -> None:
        first = header.paragraphs[0]
        first.alignment = WD_ALIGN_PARAGRAPH.CENTER
        first.paragraph_format.space_after = Pt(0)
        if numbered:
            run = first.add_run()
            run.font.size = Pt(13)
            for kind, words in (("begin", None), (None, "PAGE"), ("end", None)):
                if kind is None:
                    part = OxmlElement("w:instrText")
                    part.set(qn("xml:space"), "preserve")
                    part.text = words
                else:
                    part = OxmlElement("w:fldChar")
                    part.set(qn("w:fldCharType"), kind)
                run._r.append(part)  # noqa: SLF001
        line = header.add_paragraph() if numbered else first
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.space_after = Pt(0)
        run = line.add_run(" – ".join(self.marks))
        run.font.size, run.italic, run.font.color.rgb = Pt(9), True, RGBColor(0xB0, 0x00, 0x20)

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
        _rule(table.cell(0, 0).add_paragraph(), 22)
        _rule(table.cell(0, 1).add_paragraph(), 24)
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

    def heading(self, words: str, level: int = 1) -> None:
        """Write the heading of a part (1), a section (2) or an item (3)."""
        self._document.add_heading(clean(words), level)

    def text(self, words: str, *, italic: bool = False, indent: bool = True) -> None:
        """Write a paragraph: justified, first line 1.27 cm, line spacing 1.15."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        style = paragraph.paragraph_format
        style.line_spacing_rule, style.line_spacing = WD_LINE_SPACING.MULTIPLE, 1.15
        if indent:
            style.first_line_indent = Cm(1.27)
        paragraph.add_run(clean(words)).italic = italic

    def items(self, lines: Sequence[str]) -> None:
        """Write lines, each begun by a dash."""
        for line in lines:
            self.text(f"- {line}")

    def caption(self, words: str) -> None:
        """Write the name of a table above it."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_before = Pt(6)
        run = paragraph.add_run(clean(words))
        run.bold, run.font.size = True, Pt(13)

    def annex(self, number: str, name: str, note: str = "") -> None:
        """Begin an annex on a landscape page of its own numbering."""
        section = self._document.add_section(WD_SECTION.NEW_PAGE)
        self._page(section, landscape=True)
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

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        align: Sequence[Align],
        *,
        groups: Sequence[tuple[str, int]] = (),
        bold_rows: Sequence[int] = (),
        size_pt: float = TABLE_PT,
    ) -> None:
        """Write a table whose heading is repeated on each page.

        Parameters
        ----------
        headings, rows
            Texts; each row has as many as there are headings.
        widths
            Relative widths; the table is as wide as the page allows.
        align
            Alignment of each column.
        groups
            Headings above the headings, each with the number of columns it spans; an empty one leaves the space.
        bold_rows
            Rows printed bold (totals).
        size_pt
            Letter size.
        """
        section = self._document.sections[-1]
        total_mm = (section.page_width - section.left_margin - section.right_margin) / 36_000
        share = total_mm * _TWIPS_PER_MM / sum(widths)
        twips = [round(width * share) for width in widths]
        parts = [
            f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:tblBorders>',
            *(
                f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
                for side in ("top", "left", "bottom", "right", "insideH", "insideV")
            ),
            '</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="50" w:type="dxa"/>',
            '<w:right w:w="50" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>',
            *(f'<w:gridCol w:w="{width}"/>' for width in twips),
            "</w:tblGrid>",
        ]
        if groups:
            parts.append("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
            at = 0
            for words, span in groups:
                parts.append(_cell(words, sum(twips[at : at + span]), "center", True, size_pt, span))
                at += span
            parts.append("</w:tr>")
        parts.append("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
        parts += [_cell(words, width, "center", True, size_pt) for words, width in zip(headings, twips, strict=True)]
        parts.append("</w:tr>")
        strong = set(bold_rows)
        for number, row in enumerate(rows):
            parts.append("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
            parts += [
                _cell(words, width, side, number in strong, size_pt)
                for words, width, side in zip(row, twips, align, strict=True)
            ]
            parts.append("</w:tr>")
        parts.append("</w:tbl>")
        body = self._document.element.body
        body.insert(len(body) - 1, parse_xml("".join(parts)))  # the last element is the section's
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

    def save(self, path: Path) -> None:
        """Write the file; the dates inside the package are fixed."""
        raw = io.BytesIO()
        self._document.save(raw)
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, source.read(name))


def _cell(words: str, width: int, align: Align, bold: bool, size_pt: float, span: int = 1) -> str:
    half_points = round(size_pt * 2)
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    weight = "<w:b/>" if bold else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in clean(words).split("\n"))
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:spacing w:before="0" w:after="0"/><w:jc w:val="{align}"/></w:pPr>'
        f'<w:r><w:rPr>{weight}<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/></w:rPr>{lines}</w:r>'
        "</w:p></w:tc>"
    )


def _rule(paragraph: Any, indent_mm: float) -> None:
    """Make an empty paragraph the short line below a part of the head."""
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(3)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    properties.insert_element_before(
        borders,
        "w:shd",
        "w:tabs",
        "w:suppressAutoHyphens",
        "w:kinsoku",
        "w:wordWrap",
        "w:overflowPunct",
        "w:topLinePunct",
        "w:autoSpaceDE",
        "w:autoSpaceDN",
        "w:bidi",
        "w:adjustRightInd",
        "w:snapToGrid",
        "w:spacing",
        "w:ind",
        "w:contextualSpacing",
        "w:mirrorIndents",
        "w:jc",
        "w:rPr",
    )
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent_mm)
