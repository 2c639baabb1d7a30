"""What the agencies answered and who has not: a sheet of the workbook, a part of the dossier, a table of `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import site_counts, summary, wording
from siteplan.outputs.paper_table import capital
from siteplan.outputs.requests import Request, requests_of
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.tables import RESULTS
from siteplan.tables.agencies import Agency

if TYPE_CHECKING:
    from siteplan.outputs.paper_table import Align
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

AGAINST = ("disagree", "more_documents")
HEADS = ("agency", "kind", "sites", "requests", "answered", "against", "state")
_SHOWN = tuple(RESULTS["agency_answers"].names[1:])


@dataclass(frozen=True)
class Reply:
    """How one letter stands: what it asks, how much of that was answered and how much of it against."""

    agency: str
    kind: str
    sites: int
    requests: int
    answered: int
    against: int

    @property
    def state(self) -> str:
        """``none``, ``some`` or ``all`` of it answered."""
        return "none" if not self.answered else "all" if self.answered == self.requests else "some"

    def cells(self, lang: str) -> list[Any]:
        """Values in the order of :data:`HEADS`, tokens in words."""
        kind, state = (locale.text(f"agencies.{n}.{getattr(self, n)}", lang) for n in ("kind", "state"))
        return [self.agency, kind, self.sites, self.requests, self.answered, self.against, state]


def agencies_of(run: Run) -> list[Agency]:
    """Agencies as they were listed when the run was made."""
    out = []
    for row in run.manifest.get("agencies", ()):
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        out.append(Agency(**fields))
    return out


def replies(asked: Sequence[Request], answers: pd.DataFrame, names: Mapping[str, str]) -> list[Reply]:
    """Hold what was asked against what was answered.

    Parameters
    ----------
    asked
        Letters.
    answers
        Rows with ``agency_id, site_id, zone_id, answer``.
    names
        Names of the communes by code, for letters that go by commune.
    """
    columns = ["agency_id", "site_id", "zone_id", "answer"]
    given = {tuple(row[:3]): row[3] for row in answers[columns].fillna("").astype(str).to_numpy().tolist()}
    out = []
    for request in asked:
        keys = [
            (request.agency.agency_id, str(site), str(zone))
            for site, zone in zip(request.rows["site_id"], request.rows["zone_id"], strict=True)
        ]
        found = [given[key] for key in keys if key in given]
        code = request.commune_code
        out.append(
            Reply(
                _addressed(request.agency.agency, names.get(code, code)) if code else request.agency.agency,
                "confirm" if request.agency.confirm_only else "opinion",
                int(request.rows["site_id"].nunique()),
                len(keys),
                len(found),
                sum(answer in AGAINST for answer in found),
            )
        )
    return out


def _addressed(agency: str, place: str) -> str:
    """Name of a body that every commune has, with its place: the kind of unit at its end gives way to the name."""
    body, _, kind = agency.rpartition(" ")
    return f"{body} {place}" if body and kind in RESULTS["communes"].column("kind").values else f"{agency} ({place})"


def replies_of(run: Run) -> list[Reply]:
    """How the letters on the proposed sites of a run stand by the answers the run holds."""
    return replies(requests_of(run, agencies_of(run)), run.table("agency_answers"), summary.names_by_code(run))


def headings(lang: str) -> list[str]:
    """Headings of :data:`HEADS`."""
    return [locale.text(f"agencies.status.{head}", lang) for head in HEADS]


def silent_line(found: Sequence[Reply], lang: str) -> str:
    """How many letters have no answer at all."""
    return locale.text("cli.agencies.silent", lang, count=sum(r.state == "none" for r in found), of=len(found))


def add_sheets(book: Book, run: Run, lang: str, option: str) -> None:
    """Add the state of the letters and, where there are any, the answers; nothing where no agencies are listed."""
    found = replies_of(run)
    tail = f" {option}" if option else ""
    if found:
        fields = [
            Field(h, 34 if i == 0 else 16, "int" if 2 <= i <= 5 else "text") for i, h in enumerate(headings(lang))
        ]
        book.sheet(
            locale.text("agencies.sheet.state", lang) + tail, locale.text("agencies.status.title", lang), fields,
            [r.cells(lang) for r in found], notes=[silent_line(found, lang)], frozen_columns=1,
        )  # fmt: skip
    answers = run.table("agency_answers")
    if len(answers):
        columns = [RESULTS["agency_answers"].column(name) for name in _SHOWN]
        cells = [wording.cells(c, answers[c.name], lang) for c in columns]
        names = summary.names_by_code(run)
        at = _SHOWN.index("commune_code") + 1
        listed = [field_of(c, lang) for c in columns]
        listed.insert(at, Field(locale.text("plans.commune", lang), 20))
        cells.insert(at, [names.get(str(code), "") for code in answers["commune_code"]])
        book.sheet(
            locale.text("agencies.sheet.given", lang) + tail, RESULTS["agency_answers"].label if lang == "vi"
            else RESULTS["agency_answers"].label_en, listed, list(zip(*cells, strict=True)),
            notes=[locale.text("agencies.beside", lang)], frozen_columns=1,
        )  # fmt: skip


def write_said(writer: Writer) -> None:
    """Write into the dossier what officers and agencies said of the proposed sites, and who has not replied."""
    run, lang = writer.run, writer.lang
    best = set(site_counts.proposed_sites(run)["site_id"])
    names = summary.names_by_code(run)
    opinions = run.table("opinions")
    opinions = opinions[opinions["site_id"].isin(best)]
    if len(opinions):
        writer.paper.caption(locale.text("opinions.heading", lang))
        places = [names.get(str(code), "") for code in opinions["commune_code"]]
        columns = ("site_id", "opinion", "officer", "opinion_date", "reason", "document", "opinion_state")
        writer.table("opinions", columns, opinions,
                     extra=[(0, locale.text("plans.commune", lang), places)])  # fmt: skip
        writer.paper.text(locale.text("opinions.beside", lang))
    found = replies_of(run)
    answers = run.table("agency_answers")
    answers = answers[answers["site_id"].isin(best)]
    if len(answers):
        writer.paper.caption(locale.text("agencies.given_caption", lang))
        places = [names.get(str(code), "") for code in answers["commune_code"]]
        shown = ("agency", "site_id", "answer", "document_no", "document_date", "conditions")
        writer.table("agency_answers", shown, answers,
                     extra=[(1, locale.text("plans.commune", lang), places)])  # fmt: skip
        writer.paper.text(locale.text("agencies.beside", lang))
    if found:
        writer.paper.caption(locale.text("agencies.status.title", lang))
        align: list[Align] = ["left", "left", "right", "right", "right", "right", "left"]
        rows = [[writer.number(c) if isinstance(c, int) else capital(c) for c in r.cells(lang)] for r in found]
        writer.paper.table(headings(lang), rows, align=align, size_pt=9)
        writer.paper.text(silent_line(found, lang))
        _say_other_options(writer, found)


def _say_other_options(writer: Writer, found: Sequence[Reply]) -> None:
    """Say whose letters the table holds, and which letters another option asks otherwise, where one does."""
    told = []
    for run in writer.runs[1:]:
        others = [reply for reply in replies_of(run) if reply not in found]
        listed = "; ".join(
            writer.words("sites.reply", agency=reply.agency, sites=writer.number(reply.sites),
                         requests=writer.number(reply.requests)) for reply in others
        )  # fmt: skip
        if others:
            told.append(f"{writer.option_of(run)}: {listed}")
    if told:
        writer.say("sites.replies_of", option=writer.option_of(writer.run), others=". ".join(told))
