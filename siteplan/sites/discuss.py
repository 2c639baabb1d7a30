"""What a looser threshold would open: for each rule that may be discussed, the land gained and whether a plot fits.

Only rules with values in the column ``discuss`` of ``rules/eligibility.csv`` are tried: thresholds of practice and
proposals. What a law fixes has no such value and is never loosened here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from siteplan.sites.eligibility import Eligible
from siteplan.sites.pieces import piece_sizes

if TYPE_CHECKING:
    from siteplan.locale import Message
    from siteplan.sites.rules import Rule

Array = np.ndarray[Any, Any]

OFF = "off"
TOGETHER = "together"
OPTIONS_SHOWN = 3
_COLUMNS = [
    "rule", "present", "tried", "unit", "opened_m2", "left_m2", "largest_m2", "fits", "legal_basis", "certainty",
]  # fmt: skip


def land_options(
    commune_code: str,
    lands: Sequence[Eligible],
    rules: Iterable[Rule],
    reached: Callable[[Rule], list[Array]],
    required_area_m2: float,
) -> pd.DataFrame:
    """Land that each looser value would open, one at a time and all together.

    Parameters
    ----------
    commune_code
        Commune.
    lands
        What the rules leave as they stand, in each window of the commune.
    rules
        As for :func:`siteplan.sites.eligibility.eligible_land`.
    reached
        Gives the cells that a rule on a layer takes, in each window.
    required_area_m2
        Land the commune needs; NaN or 0 where unknown.

    Returns
    -------
    DataFrame
        Rows of :data:`siteplan.tables.RESULTS` ``land_options``: ``present`` and ``tried`` in ``unit`` (%, m; NaN where
        the rule would not apply at all), ``opened_m2`` more than now with every other rule in force, ``left_m2``
        after, ``largest_m2`` of the largest connected piece, ``fits`` whether that holds the land needed. The row
        ``together`` tries the loosest value of all of them.
    """
    rows: list[dict[str, Any]] = []
    loosest: dict[str, list[Array]] = {}
    for rule in rules:
        if not any(rule.rule in land.taken and land.removed_alone[rule.rule] for land in lands):
            continue
        for tried, unit, masks in _tries(rule, lands, reached):
            freed = [
                land.taken[rule.rule] & ~mask if rule.rule in land.taken else np.zeros(land.grid.shape, dtype=bool)
                for land, mask in zip(lands, masks, strict=True)
            ]
            opened = [cells & (land.rules_on == 1) for land, cells in zip(lands, freed, strict=True)]
            present = rule.threshold if rule.role == "dem" else rule.reach_m
            row = {"rule": rule.rule, "present": present, "tried": tried, "unit": unit, "certainty": rule.certainty}
            rows.append({**row, "legal_basis": rule.legal_basis, **_gain(lands, opened, required_area_m2)})
            before = loosest.get(rule.rule, freed)
            loosest[rule.rule] = [one | other for one, other in zip(before, freed, strict=True)]
    if len(loosest) > 1:
        counts = [np.sum(cells, axis=0, dtype=np.uint8) for cells in zip(*loosest.values(), strict=True)]
        opened = [(count > 0) & (count == land.rules_on) for count, land in zip(counts, lands, strict=True)]
        rows.append({"rule": TOGETHER, "certainty": "C", **_gain(lands, opened, required_area_m2)})
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return frame.assign(commune_code=commune_code, step=range(1, len(frame) + 1))


def _tries(
    rule: Rule, lands: Sequence[Eligible], reached: Callable[[Rule], list[Array]]
) -> Iterable[tuple[float, str | None, list[Array]]]:
    """Looser values of a rule with the cells that it would still take."""
    for word in rule.discuss:
        if word == OFF:
            yield float("nan"), None, [np.zeros(land.grid.shape, dtype=bool) for land in lands]
        elif rule.role == "dem" and float(word) > rule.threshold:
            yield float(word), "%", [np.nan_to_num(land.slope_percent, nan=-1.0) > float(word) for land in lands]
        elif rule.role not in ("dem", "sites") and float(word) < rule.reach_m:
            near, in_town = min(rule.distance_m, float(word)), min(rule.distance_urban_m, float(word))
            yield float(word), "m", reached(replace(rule, distance_m=near, distance_urban_m=in_town))


def _gain(lands: Sequence[Eligible], opened: Sequence[Array], required_area_m2: float) -> dict[str, Any]:
    cell_m2 = lands[0].grid.cell_m ** 2
    pieces = [
        piece_sizes(((land.rules_on == 0) | more) & land.inside) for land, more in zip(lands, opened, strict=True)
    ]
    sizes = np.concatenate(pieces)
    kept = sizes[sizes >= lands[0].least_area_m2 / cell_m2]
    left, largest = float(kept.sum()) * cell_m2, float(kept.max(initial=0)) * cell_m2
    return {
        "opened_m2": left - sum(land.area_m2 for land in lands),
        "left_m2": left,
        "largest_m2": largest,
        "fits": bool(largest >= required_area_m2) if required_area_m2 > 0 else None,
    }


def worth_discussing(options: pd.DataFrame) -> list[Message]:
    """Say which rules to discuss where no plot was found: those that make room for one first, then by the gain."""
    alone = options[(options["rule"] != TOGETHER) & (options["opened_m2"] > 0)]
    fits = alone["fits"].fillna(False).astype(bool)
    ordered = alone.assign(fits=fits).sort_values(["fits", "opened_m2", "step"], ascending=[False, False, True])
    messages: list[Message] = []
    for row in ordered.head(OPTIONS_SHOWN).to_dict("records"):
        key = {"%": "percent", "m": "distance"}.get(str(row["unit"]), "off")
        figures = {name: float(row[name]) for name in ("present", "tried", "opened_m2", "largest_m2")}
        known = {name: round(value, 2) for name, value in figures.items() if not np.isnan(value)}
        messages.append((f"sites.none.open_{key}", {"rule": row["rule"], **known}))
    if not options["fits"].fillna(False).astype(bool).any():
        messages.append(("sites.none.open_nothing", {}))
    return messages
