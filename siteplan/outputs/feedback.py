"""Opinions on the dossier and how each was answered: ``layers/y_kien.csv``, an annex of the dossier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.errors import InputError, Problem
from siteplan.outputs.paper_table import capital
from siteplan.outputs.wording import clean, scalar
from siteplan.tabular import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.outputs.paper_table import Align
    from siteplan.outputs.writer import Writer

FILE = "y_kien.csv"
COLUMNS = ("agency", "document", "opinion", "response", "handling", "place")
HANDLINGS = ("accepted", "explained")
PLACES = ("legal_basis", "present_state", "need", "locations", "priority", "options", "surplus", "money",
          "organisation", "recommendations")  # fmt: skip
_TOKEN = re.compile(r"\b(part|annex):([a-z_]+)")


@dataclass(frozen=True)
class Opinion:
    """One opinion: who gave it in which document, what was answered, accepted or explained, and where it stands."""

    agency: str
    document: str
    opinion: str
    response: str
    handling: str
    place: str

    @property
    def answered(self) -> bool:
        """Whether it has a response and says how it was taken."""
        return bool(self.response and self.handling)


def read_opinions(path: Path, annexes: tuple[str, ...]) -> list[Opinion]:
    """Read the opinions; none where there is no file.

    Parameters
    ----------
    path
        ``y_kien.csv`` or an .xlsx table with the columns of :data:`COLUMNS`. ``place`` may hold ``part:need`` or
        ``annex:evidence``, written with their numbers in the dossier.
    annexes
        Names of all annexes there are.

    Raises
    ------
    InputError
        All missing columns, unknown handlings and places.
    """
    if not path.is_file():
        return []
    table = read_table(path)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        listed = {"columns": ", ".join(COLUMNS)}
        raise InputError(*(Problem("opinion_column", file=str(path), column=name, params=listed) for name in missing))
    found, problems = [], []
    for row in table.to_dict("records"):
        cells = {name: str(scalar(row[name]) or "") for name in COLUMNS}
        feature = str(row["_row"])
        if cells["handling"] not in ("", *HANDLINGS):
            problems.append(Problem("opinion_handling", file=str(path), feature=feature, column="handling",
                                    value=cells["handling"], params={"known": ", ".join(HANDLINGS)}))  # fmt: skip
        for kind, name in _TOKEN.findall(cells["place"]):
            known = PLACES if kind == "part" else annexes
            if name not in known:
                problems.append(Problem("opinion_place", file=str(path), feature=feature, column="place",
                                        value=f"{kind}:{name}", params={"known": ", ".join(known)}))  # fmt: skip
        found.append(Opinion(**cells))
    if problems:
        raise InputError(*problems)
    return found


def write_opinions(writer: Writer, opinions: list[Opinion]) -> None:
    """Write the table of opinions, and how many of them are accepted, explained and unanswered."""
    counts = {name: sum(o.answered and o.handling == name for o in opinions) for name in HANDLINGS}
    writer.say("feedback.count", count=len(opinions), **counts, none=sum(not o.answered for o in opinions))
    headings = [writer.words(f"feedback.{name}") for name in ("number", *COLUMNS)]
    rows = [
        [str(n), clean(o.agency), clean(o.document), clean(o.opinion), clean(o.response) or "–",
         writer.words(f"feedback.value.{o.handling if o.answered else 'none'}"),
         capital(_place(writer, o.place)) or "–"]
        for n, o in enumerate(opinions, start=1)
    ]  # fmt: skip
    align: list[Align] = ["right", "left", "left", "left", "left", "left", "left"]
    writer.paper.table(headings, rows, align=align, size_pt=10)


def _place(writer: Writer, words: str) -> str:
    def name(found: re.Match[str]) -> str:
        if found[1] == "annex":
            return writer.annex(found[2])
        title = locale.text(f"dossier.part.{found[2]}", writer.lang)
        return writer.words("feedback.part", name=title)

    return clean(_TOKEN.sub(name, words))
