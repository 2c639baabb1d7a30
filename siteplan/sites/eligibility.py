"""Eligible land: which cells of a commune every hard rule leaves, and the account of where the rest went.

A cell is taken away if its centre lies in an excluded object or within the object's distance (exact, from the centre
to the object); the sites themselves are then measured against the same objects exactly
(:mod:`siteplan.sites.evidence.findings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from siteplan.sites.grid import Grid, fill, within
from siteplan.sites.layer import Layer
from siteplan.sites.pieces import large_pieces, piece_sizes, runs
from siteplan.sites.rules import Rule

if TYPE_CHECKING:
    from siteplan.locale import Message

Array = np.ndarray[Any, Any]

REASONS_SHOWN = 4
PIECES = "sites"  # role of a rule on the least area: of a piece of land, and of a site
HIDDEN = 2  # cells that restricted objects alone take: where they lie is not told to everybody


@dataclass(frozen=True)
class Eligible:
    """What the rules leave of a commune.

    Parameters
    ----------
    grid
        Window of the province's grid around the commune.
    inside
        Cells whose centre lies in the commune.
    cells
        Eligible cells.
    removed_alone, removed_in_order
        Cells inside that each hard rule takes by itself, and in order, by rule id: first the rules on places, as the
        table has them, then the least area of a piece, which depends on what all others leave.
    slope_percent
        Slope under the cell centres, NaN where unknown.
    rules_on
        How many hard rules take each cell, without the least area of a piece.
    taken
        Cells that a rule takes, for the rules that may be discussed and have an object near.
    least_area_m2
        Least area of a connected piece.
    firm
        Cells inside that the terrain does not take: only cells tell of it, while objects are known exactly.
    shown
        Cells that would be eligible without the restricted objects.
    """

    grid: Grid
    inside: Array
    cells: Array
    removed_alone: Mapping[str, int]
    removed_in_order: Mapping[str, int]
    slope_percent: Array
    rules_on: Array
    taken: Mapping[str, Array]
    least_area_m2: float
    firm: Array
    shown: Array

    @property
    def area_m2(self) -> float:
        """Area of the eligible cells."""
        return float(np.count_nonzero(self.cells)) * self.grid.cell_m**2

    @property
    def mask(self) -> Array:
        """1 eligible, 0 not, 2 not for restricted objects alone, 255 outside the commune (uint8)."""
        told = self.cells + HIDDEN * (self.shown & ~self.cells).astype(np.uint8)
        return np.where(self.inside, told, np.uint8(255))


def rule_mask(
    rule: Rule, layer: Layer, grid: Grid, urban: Array | None, *, without_restricted: bool = False
) -> Array | None:
    """Cells whose centre lies in the objects of a rule or within its distance; another distance inside urban areas.

    None where no object comes near the window; `without_restricted` also where all that do may be shown.

    Parameters
    ----------
    rule
        A rule on a vector layer.
    layer
        Its objects; those outside the window count as far as their distance reaches in.
    grid
        The window.
    urban
        Cells in urban areas; None where no layer tells: the distance outside them then holds everywhere.
    without_restricted
        Only the objects that outputs may show.
    """
    reach = rule.reach_m + (float(layer.half_width_m.max()) if len(layer) else 0.0)
    west, south, east, north = grid.bounds
    rows = (
        layer.near((west - reach, south - reach, east + reach, north + reach))
        if len(layer)
        else np.array([], dtype=int)
    )
    rows = rows[layer.rows[rule.rule][rows]]
    if without_restricted:
        hidden = layer.restricted[rows]
        if not hidden.any():
            return None
        rows = rows[~hidden]
        if len(rows) == 0:
            return np.zeros(grid.shape, dtype=bool)
    if len(rows) == 0:
        return None
    geometries, half = layer.geometries[rows], layer.half_width_m[rows]
    rural_m, urban_m = rule.distance_m, rule.distance_urban_m
    if urban is None or not urban.any():
        return None if np.isnan(rural_m) else within(geometries, rural_m + half, grid)
    if rural_m == urban_m:
        return within(geometries, rural_m + half, grid)
    out = np.zeros(grid.shape, dtype=bool)
    if not np.isnan(rural_m):
        out = within(geometries, rural_m + half, grid) & ~urban
    if not np.isnan(urban_m):
        rows, columns = (np.flatnonzero(urban.any(axis=axis)) for axis in (1, 0))
        town = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        out[town] |= within(geometries, urban_m + half, grid.part(*town)) & urban[town]
    return out


def eligible_land(
    commune: Any,
    grid: Grid,
    rules: Iterable[Rule],
    layers: Mapping[str, Layer],
    slope_percent: Array,
    urban: Array | None,
) -> Eligible:
    """Apply the hard rules in order, those on the least area of a piece after all others.

    Parameters
    ----------
    commune
        Polygon of the commune.
    grid
        Window around it.
    rules
        Rules in the order of the table; soft ones take nothing.
    layers
        Objects by role; what lies outside the commune counts.
    slope_percent
        Slope under the cell centres; an unknown slope excludes nothing.
    urban
        Cells in urban areas, or None.

    Returns
    -------
    Eligible
        The cells left, and what each rule took.
    """
    inside = fill(np.array([commune], dtype=object), grid)
    left, firm, shown = inside.copy(), inside.copy(), inside.copy()
    alone: dict[str, int] = {}
    in_order: dict[str, int] = {}
    rules_on, kept, least_m2, hidden = np.zeros(grid.shape, dtype=np.uint8), {}, 0.0, False
    for rule in sorted(rules, key=lambda rule: rule.role == PIECES):
        if not rule.hard or rule.role == "communes":
            continue
        if rule.role == "dem":
            taken = told = slope_percent > rule.threshold
            firm &= ~taken
        elif rule.role == PIECES:
            least_m2 = max(least_m2, rule.threshold)
            taken = _small_pieces(left, rule, grid)
            told = _small_pieces(shown, rule, grid) if hidden else taken
        elif rule.role in layers:
            reached = rule_mask(rule, layers[rule.role], grid, urban)
            if reached is None:
                alone[rule.rule] = in_order[rule.rule] = 0
                continue
            taken = told = reached
            if layers[rule.role].restricted.any():
                open_ones = rule_mask(rule, layers[rule.role], grid, urban, without_restricted=True)
                if open_ones is not None:
                    told, hidden = open_ones, True
        else:
            continue
        by_itself = _small_pieces(inside, rule, grid) if rule.role == PIECES else taken & inside
        alone[rule.rule] = int(np.count_nonzero(by_itself))
        in_order[rule.rule] = int(np.count_nonzero(taken & left))
        left &= ~taken
        shown &= ~told
        if rule.role != PIECES:
            rules_on += taken
        if rule.discuss:
            kept[rule.rule] = taken
    return Eligible(grid, inside, left, alone, in_order, slope_percent, rules_on, kept, least_m2, firm, shown)


def _small_pieces(cells: Array, rule: Rule, grid: Grid) -> Array:
    """Cells of pieces smaller than a rule asks for."""
    return cells & ~large_pieces(cells, rule.threshold / grid.cell_m**2)


def account(
    commune_code: str, lands: Sequence[Eligible], rules: Iterable[Rule], first_rule: str = "outside_commune"
) -> pd.DataFrame:
    """Account of where the commune's land went: rows of :data:`siteplan.tables.RESULTS` ``land_account``.

    Step 0 holds the whole commune, by its cells; the steps are in the order in which the rules were applied, the least
    area of a piece last. `lands` are its windows.
    """
    cell_m2 = lands[0].grid.cell_m ** 2
    left = float(sum(np.count_nonzero(land.inside) for land in lands)) * cell_m2
    rows: list[tuple[int, str, float, float, float, str | None, str]] = [(0, first_rule, 0.0, 0.0, left, None, "C")]
    by_id = {rule.rule: rule for rule in rules}
    for identity in lands[0].removed_in_order:
        taken = _removed_in_order(lands, identity) * cell_m2
        left -= taken
        alone, rule = _removed_alone(lands, identity) * cell_m2, by_id[identity]
        rows.append((len(rows), identity, alone, taken, left, rule.legal_basis, rule.certainty))
    columns = ["step", "rule", "removed_alone_m2", "removed_in_order_m2", "left_m2", "legal_basis", "certainty"]
    return pd.DataFrame(rows, columns=columns).assign(commune_code=commune_code)


def _removed_alone(lands: Sequence[Eligible], rule: str) -> int:
    """Cells that a rule takes by itself in all windows of a commune."""
    return sum(land.removed_alone[rule] for land in lands)


def _removed_in_order(lands: Sequence[Eligible], rule: str) -> int:
    """Cells that a rule takes of what those before it leave in all windows of a commune."""
    return sum(land.removed_in_order[rule] for land in lands)


def why_nothing(lands: Sequence[Eligible], rules: Iterable[Rule], required_area_m2: float) -> list[Message]:
    """Say why no plot of the area was found: how much land is left, and the rules that took most.

    Rules on places are told by what they take by themselves, the least area of a piece by what it takes of the rest: by
    itself it takes nothing of a commune in one piece.
    """
    total = float(sum(np.count_nonzero(land.inside) for land in lands))
    cell_m2 = lands[0].grid.cell_m ** 2
    messages: list[Message] = []
    left = [land for land in lands if land.cells.any()]
    if left:
        largest = max(float(piece_sizes(land.cells).max()) for land in left) * cell_m2
        messages.append(
            (
                "sites.none.no_plot",
                {
                    "left": sum(land.area_m2 for land in left),
                    "largest": largest,
                    "required": round(float(required_area_m2), 2),
                },
            )
        )
    else:
        messages.append(("sites.none.no_land", {}))
    by_id = {rule.rule: rule for rule in rules}
    removed = {
        rule: (_removed_in_order if by_id[rule].role == PIECES else _removed_alone)(lands, rule)
        for rule in lands[0].removed_alone
    }
    most = sorted(removed.items(), key=lambda item: (-item[1], item[0]))
    for identity, count in most[:REASONS_SHOWN]:
        if count:
            rule, area = by_id[identity], count * cell_m2
            told = {"rule": identity, "name": rule.name, "area": area, "percent": 100.0 * count / total}
            if rule.role == PIECES:
                messages.append(("sites.none.pieces_too_small", {**told, "least": rule.threshold}))
            else:
                messages.append(("sites.none.rule_took", told))
    return messages


def urban_cells(layer: Layer | None, grid: Grid) -> Array | None:
    """Cells in urban areas; None where there is no layer of them."""
    if layer is None or len(layer) == 0:
        return None
    rows = layer.near(grid.bounds)
    return fill(layer.geometries[rows], grid)


def cell_polygons(cells: Array, grid: Grid) -> Any:
    """Return the union of cells as one polygon or multipolygon; pieces that meet at a corner only stay apart."""
    rows, starts, ends = runs(cells)
    if len(rows) == 0:
        return shapely.Polygon()
    west, east = grid.west + starts * grid.cell_m, grid.west + ends * grid.cell_m
    north = grid.north - rows * grid.cell_m
    return shapely.union_all(shapely.box(west, north - grid.cell_m, east, north))
