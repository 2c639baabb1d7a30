"""What all communes share, made once before they are looked at one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.raster import COARSE_TERRAIN_M, Raster
from siteplan.sites import banks, delivered, plans
from siteplan.sites.access.far import FarPlaces, far_places
from siteplan.sites.layer import Layer
from siteplan.sites.office_land import OfficeZones
from siteplan.sites.rules import Rule, assumption_of, derive_columns, read_rules
from siteplan.tables import INPUTS, empty, records
from siteplan.tables.inputs import OBJECT_ROLES

if TYPE_CHECKING:
    from siteplan.rules import Rules
    from siteplan.scenario import Scenario
    from siteplan.sites.inputs import SiteInputs

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Prepared:
    """What all communes share, made once: layers with their rules and indexes, zones and plans in force."""

    scenario: Scenario
    rule_tables: Rules
    rules: tuple[Rule, ...]
    communes: gpd.GeoDataFrame
    required: Mapping[str, float]
    dem: Raster | None
    people: gpd.GeoDataFrame | None
    layers: Mapping[str, Layer]
    zones: Layer
    in_force: Sequence[Mapping[str, Any]]
    coverage: pd.DataFrame
    withheld: Mapping[str, tuple[str, ...]]
    facilities: Any
    proposals: Any
    seats: Mapping[str, Any]
    registered: frozenset[str]
    rests_on: tuple[str, ...]
    land_use_tokens: Mapping[str, str]
    speed_tokens: frozenset[str]
    ground_figures: Mapping[str, float]
    ground_tokens: frozenset[str]
    far: FarPlaces
    without_reserve: Mapping[str, float] = field(default_factory=dict)
    extensions: Mapping[str, float] = field(default_factory=dict)  # m² by facility
    delivered: Mapping[str, frozenset[str]] = field(default_factory=dict)  # communes by role, where not all

    @cached_property
    def people_points(self) -> tuple[Any, Array, Array]:
        """Index over the points with people, their coordinates and the number of people of each."""
        assert self.people is not None
        points = np.asarray(self.people.geometry.values)
        return shapely.STRtree(points), shapely.get_coordinates(points), self.people["population"].to_numpy(dtype=float)

    def __getstate__(self) -> dict[str, Any]:
        made = ("polygons", "of_communes", "people_points")
        return {key: value for key, value in self.__dict__.items() if key not in made}

    @property
    def crs(self) -> Any:
        """The province's CRS."""
        return self.communes.crs

    @property
    def ruled(self) -> dict[str, Layer]:
        """Layers that rules look at: those of :attr:`layers` and the zones of the plans."""
        return {**self.layers, "plan_zones": self.zones}

    def measured(self, code: str) -> dict[str, Layer]:
        """Layers against which the sites of a commune are measured."""
        return delivered.measured(self.layers, self.delivered, code)

    @cached_property
    def polygons(self) -> Mapping[str, Any]:
        """Polygon of each commune by its code."""
        return dict(zip(self.communes["code"], self.communes.geometry, strict=True))

    @cached_property
    def of_communes(self) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
        """Facilities and proposals by role and code of their commune, each by id."""
        out: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for role, table, key in (("facilities", self.facilities, "facility_id"),
                                 ("proposals", self.proposals, "proposal_id")):  # fmt: skip
            for row in sorted(records(table), key=itemgetter(key)) if table is not None and len(table) else ():
                out.setdefault((role, str(row["commune_code"])), []).append(row)
        return out

    @property
    def coarse_m(self) -> float | None:
        """Resolution of a terrain model too coarse for a claim about one site; None where it is fine enough."""
        resolution = (self.dem.source_resolution_m or self.dem.cell_m) if self.dem is not None else 0.0
        return resolution if resolution > COARSE_TERRAIN_M else None


def prepare(inputs: SiteInputs) -> Prepared:
    """Do once what all communes share.

    Parameters
    ----------
    inputs
        Layers, terrain, rules and scenario.

    Returns
    -------
    Prepared
        Picklable, so that it can be sent to other processes; spatial indexes are built where they are used.
    """
    rules = read_rules(inputs.rules, inputs.scenario)
    tables = inputs.tables
    layers = {
        role: Layer(role, derive_columns(role, tables[role], inputs.rules), rules)
        for role in OBJECT_ROLES
        if role in tables and len(tables[role])
    }
    edges = banks.banks(tables.get("waterways"), tables.get("water_areas"))
    if edges is not None:
        layers[banks.ROLE] = Layer(banks.ROLE, edges, rules)
    zones = _zones(inputs, rules)
    register, kinds = _table(tables, "plans"), inputs.rules.plan_kinds
    # kinds that fill the ground are asked site by site: here the register's word is enough
    covered = plans.plan_coverage(
        inputs.communes, _table(tables, "former_units"), register, kinds, inputs.scenario.date
    )
    mandatory = covered[covered["mandatory"].fillna(value=False).astype(bool)]
    sparse = set("plans/" + kinds.loc[kinds["fills_ground"] != 1, "plan_kind"])
    registered = mandatory[mandatory["role"].isin(sparse)]
    lacking = (
        set(registered.loc[registered["status"] != "covered", "commune_code"])
        if len(mandatory)
        else set(inputs.communes["code"])
    )
    people, people_layers = _people(inputs)
    seats = inputs.seats
    return Prepared(
        scenario=inputs.scenario,
        rule_tables=inputs.rules,
        rules=rules,
        communes=inputs.communes.sort_values("code").reset_index(drop=True),
        required=_areas(inputs.required, "required_land_area_m2"),
        without_reserve=_areas(inputs.required, "land_without_reserve_m2"),
        extensions=_extensions(inputs.required),
        dem=inputs.dem,
        people=people,
        layers=layers,
        zones=zones,
        in_force=records(plans.in_force(register, inputs.scenario.date, tables.get("plan_zones"))),
        coverage=covered,
        withheld=plans.withheld_kinds(kinds, covered, inputs.communes),
        facilities=tables.get("facilities"),
        proposals=tables.get("proposals"),
        seats=dict(zip(seats["code"], seats.geometry, strict=True)) if len(seats) else {},
        registered=frozenset(set(inputs.communes["code"]) - lacking),
        rests_on=_rests_on(inputs, people_layers),
        land_use_tokens=_assumptions(inputs.rules.land_use, "land_use", "code"),
        speed_tokens=frozenset(_assumptions(inputs.rules.speeds, "speeds", "road_class").values()),
        ground_figures=dict(zip(inputs.rules.ground["key"], inputs.rules.ground["value"].astype(float), strict=True)),
        ground_tokens=frozenset(_assumptions(inputs.rules.ground, "ground", "key").values()),
        far=far_places(inputs.communes, layers, inputs.rules.speeds, inputs.capital),
        delivered=inputs.delivered,
    )


def _areas(required: pd.DataFrame, column: str) -> dict[str, float]:
    """Areas of a column by commune; empty where the column is not given."""
    if column not in required.columns:
        return {}
    return dict(zip(required["commune_code"], required[column].astype(float), strict=True))


def _extensions(required: pd.DataFrame) -> dict[str, float]:
    """Land that facilities need beside their own, by facility."""
    if "extended_facility_id" not in required.columns:
        return {}
    known = required[required["extended_facility_id"].notna() & (required["extension_land_area_m2"] > 0)]
    return dict(zip(known["extended_facility_id"], known["extension_land_area_m2"].astype(float), strict=True))


def _table(tables: Mapping[str, Any], role: str) -> Any:
    return tables[role] if role in tables else empty(INPUTS[role])


def _zones(inputs: SiteInputs, rules: tuple[Rule, ...]) -> Layer:
    raw = _table(inputs.tables, "plan_zones")
    if raw.crs is None:
        raw = raw.set_crs(inputs.communes.crs)
    joined = plans.join_zones(raw, _table(inputs.tables, "plans"), inputs.rules, inputs.scenario.date)
    return OfficeZones(joined, rules, inputs.communes)


def _people(inputs: SiteInputs) -> tuple[gpd.GeoDataFrame | None, set[str]]:
    """Points with people: the population grid, else settlements whose population is known."""
    if inputs.population is not None and len(inputs.population):
        layer = inputs.raster_layers.get("population")
        return inputs.population[["population", "geometry"]], {layer} if layer else set()
    settlements = inputs.tables.get("settlements")
    if settlements is not None and len(settlements):
        known = settlements[pd.to_numeric(settlements["population"], errors="coerce").fillna(0) > 0]
        if len(known):
            flagged = known["illustrative"].fillna(False).astype(bool)
            return known[["population", "geometry"]].astype({"population": "float64"}), set(known.loc[flagged, "layer"])
    return None, set()


def _assumptions(table: pd.DataFrame, name: str, key: str) -> dict[str, str]:
    tokens = {str(row[key]): assumption_of(name, key, row) for row in table.to_dict("records")}
    return {identity: token for identity, token in tokens.items() if token is not None}


def _rests_on(inputs: SiteInputs, people_layers: set[str]) -> tuple[str, ...]:
    """Tokens of the illustrative layers that every site is measured on."""
    names = set(people_layers)
    for frame in (inputs.communes, *(inputs.tables[r] for r in (*OBJECT_ROLES, "plan_zones") if r in inputs.tables)):
        if len(frame) and {"layer", "illustrative"} <= set(frame.columns):
            names |= set(frame.loc[frame["illustrative"].fillna(False).astype(bool), "layer"])
    if inputs.dem is not None and "dem" in inputs.raster_layers:
        names.add(inputs.raster_layers["dem"])
    tokens = {f"layer:{name}" for name in names}
    coarse = inputs.dem is not None and (inputs.dem.source_resolution_m or inputs.dem.cell_m) > COARSE_TERRAIN_M
    return tuple(sorted(tokens | ({"assumption:terrain_coarse"} if coarse else set())))


def people_in(prepared: Prepared, commune: Any) -> tuple[Array, Array, Array]:
    """Coordinates and number of the people of a commune, or of a part of one.

    Who lives on a boundary counts in the first by code of the communes that meet there.
    """
    if prepared.people is None:
        none = np.array([], dtype=float)
        return none, none, none
    tree, xy, population = prepared.people_points
    rows = np.sort(tree.query(commune, predicate="intersects"))
    edge = np.setdiff1d(rows, tree.query(commune, predicate="contains_properly"))
    if len(edge):
        places = np.asarray(prepared.communes.geometry.values)
        own = shapely.covers(places, shapely.point_on_surface(commune))
        first = [np.argmax(shapely.intersects(places, point)) for point in shapely.points(xy[edge])]
        rows = np.setdiff1d(rows, edge[~own[first]])
    return xy[rows, 0], xy[rows, 1], population[rows]


def people_centre(prepared: Prepared, code: str, commune: Any) -> tuple[float, float] | None:
    """Middle of the people of a commune, else its present seat, else None."""
    x, y, people = people_in(prepared, commune)
    if people.sum() > 0:
        return float(np.average(x, weights=people)), float(np.average(y, weights=people))
    seat = prepared.seats.get(code)
    return (seat.x, seat.y) if seat is not None else None
