"""The need in the dossier: norm sets, three scopes, planned size by group, and the three columns of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.outputs import summary, wording
from siteplan.outputs.chain import norm_changes
from siteplan.outputs.dossier_charts import WIDTH_MM, bars
from siteplan.tables import RESULTS
from siteplan.tables.need import SCOPES

if TYPE_CHECKING:
    from siteplan.outputs.paper_table import Align
    from siteplan.outputs.writer import Writer


def write_need_tables(writer: Writer) -> None:
    """Write what belongs to the need beyond its totals; nothing where the run holds no such table."""
    _norm_sets(writer)
    _scopes(writer)
    _groups(writer)
    _columns(writer)


def write_commune_by_commune(writer: Writer) -> None:
    """Say, where some communes keep more floor than they need, why need less floor kept is not the deficit."""
    names = ("required_floor_area_m2", "kept_floor_area_m2", "deficit_floor_area_m2")
    required, kept, deficit = (writer.run.communes[name].astype("float64").fillna(0.0) for name in names)
    above = (kept - required).round(2).clip(lower=0.0)
    if not (above > 0).any():
        return
    excess, plain = float(above.sum()), float(required.sum() - kept.sum())
    writer.say("need.commune_by_commune", count=writer.number(int((above > 0).sum())), excess=writer.m2(excess))
    if round(plain + excess - float(deficit.sum()), 2) == 0:
        figures = {"plain": plain, "excess": excess, "deficit": float(deficit.sum())}
        writer.say("need.commune_by_commune_sum", **{name: writer.m2(figure) for name, figure in figures.items()})


def write_balance(writer: Writer) -> None:
    """Say, where extension and new floor do not add up to the deficit, which communes make the difference and why."""
    communes = writer.run.communes
    columns = ("deficit_floor_area_m2", "extension_floor_area_m2", "new_floor_area_m2")
    deficit, extension, new = (communes[name].astype("float64").fillna(0.0) for name in columns)
    beyond = (extension + new - deficit).round(2)
    if not (beyond != 0).any():
        return
    by_hand = communes["code"].isin(_agreed_codes(writer))
    writer.say("need.balance", difference=writer.m2(float(beyond.sum())))
    groups = {
        "above": (beyond > 0) & by_hand,
        "above_other": (beyond > 0) & ~by_hand,
        "below": (beyond < 0) & by_hand,
        "tolerated": (beyond < 0) & ~by_hand,
    }
    lines = []
    for token, mask in groups.items():
        if mask.any():
            own = zip(communes.loc[mask, "name"], beyond[mask], strict=True)
            listed = "; ".join(f"{wording.clean(str(name))} {writer.m2(abs(area))}" for name, area in own)
            total = writer.m2(float(beyond[mask].abs().sum()))
            lines.append(writer.words(f"need.balance_{token}", count=int(mask.sum()), total=total, listed=listed))
    writer.paper.items(lines)


def _agreed_codes(writer: Writer) -> set[str]:
    figures = writer.run.figures
    built = figures["item"].isin(("extension_floor", "new_floor")) & figures["agreed_m2"].notna()
    return {str(code) for code in figures.loc[built, "commune_code"]}


def _norm_sets(writer: Writer) -> None:
    changes = norm_changes(writer.run.standards, writer.lang)
    if changes:
        writer.say("need.norm_sets")
        writer.paper.items([f"{words}." for words in changes])


def _scopes(writer: Writer) -> None:
    scopes = writer.run.scopes
    if scopes.empty:
        return
    writer.paper.caption(writer.words("need.scopes_caption"))
    rows, answers = [], []
    for scope in SCOPES:
        own = scopes[scopes["scope"] == scope]
        floor, land = (summary.add_up(own[name]) for name in ("required_floor_area_m2", "required_land_area_m2"))
        planned = bool(summary.flags(own["planned"]).any())
        name = locale.value_text("scope", scope, writer.lang)
        mark = writer.words("need.planned") if planned else ""
        rows.append([f"{name}{mark}", writer.number(floor, 2), writer.number(land, 2)])
        # the article is on rural communes: what it means for the sum is told by one of them
        cells = [locale.decode(cell) for cell in own["single_headquarters"]]
        rural = [told for told in cells if all(key != _WARD_ANSWER for key, _ in told)]
        told = next(iter(rural or cells), [])
        answers += [f"{scope}. {locale.text(key, writer.lang, **{**p, 'required': land})}." for key, p in told]
    headings = [wording.label(RESULTS["scopes"].column(name), writer.lang) for name in _SCOPE_COLUMNS]
    align: list[Align] = ["left", "right", "right"]
    writer.paper.table(headings, rows, align=align, size_pt=11)
    writer.say("need.single")
    writer.paper.items(answers)


MINUS = "\u2212"
_WARD_ANSWER = "need.formula.single_headquarters_ward"
_SCOPE_COLUMNS = ("scope", "required_floor_area_m2", "required_land_area_m2")


def _groups(writer: Writer) -> None:
    groups = writer.run.groups
    if groups.empty:
        return
    writer.paper.caption(writer.words("need.groups_caption"))
    names = [name for name in RESULTS["groups"].names if name != "order"]
    writer.table("groups", names, groups, size_pt=10)
    sizes = {
        wording.label(RESULTS["groups"].column(name), writer.lang).split(" (")[0]: [float(v) for v in groups[name]]
        for name in ("required_floor_mean_m2", "required_land_mean_m2")
    }
    labels = [wording.shown(RESULTS["groups"].column("group"), name, writer.lang) for name in groups["group"]]
    writer.paper.picture(bars(labels, sizes, "m²", writer.lang), WIDTH_MM, writer.words("need.groups_chart"))
    deviations = writer.run.deviations
    far = deviations["floor_deviation_percent"].astype("float64")
    if far.notna().any():
        known = summary.names_by_code(writer.run)
        low, high = deviations.loc[far.idxmin()], deviations.loc[far.idxmax()]
        writer.say(
            "need.deviations",
            low=known.get(str(low["commune_code"]), ""),
            annex=writer.annex("groups"),
            low_percent=_signed(writer, float(low["floor_deviation_percent"])),
            high=known.get(str(high["commune_code"]), ""),
            high_percent=_signed(writer, float(high["floor_deviation_percent"])),
        )


def _signed(writer: Writer, percent: float) -> str:
    """Write a deviation with its sign, at which no line is broken."""
    return f"{'+' if percent > 0 else ''}{writer.number(percent, 1)}".replace("-", MINUS)


def _columns(writer: Writer) -> None:
    totals, communes = writer.run.totals, writer.run.communes
    if totals.empty:
        return
    states = communes["report_state"].value_counts()
    writer.say("need.reports", **{s: writer.number(int(states.get(s, 0))) for s in ("answered", "partly", "none")})
    writer.paper.caption(writer.words("need.columns_caption"))
    names = ("item", "basis", "units", "reported_m2", "computed_m2", "agreed_m2", "used_m2", "low_m2", "high_m2")
    some = totals[totals["units"].fillna(0) > 0]
    ranged = bool(some[["low_m2", "high_m2"]].notna().any().any())  # nothing was estimated: no range to show
    writer.table("totals", names if ranged else names[:-2], some, size_pt=9)
    own = writer.run.figures
    sources = own.loc[own["item"] == "existing_floor", "used_from"].value_counts()
    averaged = sum(int(sources.get(token, 0)) for token in ("group_average", "province_average"))
    writer.say("need.which_goes_on")
    counts = {"inventory": int(sources.get("inventory", 0)), "averaged": averaged}
    if any(counts.values()):
        writer.say("need.not_reported", listed=writer.counted("not_reported", counts, between="; "))
