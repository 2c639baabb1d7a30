"""Schemas of every table that crosses a stage: columns, types, units, labels, DBF names.

``inputs`` holds what a layer looks like once it has been read, ``results`` what a run writes. Column names are English,
labels Vietnamese and English; lengths are metres, areas square metres, money đồng, coordinates the province's CRS.
"""

from __future__ import annotations

from siteplan.tables.inputs import INPUTS
from siteplan.tables.land_use import land_shares
from siteplan.tables.results import BACKGROUND, RESULTS
from siteplan.tables.rows import Row, as_number, as_text, is_missing, listed, records, rests_on
from siteplan.tables.schema import Column, Table, conform, empty, verify

__all__ = [
    "BACKGROUND", "INPUTS", "RESULTS", "Column", "Row", "Table", "as_number", "as_text", "conform", "empty",
    "is_missing", "land_shares", "listed", "records", "rests_on", "verify",
]  # fmt: skip
