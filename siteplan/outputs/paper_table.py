"""A table of a Word document as XML in one piece: python-docx needs minutes for a few thousand cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any, Literal
from xml.sax.saxutils import escape

from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from siteplan.outputs.wording import clean

Align = Literal["left", "center", "right"]


def aligned(first: Sequence[Align], rest: Align, count: int, *last: Align) -> list[Align]:
    """How columns are aligned: the first as told, then as many alike, then the last."""
    return [*first, *repeat(rest, count), *last]


def capital(words: str) -> str:
    """Return words that begin with a capital letter, as headings and cells of a table do."""
    return words[:1].upper() + words[1:]


def table_xml(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    twips: Sequence[int],
    align: Sequence[Align],
    *,
    groups: Sequence[tuple[str, int]] = (),
    bold_rows: Sequence[int] = (),
    size_pt: float,
    whole: bool = False,
    spans: Sequence[tuple[int, int, int]] = (),
) -> str:
    """Return a table whose heading is repeated on each page; widths of the columns in twentieths of a point.

    `whole` keeps its rows on one page. `spans`: in a row (its number), the cell of a column takes the room of so many.
    """
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
            parts.append(_cell(words, sum(twips[at : at + span]), "center", True, size_pt, span, keep=True))
            at += span
        parts.append("</w:tr>")
    if any(headings):
        parts.append("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
        parts += [
            _cell(words, width, "center", True, size_pt, keep=True)
            for words, width in zip(headings, twips, strict=True)
        ]
        parts.append("</w:tr>")
    strong = set(bold_rows)
    wide = {(row, at): span for row, at, span in spans}
    for number, row in enumerate(rows):
        parts.append("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
        keep = number + 1 < len(rows) and (whole or number + 2 in strong or number + 1 in strong)
        at = 0
        while at < len(row):
            span = wide.get((number, at), 1)
            width = sum(twips[at : at + span])
            parts.append(_cell(row[at], width, align[at], number in strong, size_pt, span, keep=keep))
            at += span
        parts.append("</w:tr>")
    parts.append("</w:tbl>")
    return "".join(parts)


def _cell(words: str, width: int, align: Align, bold: bool, size_pt: float, span: int = 1, keep: bool = False) -> str:
    half_points = round(size_pt * 2)
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    weight = "<w:b/>" if bold else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in clean(words).split("\n"))
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr>{"<w:keepNext/>" if keep else ""}<w:spacing w:before="0" w:after="0"/>'
        f'<w:jc w:val="{align}"/></w:pPr>'
        f'<w:r><w:rPr>{weight}<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/></w:rPr>{lines}</w:r>'
        "</w:p></w:tc>"
    )


def rule(paragraph: Any, indent_mm: float) -> None:
    """Make an empty paragraph the short line below a part of the head."""
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(3)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    followers = (
        "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct", "autoSpaceDE",
        "autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "mirrorIndents",
        "jc", "rPr",
    )  # fmt: skip
    properties.insert_element_before(borders, *(f"w:{name}" for name in followers))
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent_mm)
