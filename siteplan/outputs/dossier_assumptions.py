"""The annex of assumptions: one line for rules that say the same of several functions, under all their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from siteplan.outputs import wording
from siteplan.outputs.paper_table import aligned
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer

_SAME = ("statement", "value", "unit", "legal_basis", "certainty")
_OF_FUNCTIONS = "plan_compatibility"
_WIDTHS_MM = (18.0, 98.0, 26.0, 17.0, 71.0, 21.0)  # many numbers stand on several lines, so that the words have room


def write_assumptions(writer: Writer) -> None:
    """Write what a run assumes; rules of one name and effect stand on one line with the functions they are for."""
    table = RESULTS["assumptions"]
    columns = [table.column(name) for name in _SAME]
    lines: dict[tuple[str, ...], list[Mapping[Any, Any]]] = {}
    for row in writer.run.table("assumptions").to_dict("records"):
        words = tuple(writer.cell(column, row[column.name]) for column in columns)
        lines.setdefault(words, []).append(row)
    headings = [wording.label(column, writer.lang) for column in (table.column("number"), *columns)]
    align = aligned(["right"], "left", len(columns))
    rows = []
    for (statement, *rest), same in lines.items():
        functions = dict.fromkeys(name for row in same if (name := _function_of(str(row["assumption_id"]))))
        if len(same) > 1 and functions:
            told = writer.words("assumptions.functions", statement=statement, functions=", ".join(functions))
        else:
            told = statement
        numbers = [int(row["number"]) for row in same if wording.scalar(row["number"]) is not None]
        rows.append([wording.spans(numbers) or "–", told, *rest])
    writer.paper.table(headings, rows, _WIDTHS_MM, align, size_pt=9)


def _function_of(identity: str) -> str:
    """Code of the function a rule on plans is for ("plan_compatibility.*CAYXANH*.129"); empty for other rules."""
    head, _, rest = identity.partition(".")
    code = rest.rpartition(".")[0].strip("*_") if head == _OF_FUNCTIONS else ""
    return code if code.isupper() else ""  # others are names inside the program
