"""How sheets of a workbook are printed: landscape, A4 or A3 by width, headings on each page, stamp and page numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siteplan.outputs import wording

if TYPE_CHECKING:
    from siteplan.outputs.spreadsheet import Field

FONT = "Times New Roman"
HEADER_LIMIT = 250  # Excel takes 255 in a page header
A3_FROM_WIDTH = 170  # characters; wider sheets are printed on A3
A3_PAGE_WIDTH = 300  # characters that are still legible on one A3 page
LEAST_WIDTH = 110.0  # characters printed, which a chart or a title needs
_COLUMN = 8.43  # characters of a column that nobody set
PAPER_A4, PAPER_A3 = 9, 8


def set_up(
    page: Any,
    fields: Sequence[Field],
    first_head: int,
    head: int,
    end: int,
    frozen_columns: int,
    pages_down: int = 0,
    longest: float = 0.0,
) -> None:
    """Set up a sheet with a table: its rows from 0, those of its headings, its last row, columns repeated on each page.

    Technical columns at the right end are left out. As many pages down as needed, where `pages_down` is none. A narrow
    table is printed as wide as the `longest` line above it (in characters of a cell) or as a chart below it needs.
    """
    last = max((n for n, field in enumerate(fields) if field.printed), default=len(fields) - 1)
    width = sum(field.width for field in fields[: last + 1] if not field.hidden)
    least = max(LEAST_WIDTH, min(longest, A3_FROM_WIDTH))
    # title and notes run over the end of a narrow table, but not over columns that stay on the screen
    if width < least and last == len(fields) - 1:
        last += math.ceil((least - width) / _COLUMN)
        width = least
    page.set_landscape()
    page.set_paper(PAPER_A3 if width > A3_FROM_WIDTH else PAPER_A4)
    page.fit_to_pages(max(1, math.ceil(width / A3_PAGE_WIDTH)), pages_down)
    if frozen_columns:
        page.repeat_columns(0, frozen_columns - 1)
    page.repeat_rows(first_head, head)
    page.print_area(0, 0, end, last)


def running_lines(page: Any, title: str, stamp: Sequence[str], footing: str) -> None:
    """Set margins, and what stands above and below each page."""
    page.set_margins(left=0.5, right=0.4, top=0.8, bottom=0.6)
    above = " – ".join(stamp).replace("&", "&&")
    title, footing = wording.clean(title, 90).replace("&", "&&"), wording.clean(footing, 120).replace("&", "&&")
    page.set_header(f'&L&"{FONT}"&9{title}&R&"{FONT}"&9{above}'[:HEADER_LIMIT])
    page.set_footer(f'&L&"{FONT}"&9{footing}&R&"{FONT}"&9&P/&N'[:HEADER_LIMIT])
