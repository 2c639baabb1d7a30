"""Findings of each site against the rules: land use, corridors, hazards, projects, terrain, in one list with plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.locale import encode
from siteplan.sites import overlap
from siteplan.sites.layer import Layer
from siteplan.sites.plans.pairs import coordinates
from siteplan.sites.rules import CONDITION, Rule, treatment_message
from siteplan.tables import rests_on

if TYPE_CHECKING:
    from siteplan.scenario import ToleranceSettings

Array = np.ndarray[Any, Any]

_MICROMETRE = 1e-6
ARC_SEGMENTS = 64  # per quarter circle: the arc of a 1,000 m corridor is true to 0.08 m


def _all_corridors(
    sites: Array, rules: Sequence[Rule], layers: Mapping[str, Layer], urban: Layer | None
) -> list[tuple[Rule, Layer, Array, Array, Array]]:
    """:func:`corridors` of every rule on a layer that meets a site, in the order of the rules."""
    asked = [r for r in rules if r.role not in ("plan_zones", "communes") and r.role in layers and len(layers[r.role])]
    pairs: dict[str, tuple[Array, Array]] = {}
    for role in dict.fromkeys(rule.role for rule in asked):
        of_role = [rule for rule in asked if rule.role == role]
        found = layers[role].rule_pairs(sites, of_role)
        pairs |= {rule.rule: pair for rule, pair in zip(of_role, found, strict=True)}
    near = [(r, layers[r.role], *pairs[r.rule]) for r in asked if len(pairs[r.rule][0])]
    parts = parts_of(sites, near, urban)
    some = shapely.area(parts) > 0
    split = np.cumsum([len(left) for _, _, left, _ in near])[:-1]
    return (
        [
            (rule, layer, left[held], row[held], own[held])
            for (rule, layer, left, row), held, own in zip(
                near, np.split(some, split), np.split(parts, split), strict=True
            )
            if held.any()
        ]
        if near
        else []
    )


def tolerated_m2(rule: Rule, site_area_m2: Array, tolerance: ToleranceSettings) -> Array:
    """Area that may lie in what a rule excludes before the site breaks it.

    The rule's own share of the site; where it has none, the scenario's percent or m², whichever is less.
    """
    if not np.isnan(rule.tolerance_percent):
        return np.asarray(site_area_m2 * rule.tolerance_percent / 100.0)
    return np.minimum(site_area_m2 * tolerance.forbidden_percent / 100.0, tolerance.forbidden_m2)


def corridors(sites: Array, rule: Rule, layer: Layer, urban: Layer | None) -> tuple[Array, Array, Array]:
    """Parts of sites that lie in the objects of a rule or within its distance, exactly.

    Returns
    -------
    tuple
        Number of the site, row of the object, geometry of the part (area above 0), one entry per pair.
    """
    left, row = layer.pairs(sites, rule.reach_m, rule)
    parts = parts_of(sites, [(rule, layer, left, row)], urban)
    some = shapely.area(parts) > 0
    return left[some], row[some], parts[some]


def parts_of(sites: Array, found: Sequence[tuple[Rule, Layer, Array, Array]], urban: Layer | None) -> Array:
    """Parts of sites in the objects of rules or within their distance: one after another for all pairs of all rules."""
    count = [len(left) for _, _, left, _ in found]
    if not sum(count):
        return np.array([], dtype=object)
    number = np.concatenate([left for _, _, left, _ in found])
    place = sites[number]
    objects = np.concatenate([layer.sound(row) for _, layer, _, row in found])
    half = np.concatenate([layer.half_width_m[row] for _, layer, _, row in found])
    rural_m, urban_m = (
        np.repeat(distances, count)
        for distances in zip(*((rule.distance_m, rule.distance_urban_m) for rule, *_ in found), strict=True)
    )
    differs = rural_m != urban_m if urban is not None and len(urban) else np.zeros(len(place), dtype=bool)
    same = ~differs
    parts = np.empty(len(place), dtype=object)
    parts[same] = _parts(place[same], objects[same], rural_m[same] + half[same])
    if urban is not None and differs.any():
        town, place, objects, half = (
            _towns(sites, urban)[number[differs]],
            place[differs],
            objects[differs],
            half[differs],
        )
        parts[differs] = shapely.union(
            shapely.difference(_parts(place, objects, rural_m[differs] + half), town),
            shapely.intersection(_parts(place, objects, urban_m[differs] + half), town),
        )
    return overlap.areal(parts)


def meets(
    sites: Array, rule: Rule, layer: Layer, urban: Layer | None, sliver_m2: float, pairs: tuple[Array, Array]
) -> Array:
    """Tell which sites have a part in the objects of a rule or within its distance, without making that part.

    Parameters
    ----------
    sites
        Polygons.
    rule, layer, urban
        As in :func:`corridors`.
    sliver_m2
        Overlaps with areas below this do not count; anything nearer than a corridor's distance does.
    pairs
        Numbers of sites and rows of objects of the rule, as :meth:`Layer.boxes` gives them: all that may meet.
    """
    out = np.zeros(len(sites), dtype=bool)
    left, row = pairs
    if len(left) == 0:
        return out
    objects, half = layer.geometries[row], layer.half_width_m[row]
    shapely.prepare(objects)  # the same few are asked again and again
    in_town = urban is not None and len(urban) > 0 and rule.distance_m != rule.distance_urban_m
    if in_town or np.isnan(rule.distance_m) or rule.reach_m + layer.half_width_m.max(initial=0.0) <= 0:
        reach: Any = rule.reach_m + half
        close = shapely.dwithin(objects, sites[left], reach)
        left, row = left[close], row[close]
        area = shapely.area(parts_of(sites, [(rule, layer, left, row)], urban))
        out[left[(area > 0) & (area >= sliver_m2)]] = True
        return out
    nearer: Any = rule.distance_m + half - _MICROMETRE
    out[left[shapely.dwithin(objects, sites[left], nearer)]] = True
    return out


def _parts(place: Array, objects: Array, distance: Array) -> Array:
    out = np.full(len(place), shapely.Polygon(), dtype=object)
    known = ~np.isnan(distance)
    if known.any():
        near, reach = objects[known], distance[known]
        # long lines are cut to the surroundings of the site before they are widened
        west, south, east, north = shapely.bounds(place[known]).T
        around = shapely.box(west - reach - 1, south - reach - 1, east + reach + 1, north + reach + 1)
        wide = shapely.intersection(near, around)
        far = reach > 0
        if far.any():
            wide[far] = shapely.buffer(wide[far], reach[far], quad_segs=ARC_SEGMENTS)
        out[known] = overlap.areal(shapely.intersection(place[known], wide))
    return out


def _towns(place: Array, urban: Layer) -> Array:
    left, row = urban.pairs(place, 0.0)
    out = np.full(len(place), shapely.Polygon(), dtype=object)
    for i in np.unique(left):
        out[i] = shapely.union_all(urban.geometries[row[left == i]])
    return out


def rule_findings(
    sites: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    layers: Mapping[str, Layer],
    tolerance: ToleranceSettings,
) -> pd.DataFrame:
    """Hold every site against every rule on a layer: one row per site, rule and kind of object, parts united.

    Parameters
    ----------
    sites
        ``site_id``, ``commune_code``, polygons.
    rules
        Rules in order; those on plan zones are left to :mod:`siteplan.sites.evidence.zone_rules`.
    layers
        Objects by role.
    tolerance
        What is a sliver, and how much makes a site break a hard rule.

    Returns
    -------
    DataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``conflicts``, ``geometry`` among the columns, with ``rule`` and
        ``broken`` beside them.
    """
    near = _all_corridors(np.asarray(sites.geometry.values), rules, layers, layers.get("urban_areas"))
    return findings_of(sites, near, tolerance)


def findings_of(
    sites: gpd.GeoDataFrame, near: Sequence[tuple[Rule, Layer, Array, Array, Array]], tolerance: ToleranceSettings
) -> pd.DataFrame:
    """Return the rows of :func:`rule_findings` of rules with their layers and what :func:`corridors` gives of them."""
    geometries = np.asarray(sites.geometry.values)
    ids, codes = list(sites["site_id"]), list(sites["commune_code"])
    found: list[dict[str, Any]] = []
    shapes: list[Any] = []
    for rule, layer, left, row, parts in near:
        groups: dict[tuple[int, str], list[int]] = {}
        for place, key in enumerate(zip(left.tolist(), layer.identity(rule, row), strict=True)):
            groups.setdefault(key, []).append(place)
        for (number, kind), members in sorted(groups.items()):
            part = (
                parts[members[0]]
                if len(members) == 1
                else overlap.areal(np.array([shapely.union_all(parts[members])]))[0]
            )
            shapes.append(part)
            finding = _finding(rule, kind, layer, row[members], float(shapely.area(part)))
            found.append({"site": number, "site_id": ids[number], "commune_code": codes[number], **finding})
    if not found:
        columns = [*_COLUMNS, "rule", "broken"]
        return pd.DataFrame(columns=[*columns, "geometry"])
    return pd.DataFrame(_judged(found, np.array(shapes, dtype=object), geometries, tolerance))


def _judged(found: list[dict[str, Any]], shapes: Array, sites: Array, tolerance: ToleranceSettings) -> dict[str, Array]:
    """Columns of findings with what their sizes say: relation, share, whether the site breaks the rule, effect."""
    of, rules = [f.pop("site") for f in found], [f.pop("rule_row") for f in found]
    out = {name: np.array([f[name] for f in found], dtype=object) for name in found[0]}
    place, area = sites[of], out["area_m2"].astype(float)
    site_area, width = shapely.area(place), overlap.width_m(shapes)
    sliver = (area < tolerance.sliver_m2) | (width < tolerance.sliver_width_m)
    hard, favours = out["strength"] == "hard", out["strength"] == "for"
    within = area >= site_area - tolerance.sliver_m2
    keys = list(zip(of, out["rule"], strict=True))
    total = _together(keys, shapes, area)
    allowed = [float(tolerated_m2(rule, a, tolerance)) for rule, a in zip(rules, site_area, strict=True)]
    broken = hard & ~sliver & (np.array([total[key] for key in keys]) > allowed)
    severity = out["severity"].astype(int)
    choices = ["information", "supports", "blocking", "information"]
    shown = ~out["restricted"].astype(bool)
    geometry = np.where(shown, shapes, place)
    return {
        **out,
        "relation": np.where(sliver, overlap.SLIVER, np.where(within, overlap.WITHIN, overlap.OVERLAP)).astype(object),
        "percent_of_site": 100.0 * area / site_area,
        "width_m": width,
        "broken": broken,
        "effect": np.select([sliver, favours, broken, severity <= 1], choices, "conditional").astype(object),
        "severity": np.select([sliver, broken, hard], [1, severity, 2], severity),
        "coordinates": coordinates(geometry, shown),
        "geometry": geometry,
    }


def _together(keys: list[tuple[int, str]], shapes: Array, area: Array) -> dict[tuple[int, str], float]:
    """Area that a rule takes of a site, by both: its kinds of object count together, and once where they overlap."""
    members: dict[tuple[int, str], list[int]] = {}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    return {
        key: float(area[mine[0]] if len(mine) == 1 else shapely.area(shapely.union_all(shapes[mine])))
        for key, mine in members.items()
    }


_COLUMNS = (
    "site_id", "commune_code", "zone_id", "source", "title", "owner", "function", "relation", "area_m2",
    "percent_of_site", "width_m", "effect", "severity", "treatment", "legal_basis", "certainty", "illustrative",
    "restricted", "rests_on", "rule_name", "coordinates",
)  # fmt: skip


def _known(layer: Layer, column: str, rows: Array) -> list[Any]:
    """Values of a column in rows, without missing ones."""
    values = layer.column(column)
    return [] if values is None else [v for v in values[rows] if v is not None]


def _finding(rule: Rule, kind: str, layer: Layer, rows: Array, area_m2: float) -> dict[str, Any]:
    restricted = any(bool(v) for v in _known(layer, "restricted", rows))
    flags, names_of_layers = layer.column("illustrative"), layer.column("layer")
    illustrative = [r for r in rows if flags is not None and flags[r]]
    tokens = {f"layer:{names_of_layers[r]}" for r in illustrative if names_of_layers is not None} | set(rule.rests_on)
    names = sorted({str(v) for v in _known(layer, "name", rows)})
    owner = next(iter(_known(layer, "owner", rows)), None)
    if layer.column("land_use_name") is not None:
        known = _known(layer, "land_use_name", rows)
        title = f"{known[0] if known else rule.name} ({kind})"
    else:
        title = f"{rule.name}: {names[0]}" if len(names) == 1 else rule.name
    treatment = "written_confirmation" if restricted else rule.treatment
    return {
        "zone_id": f"{rule.rule}:{kind}" if kind else rule.rule,
        "source": rule.source,
        "title": None if restricted else title,
        "owner": None if restricted else owner,
        "function": None if restricted else kind or None,
        "rule_name": None if restricted else rule.name,
        "area_m2": area_m2,
        "severity": rule.severity,
        "treatment": encode([treatment_message(treatment, None if restricted else owner)]),
        "legal_basis": rule.legal_basis,
        "certainty": rule.certainty,
        "illustrative": bool(illustrative),
        "restricted": restricted,
        "rests_on": rests_on(*tokens),
        "rule": rule.rule,
        "rule_row": rule,
        "strength": rule.strength,
    }


def whole_site_finding(
    site_id: str, commune_code: str, rule: Rule, area_m2: float, percent: float, broken: bool
) -> dict[str, Any]:
    """Build a finding on a site as a whole (slope, size, commune boundary), where no object has a shape of its own."""
    severity = CONDITION if rule.hard and not broken else rule.severity
    return {
        "site_id": site_id,
        "commune_code": commune_code,
        "zone_id": rule.rule,
        "source": rule.source,
        "title": rule.name,
        "rule_name": rule.name,
        "relation": overlap.OVERLAP,
        "area_m2": area_m2,
        "percent_of_site": percent,
        "effect": "blocking" if broken else "conditional" if severity >= CONDITION else "information",
        "severity": severity,
        "treatment": encode([treatment_message(rule.treatment, None)]),
        "legal_basis": rule.legal_basis,
        "certainty": rule.certainty,
        "illustrative": False,
        "restricted": False,
        "rests_on": rests_on(*rule.rests_on),
        "rule": rule.rule,
        "broken": broken,
    }


def stacked(parts: list[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Rows of lists with different columns under one another, all as objects; what a list lacks is missing."""
    filled = [pd.DataFrame(part) for part in parts if len(part)]
    names = dict.fromkeys([*(name for part in filled for name in part.columns), *columns])
    columns_of = {
        name: np.concatenate([
            part[name].to_numpy(dtype=object) if name in part.columns else np.full(len(part), np.nan, dtype=object)
            for part in filled or [pd.DataFrame()]
        ])
        for name in names
    }  # fmt: skip
    return pd.DataFrame(columns_of, dtype=object)
