"""What a run, or several options, say of the sites they propose: counts, what stands against them, conformity.

Nothing is computed here that a stage did not: rows are selected and counted, once for all papers, workbook and map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from siteplan import locale
from siteplan.outputs import summary
from siteplan.tables.evidence import CONFORMITY_WITH_PLAN
from siteplan.tables.results import LETTERS

if TYPE_CHECKING:
    from siteplan.runs import Run

TOO_SMALL = "needed_area"  # the rule a site breaks that is smaller than the need
MUCH_LONGER = "decide.place.longer"  # the warning among the reasons of a site
RANKS_OF_CONFORMITY = 3  # conformity is printed of the sites ranked up to here


def proposed_sites(run: Run) -> Any:
    """Sites proposed for a commune (``is_best``), one row each, by commune code."""
    sites = run.sites
    chosen = sites[summary.flags(sites["is_best"])]
    return chosen.sort_values("commune_code", kind="stable", ignore_index=True)


def over_options(runs: Sequence[Run], rows_of: Callable[[Run], pd.DataFrame]) -> pd.DataFrame:
    """Rows on proposed sites over all options: each site's as the first option that proposes it has them."""
    first, *others = runs
    parts, known = [rows_of(first)], set(proposed_sites(first)["site_id"])
    for run in others:
        own = set(proposed_sites(run)["site_id"]) - known
        if own:
            rows = rows_of(run)
            parts.append(rows[rows["site_id"].isin(own)])
            known |= own
    if len(parts) == 1:
        return parts[0]
    return pd.concat(parts, ignore_index=True).sort_values("commune_code", kind="stable", ignore_index=True)


class Broken(NamedTuple):
    """Of some sites: how many break a rule, and how many of these are smaller than the need."""

    sites: int
    smaller: int


def broken(sites: pd.DataFrame) -> Broken:
    """Count the sites that the run calls not eligible."""
    rows = sites[sites["eligible"].notna() & ~summary.flags(sites["eligible"])]
    rules = rows["broken_rules"].fillna("").astype(str).str.split("; ")
    return Broken(len(rows), int(rules.map(lambda names: TOO_SMALL in names).sum()))


class Proposal(NamedTuple):
    """A site that some options propose.

    Parameters
    ----------
    code, site
        Its commune, and its row of ``sites`` as the first of these options has it.
    by
        Numbers of the options (positions of their runs) that propose it.
    alone
        Every option that proposes a site for the commune proposes this one.
    """

    code: str
    site: Mapping[Any, Any]
    by: tuple[int, ...]
    alone: bool


def proposals(runs: Sequence[Run]) -> list[Proposal]:
    """Return the distinct sites that the options propose, by commune and then in the order of the options."""
    sites: dict[str, dict[str, Mapping[Any, Any]]] = {}
    by: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        for row in proposed_sites(run).to_dict("records"):
            sites.setdefault(str(row["commune_code"]), {}).setdefault(str(row["site_id"]), row)
            by.setdefault(str(row["site_id"]), []).append(number)
    return [
        Proposal(code, row, tuple(by[site]), len(sites[code]) == 1)
        for code in sorted(sites)
        for site, row in sites[code].items()
    ]


def conformity_of_best(run: Run) -> Any:
    """Rows of ``conformity`` of the sites proposed or ranked first in their commune.

    Sorted by commune, rank and site; plans that must cover a site come first.
    """
    sites = run.sites
    first = sites[summary.flags(sites["is_best"]) | sites["rank"].le(RANKS_OF_CONFORMITY).fillna(value=False)]
    rank = dict(zip(first["site_id"], first["rank"], strict=True))
    rows = run.table("conformity")
    rows = rows[rows["site_id"].isin(set(rank))]
    order = rows.assign(_rank=rows["site_id"].map(rank).astype("Float64"), _optional=~summary.flags(rows["mandatory"]))
    keys = ["commune_code", "_rank", "site_id", "_optional", "plan_kind", "plan_id"]
    return order.sort_values(keys, kind="stable", na_position="last", ignore_index=True).drop(
        columns=["_rank", "_optional"]
    )


def conformity_by_kind(run: Run) -> pd.DataFrame:
    """Return what the plans of each mandatory kind say of the proposed sites.

    Returns
    -------
    DataFrame
        ``plan_kind, site_id, commune_code, conformity``, one row a kind and site, kinds in the order of the results.
        Where several plans of a kind say different things, one that needs adjusting counts first, then one the site
        conforms to: the rule the site's own conformity follows; then what is surer.
    """
    rows = run.table("conformity")
    chosen = proposed_sites(run)["site_id"]
    rows = rows[summary.flags(rows["mandatory"]) & rows["site_id"].isin(set(chosen))]
    order = {said: n for n, said in enumerate(CONFORMITY_WITH_PLAN)} | {"needs_adjustment": -1}
    rows = rows.assign(_order=rows["conformity"].map(order)).sort_values(
        ["plan_kind", "commune_code", "_order"], kind="stable"
    )
    first = rows.drop_duplicates(["plan_kind", "site_id"], ignore_index=True)
    return pd.DataFrame(first[["plan_kind", "site_id", "commune_code", "conformity"]])


def staying(runs: Sequence[Run]) -> set[str]:
    """Codes of the communes that need no investment in any of the options."""
    programmes = [summary.programme(run) for run in runs]
    return set.intersection(
        *(set(rows.loc[rows["status"] == "not_needed", "commune_code"].astype(str)) for rows in programmes)
    )


class SitesToAsk(NamedTuple):
    """The proposed sites by what is asked of the province about them.

    Parameters
    ----------
    going, again
        Of communes that need an investment: sites to go on with, and blocked ones, to be chosen again.
    staying, bound
        Of communes that need none in any option, and the blocked ones among these.
    """

    going: pd.DataFrame
    again: pd.DataFrame
    staying: pd.DataFrame
    bound: pd.DataFrame


def sites_to_ask(run: Run, runs: Sequence[Run]) -> SitesToAsk:
    """Split the proposed sites of a run by what the options ask about them."""
    best = proposed_sites(run)
    needed = ~best["commune_code"].astype(str).isin(staying(runs))
    blocked = best["check_result"] == "blocked"
    return SitesToAsk(best[needed & ~blocked], best[needed & blocked], best[~needed], best[~needed & blocked])


def much_longer(sites: pd.DataFrame) -> list[tuple[str, Mapping[str, Any]]]:
    """Commune and figures of each warning that people travel much longer to a site than to the one ranked first."""
    return [
        (str(code), params)
        for code, reasons in zip(sites["commune_code"], sites["reasons"], strict=True)
        for key, params in locale.decode(reasons)
        if key == MUCH_LONGER
    ]


def blocking_rules(run: Run, lang: str) -> dict[str, list[str]]:
    """Names of the rules that block each site, each once, in the order of the evidence.

    Of what is restricted only that it is, and that a confirmation in writing is needed.
    """
    rows = run.conflicts
    restricted = summary.flags(rows["restricted"])
    names = rows["rule_name"].astype(object).mask(restricted, locale.text("restricted.blocks", lang))
    blocking = (rows["effect"] == "blocking") & names.notna()
    found: dict[str, list[str]] = {}
    for site, rule in zip(rows.loc[blocking, "site_id"], names[blocking], strict=True):
        own = found.setdefault(str(site), [])
        if str(rule) not in own:
            own.append(str(rule))
    return found


class ConflictCount(NamedTuple):
    """What stands against the proposed sites: findings in all and by effect, and how many sites have one."""

    findings: int
    blocking: int
    conditional: int
    sites: int


def against(evidence: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Rows of evidence that stand against a proposed site: what blocks it, and what asks for a condition.

    Touches, slivers, information and what speaks for a site are none.
    """
    held = evidence["effect"].isin(("blocking", "conditional")) & ~evidence["relation"].isin(("touch", "sliver"))
    return evidence[held & evidence["site_id"].isin(set(proposed_sites(run)["site_id"]))]


def conflict_count(run: Run) -> ConflictCount:
    """Count what stands against the proposed sites; see :func:`against`."""
    rows = against(run.conflicts, run)
    blocking = int((rows["effect"] == "blocking").sum())
    return ConflictCount(len(rows), blocking, len(rows) - blocking, int(rows["site_id"].nunique()))


def not_compared_sites(run: Run) -> int:
    """Count the proposed sites that a mandatory kind of plan could not be held against: none there, or not enough."""
    rows = conformity_by_kind(run)
    return int(rows.loc[rows["conformity"].isin(("no_plan", "not_compared", "paper_only")), "site_id"].nunique())


def sites_by_letter(run: Run) -> dict[str, int]:
    """How many sites were considered, by origin (letter)."""
    counts = run.sites["letter"].value_counts()
    return {letter: int(counts.get(letter, 0)) for letter in LETTERS}
