"""How far layers reach: what the catalog says of it, and what the features themselves suggest."""

from __future__ import annotations

import shapely

from siteplan.errors import Problem
from siteplan.layers.catalog import nearest
from siteplan.layers.listing import named
from siteplan.layers.read import LayerSet

# of these there is something in nearly every commune: where most have none, the layer may cover a part of the province
_EVERYWHERE = ("roads", "waterways", "services", "settlements", "buildings", "hazards")
FEW_PERCENT = 50.0
# of this the ground is full: its own area says how much of the province it can cover
_FULL = "land_use"


def check_extent(layers: LayerSet) -> list[Problem]:
    """Return codes of ``covers`` that no commune has, and layers that reach few communes or little of their area."""
    communes = layers.table("communes")
    if not len(communes):
        return []
    return [*_unknown_codes(layers, sorted(communes["code"])), *_reaching_few(layers), *_covering_little(layers)]


def _unknown_codes(layers: LayerSet, codes: list[str]) -> list[Problem]:
    strange = {entry.name: sorted(set(entry.covers) - set(codes)) for entry in layers.catalog.layers}
    return [
        Problem(
            "catalog_covers_unknown", file=layers.catalog.path.name, layer=name, column="covers",
            value=named(found, 5), params={"near": nearest(found[0], codes), "count": len(found)},
        )
        for name, found in strange.items() if found
    ]  # fmt: skip


def _reaching_few(layers: LayerSet) -> list[Problem]:
    """Ask of layers with nothing in most communes whether they cover a part of the province only."""
    places = layers.table("communes").geometry.to_numpy()
    problems = []
    for role in _EVERYWHERE:
        table = layers.table(role)
        if not len(table) or layers.delivered(role) is not None:
            continue
        met = shapely.STRtree(table.geometry.to_numpy()).query(places, predicate="intersects")[0]
        count = len(set(met.tolist()))
        if 100.0 * count < FEW_PERCENT * len(places):
            entry = layers.catalog.entry(str(table["layer"].iloc[0]))
            params = {"role": role, "count": count, "total": len(places)}
            where = {"file": entry.origin, "layer": entry.name, "column": "covers"}
            problems.append(Problem("layer_reaches_few", "warning", params=params, **where))
    return problems


def _covering_little(layers: LayerSet) -> list[Problem]:
    """Tell a mandatory land use whose areas, even if none overlaps, cover less than half of the communes."""
    table, whole = layers.table(_FULL), float(layers.table("communes").area.sum())
    if not len(table) or _FULL not in layers.catalog.mandatory_roles():
        return []
    area = float(table.area.sum())
    share = 100.0 * area / whole
    if share >= FEW_PERCENT:
        return []
    mandatory = [entry.name for entry in layers.catalog.of_role(_FULL) if entry.mandatory or entry.required]
    names = [name for name in mandatory if name in set(table["layer"])] or list(dict.fromkeys(table["layer"]))
    where = {"file": layers.catalog.entry(str(names[0])).origin, "layer": ", ".join(map(str, names))}
    return [
        Problem("layer_covers_little", "warning", params={"role": _FULL, "percent": share, "area_m2": area}, **where)
    ]
