"""The letter that reminds: which communes have not answered, and what the others still lack. A draft for signature.

Form: Nghị định 30/2020/NĐ-CP, Annex I (công văn).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs.paper import Paper
from siteplan.outputs.paper_table import Align
from siteplan.survey.answers import shortened
from siteplan.survey.overview import Line, counts

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.crs import Province


def write_letter(
    lines: Sequence[Line],
    path: Path,
    province: Province,
    day: dt.date,
    deadline: dt.date | None = None,
    lang: str = locale.DEFAULT_LANGUAGE,
) -> Path:
    """Write the letter.

    Parameters
    ----------
    lines
        State of every commune's answer.
    path
        The .docx file.
    province
        Its kind and name.
    day
        What the figures are as of; also the date in the properties.
    deadline
        The new day to answer by; left open where there is none.

    Returns
    -------
    Path
        `path`. The same input gives the same bytes.
    """

    def words(key: str, **params: Any) -> str:
        return locale.text(f"survey.letter.{key}", lang, **params)

    place = {"kind": province.kind, "name": province.name}
    silent = [line for line in lines if line.state in ("none", "refused")]
    partial = [line for line in lines if line.state == "partial"]
    numbers = iter(("I", "II"))
    annexes = {name: words("annex", number=next(numbers)) for name, some in
               (("silent", silent), ("partial", partial)) if some}  # fmt: skip
    until = deadline.strftime("%d/%m/%Y") if deadline else words("open_day")
    paper = Paper(words("subject", **place), day, [words("draft", day=day.strftime("%d/%m/%Y"))])
    paper.letterhead(
        [(locale.text("dossier.parent_body", lang, **place).upper(), False),
         (locale.text("dossier.body", lang).upper(), True)],
        [(locale.text("dossier.state", lang), True), (locale.text("dossier.motto", lang), True)],
        f"{words('number')}\n{words('about', **place)}",
        locale.text("dossier.place", lang, name=province.name),
    )  # fmt: skip
    paper.text(words("to", **place))
    paper.text(words("opening", **place))
    paper.text(words("state", day=day.strftime("%d/%m/%Y"), **counts(lines)))
    if silent:
        paper.text(words("silent", count=len(silent), until=until, annex=annexes["silent"]))
    if partial:
        paper.text(words("partial", count=len(partial), until=until, annex=annexes["partial"]))
    if not silent and not partial:
        paper.text(words("all"))
    paper.text(words("how"))
    paper.text(words("closing"))
    paper.signature(
        locale.text("dossier.recipients", lang),
        [
            words("recipient_communes"),
            locale.text("dossier.recipient_province", lang, **place),
            words("recipient_file"),
        ],
        locale.text("dossier.signer", lang),
    )
    align: list[Align] = ["center", "center", "left", "left", "left", "left"]
    if silent:
        paper.annex(annexes["silent"], words("annex_silent"), words("annex_note", until=until))
        headings = [words(f"column.{key}") for key in ("no", "code", "unit", "state")]
        rows = [
            [str(n), line.code, f"{line.kind} {line.name}", "; ".join(line.lacking)]
            for n, line in enumerate(silent, start=1)
        ]
        paper.table(headings, rows, [0.7, 1.2, 5, 5], align[:4], size_pt=12)
    if partial:
        paper.annex(annexes["partial"], words("annex_partial"), words("annex_note", until=until))
        headings = [words(f"column.{key}") for key in ("no", "code", "unit", "report", "lacking", "blocking")]
        rows = [
            [
                str(n), line.code, f"{line.kind} {line.name}", line.report_no or "–", "; ".join(line.lacking) or "–",
                shortened(line.blocking, lang) or "–",
            ]
            for n, line in enumerate(partial, start=1)
        ]  # fmt: skip
        paper.table(headings, rows, [0.6, 0.9, 2.4, 1.7, 6, 3.6], align, size_pt=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    paper.save(path)
    return path
