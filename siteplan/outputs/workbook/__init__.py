"""The workbook of one or more runs: tables, and the figures that recalculate when a weight or a price is changed."""

from siteplan.outputs.workbook.book import write_workbook

__all__ = ["write_workbook"]
