"""What a comparison of options measures: the lines of the table, and their values for one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from siteplan import locale
from siteplan.outputs import released, summary, wording
from siteplan.tables import is_missing

if TYPE_CHECKING:
    from siteplan.runs import Run

Better = Literal["more", "less", "neither"]

CLEAR = ("clear", "clear_of_known_plans")
# measures that only runs of one price year can be compared by
AT_PRICE_YEAR = ("cost_at_price_year", "cost_per_person")


@dataclass(frozen=True)
class Measure:
    """One line of the comparison.

    Parameters
    ----------
    key
        Text key below ``compare.measure.``, its parameters in `params`.
    unit
        Unit key below ``compare.unit.``.
    better
        Which direction is an advantage.
    decimals
        Decimals shown.
    view
        View of the verdict the measure decides, empty where it decides none.
    """

    key: str
    unit: str
    better: Better = "neither"
    decimals: int = 0
    view: str = ""
    year: int | None = None

    @property
    def name(self) -> str:
        """Key of the row in the table of measures."""
        return self.key if self.year is None else f"{self.key}_{self.year}"

    def label(self, lang: str) -> str:
        """Words of the line."""
        params = {} if self.year is None else {"year": str(self.year)}
        return locale.text(f"compare.measure.{self.key}", lang, **params)

    def shown(self, value: float | None, lang: str) -> str:
        """Write the value with its unit."""
        words = locale.number(value, self.decimals, lang)
        unit = locale.text(f"compare.unit.{self.unit}", lang) if self.unit else ""
        return f"{words} {unit}".strip() if not is_missing(value) else words

    def printed(self, value: float | None) -> float | None:
        """Return the value as far as it is printed: what reads the same is the same."""
        if is_missing(value):
            return None
        return float(locale.number(value, self.decimals, "en").replace(",", ""))

    def listed(self, values: Sequence[float], lang: str) -> str:
        """Write values of several years with the unit once."""
        unit = locale.text(f"compare.unit.{self.unit}", lang)
        return f"{'; '.join(locale.number(value, self.decimals, lang) for value in values)} {unit}"


def measures_of(run: Run, horizons: Sequence[int]) -> list[tuple[Measure, float | None]]:
    """Return all lines in order with their values for a run; None where there is no figure. Money in tỷ đồng."""
    rows = summary.programme(run)
    planned = rows[rows["status"] == "planned"]
    border, ward = summary.flags(rows["is_border"]), summary.flags(rows["is_central_ward"])
    people = pd.to_numeric(rows["population"], errors="coerce")
    province_people = summary.add_up(run.communes["population"])
    last = horizons[-1] if horizons else 0
    found: list[tuple[Measure, float | None]] = []
    for year in horizons:
        done = summary.finished_by(rows, year)
        view = "time" if year == last or year == _middle(horizons) else ""
        found.append((Measure("finished_by", "centres", "more", view=view, year=year), float(done.sum())))
    for year in horizons:
        served = summary.add_up(people[summary.finished_by(rows, year)]) or 0.0
        found.append((Measure("people_by", "people", "more", view="people", year=year), served))
        share = None if not province_people else 100 * served / province_people
        found.append((Measure("people_share_by", "percent", "more", 1, year=year), share))
    for key, marks in (("border_by", border), ("wards_by", ward)):
        for year in horizons:
            done = summary.finished_by(rows, year) & marks
            found.append((Measure(key, "communes", "more", view="border_wards", year=year), float(done.sum())))
    found += _money_measures(run, planned)
    for year in horizons:
        left = summary.deficit_left(rows, year)
        found.append((Measure("deficit_left", "m2", "less", view="people" if year == last else "", year=year), left))
    found += _surplus_measures(run, horizons)
    found += _land_measures(run, planned)
    ends = pd.to_numeric(planned["finish_year"], errors="coerce")
    clear = planned["check_result"].isin(CLEAR)
    counts: list[tuple[Measure, float]] = [
        (Measure("planned", "communes"), len(planned)),
        (Measure("smaller", "communes"), _smaller(planned)),
        (Measure("unfinished", "communes"), int((~(ends <= last)).sum())),
        (Measure("waiting", "communes", "less", view="time"), int((rows["status"] == "waiting").sum())),
        (Measure("not_needed", "communes"), int((rows["status"] == "not_needed").sum())),
        (
            Measure("sites_not_clear", "communes"),
            int((planned["site_id"].notna() & ~clear).sum()),
        ),
        (Measure("without_site", "communes"), int(planned["site_id"].isna().sum())),
        (
            Measure("clearance_unpriced", "communes"),
            int((~summary.flags(planned["clearance_cost_included"])).sum()),
        ),
        (Measure("out_of_order", "communes"), int(summary.flags(rows["inversion"]).sum())),
        (Measure("figures_missing", "communes"), int((run.communes["gap_basis"] != "reported").sum())),
        (Measure("coverage_gaps", "communes"), _coverage_gaps(run)),
    ]
    found += [(measure, float(value)) for measure, value in counts]
    # only shares are weighed: an option that builds more also has more of everything that is not as it should be
    shared = {"smaller": "", "unfinished": "", "without_site": "certainty", "out_of_order": ""}
    shares = [
        (Measure(f"{measure.key}_share", "percent", "less", 1, view=shared[measure.key]), count)
        for measure, count in counts
        if measure.key in shared
    ]
    shares.append((Measure("not_ready_share", "percent", "less", 1, view="certainty"), int((~clear).sum())))
    return found + [(measure, 100 * count / len(planned) if len(planned) else None) for measure, count in shares]


def _smaller(planned: pd.DataFrame) -> int:
    return int((~summary.as_needed(planned)).sum())


def _middle(horizons: Sequence[int]) -> int:
    return horizons[len(horizons) // 2] if horizons else 0


def _coverage_gaps(run: Run) -> int:
    cover = run.coverage
    lacking = cover[summary.flags(cover["mandatory"]) & (cover["status"] != "covered")]
    return int(lacking["commune_code"].nunique())


def _money_measures(run: Run, planned: pd.DataFrame) -> list[tuple[Measure, float | None]]:
    yearly = summary.money_by_year_and_source(summary.of_option(run.funding, run))[summary.TOTAL]
    spent = yearly[yearly > 0]
    total = summary.add_up(planned["cost_at_price_year"])
    peak, mean = (float(spent.max()), float(spent.mean())) if len(spent) else (None, None)
    shown = wording.MONEY_SHOWN
    people = summary.add_up(planned.loc[planned["cost_at_price_year"].notna(), "population"])
    per_person = None if total is None or not people else total / people / 1e6
    return [
        (Measure("cost_at_price_year", "money", "neither", 1), None if total is None else total / shown),
        (Measure("money_planned", "money", "neither", 1), float(yearly.sum()) / shown if len(yearly) else None),
        (Measure("money_peak", "money", "neither", 1), None if peak is None else peak / shown),
        (Measure("money_mean", "money", "neither", 1), None if mean is None else mean / shown),
        (Measure("cost_per_person", "million", "less", 2, view="money"), per_person),
        (Measure("peak_to_mean", "times", "less", 2, view="money"), None if not mean or peak is None else peak / mean),
    ]


def _land_measures(run: Run, planned: pd.DataFrame) -> list[tuple[Measure, float | None]]:
    """Land that new centres take, by class, and the houses that stand on it; a site without figures counts nowhere.

    Weighed by the mean of a new centre: an option that builds less takes less land, and is not the better one for it.
    """
    new = planned[planned["build_type"] == "build_new"]
    sites = run.sites.set_index("site_id")
    sites = sites.reindex([site for site in new["site_id"].dropna() if site in sites.index])
    area = pd.to_numeric(sites["area_m2"], errors="coerce")
    taken = [("land_taken", "m2", area)]
    taken += [
        (f"land_{name}", "m2", area * pd.to_numeric(sites[f"{name}_percent"], errors="coerce") / 100)
        for name in ("rice", "forest", "residential")
    ]
    taken.append(("houses_moved", "houses", pd.to_numeric(sites["buildings_inside"], errors="coerce")))
    found: list[tuple[Measure, float | None]] = [(Measure(key, unit), _sum_or_zero(of)) for key, unit, of in taken]
    for key, unit, of in taken:
        each, decimals = of.mean(), 1 if unit == "houses" else 0
        measure = Measure(f"{key}_each", unit, "less", decimals, view="land")
        found.append((measure, None if is_missing(each) else float(each)))
    return found


def _sum_or_zero(values: pd.Series[Any]) -> float | None:
    """Sum of a column; nothing to add up is zero, figures that are all missing are missing."""
    return summary.add_up(values) if len(values) else 0.0


def _surplus_measures(run: Run, horizons: Sequence[int]) -> list[tuple[Measure, float | None]]:
    found: list[tuple[Measure, float | None]] = []
    for year in horizons:
        freed = float(len(released.freed_by(run, year)))
        found.append((Measure("surplus_freed", "facilities", "more", view="surplus", year=year), freed))
    if horizons:
        land = summary.add_up(released.freed_by(run, horizons[-1])["land_area_m2"])
        found.append((Measure("surplus_land_freed", "m2", "more", year=horizons[-1]), land))
    return found
