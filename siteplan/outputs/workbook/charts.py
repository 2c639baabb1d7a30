"""Charts of the workbook: points by commune, money by year and source; they follow the cells they are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs.printing import FONT

if TYPE_CHECKING:
    from siteplan.outputs.live_cells import Placed
    from siteplan.outputs.spreadsheet import Book

_COLOURS = ("#2F5597", "#C55A11", "#7F7F7F", "#548235", "#BF9000", "#7030A0")
_FONT = {"name": FONT, "size": 9}
_BELOW = 3  # rows between a table and its chart
ROWS = 24  # from the end of a table to that of its chart


def _chart(book: Book, kind: str, title: str, placed: Placed, names: str, series: list[tuple[str, str]]) -> Any:
    chart = book.chart(kind, "stacked")
    for n, (key, label) in enumerate(series):
        chart.add_series(
            {
                "name": label,
                "categories": f"={placed.column(names)}",
                "values": f"={placed.column(key)}",
                "fill": {"color": _COLOURS[n % len(_COLOURS)]},
                "gap": 40,
            }
        )
    chart.set_title({"name": title, "name_font": {**_FONT, "size": 12}})
    chart.set_legend({"position": "bottom", "font": _FONT})
    return chart


def points(book: Book, placed: Placed, lang: str) -> None:
    """Draw base points and supplements by commune beside the sheet of priority, on a sheet of its own."""
    if placed.last < placed.first:
        return
    words = locale.text
    series = [
        ("base_points", words("workbook.chart.base", lang)),
        ("supplement_points", words("workbook.chart.more", lang)),
    ]
    chart = _chart(book, "bar", words("workbook.chart.points", lang), placed, "name", series)
    chart.set_y_axis({"reverse": True, "num_font": {**_FONT, "size": 8}, "interval_unit": 1})
    chart.set_x_axis({"num_font": _FONT, "name": words("workbook.unit.points", lang), "name_font": _FONT})
    chart.set_size({"width": 980, "height": 18 * (placed.last - placed.first + 1) + 160})
    option = placed.sheet.removeprefix(words("workbook.sheet.priority", lang))
    page = book.plain_page(words("workbook.sheet.chart", lang) + option, words("workbook.chart.points", lang))
    page.insert_chart(4, 0, chart)


def money(book: Book, placed: Placed, lang: str) -> None:
    """Draw money by year and source below its table."""
    sources = [(key, at) for key, at in placed.columns.items() if key not in ("year", "total")]
    if placed.last < placed.first or not sources:
        return
    words = locale.text
    head = placed.first - 1
    chart = book.chart("column", "stacked")
    for n, (key, at) in enumerate(sources):
        chart.add_series(
            {
                "name": [placed.sheet, head - 1, at],
                "categories": f"={placed.column('year')}",
                "values": f"={placed.column(key)}",
                "fill": {"color": _COLOURS[n % len(_COLOURS)]},
                "gap": 60,
            }
        )
    chart.set_title({"name": words("workbook.chart.money", lang), "name_font": {**_FONT, "size": 12}})
    chart.set_legend({"position": "bottom", "font": _FONT})
    chart.set_y_axis({"num_font": _FONT, "name": words("unit.money_shown", lang), "name_font": _FONT})
    chart.set_x_axis({"num_font": _FONT})
    chart.set_size({"width": 760, "height": 380})
    placed.page.insert_chart(placed.last + _BELOW, 0, chart)
