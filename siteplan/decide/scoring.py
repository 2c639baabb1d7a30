"""Scores: measured values scaled to 0..1, weighed and summed to points of 100; the ranking of sites in a commune.

A value that is not known is never taken as zero. The subject is scored on the criteria that are known, their weights
made to sum to 100 again; two bounds say what the score would be at worst (nothing for the unknown) and at best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.decide import site_reasons
from siteplan.decide.programme_rows import signed
from siteplan.decide.rounding import half_up
from siteplan.errors import InputError, Problem
from siteplan.locale import Message, decode, encode
from siteplan.scenario import Criterion, Lock, ValueFunction
from siteplan.tables import RESULTS, records, rests_on

FULL_POINTS = 100.0
SITE_ASSUMPTION = "assumption:scenario.criteria.site"
_SCORE_DECIMALS = RESULTS["sites"].column("score").decimals
_POINT_DECIMALS = RESULTS["scores"].column("points").decimals
_TOLD = 2  # criteria named for and against a site
_TOLD_DECIMALS = 1  # of points in remarks, as the tables of points are printed: rounded once, from the same figure
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Scored:
    """Scores of subjects.

    Parameters
    ----------
    subjects
        Index of the subjects given; columns ``score``, ``score_low``, ``score_high`` in points of 100, rounded.
    scores
        Rows of ``RESULTS["scores"]``: ``weight`` is the criterion's share of 100, ``points`` what it brings to the
        score. Where values are missing the points of the others are raised, so that they always add up to the score.
    """

    subjects: pd.DataFrame
    scores: pd.DataFrame


def apply_value(values: pd.Series[Any], function: ValueFunction) -> pd.Series[Any]:
    """Scale measured values to 0..1 by a value function.

    Parameters
    ----------
    values
        Numbers, tokens or flags, as the kind of function asks.

    Returns
    -------
    Series
        float64, index of `values`; NaN where the value is missing, no category of the function, or (``identity``)
        outside 0..1.
    """
    if function.kind == "categories":
        table = {str(token): float(scaled) for token, scaled in function.categories.items()}
        scaled = [table.get(_token(v), np.nan) if not _is_missing(v) else np.nan for v in values]
        return pd.Series(scaled, index=values.index, dtype="float64")
    if function.kind == "flag":
        scaled = [np.nan if _is_missing(v) else float(bool(v)) for v in values]
        return pd.Series(scaled, index=values.index, dtype="float64")
    numbers = pd.to_numeric(values).astype("float64")
    known = numbers.notna()
    if function.kind == "identity":
        inside = known & (numbers >= -_ROUNDING) & (numbers <= 1 + _ROUNDING)
        return numbers.clip(0, 1).where(inside)
    at = np.array([point[0] for point in function.points])
    to = np.array([point[1] for point in function.points])
    if function.kind == "steps":
        band = np.clip(np.searchsorted(at, numbers.fillna(at[0]).to_numpy(), side="right") - 1, 0, None)
        return pd.Series(to[band], index=values.index).where(known)
    if function.kind == "s_curve":
        share = np.clip((numbers - at[0]) / (at[1] - at[0]), 0, 1)
        return (to[0] + (to[1] - to[0]) * (3 * share**2 - 2 * share**3)).where(known)
    return pd.Series(np.interp(numbers.to_numpy(), at, to), index=values.index).where(known)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _token(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    return str(value)


def raw_text(value: Any) -> str | None:
    """Write a measured value as the ``raw`` column keeps it: plain numbers, tokens, true and false."""
    if _is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_, str)):
        return _token(value)
    number = f"{float(value):.3f}".rstrip("0").rstrip(".")
    return "0" if number == "-0" else number


def score(
    subjects: pd.DataFrame,
    key: str,
    commune: str | None,
    criteria: Sequence[Criterion],
    of: Literal["site", "commune"],
    block: Literal["base", "supplement"] = "base",
) -> Scored:
    """Score subjects by the weighted sum of their scaled criteria.

    Parameters
    ----------
    subjects
        One row a subject, with the columns that the criteria measure.
    key
        Column of the subject's id.
    commune
        Column of the commune's code; None where the key is the code.
    criteria
        Weights need not sum to 100: they are brought to it.
    of, block
        What is written into the columns of these names.

    Raises
    ------
    InputError
        With every criterion whose column the table does not have, and where no criterion has weight.
    """
    absent = [c for c in criteria if c.source not in subjects.columns]
    if absent:
        known = ", ".join(sorted(map(str, subjects.columns)))
        raise InputError(
            *(
                Problem("criterion_column", column=c.key, value=c.source, params={"of": of, "known": known})
                for c in absent
            )
        )
    total = sum(c.weight for c in criteria)
    if total <= 0:
        raise InputError(Problem("weights_total", column=of, value=f"{total:g}"))

    scaled = np.column_stack([apply_value(subjects[c.source], c.value).to_numpy() for c in criteria]).round(6)
    weights = np.array([c.weight for c in criteria]) / total * FULL_POINTS
    missing = np.isnan(scaled)
    present = (~missing) @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        points = scaled * weights * np.where(present > 0, FULL_POINTS / present, np.nan)[:, np.newaxis]
    low = np.where(missing, 0.0, scaled) @ weights
    high = low + missing @ weights
    result = pd.DataFrame(
        {
            "score": np.where(present > 0, np.nansum(points, axis=1), np.nan),
            "score_low": low,
            "score_high": high,
        },
        index=subjects.index,
    ).apply(half_up, decimals=_SCORE_DECIMALS)

    count, n = scaled.shape
    raw = np.array([[raw_text(v) for v in subjects[c.source]] for c in criteria], dtype=object)
    communes = subjects[commune or key]
    rows = pd.DataFrame(
        {
            "of": of,
            "subject_id": np.repeat(subjects[key].astype(str).to_numpy(dtype=object), n),
            "commune_code": np.repeat(communes.astype(str).to_numpy(dtype=object), n),
            "criterion": [c.key for c in criteria] * count,
            "block": block,
            "raw": raw.T.ravel(),
            "scaled": scaled.ravel(),
            "weight": np.tile(weights, count),
            "points": points.ravel(),
            "missing": missing.ravel(),
        }
    )
    return Scored(result, rows)


def rank_sites(sites: Any, criteria: Sequence[Criterion], locks: Sequence[Lock] = ()) -> tuple[Any, pd.DataFrame]:
    """Score the sites of every commune and rank them within it.

    Those that may be built on (eligible and not blocked) rank first, by rounded score, then by share of the area
    needed, then by id; a score that cannot be computed ranks last. The first is proposed where it may be built on; a
    site that a person locked is proposed instead, whatever it is, while the ranks stay as computed.

    Parameters
    ----------
    sites
        ``RESULTS["sites"]`` as measured, GeoDataFrame.
    criteria
        Those of sites.
    locks
        Locks of the scenario; those that name a site count.

    Returns
    -------
    tuple
        The sites with ``score``, ``score_low``, ``score_high``, ``rank``, ``is_best``, ``locked`` and ``reasons``
        extended by what lifted each and what cost it; the rows of ``RESULTS["scores"]``.

    Raises
    ------
    InputError
        Where a lock names a site that is not among those of its commune (with those there are).
    """
    ranked = sites.copy()
    locked_ids = _locked_sites(ranked, locks)
    if ranked.empty:
        for column in ("score", "score_low", "score_high", "rank", "is_best", "locked"):
            ranked[column] = pd.Series([], dtype="object")
        return ranked, pd.DataFrame(columns=RESULTS["scores"].names)
    scored = score(ranked, "site_id", "commune_code", criteria, "site")
    for column in scored.subjects.columns:
        ranked[column] = scored.subjects[column]

    buildable = ranked["eligible"].astype("boolean").fillna(value=False) & (ranked["check_result"] != "blocked")
    order = pd.DataFrame(
        {
            "commune": ranked["commune_code"].astype(str),
            "barred": ~buildable.astype(bool),
            "score": -ranked["score"].fillna(-np.inf),
            "area": -pd.to_numeric(ranked["area_ratio"]).astype("float64").fillna(-np.inf).round(3),
            "site": ranked["site_id"].astype(str),
        },
        index=ranked.index,
    ).sort_values(["commune", "barred", "score", "area", "site"])
    ranked["rank"] = (order.groupby("commune").cumcount() + 1).reindex(ranked.index).astype("Int64")
    ranked["locked"] = ranked["site_id"].isin(locked_ids)
    commune_locked = ranked["commune_code"].isin(ranked.loc[ranked["locked"], "commune_code"])
    first = (ranked["rank"] == 1) & buildable.astype(bool)
    ranked["is_best"] = (first & ~commune_locked) | ranked["locked"]
    ranked["reasons"] = _reasons(ranked, scored.scores, criteria, locks, buildable.astype(bool).tolist())
    if any(c.certainty in ("R", "P") for c in criteria):
        ranked["rests_on"] = [rests_on(v, SITE_ASSUMPTION) for v in ranked["rests_on"]]
    return ranked, scored.scores


def _locked_sites(sites: Any, locks: Sequence[Lock]) -> set[str]:
    wanted = [lock for lock in locks if lock.site is not None]
    problems = []
    for lock in wanted:
        known = sorted(sites.loc[sites["commune_code"] == lock.commune, "site_id"].astype(str))
        if lock.site not in known:
            problems.append(
                Problem(
                    "lock_site_unknown", feature=lock.commune, value=str(lock.site), params={"known": ", ".join(known)}
                )
            )
    if problems:
        raise InputError(*problems)
    return {str(lock.site) for lock in wanted}


def _reasons(
    sites: Any, scores: pd.DataFrame, criteria: Sequence[Criterion], locks: Sequence[Lock], buildable: Sequence[bool]
) -> pd.Series[Any]:
    labels = [{"label": c.label or c.key, "label_en": c.label_en or c.label or c.key} for c in criteria]
    shape = (len(sites), len(criteria))  # the rows of scores come site by site, in the order of the criteria
    weights = scores["weight"].to_numpy("float64").reshape(shape)
    points = scores["points"].to_numpy("float64").reshape(shape)
    by_lock = {lock.site: lock for lock in locks if lock.site is not None}
    rows = records(sites, ("site_id", "commune_code", "label", "rank", "score", "locked", "reasons"))
    first = {row["commune_code"]: row for row in rows if row["rank"] == 1}
    against_next = site_reasons.beats(sites, weights, points, criteria, buildable)
    texts = []
    for n, site in enumerate(rows):
        messages = [*decode(site["reasons"]), *_for_and_against(weights[n], points[n], labels), *against_next[n]]
        if site["locked"]:
            lock, machine = by_lock[site["site_id"]], first[site["commune_code"]]
            messages.append(signed("decide.site.locked", lock, rank=int(site["rank"])))
            lost = float(machine["score"]) - float(site["score"])
            if site["rank"] > 1 and not np.isnan(lost):
                label = machine["label"] if isinstance(machine["label"], str) else machine["site_id"]
                messages.append(("decide.site.lock_cost", {"points": round(lost, _SCORE_DECIMALS), "site": str(label)}))
        texts.append(encode(messages))
    return pd.Series(texts, index=sites.index, dtype="object")


def _for_and_against(
    weights: NDArray[np.float64], points: NDArray[np.float64], labels: Sequence[Mapping[str, str]]
) -> list[Message]:
    """Name the criteria that brought most and those that cost most, of what each could bring."""
    known = ~np.isnan(points) & (weights > 0)
    unknown = np.isnan(points) & (weights > 0)
    messages: list[Message] = []
    if known.any():
        reach = np.round(weights / weights[known].sum() * FULL_POINTS, _POINT_DECIMALS)
        gained = np.round(points, _POINT_DECIMALS)
        lost = np.round(reach - gained, _POINT_DECIMALS)
        order = np.flatnonzero(known).tolist()
        lifted = sorted((n for n in order if gained[n] > lost[n]), key=lambda n: (-gained[n], n))[:_TOLD]
        costly = sorted((n for n in order if 0 < lost[n] >= gained[n]), key=lambda n: (-lost[n], n))[:_TOLD]
        told_gained, told_reach = half_up(gained, _TOLD_DECIMALS), half_up(reach, _TOLD_DECIMALS)
        told_lost = np.round(told_reach - told_gained, _TOLD_DECIMALS)
        for key, chosen, amount in (("lifted", lifted, told_gained), ("cost", costly, told_lost)):
            messages += [
                (f"decide.site.{key}", {**labels[n], "points": float(amount[n]), "of": float(told_reach[n])})
                for n in chosen
            ]
    if unknown.any():
        names = [labels[n] for n in np.flatnonzero(unknown).tolist()]
        params = {key: ", ".join(name[key] for name in names) for key in ("label", "label_en")}
        share = round(float(weights[unknown].sum()), _SCORE_DECIMALS)
        messages.append(("decide.site.missing", {**params, "share": share}))
    return messages
