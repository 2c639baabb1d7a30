"""The data dictionary: every column of every table, for people who receive the files or script against them.

``docs/data-dictionary.md`` is what :func:`markdown` returns; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping

from siteplan import locale
from siteplan.tables import INPUTS, RESULTS, Column, Table

HEADINGS = ("table", "column", "dbf", "label", "label_en", "kind", "unit", "decimals", "missing", "values")


def rows(tables: Mapping[str, Table], lang: str = locale.DEFAULT_LANGUAGE) -> list[list[str]]:
    """Return a row a column, as text, in the order of :data:`HEADINGS`."""
    return [_row(table, column, lang) for table in tables.values() for column in table.columns]


def _row(table: Table, column: Column, lang: str) -> list[str]:
    return [
        table.name,
        column.name,
        column.dbf,
        column.label,
        column.label_en,
        locale.text(f"dictionary.kind.{column.kind}", lang),
        column.unit,
        str(column.decimals) if column.kind == "float" else "",
        locale.value_text("bool", column.nullable, lang),
        "; ".join(f"{token} = {locale.value_text(column.name, token, lang)}" for token in column.values),
    ]


def headings(lang: str = locale.DEFAULT_LANGUAGE) -> list[str]:
    """Headings of :func:`rows`."""
    return [locale.text(f"dictionary.heading.{name}", lang) for name in HEADINGS]


def _table_lines(table: Table) -> list[str]:
    shape = locale.text(f"dictionary.geometry.{table.geometry or 'none'}")
    lines = [f"### `{table.name}`: {table.label} ({table.label_en})", ""]
    key = ", ".join(f"`{name}`" for name in table.key) or locale.text("dictionary.no_key")
    lines += [locale.text("dictionary.about", keys=key, geometry=shape), ""]
    shown = ("column", "dbf", "label", "label_en", "kind", "unit", "missing", "values")
    names = [locale.text(f"dictionary.heading.{name}") for name in shown]
    lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for column in table.columns:
        kind = locale.text(f"dictionary.kind.{column.kind}")
        if column.kind == "float":
            kind = f"{kind} ({column.decimals})"
        cells = (
            f"`{column.name}`",
            f"`{column.dbf}`",
            column.label,
            column.label_en,
            kind,
            column.unit,
            locale.value_text("bool", column.nullable),
            ", ".join(f"`{token}`" for token in column.values),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def markdown() -> str:
    """Return the text of ``docs/data-dictionary.md``: result tables, then layers as they are read."""
    lines = [f"# {locale.text('dictionary.title')}", "", locale.text("dictionary.intro"), ""]
    for key, tables in (("results", RESULTS), ("inputs", INPUTS)):
        lines += [f"## {locale.text(f'dictionary.part.{key}')}", ""]
        for table in tables.values():
            lines += _table_lines(table)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(markdown())
