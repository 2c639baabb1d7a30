"""Asking the agencies: which sites and findings each one answers for, a letter and a sheet of answers for each.

What a withheld layer holds is never shown: its agency is asked to confirm in writing, and no site is called clear.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
import xlsxwriter

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.paper import Paper
from siteplan.outputs.paper_table import Align
from siteplan.tables import RESULTS
from siteplan.tables.agencies import ANSWERS, BLANKS, REQUEST_KEYS, SHEET_MARK, Agency
from siteplan.tables.evidence import OF_THE_WHOLE_PLOT

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

CONFIRM = "*"  # zone of a request that is on the site as a whole
SEVERITY = 2  # from which a finding needs an opinion


@dataclass(frozen=True)
class Request:
    """What is put to one agency (in one commune): rows are sites and findings, see :func:`requests_of`."""

    agency: Agency
    commune_code: str
    rows: pd.DataFrame

    @property
    def stem(self) -> str:
        """Name of its files, without suffix."""
        return f"xin_y_kien_{self.agency.agency_id}" + (f"_{self.commune_code}" if self.commune_code else "")


def _answers_for(agency: Agency, row: dict[Any, Any]) -> bool:
    """Whether an agency answers for a finding; a plan's own owner, where it is one of the agencies, comes first."""
    kind, function = str(row["plan_kind"] or ""), str(row["function"] or "")
    if any(fnmatchcase(str(row["zone_id"]), pattern) for pattern in agency.zones):
        return True
    if row["source"] == "plan":
        return kind in agency.plan_kinds
    if row["source"] == "land_use" and agency.functions:
        return any(fnmatchcase(function.upper(), pattern.upper()) for pattern in agency.functions)
    return row["source"] in agency.sources


def requests_of(run: Run, agencies: Sequence[Agency], *, all_sites: bool = False) -> list[Request]:
    """Sort the findings of a run to those who answer for them.

    Parameters
    ----------
    run
        A finished run.
    agencies
        Who answers for what.
    all_sites
        Every site; by default the proposed one of each commune.

    Returns
    -------
    list of Request
        Rows are findings of severity 2 and more that are not in the agency's favour, columns of ``conflicts`` with
        ``site_label``, ``site_area_m2`` and ``site_geometry``. An agency whose layers are withheld gets one row a site
        (``zone_id`` ``*``) without any finding. A finding that nobody answers for goes to nobody and is counted by
        :func:`unasked`.
    """
    sites, found = _asked_sites(run, all_sites), _findings(run)
    found = found[found["site_id"].isin(set(sites["site_id"]))]
    border = set(run.communes.loc[run.communes["is_border"].fillna(value=False).astype(bool), "code"])
    out: list[Request] = []
    owners = _sorted(found, agencies)
    ground = pd.DataFrame(
        {
            "site_id": sites["site_id"].to_numpy(object), "site_label": sites["label"].to_numpy(object),
            "site_area_m2": sites["area_m2"].to_numpy(float), "site_geometry": sites.geometry.to_numpy(object),
        }
    )  # fmt: skip
    for agency in agencies:
        if agency.confirm_only:
            rows = sites if agency.communes == "*" else sites[sites["commune_code"].isin(border)]
            rows = pd.DataFrame(rows[["site_id", "commune_code"]]).assign(zone_id=CONFIRM)
        else:
            asked = np.fromiter((agency.agency_id in ids for ids in owners), dtype=bool, count=len(owners))
            rows = pd.DataFrame(found[asked].drop(columns="geometry"))
        rows = rows.merge(ground, on="site_id", how="left")
        rows = rows.sort_values(["commune_code", "site_id", "zone_id"], kind="stable")
        groups = list(rows.groupby("commune_code")) if agency.per_commune else [("", rows)]
        out += [Request(agency, str(code), part.reset_index(drop=True)) for code, part in groups if len(part)]
    return out


def _asked_sites(run: Run, all_sites: bool) -> pd.DataFrame:
    sites: pd.DataFrame = run.sites
    return sites if all_sites else sites[sites["is_best"].fillna(value=False).astype(bool)]


def _findings(run: Run) -> pd.DataFrame:
    found: pd.DataFrame = run.conflicts
    against = found["effect"].isin(("blocking", "conditional")) & (found["severity"].fillna(0) >= SEVERITY)
    open_ = ~found["restricted"].fillna(value=False).astype(bool)
    return found[against & open_ & ~found["source"].isin(OF_THE_WHOLE_PLOT)].reset_index(drop=True)


def _sorted(found: pd.DataFrame, agencies: Sequence[Agency]) -> list[set[str]]:
    """Agencies by finding: the plan's owner where the register names one that is listed, else those whose rule fits."""
    names = {locale.fold(a.agency): a.agency_id for a in agencies if not a.confirm_only}
    out = []
    for row in found.to_dict("records"):
        owner = names.get(locale.fold(str(row["owner"]))) if row["source"] in ("plan", "project") else None
        asked = {owner} if owner else {a.agency_id for a in agencies if not a.confirm_only and _answers_for(a, row)}
        out.append({a for a in asked if a})
    return out


def unasked(run: Run, agencies: Sequence[Agency], *, all_sites: bool = False) -> pd.DataFrame:
    """Return findings of the asked sites that no agency answers for."""
    sites, found = _asked_sites(run, all_sites), _findings(run)
    found = found[found["site_id"].isin(set(sites["site_id"]))]
    owners = _sorted(found, agencies)
    return found[np.fromiter((not ids for ids in owners), dtype=bool, count=len(owners))]


def keys_of(requests: Sequence[Request]) -> pd.DataFrame:
    """Return what was asked: ``agency_id, commune_code, site_id, zone_id``; the commune only where letters go by it."""
    rows = [
        (r.agency.agency_id, r.commune_code, str(site), str(zone))
        for r in requests
        for site, zone in zip(r.rows["site_id"], r.rows["zone_id"], strict=True)
    ]
    return pd.DataFrame(rows, columns=list(REQUEST_KEYS), dtype=object)


def finding_text(row: dict[Any, Any], confirm: bool, lang: str) -> str:
    """Write a finding in one sentence; of an agency that only confirms, that a confirmation is asked for."""
    if confirm:
        return locale.text("agencies.confirm", lang)
    columns = RESULTS["conflicts"]
    names = ("title", "decision_no", "decision_date", "function", "relation", "area_m2", "percent_of_site", "source")
    said = {n: wording.shown(columns.column(n), row[n], lang) for n in names}
    if isinstance(row["function"], str):
        said["function"] = wording.clean(wording.function_of_rule(row["function"], row["rule_name"], lang))
    said["area_m2"] = locale.number(row["area_m2"], 1, lang)
    said["percent_of_site"] = locale.number(row["percent_of_site"], 2, lang)
    area = "" if pd.isna(row["area_m2"]) else locale.text("agencies.area", lang, **said)
    key = "finding" if isinstance(row["decision_no"], str) else "finding_plain"
    if row["source"] == "land_use":
        key = "finding_land"
    return locale.text(f"agencies.{key}", lang, area=area, **said)


def corners(geometry: Any, lang: str) -> list[tuple[int, str, str]]:
    """Corners of a site in the province's VN-2000 CRS: number, X (north), Y (east), metres."""
    out = []
    number = 0
    for part in shapely.get_parts(geometry):
        for x, y in shapely.get_coordinates(part.exterior)[:-1]:
            number += 1
            out.append((number, locale.number(float(y), 2, lang), locale.number(float(x), 2, lang)))
    return out


def write_requests(run: Run, requests: Sequence[Request], folder: Path, lang: str) -> list[Path]:
    """Write a letter (.docx) and a sheet of answers (.xlsx) for each request; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for request in requests:
        written.append(_letter(run, request, folder / f"{request.stem}.docx", lang))
        written.append(_answer_book(run, request, folder / f"{request.stem}.xlsx", lang))
    return written


def _address(run: Run, request: Request, lang: str) -> str:
    if not request.commune_code:
        return request.agency.address
    kinds = dict(zip(run.communes["code"], run.communes["kind"], strict=True))
    name = summary.names_by_code(run).get(request.commune_code, request.commune_code)
    return locale.text("agencies.commune_committee", lang, kind=kinds.get(request.commune_code, ""), name=name)


def _letter(run: Run, request: Request, path: Path, lang: str) -> Path:
    def words(key: str, **params: Any) -> str:
        return locale.text(f"agencies.{key}", lang, **params)

    kind, province = run_words.province_of(run)
    date = dt.date.fromisoformat(str(run_words.scenario_of(run).get("date", "2000-01-01")))
    to = _address(run, request, lang)
    paper = Paper(words("letter_title", agency=to), date, run_words.stamp_lines([run], lang))
    paper.letterhead(
        [(locale.text("dossier.parent_body", lang, kind=kind, name=province).upper(), False),
         (locale.text("dossier.body", lang).upper(), True)],
        [(locale.text("dossier.state", lang), True), (locale.text("dossier.motto", lang), True)],
        locale.text("dossier.number", lang), locale.text("dossier.place", lang, name=province),
    )  # fmt: skip
    confirm = request.agency.confirm_only
    sites = request.rows["site_id"].nunique()
    communes = request.rows["commune_code"].nunique()
    paper.text(words("subject_confirm" if confirm else "subject"), italic=True, indent=False)
    paper.text(words("to", agency=to), indent=False)
    params = {
        "sites": sites,
        "communes": communes,
        "rows": len(request.rows),
        "scenario": run_words.title_of(run, lang),
    }
    paper.text(words("body_confirm" if confirm else "body", **params))
    if request.agency.legal_basis:
        paper.text(words("basis", basis=request.agency.legal_basis))
    paper.text(words("ask", file=f"{request.stem}.xlsx"))
    illustrative = run_words.illustrative_line([run], lang)
    if illustrative:
        paper.text(illustrative, italic=True)
    paper.signature(locale.text("dossier.recipients", lang), [words("recipient_self"),
                    locale.text("dossier.recipient_file", lang)], locale.text("dossier.signer", lang))  # fmt: skip
    names = summary.names_by_code(run)
    paper.annex(words("annex", number="I"), words("annex_findings"), "")
    headings = [words(f"column.{n}") for n in ("no", "commune", "site", "area", "finding", "blank_answer")]
    rows = [
        [str(number), names.get(str(row["commune_code"]), ""), f"{row['site_label']}\n{row['site_id']}",
         locale.number(row["site_area_m2"], 0, lang), finding_text(row, confirm, lang), ""]
        for number, row in enumerate(request.rows.to_dict("records"), 1)
    ]  # fmt: skip
    align: list[Align] = ["center", "left", "left", "right", "left", "left"]
    paper.table(headings, rows, [4, 13, 17, 9, 50, 28], align, size_pt=10)
    paper.annex(
        words("annex", number="II"), words("annex_corners"), words("corners_note", epsg=run.sites.crs.to_epsg())
    )
    lines = []
    for row in request.rows.drop_duplicates("site_id").to_dict("records"):
        for number, north, east in corners(row["site_geometry"], lang):
            first = number == 1
            place = (names.get(str(row["commune_code"]), ""), str(row["site_id"])) if first else ("", "")
            lines.append([*place, str(number), north, east])
    paper.table([words(f"column.{n}") for n in ("commune", "site", "corner", "x_north", "y_east")], lines,
                [20, 20, 8, 18, 18], ["left", "left", "center", "right", "right"], size_pt=10)  # fmt: skip
    paper.save(path)
    return path


def _answer_book(run: Run, request: Request, path: Path, lang: str) -> Path:
    """Sheet of answers: keys in hidden columns, findings, and yellow cells to be filled."""

    def words(key: str, **params: Any) -> str:
        return locale.text(f"agencies.{key}", lang, **params)

    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    date = str(run_words.scenario_of(run).get("date", "2000-01-01"))
    book.set_properties({"title": wording.clean(request.agency.agency), "author": "siteplan",
                         "created": dt.datetime.fromisoformat(f"{date}T00:00:00")})  # fmt: skip
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top", "text_wrap": True}
    title = book.add_format({"font_name": "Times New Roman", "font_size": 14, "bold": True})
    note = book.add_format({"font_name": "Times New Roman", "font_size": 11, "italic": True})
    head = book.add_format({**base, "bold": True, "border": 1, "bg_color": "#DDE6F0", "align": "center"})
    known = book.add_format({**base, "border": 1, "bg_color": "#F2F2F2"})
    number = book.add_format({**base, "border": 1, "bg_color": "#F2F2F2", "num_format": "#,##0"})
    blank = book.add_format({**base, "border": 1, "bg_color": "#FFF9C4", "locked": False, "num_format": "@"})
    page = book.add_worksheet(words("sheet.answers"))
    page.write_string(0, 5, words("book_title", agency=_address(run, request, lang)), title)
    page.write_string(1, 5, " – ".join(run_words.stamp_lines([run], lang)), note)
    page.write_string(2, 5, words("book_note"), note)
    shown = ("commune", "site", "area", "finding")
    keys = (SHEET_MARK, *REQUEST_KEYS, *shown, *BLANKS)
    for at, name in enumerate(keys):
        page.write_string(4, at, name)
        heading = words(f"column.{name}") if name in (*shown, *BLANKS) else ""
        page.write_string(5, at, heading, head)
    page.set_row(4, None, None, {"hidden": True})
    page.set_row(5, 32)
    page.set_column(0, 4, None, None, {"hidden": True})
    for at, width in enumerate((20, 20, 10, 58, 24, 20, 14, 36), 5):
        page.set_column(at, at, width)
    names = summary.names_by_code(run)
    line = 6
    confirm = request.agency.confirm_only
    for line, row in enumerate(request.rows.to_dict("records"), 6):
        cells = ("", request.agency.agency_id, request.commune_code, str(row["site_id"]), str(row["zone_id"]))
        for at, value in enumerate(cells):
            page.write_string(line, at, value)
        page.write_string(line, 5, wording.clean(names.get(str(row["commune_code"]), "")), known)
        page.write_string(line, 6, wording.clean(f"{row['site_label']} ({row['site_id']})"), known)
        page.write_number(line, 7, float(row["site_area_m2"] or 0), number)
        finding = wording.clean(finding_text(row, confirm, lang), 2_000)
        page.write_string(line, 8, finding, known)
        page.set_row(line, 15 * max(2, -(-len(finding) // 52)))
        for at in range(9, 13):
            page.write_blank(line, at, None, blank)
    choices = [locale.value_text("answer", token, lang) for token in ANSWERS]
    page.data_validation(6, 9, line, 9, {"validate": "list", "source": choices})
    page.freeze_panes(6, 7)
    page.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(5)
    _corner_sheet(book, request, names, words, (title, head, known), lang)
    book.close()
    return path


def _corner_sheet(
    book: Any, request: Request, names: dict[str, str], words: Any, formats: tuple[Any, Any, Any], lang: str
) -> None:
    title, head, known = formats
    page = book.add_worksheet(words("sheet.corners"))
    page.write_string(0, 0, words("annex_corners"), title)
    for at, (name, width) in enumerate((("commune", 20), ("site", 20), ("corner", 8), ("x_north", 18), ("y_east", 18))):
        page.write_string(2, at, words(f"column.{name}"), head)
        page.set_column(at, at, width)
    line = 3
    for row in request.rows.drop_duplicates("site_id").to_dict("records"):
        for number, north, east in corners(row["site_geometry"], lang):
            cells = (names.get(str(row["commune_code"]), ""), str(row["site_id"]), str(number), north, east)
            for at, value in enumerate(cells):
                page.write_string(line, at, wording.clean(value), known)
            line += 1
