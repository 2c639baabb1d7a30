"""The table the department hands in for the adjustment of the provincial plan: centres, place, hectares by land use.

Areas by present land use follow from the shares that the run measured; what they leave over is
shown as not classified. New office land (TSC) is what is not office land already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.paper import Paper
from siteplan.outputs.paper_table import aligned
from siteplan.outputs.spreadsheet import Book, Field
from siteplan.tables import RESULTS, land_shares
from siteplan.tables.parts import ADDS_FLOOR, OFFICE_LAND

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

# groups of the land-use table by code; what no group names is other land (Luật Đất đai 31/2024/QH15, Article 9)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "tsc": (OFFICE_LAND,),
    "rice": ("LUC", "LUK", "LUN", "LUA"),
    "production_forest": ("RSX", "RST"),
    "other_forest": ("RPH", "RDD", "RSN", "LNP"),
    "other_agricultural": ("HNK", "BHK", "NHK", "CLN", "NTS", "CNT", "NKH", "CHN", "NNP", "LMU"),
    "residential": ("ONT", "ODT", "OTC", "OCT"),
    "unused": ("BCS", "DCS", "NCS", "CSD", "CGT", "MCS"),
}
COLUMNS = (*GROUPS, "other", "unclassified")
_ROUNDING_PERCENT = 0.1  # runs of before have shares to 0.1 %


@dataclass(frozen=True)
class Proposal:
    """The table and its sums.

    Parameters
    ----------
    rows
        One a centre: commune, site, place, square metres in all, by group of present land use, and newly TSC.
    new_tsc_m2
        Sum of land that becomes TSC.
    quota_m2
        Land allocated, None where no quota is known.
    quota_basis
        Document that allocates it.
    phases
        Names of the phases, in the scenario's order.
    without_site
        Names of the communes whose centre needs land but has no site: they are in no row and no sum.
    """

    rows: pd.DataFrame
    new_tsc_m2: float
    quota_m2: float | None
    quota_basis: str
    phases: tuple[str, ...] = ()
    without_site: tuple[str, ...] = ()

    @property
    def balance_m2(self) -> float | None:
        """What the quota leaves; negative where it is passed."""
        return None if self.quota_m2 is None else self.quota_m2 - self.new_tsc_m2


def land_of(shares: Any, area_m2: float) -> dict[str, float]:
    """Square metres by group of a cell such as ``"LUC 62.5; CLN 37.5"`` (percent); parts sum up to the area.

    A rest within the rounding of the shares is added to the largest part, a larger one is ``unclassified``. Of a
    parcel of several uses ("ONT+CLN") the first one counts.
    """
    parts = dict.fromkeys(COLUMNS, 0.0)
    listed = land_shares(shares)
    for code, percent in listed:
        group = next((g for g, codes in GROUPS.items() if code in codes), "other")
        parts[group] += percent / 100 * area_m2
    rest = area_m2 - sum(parts.values())
    if listed and abs(rest) <= _ROUNDING_PERCENT / 100 * area_m2 * len(listed):
        parts[max(parts, key=lambda name: parts[name])] += rest
    else:
        parts["unclassified"] += max(rest, 0.0)
    return parts


def propose(run: Run, quota: Mapping[str, Any]) -> Proposal:
    """Gather the centres that need land, in the order of their start years and phases.

    Parameters
    ----------
    run
        A finished run.
    quota
        ``ha`` and ``basis`` of the land allocated for offices; empty where there is none.
    """
    programme = summary.programme(run)
    programme = programme[programme["build_type"].isin(ADDS_FLOOR)]
    wanted = programme[programme["status"].isin(("planned", "waiting"))]
    sites = run.sites.set_index("site_id")
    labels = summary.names_by_code(run)
    sited = wanted["site_id"].isin(sites.index)
    without = sorted(labels.get(code, code) for code in wanted.loc[~sited, "commune_code"])
    wanted = wanted[sited]
    needed = run.communes["extension_land_area_m2"].fillna(0.0)
    extension = dict(zip(run.communes["code"], needed.astype(float), strict=True))
    rows = []
    for item, as_needed in zip(wanted.to_dict("records"), summary.as_needed(wanted), strict=True):
        site = sites.loc[item["site_id"]]
        point = site["geometry"].representative_point()
        area = float(site["area_m2"])
        parts = land_of(site["land_use_shares"], area)
        # land an extension takes beside the facility: where no plot was found for it (letter M), its use is not known
        # what is built smaller than needed stays on its own plot
        beside = extension.get(item["commune_code"], 0.0) if item["build_type"] == "extend" and as_needed else 0.0
        beside = 0.0 if site["letter"] == "M" else beside
        parts["unclassified"] += beside
        rows.append(
            {
                "commune_code": item["commune_code"],
                "commune": labels.get(item["commune_code"], ""),
                "site_id": item["site_id"], "label": site["label"], "build_type": item["build_type"],
                "needed_build_type": item["needed_build_type"],
                "phase": item["phase"], "x_north": point.y, "y_east": point.x, "area_m2": area + beside,
                **parts, "new_tsc_m2": area + beside - parts["tsc"], "beside_m2": beside,
                "start_year": item["start_year"],
                "conformity": site["conformity"], "check_result": site["check_result"],
            }
        )  # fmt: skip
    columns = ["commune_code", "commune", "site_id", "label", "build_type", "needed_build_type", "phase", "x_north",
               "y_east", "area_m2", *COLUMNS, "new_tsc_m2", "beside_m2", "start_year", "conformity",
               "check_result"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    phases = [str(phase["name"]) for phase in run_words.scenario_of(run).get("phases", ())]
    place = frame["phase"].map({name: n for n, name in enumerate(phases)})
    ordered = frame.assign(_place=place).sort_values(
        ["start_year", "_place", "phase", "commune_code"], kind="stable", na_position="last", ignore_index=True
    )
    frame = ordered[columns]
    ha = quota.get("ha")
    allocated = None if ha is None else float(ha) * 10_000
    total, basis = float(frame["new_tsc_m2"].sum()), str(quota.get("basis", ""))
    return Proposal(frame, total, allocated, basis, tuple(phases), tuple(without))


def quota_line(proposal: Proposal, lang: str) -> str:
    """Say how the sum stands to the quota, that there is none where there is none, and how many are not in it."""
    params = {"sum": proposal.new_tsc_m2, "count": len(proposal.rows), "basis": proposal.quota_basis or "–"}
    if proposal.quota_m2 is None or proposal.balance_m2 is None:
        told = locale.text("proposal.no_quota", lang, **params)
    else:
        params |= {"quota": proposal.quota_m2, "balance": abs(proposal.balance_m2)}
        told = locale.text("proposal.within" if proposal.balance_m2 >= 0 else "proposal.beyond", lang, **params)
    if proposal.without_site:
        told += " " + locale.text("proposal.without_site", lang, count=len(proposal.without_site))
    return told


def _phase_of(row: Mapping[Any, Any], lang: str) -> str:
    return row["phase"] if isinstance(row["phase"], str) else locale.text("proposal.no_phase", lang)


def _cells(row: Mapping[Any, Any], lang: str) -> list[Any]:
    conformity, check = RESULTS["sites"].column("conformity"), RESULTS["sites"].column("check_result")
    return [
        row["commune"], f"{row['label']} ({row['site_id']})", summary.built_as(row, lang),
        _phase_of(row, lang),
        row["y_east"], row["x_north"], row["area_m2"] / 10_000,
        *(row[c] / 10_000 or None for c in COLUMNS), row["new_tsc_m2"] / 10_000 or None,
        wording.cell(conformity, row["conformity"], lang),
        wording.cell(check, row["check_result"], lang),
    ]  # fmt: skip


def _headings(lang: str) -> list[str]:
    names = ("commune", "site", "build_type", "phase", "y_east", "x_north", "area", *COLUMNS, "new_tsc", "conformity",
             "check_result")  # fmt: skip
    return [locale.text(f"proposal.column.{name}", lang) for name in names]


def notes_of(run: Run, proposal: Proposal, lang: str) -> list[str]:
    """Return the notes below the table: what the figures rest on, and which centres are not in them."""
    notes = [locale.text("proposal.note_shares", lang), locale.text("proposal.note_beside", lang)]
    notes += [locale.text("proposal.note_resolution", lang)]
    if proposal.without_site:
        notes.append(locale.text("proposal.note_without_site", lang, names=", ".join(proposal.without_site)))
    illustrative = run_words.illustrative_line([run], lang)
    return [*notes, illustrative] if illustrative else notes


def write_workbook(run: Run, proposal: Proposal, path: Path, lang: str) -> Path:
    """Write the table as a workbook: centres, and sums by phase."""
    path.parent.mkdir(parents=True, exist_ok=True)
    title = locale.text("proposal.title", lang)
    headings = _headings(lang)
    group = locale.text("proposal.by_land_use", lang)
    fields = [Field(headings[0], 22), Field(headings[1], 26), Field(headings[2], 12), Field(headings[3], 16)]
    fields += [Field(h, 15, "number", 2) for h in headings[4:6]]
    fields += [Field(headings[6], 10, "number", 4, total=True)]
    fields += [Field(h, 10, "number", 4, group=group, total=True) for h in headings[7 : 7 + len(COLUMNS)]]
    fields += [Field(headings[-3], 11, "number", 4, total=True), Field(headings[-2], 20), Field(headings[-1], 20)]
    rows = [_cells(row, lang) for row in proposal.rows.to_dict("records")]
    with Book(path, [run], lang, title) as book:
        book.sheet(
            locale.text("proposal.sheet", lang), title, fields, rows, notes=[quota_line(proposal, lang)],
            after=notes_of(run, proposal, lang), frozen_columns=2,
        )  # fmt: skip
        _phase_sheet(book, proposal, lang)
    return path


def _phase_sheet(book: Book, proposal: Proposal, lang: str) -> None:
    unplaced = locale.text("proposal.no_phase", lang)
    sums = proposal.rows.assign(phase=proposal.rows["phase"].fillna(unplaced))
    places = {name: n for n, name in enumerate(proposal.phases)}
    # what has no phase, or one that the scenario does not name, comes last
    order = sorted(sums["phase"].unique(), key=lambda name: (name == unplaced, places.get(name, len(places)), name))
    grouped = sums.groupby("phase")[["area_m2", *COLUMNS, "new_tsc_m2"]].sum().loc[order]
    counts = sums.groupby("phase").size()
    names = ("phase", "count", "area", *COLUMNS, "new_tsc")
    headings = [locale.text(f"proposal.column.{name}", lang) for name in names]
    fields = [Field(headings[0], 34), Field(headings[1], 10, "int", 0, total=True)]
    fields += [Field(h, 12, "number", 4, total=True) for h in headings[2:]]
    rows = [[str(phase), int(counts[phase]), *(float(v) / 10_000 for v in values)]
            for phase, values in zip(grouped.index, grouped.to_numpy(), strict=True)]  # fmt: skip
    title = locale.text("proposal.by_phase", lang)
    book.sheet(locale.text("proposal.sheet_phase", lang), title, fields, rows, notes=[quota_line(proposal, lang)])


def write_annex(run: Run, proposal: Proposal, path: Path, lang: str) -> Path:
    """Write the table as an annex in Word, landscape, with its sums and the quota."""
    path.parent.mkdir(parents=True, exist_ok=True)
    date = dt.date.fromisoformat(str(run_words.scenario_of(run).get("date", "2000-01-01")))
    title = locale.text("proposal.title", lang)
    paper = Paper(title, date, run_words.stamp_lines([run], lang))
    paper.title(locale.text("proposal.word_kind", lang), title)
    paper.text(locale.text("proposal.intro", lang, option=run_words.title_of(run, lang), count=len(proposal.rows)))
    paper.text(quota_line(proposal, lang))
    for note in notes_of(run, proposal, lang):
        paper.text(note, italic=True)
    paper.annex(locale.text("proposal.annex", lang), title)
    names = ("no", "commune", "site", "phase", "place", "area", *COLUMNS, "new_tsc", "conformity")
    headings = [locale.text(f"proposal.column.{name}", lang) for name in names]
    rows = [_line(number, row, lang) for number, row in enumerate(proposal.rows.to_dict("records"), 1)]
    sums = proposal.rows[["area_m2", *COLUMNS, "new_tsc_m2"]].sum()
    total = ["", locale.text("proposal.total", lang), "", "", "", *(_ha(sums[c], lang) for c in ("area_m2", *COLUMNS)),
             _ha(sums["new_tsc_m2"], lang), ""]  # fmt: skip
    align = aligned(["center", "left", "left", "left", "left"], "right", len(COLUMNS) + 2, "left")
    widths = [4, 13, 12, 12, 14, 8, *[7.5] * len(COLUMNS), 8, 12]
    paper.table(headings, [*rows, total], widths, align, size_pt=7.5, bold_rows=[len(rows)])
    paper.save(path)
    return path


def _ha(m2: float, lang: str) -> str:
    return locale.number(float(m2) / 10_000, 4, lang) if m2 else "–"


def _line(number: int, row: Mapping[Any, Any], lang: str) -> Sequence[str]:
    conformity = wording.shown(RESULTS["sites"].column("conformity"), row["conformity"], lang)
    place = f"X {locale.number(row['x_north'], 0, lang)}\nY {locale.number(row['y_east'], 0, lang)}"
    phase = _phase_of(row, lang)
    return [str(number), row["commune"], f"{row['label']}\n{row['site_id']}", phase, place, _ha(row["area_m2"], lang),
            *(_ha(row[c], lang) for c in COLUMNS), _ha(row["new_tsc_m2"], lang), conformity]  # fmt: skip
