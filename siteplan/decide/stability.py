"""How firm a choice of site is: the weights are shaken, and it is counted how often each site comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Sum of the parameters of the Dirichlet distribution: at 100 a weight of 10 in 100 varies by 3 (one standard
# deviation), a weight of 20 by 4. A choice of method, to be stated in every report of it.
CONCENTRATION = 100.0
# first in fewer draws than this, and the choice is a close call
CLOSE_CALL_PERCENT = 60.0
# first in at least so many draws, and a site takes part in the close call
_RIVAL_PERCENT = 10.0


def shaken_weights(
    weights: NDArray[np.float64], draws: int, seed: int, concentration: float = CONCENTRATION
) -> NDArray[np.float64]:
    """Draw weights around those given, on the simplex.

    Dirichlet distribution with mean `weights` (brought to sum 1) and parameters summing to `concentration`; a weight of
    zero stays zero.

    Returns
    -------
    ndarray
        Shape draws x criteria, rows sum to 1.
    """
    share = np.asarray(weights, dtype="float64") / np.sum(weights)
    drawn = np.zeros((draws, len(share)))
    positive = share > 0
    drawn[:, positive] = np.random.default_rng(seed).dirichlet(share[positive] * concentration, size=draws)
    return drawn


def site_stability(
    scores: pd.DataFrame, sites: pd.DataFrame, draws: int = 1000, seed: int = 0, concentration: float = CONCENTRATION
) -> pd.DataFrame:
    """Count in which share of draws each site is the first of its commune.

    Parameters
    ----------
    scores
        ``RESULTS["scores"]``; rows of sites are taken.
    sites
        ``RESULTS["sites"]`` as ranked. Those that are eligible and not blocked compete.
    draws, seed, concentration
        See :func:`shaken_weights`; every commune sees the same weights.

    Returns
    -------
    DataFrame
        Row per site: commune_code, site_id, first_share_percent (NaN where the site does not compete; of equal sites
        the one ranked first wins), close_call (the first-ranked site is first in fewer than 60 % of draws, and this
        site is it or is first in at least 10 %).
    """
    result = sites[["commune_code", "site_id"]].copy().reset_index(drop=True)
    result["first_share_percent"] = np.nan
    result["close_call"] = False
    own = scores[scores["of"] == "site"]
    competing = sites["eligible"].astype("boolean").fillna(value=False) & (sites["check_result"] != "blocked")
    competing &= sites["score"].notna()
    if own.empty or not competing.any():
        return result

    table = own.pivot_table(index="subject_id", columns="criterion", values="scaled", aggfunc="first", dropna=False)
    weights = own.groupby("criterion")["weight"].first().reindex(table.columns).to_numpy("float64")
    drawn = shaken_weights(weights, draws, seed, concentration)
    order: Any = sites.assign(_row=np.arange(len(sites)))[competing.to_numpy(dtype=bool)]
    order = order.sort_values(["commune_code", "rank"])
    for _, group in order.groupby("commune_code", sort=True):
        scaled = table.reindex(group["site_id"]).to_numpy("float64")
        known = ~np.isnan(scaled)
        reach = drawn @ known.T.astype("float64")
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn_scores = drawn @ np.where(known, scaled, 0.0).T / reach
        # rounded, so that equal sites tie and the nominal rank decides
        first = np.argmax(np.nan_to_num(np.round(drawn_scores, 9), nan=-1.0), axis=1)
        share = np.round(np.bincount(first, minlength=len(group)) / draws * 100, 1)
        rows = group["_row"].to_numpy()
        result.loc[rows, "first_share_percent"] = share
        if share[0] < CLOSE_CALL_PERCENT:
            result.loc[rows[(share >= _RIVAL_PERCENT) | (np.arange(len(rows)) == 0)], "close_call"] = True
    return result
