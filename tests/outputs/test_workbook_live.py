"""The workbook recalculates: LibreOffice, given a changed weight, price or cap, finds what the program finds for it.

The expected figures come from the program run again with the changed scenario and rules, not from the workbook.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point, box

from siteplan import locale
from siteplan.decide import build_options, costs, priority, programme, scoring
from siteplan.decide.calendar import Actual
from siteplan.outputs import wording, workbook
from siteplan.rules import load_rules
from siteplan.scenario import Criterion, Fund, Phase, ProgrammeSettings, Scenario, ValueFunction
from siteplan.tables import RESULTS, conform

HOSTILE = '=1+1 {{7*7}} </w:t> "&" \x00\u202e'
RULES = load_rules(Path(__file__).resolve().parents[2] / "layers" / "rules")
# functions that Excel had in 2016 (and LibreOffice has), of those that could be wanted here
ALLOWED = {
    "AND", "CHOOSE", "COUNT", "COUNTIFS", "IF", "INDEX", "ISNUMBER", "MATCH", "MAX", "MIN", "ROUND", "ROUNDUP", "SUM",
    "SUMIFS", "SUMPRODUCT",
}  # fmt: skip


def _criteria(of, **weights):
    line = ValueFunction(kind="linear", points=((0, 0), (100, 1)))
    columns = {"shortage": "shortage_percent", "scale": "nd307_points"}
    return [
        Criterion(key=key, of=of, column=columns.get(key, ""), weight=weight, value=line, label=f"Tiêu chí {key}")
        for key, weight in weights.items()
    ]


SITE = {"access_minutes": 40, "slope_mean_percent": 35, "room_to_extend_percent": 25}
COMMUNE = {"shortage": 55, "scale": 25, "dispersal": 20}


CENTRAL, PROVINCIAL = "ngân sách trung ương", "=ngân sách tỉnh*"


def scenario(*, site=SITE, commune=COMMUNE, fund=30e9, cap=10.0, clearance=None, later=(), carry=False, **more):
    return Scenario(
        name="phuong_an_1",
        title="Phương án thử",
        date="2026-01-01",
        criteria=(*_criteria("site", **site), *_criteria("commune", **commune)),
        supplements={"cap_points": cap, "border": 7, "central_ward": 8},
        phases=(Phase(name="một", years=(2026, 2028), starts_per_year=2),),
        funds=(
            Fund(source=CENTRAL, year=2026, amount=fund, committed=True),
            Fund(source=PROVINCIAL, year=2027, amount=55.5e9, committed=True),
            *later,
        ),
        programme=ProgrammeSettings(years_to_build=2, beside=(), carry_over=carry),
        costs={"price_year": 2025, "clearance_prices": clearance or {}, **more},
    )


def _communes():
    rng = np.random.default_rng(7)
    rows = []
    for n in range(6):
        build = ("build_new", "build_new", "extend", "build_new", "renovate", "none")[n]
        rows.append(
            {
                "code": f"{6184 + n:05d}", "name": HOSTILE if n == 2 else f"Xã {n}",
                "kind": "phường" if n == 1 else "xã",
                "population": 4000 + n, "area_km2": 50.0, "is_border": n in (0, 3, 4), "is_central_ward": n in (1, 4),
                "gate_class": ("international", "none", "none", None, "main", "none")[n],
                "counterpart_unit": None, "delegations_per_year": None, "has_reception_room": None,
                "shortage_percent": np.nan if n == 3 else 40.0 + 10 * (n // 2), "nd307_points": 33.3335,
                "dispersal": float(rng.integers(0, 90)), "build_type": build, "gap_basis": "reported",
                "kept_floor_area_m2": 812.37 if n in (2, 4) else 0.0,
                "extension_floor_area_m2": 640.21 if build == "extend" else 0.0, "extension_land_area_m2": 0.0,
                "new_floor_area_m2": 1903.455 + n if build == "build_new" else 0.0,
                "new_land_area_m2": 4021.337 if build == "build_new" else 0.0,
                "renovation_floor_area_m2": 812.37 if n in (2, 4) else 0.0, "deficit_floor_area_m2": 900.0,
                "kept_facility_id": None, "rests_on": None, "geometry": box(n, 0, n + 1, 1),
            }
        )  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=9215)


def _sites():
    """Seven sites a commune: equal ones, blocked ones, ones whose values are missing."""
    rng = np.random.default_rng(11)
    rows = []
    for n in range(6):
        for m in range(7):
            twin = m in (1, 2)  # the same values twice
            known = rng.integers(0, 1000, 3) / 10
            rows.append(
                {
                    "site_id": f"{6184 + n:05d}-K-{'cbagfed'[m]}aaaaa", "commune_code": f"{6184 + n:05d}",
                    "letter": "K",
                    "label": "=K1", "area_m2": 3900.5 + n, "area_ratio": (1.0, 0.8, 0.9, 1.2, 0.7, 1.0, 0.9)[m],
                    "access_minutes": 62.5 if twin else known[0], "slope_mean_percent": 12.5 if twin else known[1],
                    "room_to_extend_percent": np.nan if m in (3, 6) else 50.0 if twin else known[2],
                    "eligible": m != 4, "check_result": "blocked" if m == 5 else "clear", "cut_m3": 1234.567,
                    "fill_m3": 1000.0, "land_use_shares": "HNK 61.3; LUC 38.7", "geometry": box(n, m, n + 1, m + 1),
                }
            )  # fmt: skip
    return conform(gpd.GeoDataFrame(rows, crs=9215), RESULTS["sites"])


def decided(settings, rules=RULES, known=None):
    """Run scores, ranks, costs and the programme over the same communes and sites."""
    sites, of_sites = scoring.rank_sites(_sites(), settings.of("site"))
    communes, of_communes = priority.rank_communes(_communes(), settings.of("commune"), settings.supplements)
    best = sites[sites["is_best"]].set_index("commune_code")
    # the site costs are taken for is the same whatever the weights: only ranks change here
    first = _sites().groupby("commune_code")["site_id"].first()
    build = communes["build_type"] == "build_new"
    communes["best_site_id"] = communes["code"].map(first).where(build, None)
    communes["best_check_result"] = communes["code"].map(best["check_result"])
    priced = costs.estimate(communes, sites, rules, settings)
    totals = priced.totals.set_index("commune_code")
    for name in ("clearance_cost_included", "cost_at_price_year", "cost_low", "cost_high"):
        communes[name] = communes["code"].map(totals[name])
    options, _ = build_options.build_options(communes, _no_smaller(), sites, rules, settings)
    rows = communes.rename(
        columns={"code": "commune_code", "best_site_id": "site_id", "best_check_result": "check_result"}
    )
    rows["geometry"] = [Point(n, n) for n in range(len(rows))]
    rows["new_tsc_m2"] = 0.0
    made = programme.plan(rows, settings, (), known)
    scores = conform(pd.concat([of_sites, of_communes], ignore_index=True), RESULTS["scores"])
    return {
        "communes": communes, "sites": conform(sites, RESULTS["sites"], "EPSG:9215"), "scores": scores,
        "costs": priced.costs, "build_options": options, "programme": made.programme, "funding": made.funding,
    }  # fmt: skip


def _no_smaller():
    return pd.DataFrame(columns=["commune_code", "build_type", *build_options._AREAS, "best_site_id"])


def run_of(base, settings, known=None):
    """The small run with tables that the program made."""
    found = decided(settings, known=known)
    communes = found["communes"].assign(coverage_percent=100.0)
    columns = [name for name in RESULTS["communes"].names if name not in communes.columns]
    communes = pd.concat([communes, pd.DataFrame(None, index=communes.index, columns=columns)], axis=1)
    tables = {**base.tables, **found, "communes": conform(communes, RESULTS["communes"], "EPSG:9215")}
    manifest = {
        **base.manifest,
        "scenario": settings.resolved(),
        "prices": costs.described(RULES, settings),
        "ties": priority.tie_keys(settings.of("commune")),
    }
    return type(base)(base.folder, manifest, tables)


@pytest.fixture(scope="module")
def delivered(small_run_factory, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    return workbook.write_workbook([run_of(small_run_factory(folder), scenario())], folder / "so.xlsx")


def sheet_of(book, key):
    name = locale.text(f"workbook.sheet.{key}")
    return next(page for page in book.worksheets if page.title == name or page.title.startswith(f"{name} phuong_an"))


def table(page, first):
    """Rows below the last heading row that holds `first`: cells by position of the heading."""
    rows = list(page.iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if first in row)
    return rows[head], rows[head + 1 :]


def column(page, heading, key):
    """Values of a column by those of another."""
    names, rows = table(page, key)
    at, of = names.index(key), names.index(heading)
    return {row[at]: row[of] for row in rows if row[at] is not None}


def change(book, changes):
    """Put numbers into the cells of parameters; keys are their names, or the start of them."""
    page = sheet_of(book, "parameters")
    heading = locale.text("workbook.column.value")
    head = next(row for row in page.iter_rows() if heading in [c.value for c in row])
    value = next(c.column for c in head if c.value == heading)
    for name, number in changes.items():
        line = next(r for r in page.iter_rows(min_row=head[0].row + 1) if str(r[1].value).startswith(name))
        page.cell(line[0].row, value).value = number


def recalculated(soffice, path, folder, changes):
    """Change parameters through openpyxl, which drops all cached values, and let LibreOffice compute."""
    book = openpyxl.load_workbook(path)
    change(book, changes)
    changed = folder / "changed.xlsx"
    book.save(changed)
    out = folder / "out"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [soffice, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out)]
    subprocess.run([*command, str(changed)], check=True, capture_output=True, timeout=240)
    return openpyxl.load_workbook(out / "changed.xlsx", data_only=True)


def assert_same(shown, expected, tolerance=1e-6):
    assert expected
    for key, value in expected.items():
        if value is None or (isinstance(value, float) and np.isnan(value)):
            assert shown[key] in (None, ""), key
        else:
            assert shown[key] == pytest.approx(value, abs=tolerance), key


def assert_equals_program(book, found):
    sites, communes = found["sites"].set_index("site_id"), found["communes"].set_index("code")
    for key in ("scores", "sites"):
        page = sheet_of(book, key)
        for name in ("score", "score_low", "score_high", "rank"):
            label = RESULTS["sites"].column(name).label
            heading = next(
                h for h in table(page, "Mã vị trí")[0] if h and re.fullmatch(rf"{re.escape(label)}( \(điểm\))?", h)
            )
            assert_same(column(page, heading, "Mã vị trí"), dict(sites[name].items()))
    page = sheet_of(book, "priority")
    for name in ("base_points", "supplement_points", "priority_points", "priority_rank", "base_rank"):
        heading = wording.label(RESULTS["communes"].column(name), "vi")
        assert_same(column(page, heading, "Mã xã"), dict(communes[name].items()))
    page = sheet_of(book, "build_options")
    for name in ("cost_at_price_year", "cost_low", "cost_high"):
        heading = f"{RESULTS['build_options'].column(name).label} (tỷ đồng)"
        expected = found["build_options"].set_index("commune_code")[name] / 1e9
        assert_same(column(page, heading, "Mã xã"), dict(expected.items()))
    for name in ("total_cost", "cost_at_price_year"):
        expected = found["programme"].set_index("commune_code")[name] / 1e9
        heading = f"{RESULTS['programme'].column(name).label} (tỷ đồng)"
        assert_same(column(sheet_of(book, "programme"), heading, "Mã xã"), dict(expected.items()))
    money = found["funding"].groupby(["year", "source"])["amount"].sum() / 1e9
    page = sheet_of(book, "funding")
    for source in (CENTRAL, PROVINCIAL, "unassigned"):
        shown = column(page, f"{locale.value_text('source', source)} (tỷ đồng)", locale.text("workbook.year"))
        shown = {year: value for year, value in shown.items() if isinstance(year, int)}
        assert_same(shown, {year: float(money.get((year, source), 0.0)) for year in shown})


def test_as_delivered_the_values_shown_are_the_results(delivered):
    """A viewer that does not recalculate shows the program's figures."""
    assert_equals_program(openpyxl.load_workbook(delivered, data_only=True), decided(scenario()))


def test_changed_weights_prices_and_funds_give_what_the_program_gives_for_them(delivered, soffice_path, tmp_path):
    wrong = tmp_path / "wrong.xlsx"
    _with_a_wrong_cached_value(delivered, wrong)
    site, commune = {**SITE, "slope_mean_percent": 5.5}, {**COMMUNE, "dispersal": 71.25, "scale": 0}
    settings = scenario(
        site=site, commune=commune, fund=12e9, cap=7.5, clearance={"rice": 750_000.0}, escalation_percent=6.5
    )
    table_of = RULES.costs.copy()
    low_rise = (table_of["component"] == "construction") & (table_of["floors_from"] == 1)
    table_of.loc[low_rise, "value"] = 9_123_457
    table_of.loc[table_of["component"] == "contingency", "value"] = 0.075
    rules = replace(RULES, costs=table_of)
    # which works begin when is not recalculated: money is compared for the works as the delivered weights set them
    same_works = scenario(fund=12e9, clearance={"rice": 750_000.0}, escalation_percent=6.5)
    money = {name: decided(same_works, rules)[name] for name in ("programme", "funding")}
    expected = {**decided(settings, rules), **money}
    changes = {
        "Tiêu chí slope": 5.5, "Tiêu chí dispersal": 71.25, "Tiêu chí scale": 0, locale.text("workbook.cap"): 7.5,
        "Chi phí xây dựng": 9_123_457, "Chi phí dự phòng": 7.5, locale.text("workbook.escalation"): 6.5,
        "ngân sách trung ương, 2026": 12, locale.value_text("component", "land_clearance_rice"): 750_000,
    }  # fmt: skip
    book = recalculated(soffice_path, wrong, tmp_path, changes)
    assert_equals_program(book, expected)
    before = decided(scenario())  # the change does change what is compared
    for name in ("sites", "communes"):
        key = "score" if name == "sites" else "priority_points"
        assert (before[name][key] - expected[name][key]).abs().max() > 1
    told = [c for row in sheet_of(book, "priority").iter_rows(max_row=12, values_only=True) for c in row[:1]]
    assert any(str(words).startswith(f"{len(changes)}{locale.text('workbook.live.changed')[:8]}") for words in told)


def assert_unchanged(path, book):
    """Every formula has the value that the file holds for it; returns how many there are."""
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    count = 0
    for page in formulas.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                count += 1
                shown, kept = book[page.title][cell.coordinate].value, values[page.title][cell.coordinate].value
                place = f"{page.title}!{cell.coordinate} {cell.value}"
                if isinstance(kept, int | float):
                    assert shown == pytest.approx(kept, rel=1e-9, abs=1e-6), place
                else:
                    assert (shown or "") == (kept or ""), place
    return count


def test_unchanged_it_recalculates_to_itself(delivered, soffice_path, tmp_path):
    assert assert_unchanged(delivered, recalculated(soffice_path, delivered, tmp_path, {})) > 900


# money that was paid: in part from a committed fund, from no fund at all, and more than the centre costs
PAID = {
    "06184": Actual(paid={(2026, CENTRAL): 8.25e9}),
    "06187": Actual(paid={(2026, "đấu giá đất"): 3.4e9, (2026, CENTRAL): 1.1e9}),
    "06188": Actual(paid={(2026, CENTRAL): 99e9}),
}
# one source in several years, so that a year draws on two funds of one name where money is carried over
LATER = (
    Fund(source=CENTRAL, year=2027, amount=6e9, committed=True),
    Fund(source=PROVINCIAL, year=2028, amount=9e9, committed=True),
)


def payments(found):
    """Money by year, commune and source, tỷ đồng; what is due only."""
    rows = found["funding"]
    return {
        (int(r.year), str(r.commune_code), locale.value_text("source", r.source)): (r.amount / 1e9, bool(r.paid))
        for r in rows.itertuples()
    }


def shown_payments(book):
    names, rows = table(sheet_of(book, "payments"), locale.text("workbook.payments.due"))
    at = {
        key: names.index(locale.text(f"workbook.payments.{key}")) for key in ("year", "code", "source", "part", "state")
    }
    found = {}
    for row in rows:
        key = (row[at["year"]], row[at["code"]], row[at["source"]])
        if isinstance(key[0], int) and row[at["part"]]:
            before = found.get(key, (0.0, False))[0]
            found[key] = (before + row[at["part"]], row[at["state"]] == locale.text("workbook.paid"))
    return found


def assert_paid_equals_program(book, found):
    shown, expected = shown_payments(book), payments(found)
    assert {key: paid for key, (_, paid) in shown.items()} == {key: paid for key, (_, paid) in expected.items()}
    assert_same({k: v for k, (v, _) in shown.items()}, {k: v for k, (v, _) in expected.items()})
    totals = found["programme"].set_index("commune_code")["total_cost"] / 1e9
    heading = f"{RESULTS['programme'].column('total_cost').label} (tỷ đồng)"
    assert_same(column(sheet_of(book, "programme"), heading, "Mã xã"), dict(totals.items()))
    by_year = found["funding"].groupby("year")["amount"].sum() / 1e9
    heading = f"{locale.text('workbook.total')} ({locale.text('unit.money_shown')})"
    sums = column(sheet_of(book, "funding"), heading, locale.text("workbook.year"))
    assert_same({y: v for y, v in sums.items() if isinstance(y, int)}, {int(y): v for y, v in by_year.items()})


@pytest.mark.parametrize("carry", [False, True])
def test_money_paid_and_carried_over_recalculates(small_run_factory, soffice_path, tmp_path, carry):
    """What was paid stays; the rest falls due after it, from the funds of its year, and of years before if carried."""
    given = {"later": LATER, "carry": carry, "escalation_percent": 4.0}
    settings = scenario(**given)
    path = workbook.write_workbook([run_of(small_run_factory(tmp_path), settings, PAID)], tmp_path / "so.xlsx")
    assert_paid_equals_program(openpyxl.load_workbook(path, data_only=True), decided(settings, known=PAID))
    assert_unchanged(path, recalculated(soffice_path, path, tmp_path, {}))

    changed = scenario(**{**given, "escalation_percent": 7.5}, fund=24e9)
    before, expected = decided(settings, known=PAID), decided(changed, known=PAID)
    starts = [list(found["programme"].sort_values("commune_code")["start_year"]) for found in (before, expected)]
    assert starts[0] == starts[1]  # the sheet does not plan works anew
    assert payments(before) != payments(expected)
    changes = {locale.text("workbook.escalation"): 7.5, f"{CENTRAL}, 2026": 24}
    assert_paid_equals_program(recalculated(soffice_path, path, tmp_path, changes), expected)


def test_what_is_carried_over_is_money_that_would_be_lost():
    """The two cases above differ: with the rule a later year draws on what was left."""
    kept, lost = (decided(scenario(later=LATER, carry=carry), known=PAID)["funding"] for carry in (True, False))
    without = [rows.loc[rows["source"] == "unassigned", "amount"].sum() for rows in (kept, lost)]
    assert without[0] < without[1]


def _with_a_wrong_cached_value(path, to):
    """Copy a workbook with 999 as the cached value of every score on the sheet of scores."""
    shutil.copy(path, to)
    names = openpyxl.load_workbook(path).sheetnames
    part = f"xl/worksheets/sheet{names.index(locale.text('workbook.sheet.scores')) + 1}.xml"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                content, count = re.subn(rb"(<f>IF\(\$\w+&gt;0,ROUND[^<]*</f><v>)[^<]*", rb"\g<1>999", content)
                assert count >= 42
            new.writestr(name, content)
    shown = openpyxl.load_workbook(to, data_only=True)[locale.text("workbook.sheet.scores")]
    assert 999 in [c.value for row in shown.iter_rows() for c in row]


def test_only_functions_of_excel_2016_occur(delivered):
    used = set()
    for page in openpyxl.load_workbook(delivered).worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    plain = re.sub(r"\"[^\"]*\"|'[^']*'", "", cell.value)
                    used |= set(re.findall(r"([A-Z][A-Z0-9._]*)\(", plain))
                    assert "_xlfn" not in plain
                    assert not re.search(r"#|\{|@", plain)
    assert used <= ALLOWED
    assert {"SUMPRODUCT", "COUNTIFS", "SUMIFS"} <= used


def test_no_formula_holds_words_of_the_data(delivered):
    """Names, labels and sources stay text; formulas name cells only."""
    book = openpyxl.load_workbook(delivered)
    cells = [c for page in book.worksheets for row in page.iter_rows() for c in row]
    assert not [c.value for c in cells if c.data_type == "f" and re.search(r"7\*7|=K1|ngân sách", str(c.value))]
    texts = [c.value for c in cells if c.data_type == "s"]
    assert "=K1" in texts
    assert any(str(t).startswith("=1+1 {{7*7}}") for t in texts)
    assert any(str(t).startswith("=ngân sách tỉnh*") for t in texts)


def test_cells_to_be_changed_check_what_is_typed(delivered):
    page = sheet_of(openpyxl.load_workbook(delivered), "parameters")
    rules = page.data_validations.dataValidation
    names, rows = table(page, locale.text("workbook.column.value"))
    assert len(rules) == len([row for row in rows if row[1]])
    assert {rule.type for rule in rules} == {"decimal", "list"}
    assert all(rule.promptTitle for rule in rules)
    assert names[2] == locale.text("workbook.column.value")
