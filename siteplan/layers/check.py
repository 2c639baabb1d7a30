"""What is wrong between layers: communes that overlap or leave gaps, unknown codes and plans, features elsewhere.

Reading already told what is wrong inside each layer; here they are held against each other and against the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
import shapely

from siteplan.errors import Problem
from siteplan.layers.believable import believable
from siteplan.layers.bounds import Bounds
from siteplan.layers.catalog import nearest
from siteplan.layers.check_columns import check_columns
from siteplan.layers.check_extent import check_extent
from siteplan.layers.check_figures import check_figures
from siteplan.layers.check_grids import check_grids
from siteplan.layers.check_heights import check_heights
from siteplan.layers.check_network import check_network
from siteplan.layers.check_province import check_province
from siteplan.layers.listing import named, together
from siteplan.layers.read import LayerSet
from siteplan.plan_functions import ANY, functions_of, rule_of, told_apart
from siteplan.rule_rows import missing_rows
from siteplan.rules import Rules, households_by_use
from siteplan.tables import listed
from siteplan.tables.inputs import LEVEL_UNKNOWN

# open data overlap by some thousand m²: that is told; more than this share of a commune is a wrong boundary
WRONG_SHARE_PERCENT = 1.0
# below this a gap or an overlap is rounding
ROUNDING_M2 = 1.0
STATED_AREA_PERCENT = 5.0
BEYOND_BOX_M = 5_000.0


def check_read(layers: LayerSet, rules: Rules | None = None) -> list[Problem]:
    """Return every problem of layers that were read.

    Parameters
    ----------
    layers
        The layers.
    rules
        Rule tables; without them land-use codes, plan kinds, uses of buildings and what is plausible are not checked.
    """
    layers = believable(layers, rules)
    return [*layers.problems, *check_between(layers, rules)]


def check_between(layers: LayerSet, rules: Rules | None = None) -> list[Problem]:
    """Return the problems that show only when layers that were read are held against each other."""
    problems = [
        *_commune_box(layers),
        *_commune_topology(layers),
        *_commune_codes(layers),
        *_stated_areas(layers),
        *_plans(layers),
        *_hazard_levels(layers),
        *check_grids(layers),
        *check_figures(layers),
        *check_province(layers),
        *check_extent(layers),
    ]
    if rules is not None:
        problems += [*_land_use_codes(layers, rules), *_plan_kinds(layers, rules), *_hazard_rule(layers, rules)]
        problems += _building_uses(layers, rules)
        bounds = Bounds(rules)
        problems += [
            *_features_elsewhere(layers, bounds),
            *check_heights(layers, bounds),
            *check_network(layers, rules, bounds),
        ]
        problems += [*check_columns(layers, rules, bounds), *missing_rows(rules)]
    return problems


def _place_of(layers: LayerSet, role: str, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Where a problem of a role stands: file and name of its first layer (or of those given)."""
    chosen = list(dict.fromkeys(names)) if names is not None else [e.name for e in layers.catalog.of_role(role)]
    if not chosen:
        return {"file": layers.catalog.path.name, "layer": role}
    return {"file": layers.catalog.entry(str(chosen[0])).origin, "layer": ", ".join(map(str, chosen))}


def _commune_box(layers: LayerSet) -> list[Problem]:
    communes = layers.table("communes")
    if not len(communes):
        return []
    west, south, east, north = layers.province.bounds
    box = communes.total_bounds
    beyond = max(west - box[0], south - box[1], box[2] - east, box[3] - north)
    if beyond <= BEYOND_BOX_M:
        return []
    bounds = communes.bounds
    out = (
        (bounds["minx"] < west - BEYOND_BOX_M) | (bounds["miny"] < south - BEYOND_BOX_M)
        | (bounds["maxx"] > east + BEYOND_BOX_M) | (bounds["maxy"] > north + BEYOND_BOX_M)
    )  # fmt: skip
    features = (communes["code"] + " " + communes["name"])[out].tolist()
    return together(
        "communes_beyond_box", "error", features, beyond_m=float(beyond), epsg=layers.province.epsg,
        **_place_of(layers, "communes"),
    )  # fmt: skip


def _commune_topology(layers: LayerSet) -> list[Problem]:
    """Overlaps of neighbours and gaps between them, in square metres."""
    communes = layers.table("communes")
    if len(communes) < 2:
        return []
    where = _place_of(layers, "communes")
    shapes = communes.geometry.to_numpy()
    names = (communes["code"] + " " + communes["name"]).to_numpy(object)
    areas = shapely.area(shapes)
    problems: list[Problem] = []
    if not shapely.coverage_is_valid(shapes):
        problems += _overlaps(shapes, names, areas, where)
        problems += _gaps(shapely.union_all(shapes), names, shapes, areas, where)
    else:
        problems += _gaps(shapely.coverage_union_all(shapes), names, shapes, areas, where)
    return problems


def _sizes(areas: Any) -> dict[str, Any]:
    return {"count": len(areas), "area_m2": float(areas.sum()), "largest_m2": float(areas.max())}


def _overlaps(shapes: Any, names: Any, areas: Any, where: dict[str, Any]) -> list[Problem]:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    share = 100 * common / np.minimum(areas[first], areas[second])
    wrong = share > WRONG_SHARE_PERCENT
    problems = [
        Problem("communes_overlap", feature=f"{names[first[i]]} / {names[second[i]]}",
                params={"area_m2": float(common[i]), "percent": float(share[i])}, **where)
        for i in np.flatnonzero(wrong)
    ]  # fmt: skip
    small = np.flatnonzero(~wrong & (common > ROUNDING_M2))
    if len(small):
        order = small[np.argsort(-common[small], kind="stable")]
        features = [f"{names[first[i]]} / {names[second[i]]}" for i in order]
        problems.append(
            Problem("communes_overlap_little", "warning", feature=named(features),
                    params=_sizes(common[order]),
                    **where)
        )  # fmt: skip
    return problems


def _gaps(union: Any, names: Any, shapes: Any, areas: Any, where: dict[str, Any]) -> list[Problem]:
    interior = [ring for part in shapely.get_parts(union) for ring in part.interiors]
    holes = shapely.polygons(interior) if interior else np.empty(0, dtype=object)
    size = shapely.area(holes)
    holes, size = holes[size > ROUNDING_M2], size[size > ROUNDING_M2]
    if not len(holes):
        return []
    around = [named(names[shapely.intersects(shapes, hole)], 3) for hole in holes]
    limit = WRONG_SHARE_PERCENT / 100 * float(np.median(areas))
    problems = [
        Problem("communes_gap", feature=around[i], params={"area_m2": float(size[i])}, **where)
        for i in np.flatnonzero(size > limit)
    ]
    small = np.flatnonzero(size <= limit)
    if len(small):
        order = small[np.argsort(-size[small], kind="stable")]
        problems.append(
            Problem("communes_gap_little", "warning", feature=named([around[i] for i in order], 3),
                    params=_sizes(size[order]),
                    **where)
        )  # fmt: skip
    return problems


_CODE_ROLES = (
    "commune_facts",
    "commune_staff",
    "commune_reports",
    "agreed_areas",
    "former_units",
    "seats",
    "facilities",
    "proposals",
    "filing",
)


def _commune_codes(layers: LayerSet) -> list[Problem]:
    """Codes that no commune has, and communes of the facts that have no polygon."""
    communes = layers.table("communes")
    if not len(communes):
        return []
    known = set(communes["code"])
    problems: list[Problem] = []
    for role in _CODE_ROLES:
        table = layers.table(role)
        column = "code" if role == "commune_facts" else "commune_code"
        strange = table[~table[column].isin(known)] if len(table) else table
        if not len(strange):
            continue
        codes = sorted(set(strange[column]))
        key = "commune_without_polygon" if role == "commune_facts" else "commune_code_unknown"
        problems += together(
            key, "error", codes, column=column, value=named(codes, 5), rows=len(strange),
            **_place_of(layers, role, strange["layer"]),
        )  # fmt: skip
    facts = layers.table("commune_facts")
    if len(facts):
        strange = communes[~communes["code"].isin(set(facts["code"]))]
        problems += together(
            "commune_without_facts", "error", (strange["code"] + " " + strange["name"]).tolist(), column="code",
            **_place_of(layers, "communes", strange["layer"]),
        )  # fmt: skip
    return problems


def _stated_areas(layers: LayerSet) -> list[Problem]:
    communes, facts = layers.table("communes"), layers.table("commune_facts")
    if not len(communes) or not len(facts):
        return []
    stated = communes["code"].map(facts.set_index("code")["stated_area_km2"]).to_numpy(float) * 1e6
    measured = communes.area.to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        off = 100 * (measured - stated) / stated
    wide = np.flatnonzero(np.abs(off) > STATED_AREA_PERCENT)
    order = wide[np.argsort(-np.abs(off[wide]), kind="stable")]
    features = [f"{communes['code'].iloc[i]} {communes['name'].iloc[i]} ({off[i]:+.0f} %)" for i in order]
    return together(
        "commune_area_differs", "warning", features, limit=STATED_AREA_PERCENT, **_place_of(layers, "communes")
    )


def _features_elsewhere(layers: LayerSet, bounds: Bounds) -> list[Problem]:
    """Facilities, proposals and present seats that lie outside the commune they name."""
    communes = layers.table("communes")
    home = communes.set_index("code").geometry
    names = dict(zip(communes["code"], communes["name"], strict=True))
    limit = bounds["position.outside"]
    problems: list[Problem] = []
    for role, key in (("facilities", "facility_id"), ("proposals", "proposal_id"), ("seats", "commune_code")):
        table = layers.table(role)
        if not len(table) or not len(communes):
            continue
        known = table["commune_code"].isin(home.index).to_numpy()
        distance = np.zeros(len(table))
        own = home.loc[table["commune_code"][known]].to_numpy()
        distance[known] = shapely.distance(table.geometry.to_numpy()[known], own)
        out = np.flatnonzero(distance > limit)
        order = out[np.argsort(-distance[out], kind="stable")]
        told = [f"{table[key].iloc[i]} {names[table[key].iloc[i]] if role == 'seats' else ''}".strip() for i in order]
        features = [f"{name} ({distance[i]:.0f} m)" for name, i in zip(told, order, strict=True)]
        layers_of = table["layer"].iloc[order] if len(order) else None
        problems += together(
            "seat_outside_commune" if role == "seats" else "feature_outside_commune", "warning", features,
            largest_m=float(distance.max()), limit=limit, total=len(table), **_place_of(layers, role, layers_of),
        )  # fmt: skip
    return problems


def _plans(layers: LayerSet) -> list[Problem]:
    plans, zones = layers.table("plans"), layers.table("plan_zones")
    known = set(plans["plan_id"])
    problems: list[Problem] = []
    orphans = zones[~zones["plan_id"].isin(known)] if len(zones) else zones
    if len(orphans):
        ids = sorted(set(orphans["plan_id"]))
        problems += together(
            "plan_unknown", "error", ids, column="plan_id", value=named(ids, 5), zones=len(orphans),
            **_place_of(layers, "plan_zones", orphans["layer"]),
        )  # fmt: skip
    if not len(plans):
        return problems
    replaced = [(i, s) for i, s in zip(plans["plan_id"], plans["supersedes"], strict=True) if isinstance(s, str)]
    lost = [f"{plan} > {other}" for plan, words in replaced for other in listed(words) if other not in known]
    problems += together("plan_supersedes_unknown", "warning", lost, column="supersedes", **_place_of(layers, "plans"))
    units = {*layers.table("communes")["code"], *(f"former:{c}" for c in layers.table("former_units")["code"]), "*"}
    strange = [
        f"{plan}: {code}"
        for plan, words in zip(plans["plan_id"], plans["covers"], strict=True)
        for code in listed(words)
        if code not in units
    ]
    problems += together("plan_covers_unknown", "warning", strange, column="covers", **_place_of(layers, "plans"))
    return problems


def _hazard_levels(layers: LayerSet) -> list[Problem]:
    """Hazard zones whose level is not told, by layer: no site in them is held to be safe."""
    table = layers.table("hazards")
    problems: list[Problem] = []
    for name, of_layer in table.groupby("layer", sort=True) if len(table) else ():
        lacking = of_layer["level"].isna().to_numpy()
        entry = layers.catalog.entry(str(name))
        problems += together(
            "hazard_level_missing", "warning", (np.flatnonzero(lacking) + 1).tolist(), column="level",
            mapped=f"level = {entry.fields.get('level', '–')}", total=len(of_layer),
            **_place_of(layers, "hazards", [str(name)]),
        )  # fmt: skip
    return problems


def _hazard_rule(layers: LayerSet, rules: Rules) -> list[Problem]:
    """Kinds of hazard zones without a level that no rule means: a rule table older than that rule lets them pass."""
    table = layers.table("hazards")
    lacking = table[table["level"].isna()] if len(table) else table
    of_role = rules.eligibility[rules.eligibility["role"] == "hazards"]
    patterns = [v.strip() for values in of_role["values"].dropna() for v in str(values).split("|")]
    kinds = sorted(set(lacking["hazard_kind"])) if len(lacking) else []
    without = [k for k in kinds if not any(fnmatchcase(f"{k}:{LEVEL_UNKNOWN}", p) for p in patterns)]
    place = {**_place_of(layers, "hazards", lacking["layer"] if len(lacking) else None), "column": "kind_level"}
    return together("hazard_rule_missing", "warning", without, value=f"*:{LEVEL_UNKNOWN}", **place)


def _building_uses(layers: LayerSet, rules: Rules) -> list[Problem]:
    """Tell uses of buildings that no rule table lists: how many households live there is not known."""
    table = layers.table("buildings")
    if not len(table):
        return []
    known = households_by_use(dict(zip(rules.ground["key"], rules.ground["value"], strict=True)))
    counts = table["use"].dropna().astype(str).str.strip().value_counts()
    lost = counts[[use.casefold() not in known for use in counts.index]]
    return together(
        "building_use_unknown", "warning", [f"{use} ({n})" for use, n in lost.items()], column="use",
        value=named(lost.index), buildings=int(lost.sum()), **_place_of(layers, "buildings", table["layer"]),
    )  # fmt: skip


def _land_use_codes(layers: LayerSet, rules: Rules) -> list[Problem]:
    table = layers.table("land_use")
    if not len(table):
        return []
    known = set(rules.land_use["code"].dropna())
    parts = {code: [p.strip() for p in str(code).split("+")] for code in table["land_use"].unique()}
    strange = {code for code, split in parts.items() if not set(split) <= known}
    rows = table[table["land_use"].isin(strange)]
    if not len(rows):
        return []
    areas = rows.area.groupby(rows["land_use"].to_numpy()).sum().sort_values(ascending=False)
    near = nearest(str(areas.index[0]).upper(), known) or "–"
    of_role = rules.eligibility[rules.eligibility["role"] == "land_use"]
    spoken = {v.strip() for values in of_role["values"].dropna() for v in str(values).split("|")}
    place = _place_of(layers, "land_use", rows["layer"])
    older = [] if "none" in spoken else together("land_use_rule_missing", "warning", list(areas.index), **place)
    return older + together(
        "land_use_code_unknown", "warning", list(areas.index), column="land_use",
        value=named(areas.index, 8), near=near,
        area_m2=float(areas.sum()), rows=len(rows), **_place_of(layers, "land_use", rows["layer"]),
    )  # fmt: skip


def _plan_kinds(layers: LayerSet, rules: Rules) -> list[Problem]:
    plans, zones = layers.table("plans"), layers.table("plan_zones")
    kinds = set(rules.plan_kinds["plan_kind"].dropna())
    problems: list[Problem] = []
    strange = plans[~plans["plan_kind"].isin(kinds)]
    problems += together(
        "plan_kind_unknown", "error", strange["plan_id"].tolist(), column="plan_kind",
        value=named(sorted(set(strange["plan_kind"])), 5), known=", ".join(sorted(kinds)),
        **_place_of(layers, "plans", strange["layer"] if len(strange) else None),
    )  # fmt: skip
    kind_of = dict(zip(plans["plan_id"], plans["plan_kind"], strict=True))
    pairs = list(zip(zones["plan_id"].map(kind_of), zones["function"], strict=True))
    faults = {pair: _function_fault(*pair, rules) for pair in set(pairs)}
    found = np.array([faults[pair] for pair in pairs], dtype=object)
    for key in ("plan_function_unknown", "plan_function_general"):
        odd = zones[found == key]
        values = ["–" if pd.isna(v) else str(v) for v in pd.unique(odd["function"])] if len(odd) else []
        problems += together(
            key, "warning", odd["zone_id"].tolist(), column="function", value=named(sorted(values), 5),
            **_place_of(layers, "plan_zones", odd["layer"] if len(odd) else None),
        )  # fmt: skip
    return problems


def _function_fault(kind: Any, cell: Any, rules: Rules) -> str | None:
    """Tell what is wrong with the function of a zone: no rule knows it, or only what its kind says of all others."""
    if pd.isna(kind):
        return None
    functions, table = functions_of(cell), rules.plan_compatibility
    found = [rule_of(kind, function, table) for function in functions]
    if not pd.isna(cell) and any(row is None for row in found):
        return "plan_function_unknown"
    general = any(row is not None and row["plan_kind"] == kind and row["function"] == ANY for row in found)
    return "plan_function_general" if general and told_apart(kind, table) else None
