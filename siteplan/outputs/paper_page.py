"""The page of a Word document in the form of Nghị định 30/2020/NĐ-CP: paper, margins, letters, header, numbering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from siteplan.outputs.paper_font import FONT, name_fallback

if TYPE_CHECKING:
    from collections.abc import Sequence

BODY_PT = 14
_A4_MM = (210, 297)
_A3_MM = (297, 420)
# NĐ 30/2020/NĐ-CP, Annex I: top and bottom 20-25, left 30-35, right 15-20 mm
_MARGINS_MM = {"top": 20, "bottom": 20, "left": 30, "right": 16}


def set_styles(document: Any) -> None:
    """Give a document of python-docx the letters of the text and of its three headings."""
    name_fallback(document)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(BODY_PT)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for part in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(part), FONT)
    normal.paragraph_format.space_after = Pt(6)
    for level in (1, 2, 3):
        heading = document.styles[f"Heading {level}"]
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


def set_page(section: Any, marks: Sequence[str], *, landscape: bool, large: bool = False) -> None:
    """Set paper (A4, or A3 where `large`), margins, numbering from 1 and the header of a section.

    `marks` stand in the header of every page: texts that a document can hold.
    """
    short, long = _A3_MM if large else _A4_MM
    width, height = (long, short) if landscape else (short, long)
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
    _set_header(section.header, marks, numbered=True)
    _set_header(section.first_page_header, marks, numbered=False)


def _set_header(header: Any, marks: Sequence[str], numbered: bool) -> None:
    for old in header.paragraphs[1:]:
        old._p.getparent().remove(old._p)  # noqa: SLF001
    first = header.paragraphs[0]
    first.clear()
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
    if marks:
        write_marks(header.add_paragraph() if numbered else first, marks)


def write_marks(line: Any, marks: Sequence[str]) -> None:
    """Write the marks into a paragraph of a header, small, red and right."""
    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    line.paragraph_format.space_after = Pt(0)
    run = line.add_run(" – ".join(marks))
    run.font.size, run.italic, run.font.color.rgb = Pt(9), True, RGBColor(0xB0, 0x00, 0x20)
