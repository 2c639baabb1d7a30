"""Sums and joins for presentation, made once so that workbook, dossier and comparison print the same figures.

Nothing is computed here that a stage did not: rows of the results are selected, added up and set side by side. A sum
over values that are all missing is missing, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words
from siteplan.tables.parts import BASES

if TYPE_CHECKING:
    from siteplan.runs import Run

TOTAL = "total"
SHORT_TITLE = 12  # letters; names of sheets hold no more than 31

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
