"""The Đề án as a Word file: text written from the figures of finished runs, and annex tables equal to the results.

Every number comes from the result tables through :mod:`siteplan.outputs.summary`; a sentence is written only where its
figures exist. Money is written in tỷ đồng.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.errors import SiteplanError
from siteplan.outputs import compare, summary, wording
from siteplan.outputs.annexes import annexes
from siteplan.outputs.dossier_built import write_built
from siteplan.outputs.dossier_conformity import write_conformity
from siteplan.outputs.dossier_need import write_balance, write_need_tables
from siteplan.outputs.paper import Align, Paper
from siteplan.outputs.replies import write_said
from siteplan.outputs.writer import ROMAN, Writer
from siteplan.tables import RESULTS
from siteplan.tabular import read_table
from siteplan.workspace import open_workspace, template_folder

if TYPE_CHECKING:
    from pathlib import Path

    from siteplan.runs import Run

BASIS_FILE = "can_cu.csv"
RANKED_SHOWN = 10


def write_dossier(
    runs: Sequence[Run], path: Path, lang: str = locale.DEFAULT_LANGUAGE, templates: Path | None = None
) -> Path:
    """Write the Đề án of one or more options.

    Parameters
    ----------
    runs
        One run, or one per option over the same inputs; they are compared where there are several.
    path
        The .docx file.
    templates
        Folder with ``can_cu.csv`` (documents of the legal basis); by default ``layers/templates`` of the workspace
        the run lies in, else of the package.

    Raises
    ------
    InputError
        Where several runs have different inputs.
    """
    comparison = compare.compare_runs(runs) if len(runs) > 1 else None
    date = dt.date.fromisoformat(str(wording.scenario_of(runs[0]).get("date", "2000-01-01")))
    kind, province = wording.province_of(runs[0])
    abstract = locale.text("dossier.abstract", lang, kind=kind, name=province)
    paper = Paper(abstract, date, wording.stamp_lines(runs, lang))
    writer = Writer(paper, runs, lang)
    _front(writer, kind, province, abstract)
    parts = (_legal_basis, _present_state, _need, _locations, _priority, _options, _surplus, _assumptions, _coverage)
    for number, part in zip(ROMAN, parts, strict=False):
        name = part.__name__.removeprefix("_")
        paper.heading(f"{number}. {writer.words(f'part.{name}')}")
        if part is _legal_basis:
            _legal_basis(writer, templates)
        elif part is _options:
            _options(writer, comparison)
        else:
            part(writer)  # type: ignore[operator]
    paper.signature(
        writer.words("recipients"),
        [writer.words("recipient_province", kind=kind, name=province), writer.words("recipient_file")],
        writer.words("signer"),
    )
    for number, annex in zip(ROMAN, annexes(writer), strict=False):
        name, note, write = annex
        paper.annex(writer.words("annex", number=number), name, note)
        write()
    path.parent.mkdir(parents=True, exist_ok=True)
    paper.save(path)
    return path


def _front(writer: Writer, kind: str, province: str, abstract: str) -> None:
    upper = writer.words("parent_body", kind=kind, name=province).upper()
    writer.paper.letterhead(
        [(upper, False), (writer.words("body").upper(), True)],
        [(writer.words("state"), True), (writer.words("motto"), True)],
        writer.words("number"),
        writer.words("place", name=province),
    )
    writer.paper.title(writer.words("kind"), abstract)
    marks = writer.paper.marks
    writer.paper.text("; ".join(marks) + ".", italic=True)
    illustrative = wording.illustrative_line(writer.runs, writer.lang)
    if illustrative:
        writer.paper.text(illustrative, italic=True)


def _template_folder(run: Run, named: Path | None) -> Path:
    if named is not None:
        return named
    try:
        found = open_workspace(run.folder).layers / "templates"
    except SiteplanError:
        found = template_folder() / "layers" / "templates"
    return found if (found / BASIS_FILE).is_file() else template_folder() / "layers" / "templates"


def cited_documents(run: Run) -> list[str]:
    """Texts of all ``legal_basis`` cells of a run, sorted, each once."""
    cells: set[str] = set()
    for name, table in RESULTS.items():
        if "legal_basis" in table.names and name != "sources":
            cells |= {str(v) for v in run.table(name)["legal_basis"].dropna()}
    return sorted(cells)


def _legal_basis(writer: Writer, templates: Path | None) -> None:
    """Write the documents that the results cite, in the wording and order of ``can_cu.csv``."""
    cited = "\n".join(cited_documents(writer.run))
    path = _template_folder(writer.run, templates) / BASIS_FILE
    lines = []
    if path.is_file():
        for row in read_table(path).to_dict("records"):
            if str(row.get("always")) == "1" or str(row["document"]) in cited:
                words = str(row["line_en"] if writer.lang == "en" and row.get("line_en") else row["line"])
                unread = row.get("certainty") in ("R", "P")
                lines.append(words + (writer.words("unverified") if unread else ""))
    for n, line in enumerate(lines):
        writer.paper.text(line + ("." if n == len(lines) - 1 else ";"), italic=True)
    if not lines:
        writer.say("basis.none")


def _present_state(writer: Writer) -> None:
    communes, facilities = writer.run.communes, writer.run.facilities
    people = summary.add_up(communes["population"])
    wards = int((communes["kind"] == "phường").sum())
    writer.say(
        "present.units",
        count=len(communes),
        xa=len(communes) - wards,
        phuong=wards,
        border=int(communes["is_border"].fillna(value=False).sum()),
        central=int(communes["is_central_ward"].fillna(value=False).sum()),
        people=writer.number(people),
        former=writer.number(summary.add_up(communes["former_unit_count"])),
    )
    status = facilities["status"].value_counts()
    writer.say(
        "present.facilities",
        count=writer.number(len(facilities)),
        in_use=writer.number(status.get("in_use", 0)),
        surplus=writer.number(status.get("surplus", 0)),
        decided=writer.number(status.get("decided", 0)),
        unknown=writer.number(int(facilities["status"].isna().sum())),
    )
    condition = facilities["condition"].value_counts()
    writer.say(
        "present.condition",
        **{c: writer.number(condition.get(c, 0)) for c in ("good", "fair", "poor", "unsafe")},
        unknown=writer.number(int(facilities["condition"].isna().sum())),
    )
    total = _total(writer.run)
    if total["existing_floor_area_m2"] is not None:
        writer.say(
            "present.areas",
            floor=writer.m2(total["existing_floor_area_m2"]),
            land=writer.m2(total["existing_land_area_m2"]),
            kept=writer.m2(total["kept_floor_area_m2"]),
        )
    else:
        writer.say("present.areas_missing")
    by_basis = summary.totals_by_basis(communes).set_index("basis")
    writer.say(
        "present.basis",
        **{b: writer.number(int(by_basis["count"][b])) for b in ("reported", "estimated", "missing")},
    )


def _total(run: Run) -> dict[str, Any]:
    rows = summary.totals_by_basis(run.communes).set_index("basis")
    return {str(k): wording.scalar(v) for k, v in rows.loc[summary.TOTAL].items()}


def _need(writer: Writer) -> None:
    communes = writer.run.communes
    scope = str(wording.scenario_of(writer.run).get("need", {}).get("scope", ""))
    writer.say("need.scope", scope=locale.value_text("scope", scope, writer.lang))
    staff = communes["staff_basis"].value_counts()
    writer.say(
        "need.staff",
        total=writer.number(summary.add_up(communes["staff"])),
        **{b: writer.number(int(staff.get(b, 0))) for b in ("approved", "group_average", "default")},
    )
    total = _total(writer.run)
    writer.say(
        "need.total",
        floor=writer.m2(total["required_floor_area_m2"]),
        land=writer.m2(total["required_land_area_m2"]),
        deficit=writer.m2(total["deficit_floor_area_m2"]),
    )
    writer.say(
        "need.extension_new",
        ext_floor=writer.m2(total["extension_floor_area_m2"]),
        ext_land=writer.m2(total["extension_land_area_m2"]),
        new_floor=writer.m2(total["new_floor_area_m2"]),
        new_land=writer.m2(total["new_land_area_m2"]),
    )
    write_balance(writer)
    kinds = communes["build_type"].value_counts()
    writer.say(
        "need.build", **{b: writer.number(int(kinds.get(b, 0))) for b in ("none", "renovate", "extend", "build_new")}
    )
    binding = communes["binding_rule"].value_counts()
    if len(binding):
        rules = "; ".join(
            f"{locale.value_text('binding_rule', rule, writer.lang)}: {writer.number(count)}"
            for rule, count in binding.items()
        )
        writer.say("need.binding", rules=rules)
    writer.paper.caption(writer.words("need.caption"))
    rows = summary.totals_by_basis(communes)
    columns = [RESULTS["communes"].column(name) for _, name in summary.EXISTING_EXTENSION_NEW]
    headings = [locale.text("workbook.basis", writer.lang), locale.text("workbook.count", writer.lang)]
    headings += [wording.label(column, writer.lang) for column in columns]
    lines = []
    for row in rows.to_dict("records"):
        total_row = row["basis"] == summary.TOTAL
        name = (
            locale.text("workbook.total", writer.lang)
            if total_row
            else locale.value_text("gap_basis", row["basis"], writer.lang)
        )
        lines.append([name, str(row["count"]), *(wording.shown(c, row[c.name], writer.lang) for c in columns)])
    # turned: twelve columns do not fit an upright page
    turned = [list(line) for line in zip(headings, *lines, strict=True)]
    align: list[Align] = ["left", *["right"] * len(lines)]  # type: ignore[list-item]
    writer.paper.table(turned[0], turned[1:], [2.2, *[1.3] * len(lines)], align, size_pt=11)
    write_need_tables(writer)


def _locations(writer: Writer) -> None:
    run = writer.run
    sites, communes = run.sites, run.communes
    letters = summary.sites_by_letter(run)
    writer.say(
        "sites.considered",
        count=writer.number(len(sites)),
        **{k: writer.number(v) for k, v in letters.items()},
        eligible=writer.number(int(sites["eligible"].fillna(value=False).sum())),
    )
    best = summary.proposed_sites(run)
    results = best["check_result"].value_counts()
    writer.say(
        "sites.proposed",
        count=writer.number(len(best)),
        communes=writer.number(len(communes)),
        **{
            r: writer.number(int(results.get(r, 0)))
            for r in ("clear", "clear_of_known_plans", "conditional", "blocked")
        },
    )
    writer.say("sites.clear_note")
    evidence = run.conflicts
    overlaps = evidence[
        evidence["relation"].isin(("overlap", "contains", "within")) & evidence["site_id"].isin(set(best["site_id"]))
    ]
    writer.say(
        "sites.overlaps", count=writer.number(len(overlaps)), sites=writer.number(int(overlaps["site_id"].nunique()))
    )
    write_conformity(writer)
    write_said(writer)
    coarse = pd.to_numeric(sites["dem_resolution_m"], errors="coerce").max()
    if pd.notna(coarse) and coarse > 50:
        writer.say("sites.coarse", metres=writer.number(float(coarse)))
    without = communes[communes["best_site_id"].isna()].sort_values("code")
    if len(without):
        writer.say("sites.without", count=writer.number(len(without)))
        names = summary.names_by_code(run)
        writer.paper.items(
            [
                f"{names[str(code)]}: {locale.render(reasons, writer.lang) or writer.words('sites.no_reason')}"
                for code, reasons in zip(without["code"], without["no_site_reasons"], strict=True)
            ]
        )


def _priority(writer: Writer) -> None:
    run = writer.run
    keys, _ = summary.points_by_criterion(run, "commune")
    extra = wording.scenario_of(run).get("supplements", {})
    criteria = [c for c in wording.scenario_of(run).get("criteria", ()) if c.get("of") == "commune"]
    listed = "; ".join(
        f"{wording.criterion_label([run], 'commune', str(c['key']), writer.lang)} "
        f"({writer.number(float(c['weight']), 1)})"
        for c in criteria
    )
    writer.say("priority.criteria", count=len(criteria) or len(keys), listed=listed or "–")
    if extra:
        writer.say(
            "priority.supplements",
            cap=writer.number(float(extra.get("cap_points", 0)), 1),
            border=writer.number(float(extra.get("border", 0)), 1),
            ward=writer.number(float(extra.get("central_ward", 0)), 1),
        )
    for words in wording.weighings(run, "commune", writer.lang):
        writer.paper.text(words)
    communes = run.communes.sort_values(["priority_rank", "code"], kind="stable", na_position="last")
    moved = communes[communes["base_rank"].notna() & (communes["base_rank"] != communes["priority_rank"])]
    writer.say("priority.moved", count=writer.number(len(moved)))
    lacking = communes["priority_missing"].fillna("").ne("")
    if lacking.any():
        writer.say("priority.missing", count=writer.number(int(lacking.sum())))
    shown = communes.head(RANKED_SHOWN)
    writer.paper.caption(writer.words("priority.caption", count=len(shown)))
    writer.table(
        "communes",
        ("priority_rank", "name", "kind", "base_points", "supplement_points", "priority_points", "base_rank"),
        shown,
        (1, 2.4, 1.2, 1.4, 1.4, 1.4, 1.4),
        size_pt=11,
    )


def _options(writer: Writer, comparison: compare.Comparison | None) -> None:
    for n, run in enumerate(writer.runs, start=1):
        writer.paper.heading(f"{n}. {wording.title_of(run, writer.lang)}", 2)
        _one_option(writer, run)
    if comparison is None:
        writer.say("options.single")
        return
    writer.paper.heading(f"{len(writer.runs) + 1}. {writer.words('options.compared')}", 2)
    rows = compare.summary_rows(comparison, writer.lang)
    count = len(comparison.options)
    writer.paper.caption(writer.words("options.caption"))
    align: list[Align] = ["left", *["right"] * count]  # type: ignore[list-item]
    headings = [locale.text("compare.column.measure", writer.lang)]
    headings += [comparison.short_title(option, writer.lang) for option in comparison.options]
    writer.paper.table(headings, rows, [2.4, *[1.6] * count], align, size_pt=11)
    differing = int(comparison.by_commune["differs"].sum())
    writer.say("options.differ", count=writer.number(differing), total=writer.number(len(comparison.by_commune)))
    for run in writer.runs:
        write_built(writer, run)
    for option in comparison.options:
        for side, messages in (
            ("strengths", comparison.strengths[option]),
            ("weaknesses", comparison.weaknesses[option]),
        ):
            if messages:
                writer.say(f"options.{side}", title=comparison.short_title(option, writer.lang))
                writer.paper.items([f"{compare.words(comparison, m, writer.lang)};" for m in messages])
    writer.say("options.verdict")
    writer.paper.items([f"{line};" for line in comparison.sentences(writer.lang)])


def _one_option(writer: Writer, run: Run) -> None:
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    counts = {status: int((rows["status"] == status).sum()) for status in ("planned", "waiting", "not_needed")}
    writer.say("options.counts", **{k: writer.number(v) for k, v in counts.items()})
    write_built(writer, run)
    phases = [str(p["name"]) for p in wording.scenario_of(run).get("phases", ())]
    found = [p for p in planned["phase"].dropna().unique() if p not in phases]
    lines = []
    for phase in [*phases, *sorted(found)]:
        part = planned[planned["phase"] == phase]
        lines.append(
            [
                wording.clean(phase),
                writer.number(len(part)),
                writer.number(summary.add_up(part["population"]) or 0),
                writer.number((summary.add_up(part["total_cost"]) or 0) / wording.MONEY_SHOWN, wording.MONEY_DECIMALS),
            ]
        )
    total = summary.add_up(planned["total_cost"])
    lines.append(
        [
            locale.text("workbook.total", writer.lang),
            writer.number(len(planned)),
            writer.number(summary.add_up(planned["population"]) or 0),
            writer.number((total or 0) / wording.MONEY_SHOWN, wording.MONEY_DECIMALS),
        ]
    )
    writer.paper.caption(writer.words("options.phases_caption", title=wording.title_of(run, writer.lang)))
    headings = [writer.words(f"options.column.{name}") for name in ("phase", "centres", "people", "money")]
    writer.paper.table(
        headings,
        lines,
        (2.6, 1.2, 1.4, 1.8),
        ("left", "right", "right", "right"),
        bold_rows=[len(lines) - 1],
        size_pt=11,
    )
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    if len(money):
        kind = str(wording.scenario_of(run).get("programme", {}).get("label_of_funds", "assumed"))
        peak = money.sort_values([summary.TOTAL, "year"], ascending=[False, True], kind="stable").iloc[0]
        writer.say(
            "options.money",
            total=writer.money(float(money[summary.TOTAL].sum())),
            first=str(int(money["year"].min())),
            last=str(int(money["year"].max())),
            peak=writer.money(float(peak[summary.TOTAL])),
            year=str(int(peak["year"])),
        )
        if wording.scenario_of(run).get("funds"):
            writer.paper.text(locale.text(f"workbook.funds.{kind}", writer.lang))
    unpriced = int((~planned["clearance_cost_included"].fillna(value=False).astype(bool)).sum())
    if unpriced:
        writer.say("options.unpriced", count=writer.number(unpriced))
    inverted = rows[rows["inversion"].fillna(value=False).astype(bool)]
    if len(inverted):
        writer.say("options.inversions", count=writer.number(len(inverted)))
        writer.paper.items(_passed(run, rows, writer.lang))


def _passed(run: Run, rows: Any, lang: str) -> list[str]:
    """Say for each commune that others were taken before, who they are and why: one line tells what many share."""
    names = summary.names_by_code(run)
    lines = []
    for code, reasons in zip(rows["commune_code"], rows["reasons"], strict=True):
        said = [message for message in locale.decode(reasons) if message[0] == "decide.programme.passed_by"]
        if said:
            lines.append(f"{names[str(code)]}: {locale.render(locale.encode(said), lang)}")
    return lines


def _surplus(writer: Writer) -> None:
    writer.say("surplus.rule")
    for run in writer.runs:
        rows = summary.of_option(run.surplus, run)
        writer.paper.caption(writer.words("surplus.caption", title=wording.title_of(run, writer.lang)))
        tokens = [t for t in RESULTS["surplus"].column("treatment").values if (rows["treatment"] == t).any()]
        lines = []
        for token in [*tokens, summary.TOTAL]:
            part = rows if token == summary.TOTAL else rows[rows["treatment"] == token]
            name = (
                locale.text("workbook.total", writer.lang)
                if token == summary.TOTAL
                else locale.value_text("treatment", token, writer.lang)
            )
            lines.append(
                [
                    name,
                    writer.number(len(part)),
                    *(writer.number(summary.add_up(part[c]), 1) for c in ("floor_area_m2", "land_area_m2")),
                ]
            )
        headings = [writer.words(f"surplus.column.{name}") for name in ("treatment", "count", "floor", "land")]
        writer.paper.table(
            headings,
            lines,
            (3, 1, 1.6, 1.6),
            ("left", "right", "right", "right"),
            bold_rows=[len(lines) - 1],
            size_pt=11,
        )
        if not rows.empty:
            bases = rows.dropna(subset=["legal_basis"]).groupby("treatment", sort=True)["legal_basis"].agg(set)
            for token in [t for t in tokens if t in bases.index]:
                basis = "; ".join(sorted(str(b) for b in bases[token]))
                name = locale.value_text("treatment", token, writer.lang)
                writer.say("surplus.basis", treatment=name[:1].upper() + name[1:], basis=basis)
            unknown = int(rows["floor_area_m2"].isna().sum())
            writer.say("surplus.unknown", count=writer.number(unknown), total=writer.number(len(rows)))


def _assumptions(writer: Writer) -> None:
    rows = writer.run.table("assumptions")
    counts = rows["certainty"].value_counts()
    if rows.empty:
        writer.say("assumptions.none")
        return
    writer.say(
        "assumptions.count",
        count=writer.number(len(rows)),
        recalled=writer.number(int(counts.get("R", 0))),
        proposed=writer.number(int(counts.get("P", 0))),
        computed=writer.number(len(rows) - int(counts.get("R", 0)) - int(counts.get("P", 0))),
    )


def _coverage(writer: Writer) -> None:
    cover = writer.run.coverage
    mandatory = cover[cover["mandatory"].fillna(value=False).astype(bool)]
    lacking = mandatory[mandatory["status"] != "covered"]
    writer.say(
        "coverage.summary",
        roles=writer.number(int(mandatory["role"].nunique())),
        communes=writer.number(int(lacking["commune_code"].nunique())),
        total=writer.number(len(writer.run.communes)),
    )
    writer.say("coverage.rule")
