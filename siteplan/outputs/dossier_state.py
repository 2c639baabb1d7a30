"""Parts of the Đề án on what is: legal basis, state of the figures, present state, need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.dossier_need import write_balance, write_commune_by_commune, write_need_tables
from siteplan.outputs.dossier_pictures import OVERVIEW_WIDTH_MM, overview_key
from siteplan.outputs.paper_table import aligned
from siteplan.tables import RESULTS
from siteplan.tables.parts import BUILD_TYPES
from siteplan.tabular import read_table
from siteplan.workspace import template_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

BASIS_FILE = "can_cu.csv"


def cited_documents(run: Run) -> list[str]:
    """Texts of all ``legal_basis`` cells of a run, sorted, each once."""
    cells: set[str] = set()
    for name, table in RESULTS.items():
        if "legal_basis" in table.names and name != "sources":
            cells |= {str(v) for v in run.table(name)["legal_basis"].dropna()}
    return sorted(cells)


def counts_of(values: pd.Series[Any], kinds: Sequence[str]) -> dict[str, int]:
    """Return how many rows are of each kind."""
    counted = values.value_counts()
    return {kind: int(counted.get(kind, 0)) for kind in kinds}


def _within(words: str) -> str:
    """Return words as they stand within a sentence."""
    return words[:1].lower() + words[1:]


def legal_basis(writer: Writer, templates: Path) -> None:
    """Write the documents that the results cite, in the wording and order of ``can_cu.csv``."""
    cited = "\n".join(cited_documents(writer.run))
    path = templates / BASIS_FILE
    if not path.is_file():
        path = template_folder() / "layers" / "templates" / BASIS_FILE
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


def present_state(writer: Writer) -> None:
    """Write units, facilities, areas, and how complete the figures are."""
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
    writer.say(
        "present.facilities",
        count=writer.number(len(facilities)),
        listed=writer.counted("facilities", {**counts_of(facilities["status"], ("in_use", "surplus", "decided")),
                                             "unknown": int(facilities["status"].isna().sum())}),
    )  # fmt: skip
    condition = counts_of(facilities["condition"], ("good", "fair", "poor", "unsafe"))
    condition["unknown"] = int(facilities["condition"].isna().sum())
    writer.say("present.condition", listed=writer.counted("condition", condition))
    total = total_of(writer.run)
    if total["existing_floor_area_m2"] is not None:
        writer.say(
            "present.areas",
            floor=writer.m2(total["existing_floor_area_m2"]),
            land=writer.m2(total["existing_land_area_m2"]),
            kept=writer.m2(total["kept_floor_area_m2"]),
        )
        away = facilities[(facilities["status"] == "decided") & (facilities["decided_treatment"] != "keep")]
        if apart := summary.add_up(away["floor_area_m2"]):
            listed = summary.add_up(facilities["floor_area_m2"])
            writer.say("present.areas_apart", other=writer.m2(apart), all=writer.m2(listed))
    else:
        writer.say("present.areas_missing")
    by_basis = summary.totals_by_basis(communes).set_index("basis")
    bases = {basis: int(by_basis["count"][basis]) for basis in ("reported", "estimated", "missing")}
    writer.say("present.basis", listed=writer.counted("basis", bases, between="; "))
    coverage(writer)
    assumptions(writer)


def total_of(run: Run) -> dict[str, Any]:
    """Return the totals of the province by column of ``communes``, m²."""
    rows = summary.totals_by_basis(run.communes).set_index("basis")
    return {str(k): wording.scalar(v) for k, v in rows.loc[summary.TOTAL].items()}


def coverage(writer: Writer) -> None:
    """Write how many communes lack a mandatory layer."""
    cover = writer.run.coverage
    mandatory = cover[cover["mandatory"].fillna(value=False).astype(bool)]
    lacking = mandatory[mandatory["status"] != "covered"]
    writer.say(
        "coverage.summary",
        roles=writer.number(int(mandatory["role"].nunique())),
        communes=writer.number(int(lacking["commune_code"].nunique())),
        total=writer.number(len(writer.run.communes)),
    )
    writer.say("coverage.rule", annex=writer.annex("coverage"))
    writer.map(overview_key("coverage"), writer.words("coverage.map"), OVERVIEW_WIDTH_MM)


def assumptions(writer: Writer) -> None:
    """Write how many assumptions the results rest on, by certainty."""
    rows = writer.run.table("assumptions")
    counts = counts_of(rows["certainty"], ("R", "P"))
    if rows.empty:
        writer.say("assumptions.none")
        return
    writer.say(
        "assumptions.count",
        count=writer.number(len(rows)),
        listed=writer.counted("assumptions", counts | {"other": len(rows) - sum(counts.values())}),
        annex=writer.annex("assumptions"),
    )


def need(writer: Writer) -> None:
    """Write the need of the province, its three scopes and groups."""
    communes = writer.run.communes
    scope = str(run_words.scenario_of(writer.run).get("need", {}).get("scope", ""))
    writer.say("need.scope", scope=locale.value_text("scope", scope, writer.lang))
    writer.say(
        "need.staff",
        total=writer.number(summary.add_up(communes["staff"])),
        listed=writer.counted("staff", counts_of(communes["staff_basis"], ("approved", "group_average", "default"))),
    )
    total = total_of(writer.run)
    writer.say(
        "need.total",
        floor=writer.m2(total["required_floor_area_m2"]),
        land=writer.m2(total["required_land_area_m2"]),
        deficit=writer.m2(total["deficit_floor_area_m2"]),
    )
    write_commune_by_commune(writer)
    writer.say(
        "need.extension_new",
        ext_floor=writer.m2(total["extension_floor_area_m2"]),
        ext_land=writer.m2(total["extension_land_area_m2"]),
        new_floor=writer.m2(total["new_floor_area_m2"]),
        new_land=writer.m2(total["new_land_area_m2"]),
    )
    write_balance(writer)
    kinds = counts_of(communes["build_type"], BUILD_TYPES)
    writer.say("need.build", listed=writer.counted("build", kinds))
    binding = communes["binding_rule"].value_counts()
    if len(binding):
        rules = "; ".join(
            writer.words(
                "need.binding_rule",
                rule=_within(locale.value_text("binding_rule", rule, writer.lang)),
                count=writer.number(count),
            )
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
    align = aligned(["left"], "right", len(lines))
    writer.paper.table(turned[0], turned[1:], align=align, size_pt=11)
    write_need_tables(writer)
