"""Sums and joins for presentation, made once so that workbook, dossier and comparison print the same figures.

Nothing is computed here that a stage did not: rows of the results are selected, added up and set side by side. A sum
over values that are all missing is missing, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words
from siteplan.tables.evidence import CONFORMITY_WITH_PLAN
from siteplan.tables.parts import BASES
from siteplan.tables.results import LETTERS

if TYPE_CHECKING:
    from siteplan.runs import Run

TOTAL = "total"
SHORT_TITLE = 12  # letters; names of sheets hold no more than 31
TOO_SMALL = "needed_area"  # the rule a site breaks that is smaller than the need
RANKS_OF_CONFORMITY = 3  # conformity is printed of the sites ranked up to here

# the figures of the table of the province's seventh task, by (group, column of communes)
EXISTING_EXTENSION_NEW: tuple[tuple[str, str], ...] = (
    ("need", "required_floor_area_m2"),
    ("need", "required_land_area_m2"),
    ("existing", "existing_floor_area_m2"),
    ("existing", "existing_land_area_m2"),
    ("existing", "kept_floor_area_m2"),
    ("existing", "deficit_floor_area_m2"),
    ("extension", "extension_floor_area_m2"),
    ("extension", "extension_land_area_m2"),
    ("new", "new_floor_area_m2"),
    ("new", "new_land_area_m2"),
)

# columns of communes that belong to an option, not to the commune
OF_OPTION = ("phase", "start_year", "finish_year", "total_cost")


def add_up(values: pd.Series[Any]) -> float | None:
    """Sum of the values that are there; None where none is."""
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    return round(float(numbers.sum()), 6) if len(numbers) else None


def flags(values: pd.Series[Any]) -> pd.Series[Any]:
    """Truth of a nullable column; unknown is not true."""
    return values.fillna(value=False).astype(bool)


def option_of(run: Run) -> str:
    """Name of the option that is this run's own: the scenario's name, else the first one its programme holds."""
    name = str(run.manifest.get("scenario", {}).get("name") or run.name)
    held = sorted({str(v) for v in run.programme["option"]})
    return name if name in held or not held else held[0]


def short_option(run: Run, lang: str) -> str:
    """Title of a run's option up to its colon ("Phương án 1"), for sheets' names; the option's name for a long one."""
    short = run_words.title_of(run, lang).split(":")[0].strip()
    return short if short and len(short) <= SHORT_TITLE else option_of(run)


def of_option(frame: Any, run: Run) -> Any:
    """Rows of a table with an ``option`` column that belong to the run's own option."""
    return frame[frame["option"] == option_of(run)].reset_index(drop=True)


def programme(run: Run) -> Any:
    """Programme of the run's own option, with name, kind and marks of the commune beside it, in rank order.

    Adds ``is_border``, ``is_central_ward`` and ``kind`` from the communes. Only what is planned has a phase: one that
    is a heading of the waiting list is no place in time.
    """
    rows = of_option(run.programme, run)
    rows["phase"] = rows["phase"].where(rows["status"] == "planned", None)
    marks = run.communes[["code", "kind", "is_border", "is_central_ward"]].rename(columns={"code": "commune_code"})
    joined = rows.merge(pd.DataFrame(marks), on="commune_code", how="left")
    return joined.sort_values(["priority_rank", "commune_code"], kind="stable", na_position="last", ignore_index=True)


def as_needed(rows: pd.DataFrame) -> pd.Series[Any]:
    """Which rows of a programme are of the build type that the need asks for."""
    return rows["needed_build_type"].isna() | (rows["build_type"] == rows["needed_build_type"])


def without_clearance(rows: pd.DataFrame) -> int:
    """Count the rows with a cost that holds no land clearance: a total of them does not hold it either."""
    return int((rows["cost_at_price_year"].notna() & ~flags(rows["clearance_cost_included"])).sum())


def built_as(row: Mapping[Any, Any], lang: str) -> str:
    """Return the build type that the programme chose in words; beside it the one needed, where that is another."""
    built, needed = (None if pd.isna(row[name]) else str(row[name]) for name in ("build_type", "needed_build_type"))
    words = locale.value_text("build_type", built, lang)
    if needed is None or needed == built:
        return words
    return locale.text("build_type.instead", lang, built=words, needed=locale.value_text("build_type", needed, lang))


def renovated_floor(run: Run) -> dict[tuple[str, str], float]:
    """Floor that is renovated, m², by commune and build type: the quantity its cost is reckoned for."""
    return _floor_of(run, "renovation")


def added_floor(run: Run) -> dict[tuple[str, str], float]:
    """Floor that is built or added, m², by commune and build type: the quantity its cost is reckoned for."""
    return _floor_of(run, "construction")


def _floor_of(run: Run, component: str) -> dict[tuple[str, str], float]:
    rows = run.table("costs")
    rows = rows[(rows["component"] == component) & rows["quantity"].notna()]
    keys = zip(rows["commune_code"].astype(str), rows["build_type"].astype(str), strict=True)
    return {key: float(quantity) for key, quantity in zip(keys, rows["quantity"], strict=True)}


def names_by_code(run: Run) -> dict[str, str]:
    """Commune code to kind and name, such as "xã Hữu Lũng"."""
    communes = run.communes
    return {
        str(code): f"{kind} {name}" if isinstance(kind, str) else str(name)
        for code, kind, name in zip(communes["code"], communes["kind"], communes["name"], strict=True)
    }


def totals_by_basis(communes: pd.DataFrame) -> pd.DataFrame:
    """Provincial totals split by where the existing figures come from.

    Parameters
    ----------
    communes
        The result table ``communes``.

    Returns
    -------
    DataFrame
        Rows ``reported``, ``estimated``, ``missing``, ``total``; columns ``basis``, ``count`` and those of
        :data:`EXISTING_EXTENSION_NEW`, m². A commune without a basis counts as missing.
    """
    basis = communes["gap_basis"].astype("object").where(communes["gap_basis"].notna(), "missing")
    rows = []
    for token in (*BASES, TOTAL):
        part = communes if token == TOTAL else communes[basis == token]
        row: dict[str, Any] = {"basis": token, "count": len(part)}
        row.update({column: add_up(part[column]) for _, column in EXISTING_EXTENSION_NEW})
        rows.append(row)
    return pd.DataFrame(rows)


def money_by_year_and_source(funding: pd.DataFrame) -> pd.DataFrame:
    """Money of one option: a row a year, a column a source, and ``total``; đồng, whole years without gaps."""
    spent = funding.dropna(subset=["year", "amount"])
    if spent.empty:
        return pd.DataFrame({"year": pd.Series([], dtype="Int64"), TOTAL: pd.Series([], dtype="float64")})
    years = range(int(spent["year"].min()), int(spent["year"].max()) + 1)
    table = spent.pivot_table(index="year", columns="source", values="amount", aggfunc="sum", fill_value=0.0)
    table = table.reindex(years, fill_value=0.0).sort_index(axis="columns")
    table[TOTAL] = table.sum(axis="columns")
    table.index.name = "year"
    return pd.DataFrame(table.reset_index().rename_axis(columns=None))


def horizons(runs: Sequence[Run]) -> list[int]:
    """Years in which the phases of the runs end: the years at which options are measured."""
    ends = {int(phase["years"][1]) for run in runs for phase in run.manifest.get("scenario", {}).get("phases", ())}
    if not ends:
        ends = {int(y) for run in runs for y in run.programme["finish_year"].dropna()}
    return sorted(ends)


def finished_by(rows: pd.DataFrame, year: int) -> pd.Series[Any]:
    """Which rows of a programme are finished in or before `year`."""
    years = pd.to_numeric(rows["finish_year"], errors="coerce")
    return (rows["status"] == "planned") & (years <= year)


def deficit_left(rows: pd.DataFrame, year: int) -> float:
    """Floor that is missing at the end of a year, m²: of works done what they leave, of all others what is missing now.

    Small deficits that are accepted without works count too: the floor is missing all the same.
    """
    done = finished_by(rows, year)
    return (add_up(rows.loc[~done, "deficit_floor_area_m2"]) or 0.0) + (
        add_up(rows.loc[done, "deficit_left_m2"]) or 0.0
    )


def proposed_sites(run: Run) -> Any:
    """Sites proposed for a commune (``is_best``), one row each, by commune code."""
    sites = run.sites
    chosen = sites[flags(sites["is_best"])]
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
    rows = sites[sites["eligible"].notna() & ~flags(sites["eligible"])]
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
    first = sites[flags(sites["is_best"]) | sites["rank"].le(RANKS_OF_CONFORMITY).fillna(value=False)]
    rank = dict(zip(first["site_id"], first["rank"], strict=True))
    rows = run.table("conformity")
    rows = rows[rows["site_id"].isin(set(rank))]
    order = rows.assign(_rank=rows["site_id"].map(rank).astype("Float64"), _optional=~flags(rows["mandatory"]))
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
    rows = rows[flags(rows["mandatory"]) & rows["site_id"].isin(set(chosen))]
    order = {said: n for n, said in enumerate(CONFORMITY_WITH_PLAN)} | {"needs_adjustment": -1}
    rows = rows.assign(_order=rows["conformity"].map(order)).sort_values(
        ["plan_kind", "commune_code", "_order"], kind="stable"
    )
    first = rows.drop_duplicates(["plan_kind", "site_id"], ignore_index=True)
    return pd.DataFrame(first[["plan_kind", "site_id", "commune_code", "conformity"]])


def staying(runs: Sequence[Run]) -> set[str]:
    """Codes of the communes that need no investment in any of the options."""
    programmes = [programme(run) for run in runs]
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


def blocking_rules(run: Run, lang: str) -> dict[str, list[str]]:
    """Names of the rules that block each site, each once, in the order of the evidence.

    Of what is restricted only that it is, and that a confirmation in writing is needed.
    """
    rows = run.conflicts
    restricted = flags(rows["restricted"])
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


def points_by_criterion(run: Run, of: str) -> tuple[list[str], pd.DataFrame]:
    """Points of each commune or site by criterion.

    Parameters
    ----------
    of
        ``commune`` or ``site``.

    Returns
    -------
    keys, table
        Criterion keys of the base block in the scenario's order, then those of the supplement block; a table indexed by
        commune code or site id with a column of points for each key, missing where the criterion has no data.
    """
    scores = run.table("scores")
    scores = scores[scores["of"] == of]
    criteria = run.manifest.get("scenario", {}).get("criteria", ())
    order = {str(c["key"]): n for n, c in enumerate(criteria) if c.get("of", "site") == of}
    keys: list[str] = []
    for block in ("base", "supplement"):
        found = {str(k) for k in scores.loc[scores["block"] == block, "criterion"]}
        keys += sorted(found - set(keys), key=lambda k: (order.get(k, len(order)), k))
    known = scores[~flags(scores["missing"])]
    # a criterion stands once for a subject, so the first is the only one; none stays missing
    table = known.pivot_table(index="subject_id", columns="criterion", values="points", aggfunc="first")
    return keys, table.reindex(columns=keys)


def base_criteria(run: Run, of: str) -> set[str]:
    """Keys of the criteria of the base block that have scores."""
    scores = run.table("scores")
    return {str(k) for k in scores.loc[(scores["of"] == of) & (scores["block"] == "base"), "criterion"]}


def same_rows(runs: Sequence[Run], name: str, without: Sequence[str] = ()) -> bool:
    """Whether a table is the same in all runs, apart from the columns named in `without`."""
    if len(runs) == 1:
        return True
    frames = [pd.DataFrame(run.table(name)).drop(columns=["geometry", *without], errors="ignore") for run in runs]
    first = frames[0].reset_index(drop=True)
    return all(first.equals(frame.reset_index(drop=True)) for frame in frames[1:])
