"""What a run rests on that is recalled, proposed or assumed, listed with place, value, basis and certainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from siteplan.locale import Message, encode
from siteplan.norms import Norm, Norms
from siteplan.raster import COARSE_TERRAIN_M, Raster
from siteplan.rules import ASSUMED, Rules
from siteplan.scenario import Scenario, Standing
from siteplan.sites.rules import eligibility_of
from siteplan.tables import RESULTS, conform

# rule table -> column that names a row; those of which the first that says something is its value; unit of each
_RULE_TABLES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "eligibility": ("rule", {"threshold": "", "distance_m": "m", "distance_urban_m": "m", "strength": ""}),
    "costs": ("component", {"value": ""}),
    "surplus": ("order", {"treatment": ""}),
    "steps": ("step", {"months": "tháng"}),
    "land_use": ("code", {"suitability": "loại"}),
    "plan_compatibility": ("function", {"effect": ""}),
    "plan_kinds": ("plan_kind", {"severity": "mức (1–4)"}),
    "plan_precedence": ("rule", {"treatment": ""}),
    "approval_levels": ("pattern", {"rank": "bậc"}),
    "speeds": ("road_class", {"speed_kmh": "km/h"}),
    "ground": ("key", {"value": ""}),
}
# by the end of the name of the column that an eligibility rule has a threshold of
_THRESHOLD_UNITS = {"_percent": "%", "_m2": "m²", "_m": "m"}


def assumptions(
    used: Iterable[Norm],
    norms: Norms,
    rules: Rules,
    scenario: Scenario,
    tables: Mapping[str, pd.DataFrame],
    dem: Raster | None,
    standing: Standing,
) -> pd.DataFrame:
    """List all that is recalled or proposed and was used: norms, rules, weights, supplements, money, positions.

    Parameters
    ----------
    used
        Norms of the need; those that other stages name in ``rests_on`` are added from `norms`.
    norms, rules, scenario
        Where the figures stand.
    tables
        Result tables of the run.
    dem
        The terrain; a coarse one is a limitation that is listed too.
    standing
        Tells the files in which a key of the scenario stands.
    """
    named = {
        token.removeprefix("assumption:")
        for frame in tables.values()
        if "rests_on" in frame.columns
        for cell in frame["rests_on"].dropna().unique()
        for token in str(cell).split("; ")
        if token.startswith("assumption:")
    }
    of_norms = {norm.key: norm for norm in used if norm.certainty in ASSUMED}
    of_norms |= {n.key: n for n in norms.values() if n.assumption_id in named}
    rows = [_norm_row(norm) for _, norm in sorted(of_norms.items())]
    for name in _RULE_TABLES:
        table = eligibility_of(rules, scenario) if name == "eligibility" else getattr(rules, name)
        rows += [_rule_row(name, row, standing) for row in table[table["certainty"].isin(ASSUMED)].to_dict("records")]
    rows += _scenario_rows(scenario, standing)
    statement: Message
    assumed = int(tables["facilities"]["position_assumed"].fillna(False).astype(bool).sum())
    if assumed:
        statement = ("assumption.facility_position", {"count": assumed})
        rows.append(_assumption("facility_position", "facilities", assumed, "", statement, "", "C"))
    if dem is not None and dem.source_resolution_m > COARSE_TERRAIN_M:
        statement = ("assumption.terrain_coarse", {"metres": dem.source_resolution_m})
        rows.append(_assumption("terrain_coarse", "dem", f"{dem.source_resolution_m:.0f}", "m", statement, "", "C"))
    listed = conform(pd.DataFrame(rows, columns=RESULTS["assumptions"].names), RESULTS["assumptions"])
    listed["number"] = pd.array(range(1, len(listed) + 1), dtype="Int64")
    return listed


def _place(standing: Standing, *location: str) -> str:
    """Names of the files in which a part of the scenario stands."""
    return "; ".join(Path(file).name for file in standing.files_of(*location))


def _assumption(
    identity: str,
    place: str,
    value: object,
    unit: str,
    statement: tuple[str, Mapping[str, Any]],
    basis: str,
    certainty: str,
) -> dict[str, Any]:
    return {
        "assumption_id": identity, "place": place, "value": str(value), "unit": unit, "statement": encode([statement]),
        "legal_basis": basis, "certainty": certainty,
    }  # fmt: skip


def _norm_row(norm: Norm) -> dict[str, Any]:
    statement = ("assumption.norm", {"key": norm.key, "note": norm.note})
    place = f"standards/{norm.standard}.csv"
    return _assumption(
        norm.assumption_id, place, f"{norm.value:g}", norm.unit, statement, norm.legal_basis, norm.certainty
    )


def _rule_row(table: str, row: Mapping[Any, Any], standing: Standing) -> dict[str, Any]:
    key, columns = _RULE_TABLES[table]
    identity = row[key] if isinstance(row[key], str) else f"{row[key]:g}"
    # a corridor of 0 m says only that the object itself counts
    filled = [c for c in columns if row.get(c) == row.get(c) and row.get(c) not in (None, "")]
    told = [c for c in filled if row[c] != 0 or not c.startswith("distance")]
    value = row[told[0]] if told else ""
    shown = value if isinstance(value, str) else f"{value:g}"
    unit = str(row.get("unit") or columns.get(told[0], "") if told else "")
    if told[:1] == ["threshold"]:
        ends = (own for end, own in _THRESHOLD_UNITS.items() if str(row.get("column")).endswith(end))
        unit = next(ends, "")
    params = {"table": table, "name": row.get("name") or identity}
    statement = ("assumption.rule_of", params)
    if table == "plan_compatibility" and row["plan_kind"] != "*":
        statement = ("assumption.rule_of_plan", params | {"kind": row["plan_kind"]})
    elif table == "costs" and row["floors_to"] == row["floors_to"]:
        floors = {"first": f"{row['floors_from']:g}", "last": f"{row['floors_to']:g}"}
        statement = ("assumption.rule_of_floors", params | floors)
    basis = str(row["legal_basis"])
    identity = f"{table}.{identity}.{row['_row']}"
    place = f"rules/{table}.csv"
    if row.get("of_scenario"):
        place = _place(standing, "eligibility", "slope_max_percent" if row["role"] == "dem" else "minimum_area_m2")
    return _assumption(identity, place, shown, unit, statement, basis, str(row["certainty"]))


def _scenario_rows(scenario: Scenario, standing: Standing) -> list[dict[str, Any]]:
    rows = []
    for subject in ("site", "commune"):
        # compared or put in order of rank, weights stand there
        place = _place(standing, "weighting" if any(w.of == subject for w in scenario.weighting) else "criteria")
        criteria = [c for c in scenario.criteria if c.of == subject]
        if any(c.certainty in ASSUMED for c in criteria):
            statement: tuple[str, dict[str, Any]] = ("assumption.criteria", {"of": subject, "count": len(criteria)})
            value = f"{sum(c.weight for c in criteria):g}"
            rows.append(_assumption(f"scenario.criteria.{subject}", place, value, "điểm", statement, "", "P"))
        for c in criteria:
            if c.certainty in ASSUMED:
                statement = ("assumption.weight", {"of": subject, "label": c.label or c.key})
                identity = f"weight.{subject}.{c.key}"
                rows.append(_assumption(identity, place, f"{c.weight:g}", "điểm", statement, c.basis, c.certainty))
    extra = scenario.supplements
    if extra.certainty in ASSUMED:
        value = f"{extra.border:g} / {extra.central_ward:g} / {extra.cap_points:g}"
        statement = ("assumption.supplements", {})
        place = _place(standing, "supplements")
        rows.append(_assumption("scenario.supplements", place, value, "điểm", statement, extra.basis, extra.certainty))
    settings = scenario.programme
    if settings.smaller_types:
        value = f"{settings.least_covered_percent:g}"
        place = _place(standing, "programme", "least_covered_percent")
        rows.append(_assumption("scenario.sizes", place, value, "%", ("assumption.sizes", {}), "", "P"))
    statement = ("assumption.phases", {"count": len(scenario.phases)})
    value = "; ".join(p.name for p in scenario.phases)
    rows.append(_assumption("scenario.phases", _place(standing, "phases"), value, "", statement, "", "P"))
    if scenario.funds and scenario.programme.label_of_funds == "assumed":
        total = sum(f.amount for f in scenario.funds if f.committed)
        statement = ("assumption.funds", {"amount": total})
        rows.append(
            _assumption("scenario.funds", _place(standing, "funds"), f"{total:.0f}", "đồng", statement, "", "P")
        )
    return rows
