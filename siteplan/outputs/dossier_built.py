"""What the programme of an option builds, in words: types chosen, and where they are smaller than the need asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteplan.outputs import summary
from siteplan.outputs.dossier_state import counts_of

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

TYPES = ("renovate", "extend", "build_new")


def write_built(writer: Writer, run: Run) -> None:
    """Say how many centres of each type the option plans, and name those built smaller than needed."""
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    writer.say("options.build", listed=writer.counted("build", counts_of(planned["build_type"], TYPES)))
    floors, names = summary.renovated_floor(run), summary.names_by_code(run)
    renovated = {str(code): floors.get((str(code), "renovate"))
                 for code in planned.loc[planned["build_type"] == "renovate", "commune_code"]}  # fmt: skip
    told = [f"{names[code]} {writer.number(floor)} m²" for code, floor in renovated.items() if floor is not None]
    if told:
        writer.say("options.renovated", listed="; ".join(told))
    smaller = planned[~summary.as_needed(planned)]
    if smaller.empty:
        return
    left = writer.m2(summary.add_up(smaller["deficit_left_m2"]) or 0.0)
    writer.say("options.smaller", count=writer.number(len(smaller)), left=left)
    items = zip(smaller["commune_code"], smaller.to_dict("records"), strict=True)
    writer.paper.items([f"{names[str(code)]}: {summary.built_as(row, writer.lang)};" for code, row in items])
