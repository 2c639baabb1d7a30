"""What would have to change for a site to beat the one ranked just above it, and how far the first leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.locale import Message
from siteplan.scenario import Criterion, ValueFunction
from siteplan.tables import records

_OF_PLANS = "plan_score"
_MARGIN = 0.001  # points are compared with three decimals
_Floats = NDArray[np.float64]


def value_for(function: ValueFunction, target: float, now: Any) -> float | str | None:
    """Return the measured value nearest `now` whose scaled value reaches `target`; None where there is none.

    Parameters
    ----------
    target
        Scaled value, 0..1.
    now
        The present value: a number, token or flag.

    Returns
    -------
    float, str or None
        A number for functions of numbers; for categories the token that reaches the target by the least; ``"true"``
        for flags.
    """
    if target > 1 + 1e-9:
        return None
    if function.kind == "flag":
        return "true"
    if function.kind == "categories":
        able = sorted((scaled, token) for token, scaled in function.categories.items() if scaled >= target - 1e-9)
        return able[0][1] if able else None
    if function.kind == "identity":
        return target
    points = function.points
    if function.kind == "s_curve":
        (x0, y0), (x1, y1) = points
        share = np.linspace(0, 1, 2001)
        curve = y0 + (y1 - y0) * (3 * share**2 - 2 * share**3)
        points = tuple(zip((x0 + (x1 - x0) * share).tolist(), curve.tolist(), strict=True))
    at, to = zip(*points, strict=True)
    found: list[float] = []
    for n, (x, y) in enumerate(zip(at, to, strict=True)):
        if y >= target - 1e-9:
            found.append(x)
            if function.kind == "steps" and n + 1 < len(at) and float(now) >= at[n + 1]:
                found.append(at[n + 1])  # the band ends just below the next point
        if function.kind != "steps" and n + 1 < len(at) and (y - target) * (to[n + 1] - target) < 0:
            found.append(x + (at[n + 1] - x) * (target - y) / (to[n + 1] - y))
    return min(found, key=lambda x: abs(x - float(now))) if found else None


def beats(
    sites: Any, weights: _Floats, points: _Floats, criteria: Sequence[Criterion], buildable: Sequence[bool]
) -> list[list[Message]]:
    """Say of every site that may be built on what single change would put it before the next one, or how it leads.

    Parameters
    ----------
    sites
        As ranked: commune_code, site_id, label, rank, score, and the columns that the criteria measure.
    weights, points
        Sites x criteria: weight of 100, points it brings (NaN where missing).
    buildable
        Whether each site competes.

    Returns
    -------
    list
        Messages of each site, in row order.
    """
    told: list[list[Message]] = [[] for _ in range(len(sites))]
    read = ["commune_code", "site_id", "label", "rank", "score", *(c.source for c in criteria)]
    rows = [
        {**site, "_row": n}
        for n, (site, able) in enumerate(zip(records(sites, dict.fromkeys(read)), buildable, strict=True))
        if able and not pd.isna(site["score"])
    ]
    rows.sort(key=lambda site: (site["commune_code"], site["rank"]))
    for _, group in groupby(rows, key=lambda site: site["commune_code"]):
        first, *others = group
        for ahead, own in pairwise([first, *others]):
            n = own["_row"]
            told[n].append(_beat(own, ahead, weights[n], points[n], criteria))
        if others:
            lead = round(float(first["score"]) - float(others[0]["score"]), 3)
            told[first["_row"]].append(("decide.site.lead", {"site": _name(others[0]), "points": lead}))
    return told


def _name(site: Mapping[Any, Any]) -> str:
    return str(site["label"] if isinstance(site["label"], str) else site["site_id"])


def _beat(
    own: Mapping[Any, Any], ahead: Mapping[Any, Any], weights: _Floats, points: _Floats, criteria: Sequence[Criterion]
) -> Message:
    gap = round(float(ahead["score"]) - float(own["score"]), 3)
    known = ~np.isnan(points) & (weights > 0)
    reach = weights / weights[known].sum() * 100
    base = {"site": _name(ahead), "points": gap}
    # the criterion that has to rise by the smallest share of its scale
    for k in sorted(np.flatnonzero(known).tolist(), key=lambda k: (-reach[k], k)):
        criterion = criteria[k]
        target = (points[k] + gap + _MARGIN) / reach[k]
        to = value_for(criterion.value, float(target), own[criterion.source])
        if to is None:
            continue
        label = {"label": criterion.label or criterion.key, "label_en": criterion.label_en or criterion.label}
        if isinstance(to, str):
            return "decide.site.beat_token", {**base, **label}
        now = float(own[criterion.source])
        change = {**base, **label, "now": round(now, 3), "to": round(to, 3)}
        if criterion.value.kind == "identity":
            # a scale of 0 to 1 says nothing unless it is told what its ends are
            return "decide.site.beat_plan" if criterion.source == _OF_PLANS else "decide.site.beat_scale", change
        return "decide.site.beat", {**change, "unit": criterion.unit}
    return "decide.site.beat_none", base
