"""The whole road on the embedded data: what must hold of a run, and that it is the same run every time."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import openpyxl
import pytest
import rasterio
import shapely

from siteplan import assembly, compare_runs, run_scenario
from siteplan.decide import programme
from siteplan.errors import InputError
from siteplan.locale import number, text, value_text
from siteplan.outputs import webmap
from siteplan.outputs.chain import steps
from siteplan.outputs.dossier import write_papers
from siteplan.outputs.style import load_style
from siteplan.outputs.summary import totals_by_basis
from siteplan.outputs.webmap.content import run_content
from siteplan.outputs.workbook import write_workbook
from siteplan.pipeline import run_scenarios
from siteplan.runs import MANIFEST, Run
from siteplan.scenario import Lock, load_scenario
from siteplan.tables import BACKGROUND, RESULTS
from siteplan.tables.need import ITEMS
from siteplan.workspace import Workspace, cache_folder

FILES = ("results.gpkg", "background.gpkg", "problems.csv", "rasters/eligible.tif", "rasters/hillshade.tif",
         "rasters/travel_time.tif")  # fmt: skip
SCENARIOS = ("scenarios/phuong_an_1.toml", "scenarios/phuong_an_2.toml")
pytestmark = pytest.mark.timeout(900)  # the whole province is searched


def workspace_in(folder, root):
    for name in ("layers", "scenarios"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("open"))
    (folder / "maps").mkdir()
    shutil.copy2(root / "maps" / "style.toml", folder / "maps")
    return Workspace(folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory, repo_root):
    return workspace_in(tmp_path_factory.mktemp("Đề án TTHC (bản cuối)"), repo_root)


@pytest.fixture(scope="module")
def both(place):
    return list(run_scenarios([place.root / name for name in SCENARIOS], place))


def test_the_proposed_site_is_the_one_on_which_the_option_builds(both):
    smaller = 0
    for run in both:
        best = run.sites[run.sites["is_best"].fillna(value=False)].set_index("commune_code")
        assert best.index.is_unique
        planned = run.programme[(run.programme["status"] == "planned") & run.programme["site_id"].notna()]
        assert planned["site_id"].tolist() == best["site_id"].loc[planned["commune_code"]].tolist()
        smaller += int((planned["build_type"] != planned["needed_build_type"]).sum())
        told = run.communes.set_index("code").loc[best.index]
        columns = {"site_id": "best_site_id", "check_result": "best_check_result", "conformity": "best_conformity"}
        for of_site, of_commune in columns.items():
            assert told[of_commune].tolist() == best[of_site].tolist()
        # it takes no time to reach the place where one is
        with rasterio.open(run.folder / "rasters" / "travel_time.tif") as grid:
            minutes = grid.read(1)
            cells = [grid.index(point.x, point.y) for point in best.geometry.centroid]
        assert {int(minutes[cell]) for cell in cells} == {0}
    assert smaller  # else nothing was shown


@pytest.fixture(scope="module")
def run(both):
    return both[0]


def digests(folder):
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def test_all_communes_appear(run):
    communes = run.communes
    assert len(communes) == 65
    assert communes["is_border"].sum() == 11
    assert (communes["kind"] == "phường").sum() == 4
    assert communes["is_central_ward"].sum() == 4


def test_each_has_a_need_and_sites_or_a_reason(run):
    communes = run.communes
    assert (communes["required_land_area_m2"] > communes["required_footprint_m2"]).all()
    assert (communes["required_floor_area_m2"] > communes["required_usable_area_m2"]).all()
    without = communes["best_site_id"].isna()
    assert communes.loc[without, "no_site_reasons"].notna().all()
    assert communes.loc[~without, "best_site_score"].between(0, 100).all()
    assert without.any(), "the embedded data hold a commune with no eligible land"


def test_every_site_has_geometry_score_and_reasons(run):
    sites = run.sites
    assert shapely.is_valid(sites.geometry.to_numpy()).all()
    assert (sites["area_m2"] - sites.geometry.area).abs().max() < 0.01
    assert sites["score"].between(0, 100).all()
    assert (sites["score_low"] <= sites["score"] + 1e-9).all()
    assert (sites["score"] <= sites["score_high"] + 1e-9).all()
    assert sites["reasons"].str.len().gt(2).all()
    assert set(sites["letter"]) == {"K", "T", "X", "L", "M"}


def test_searched_sites_lie_in_their_commune_and_are_disjoint(run):
    sites = run.sites[run.sites["letter"] == "K"]
    homes = run.communes.set_index("code").geometry
    outside = shapely.area(shapely.difference(sites.geometry.to_numpy(), homes.loc[sites["commune_code"]].to_numpy()))
    assert outside.max() < 1.0
    for _, group in sites.groupby("commune_code"):
        shapes = group.geometry.to_numpy()
        left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        assert shapely.area(shapely.intersection(shapes[left], shapes[right]))[left != right].sum() == 0


def test_the_proposed_site_agrees_with_the_build_type(run):
    sites = run.sites
    best = sites[sites["is_best"].fillna(False).astype(bool)].set_index("commune_code")
    assert best.index.is_unique
    communes = run.communes.set_index("code")
    new = communes.index[(communes["build_type"] == "build_new") & communes["best_site_id"].notna()]
    assert len(new) > 10
    assert (best.loc[new, "check_result"] != "blocked").all()
    assert best.loc[new, "eligible"].all()
    assert (best.loc[new, "rank"] == 1).all()
    assert (best.loc[new, "area_ratio"] >= 0.99).all()
    stays = communes.index[communes["build_type"] != "build_new"]
    extended = best.loc[stays, "letter"] == "M"
    assert (extended | (best.loc[stays, "letter"] == "T")).all()
    assert (communes.loc[stays, "build_type"][extended.to_numpy()] == "extend").all()
    assert (best.loc[stays, "source_id"] == communes.loc[stays, "kept_facility_id"]).all()
    extend = communes.index[communes["build_type"] == "extend"]
    assert (best.loc[extend, "check_result"] != "blocked").all()
    assert set(best.loc[extend, "broken_rules"].dropna()) <= {"needed_area"}


def test_overlaps_never_pass_the_whole(run):
    sites = run.sites
    assert sites["overlap_percent"].fillna(0).between(0, 100).all()
    conflicts = run.conflicts
    area = sites.set_index("site_id")["area_m2"]
    assert (conflicts["area_m2"].fillna(0) <= conflicts["site_id"].map(area) + 0.01).all()
    assert {"touch", "overlap", "within"} <= set(conflicts["relation"])
    named = conflicts[conflicts["source"] == "plan"]
    assert (named["decision_no"].notna() | (named["plan_status"] == "draft")).all()


def test_points_add_up(run):
    scores = run.scores
    sites = run.sites.set_index("site_id")
    communes = run.communes.set_index("code")
    parts = scores.groupby(["of", "subject_id"])["points"].sum()
    assert np.allclose(parts["site"].loc[sites.index], sites["score"], atol=2e-3)
    assert np.allclose(parts["commune"].loc[communes.index], communes["priority_points"], atol=2e-3)
    known = scores[~scores["missing"].fillna(False) & (scores["block"] == "base")]
    assert (known["points"] <= 100 * known["scaled"] + 1e-6).all()
    assert np.allclose(communes["base_points"] + communes["supplement_points"], communes["priority_points"], atol=2e-3)
    cap = run.manifest["scenario"]["supplements"]["cap_points"]
    assert (communes["supplement_points"] <= cap).all()
    assert sorted(communes["priority_rank"]) == list(range(1, 66))


def test_money_adds_up(both):
    for run in both:
        programme = run.programme[run.programme["status"] == "planned"].set_index("commune_code")
        funding = run.funding.groupby("commune_code")["amount"].sum()
        assert np.allclose(funding.loc[programme.index], programme["total_cost"], atol=1)
        communes = run.communes.set_index("code").loc[programme.index]
        assert np.allclose(communes["total_cost"], programme["total_cost"])


def test_costs_at_the_price_year_are_those_of_what_is_built_and_of_what_waits(both):
    for run in both:
        programme = run.programme.set_index("commune_code")
        level = run.manifest["scenario"]["costs"]["level"]
        priced = run.costs.groupby(["commune_code", "build_type"])[level].sum()
        needed = programme[programme["status"] != "not_needed"]
        expected = priced.loc[list(zip(needed.index, needed["build_type"], strict=True))].to_numpy()
        assert np.allclose(needed["cost_at_price_year"], expected, atol=5e5)
        assert (needed["total_cost"].notna() == (needed["status"] == "planned")).all()
        unneeded = programme[programme["status"] == "not_needed"]
        names = ["cost_at_price_year", "total_cost", "clearance_cost_included"]
        assert unneeded[names].isna().all(axis=None)
        communes = run.communes.set_index("code")
        assert communes.loc[unneeded.index, names].isna().all(axis=None)
        as_needed = needed[needed["build_type"] == needed["needed_build_type"]]
        assert np.allclose(communes.loc[as_needed.index, "cost_at_price_year"], as_needed["cost_at_price_year"])
        assert communes.loc[needed.index, "total_cost"].equals(needed["total_cost"])


def test_option_2_stays_within_its_committed_money(both):
    run = both[1]
    funds = [f for f in run.manifest["scenario"]["funds"] if f["committed"]]
    spent = run.funding.groupby(["year", "source"])["amount"].sum()
    for fund in funds:
        assert spent.get((fund["year"], fund["source"]), 0) <= fund["amount"] + 1
    assert set(spent.index) <= {(f["year"], f["source"]) for f in funds}


def test_every_facility_has_one_treatment(both):
    for run in both:
        assert sorted(run.surplus["facility_id"]) == sorted(run.facilities["facility_id"])


def test_every_assumption_that_a_row_rests_on_is_listed(both):
    for run in both:
        listed = set(run.assumptions["assumption_id"])
        for name in ("communes", "sites", "conflicts", "programme", "surplus", "facilities"):
            cells = run.table(name)["rests_on"].dropna()
            tokens = {t for cell in cells for t in cell.split("; ")}
            named = {t.removeprefix("assumption:") for t in tokens if t.startswith("assumption:")}
            assert named <= listed, name
            layers = {t.removeprefix("layer:") for t in tokens if t.startswith("layer:")}
            assert layers <= set(run.manifest["illustrative_layers"]), name


def test_coverage_is_stated_for_every_commune(run):
    coverage = run.coverage
    assert set(coverage["commune_code"]) == set(run.communes["code"])
    assert run.communes["coverage_percent"].between(0, 100).all()
    assert "missing" in set(coverage["status"])
    clear = run.sites[run.sites["check_result"] == "clear"]
    mandatory = coverage[coverage["mandatory"] & coverage["role"].str.startswith("plans/")]
    bare = set(mandatory.loc[mandatory["status"] != "covered", "commune_code"])
    assert not set(clear["commune_code"]) & bare


def test_restricted_layers_stay_out(run):
    assert not run.manifest["include_restricted"]
    restricted = run.sources.loc[run.sources["restricted"].fillna(False).astype(bool), "layer"]
    assert {"border", "defence"} <= set(restricted)
    shown = {role: set(run.background(role)["layer"]) for role in BACKGROUND}
    assert not set.union(*shown.values()) & set(restricted)
    assert shown["land_use"]  # of which some, the defence land, is restricted
    assert not shown["border"]
    hidden = run.conflicts[run.conflicts["restricted"].fillna(False).astype(bool)]
    assert len(hidden)
    sites = run.sites.set_index("site_id").geometry
    assert all(g.equals(sites[s]) for g, s in zip(hidden.geometry, hidden["site_id"], strict=True))


def test_two_runs_are_the_same_run_whatever_the_jobs_and_threads(place, both, monkeypatch):
    expected = digests(both[0].folder)
    shutil.rmtree(cache_folder() / "sites")  # found again, not read back
    again = run_scenario(place.root / SCENARIOS[0], place, jobs=2)
    assert digests(again.folder) == expected
    shutil.rmtree(cache_folder() / "sites")
    for name, threads in (("OMP_NUM_THREADS", "1"), ("GDAL_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "2")):
        monkeypatch.setenv(name, threads)
    code = f"import siteplan; siteplan.run_scenario({str(place.root / SCENARIOS[0])!r})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=place.root)
    assert digests(again.folder) == expected
    assert digests(run_scenario(place.root / SCENARIOS[0], place).folder) == expected  # read back


def test_a_killed_run_leaves_the_one_before(place, both):
    folder = both[1].folder
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    command = [sys.executable, "-m", "siteplan", "run", SCENARIOS[1], "--quiet"]
    for pause in (1.0, 4.0, 8.0):
        process = subprocess.Popen(command, cwd=place.root, stdout=subprocess.DEVNULL)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = Run(folder)
        if found.manifest["created"] == both[1].manifest["created"]:
            assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before
        assert (
            found.manifest["files"]["results.gpkg"]
            == hashlib.sha256((folder / "results.gpkg").read_bytes()).hexdigest()
        )


def test_options_compare_and_other_inputs_do_not(both, place, tmp_path):
    comparison = compare_runs(both)
    assert set(comparison.by_commune["commune_code"]) == set(both[0].communes["code"])
    other = tmp_path / "other"
    shutil.copytree(both[1].folder, other)
    path = other / MANIFEST
    layer = both[1].sources["layer"].iloc[0]
    path.write_text(path.read_text("utf-8").replace(both[1].manifest["inputs"][layer], "0" * 64), "utf-8")
    with pytest.raises(InputError) as caught:
        compare_runs([both[0], Run(other)])
    assert layer in str(caught.value.problems[0])


def test_all_problems_of_all_inputs_are_told_before_anything_runs(tmp_path, repo_root):
    place = workspace_in(tmp_path, repo_root)
    scenario = place.scenarios / "phuong_an_1.toml"
    scenario.write_text(scenario.read_text("utf-8") + "\nstrange = 1\n", "utf-8")
    (place.layers / "rules" / "land_use.csv").unlink()
    with pytest.raises(InputError) as caught:
        run_scenario(scenario, place)
    keys = {p.key for p in caught.value.problems}
    assert {"file_missing"} < keys
    assert any(k.startswith("scenario_key_unknown") for k in keys)
    assert not place.runs.exists()


def test_no_unanswered_commune_in_a_pilot_unless_locked(run, place):
    communes = run.communes.set_index("code")
    programme_rows = run.programme
    pilots = programme_rows[programme_rows["pilot"].fillna(False).astype(bool)]
    assert len(pilots)
    assert (communes.loc[pilots["commune_code"], "report_state"] != "none").all()
    scenario = load_scenario(place.root / SCENARIOS[0])
    phase = next(p for p in scenario.phases if p.pilot)
    # as if nobody had answered
    nobody = run.communes.assign(gap_basis="estimated", clearance_cost_included=False)
    candidates = assembly.candidates(nobody, run.sites)
    found = programme.plan(candidates, scenario, ()).programme
    assert not found["pilot"].fillna(False).any()
    code = communes.index[communes["report_state"] == "none"].intersection(
        communes.index[communes["build_type"] == "build_new"]
    )[0]
    lock = Lock(commune=code, phase=phase.name, by="Lãnh đạo Sở", reason="đã kiểm tra tại chỗ")
    found = programme.plan(candidates, scenario, (lock,)).programme
    assert found.loc[found["pilot"].fillna(False).astype(bool), "commune_code"].tolist() == [code]


def test_papers_and_workbook_hold_nothing_but_words_of_their_reader(both, raw_words, repo_root, tmp_path):
    known = raw_words.tokens(repo_root / "layers" / "catalog.toml")
    papers = write_papers(both, tmp_path, "hai")
    assert len(papers) == 4
    found = [line for path in papers for line in raw_words.found_in(raw_words.of_document(path), known)]
    found += raw_words.found_in(raw_words.of_workbook(write_workbook(both, tmp_path / "hai.xlsx")), known)
    assert found == []


def test_totals_are_equal_in_results_workbook_and_map(run, tmp_path):
    totals = run.table("totals")
    book = openpyxl.load_workbook(write_workbook([run], tmp_path / "a.xlsx"), data_only=True)
    sheet = book[text("workbook.sheet.totals")]
    shown = {}
    for row in sheet.iter_rows(values_only=True):
        if row[0] in {value_text("item", item) for item in ITEMS}:
            shown[row[0], row[1]] = row
    labels = [
        c.value for r in sheet.iter_rows() for c in r if c.value == f"{RESULTS['totals'].column('used_m2').label} (m²)"
    ]
    assert labels
    of_map = run_content(run, "vi")["totals"]
    rows = [dict(zip(of_map["names"], cells, strict=True)) for cells in of_map["rows"]]
    assert len(rows) == len(totals) == 24
    order = [name for name in RESULTS["totals"].names if name != "order"]
    for row, drawn in zip(totals.to_dict("records"), rows, strict=True):
        printed = shown[value_text("item", row["item"]), value_text("basis", row["basis"])]
        assert drawn["units"] == row["units"] == printed[order.index("units")]
        for column in ("reported_m2", "computed_m2", "agreed_m2", "used_m2"):
            if np.isnan(row[column]):
                assert drawn[column] is None
                assert printed[order.index(column)] is None
            else:
                assert drawn[column] == pytest.approx(row[column])
                assert printed[order.index(column)] == pytest.approx(row[column])
    by_basis = totals_by_basis(run.communes).set_index("basis")
    for row in totals.to_dict("records"):
        expected = by_basis.loc[row["basis"], f"{row['item']}_area_m2"]
        assert (
            np.isnan(row["used_m2"])
            if expected is None or np.isnan(expected)
            else row["used_m2"] == pytest.approx(expected, abs=0.01)
        )


def _same_on_paper(sheet, code_column: str, codes) -> dict[str, dict[str, object]]:
    """Rows of a sheet by commune code, by their headings without units."""
    rows = list(sheet.iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if code_column in row)
    names = [re.sub(r" \([^()]*\)$", "", name) if isinstance(name, str) else name for name in rows[head]]
    at = rows[head].index(code_column)
    return {row[at]: dict(zip(names, row, strict=True)) for row in rows[head + 1 :] if row[at] in codes}


@pytest.mark.require("chromium")
def test_ten_communes_at_random_are_the_same_on_the_map_in_the_results_and_in_the_workbook(
    run, repo_root, tmp_path, chromium_path
):
    from playwright.sync_api import sync_playwright

    seed = random.SystemRandom().randrange(2**32)
    told = f"seed {seed}"
    codes = random.Random(seed).sample(sorted(run.communes["code"]), 10)
    map_file = webmap.write_map(run, tmp_path / "m.html", load_style(repo_root / "maps" / "style.toml"))
    book = openpyxl.load_workbook(write_workbook([run], tmp_path / "a.xlsx"), data_only=True)
    label = {name: RESULTS["communes"].column(name).label for name in RESULTS["communes"].names}
    columns = {
        "communes": ("required_floor_area_m2", "required_land_area_m2", "deficit_floor_area_m2"),
        "priority": ("priority_points", "priority_rank", "base_points", "supplement_points"),
    }
    printed = {key: _same_on_paper(book[text(f"workbook.sheet.{key}")], label["code"], codes) for key in columns}
    site_label = {name: RESULTS["sites"].column(name).label for name in ("site_id", "score", "rank", "area_m2")}
    sites_sheet = list(book[text("workbook.sheet.sites")].iter_rows(values_only=True))
    head = next(n for n, row in enumerate(sites_sheet) if site_label["site_id"] in row)
    at = {n: next(i for i, h in enumerate(sites_sheet[head]) if str(h).startswith(w)) for n, w in site_label.items()}
    paper_sites = {row[at["site_id"]]: row for row in sites_sheet[head + 1 :]}
    communes, sites = run.communes.set_index("code"), run.sites
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        page.goto(map_file.as_uri())
        page.locator(".app.ready").wait_for(timeout=120_000)
        for code in codes:
            row, told = communes.loc[code], f"seed {seed}, {code}"
            line = page.locator(f".line[data-code='{code}']")
            # lines out of sight are not laid out, so that they have text and no inner text
            shown = [line.locator(".rank").text_content(), *line.locator(".cell").all_text_contents()]
            assert shown == [
                str(row["priority_rank"]), number(row["priority_points"], 1), number(row["deficit_floor_area_m2"], 0)
            ], told  # fmt: skip
            line.click()
            figures = page.locator(".card .figure").all_inner_texts()
            assert f"{row['priority_rank']} / {len(communes)}" in figures[0], told
            assert f"cần {number(row['required_floor_area_m2'], 0)} m²" in figures[1], told
            best = "–" if np.isnan(row["best_site_score"]) else number(row["best_site_score"], 1)
            assert best in figures[2].split("\n"), told
            bars = page.locator(".card .measure .bar-points").all_inner_texts()
            own = run.scores[(run.scores["of"] == "commune") & (run.scores["subject_id"] == code)]
            assert len(bars) == len(own), told
            given = sum(float(b.split("/")[0].strip(" +").replace(",", ".").replace("–", "0") or 0) for b in bars)
            assert given == pytest.approx(own["points"].fillna(0).sum(), abs=0.051 * len(bars)), told
            of_commune = sites[sites["commune_code"] == code].sort_values(["rank", "site_id"])
            lines = page.locator(".card .site-line").all()
            assert len(lines) == len(of_commune), told
            for drawn, (_, site) in zip(lines, of_commune.iterrows(), strict=True):
                words = drawn.inner_text()
                assert site["label"] in words, told
                assert np.isnan(site["score"]) or number(site["score"], 1) in words, told
                on_paper = paper_sites[site["site_id"]]
                assert on_paper[at["rank"]] == site["rank"], told
                for name in ("score", "area_m2"):
                    assert on_paper[at[name]] == pytest.approx(site[name]) or np.isnan(site[name]), told
            for sheet, names in columns.items():
                for name in names:
                    value = printed[sheet][code][label[name]]
                    assert (value is None and np.isnan(row[name])) or value == pytest.approx(row[name]), (told, name)
            page.locator(".card .back").click()
        browser.close()


def test_the_chain_of_the_map_is_the_chain_explained(run):
    of_map = run_content(run, "vi")["needs"]
    pools = of_map["pools"]
    rows = [
        {n: pools[n][c] if n in pools and c is not None else c for n, c in zip(of_map["names"], cells, strict=True)}
        for cells in of_map["rows"]
    ]
    scope = run.manifest["scenario"]["need"]["scope"]
    for code in ("06184", "05977"):
        own = [row for row in rows if row["commune_code"] == code]
        explained = steps(run.table("needs"), code, scope, "vi")
        assert [value_text("item", row["item"]) for row in own] == [step["item"] for step in explained]
        assert [row["formula"] for row in own] == [step["formula"] for step in explained]
        assert [row["legal_basis"] or "" for row in own] == [step["basis"] for step in explained]
        assert explained[-1]["item"] == value_text("item", "single_headquarters")
        land = run.communes.set_index("code").loc[code, "required_land_area_m2"]
        assert next(row["value"] for row in own if row["item"] == "required_land_area") == land


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("06184",), 0, "Đất cần = "),
        (("huu lung", "phuong_an_1", "--scope", "C"), 0, "Quảng trường"),
        (("6184", "--lang", "en"), 0, "Land needed = "),
        (("Huu Lunk",), 2, "06385 Hữu Lũng"),
        (("06184", "--scope", "D"), 2, "A (trụ sở liên cơ quan)"),
    ],
)
def test_need_explain(both, place, words, code, told):
    command = [sys.executable, "-m", "siteplan", "need", "explain", *words]
    done = subprocess.run(
        command, cwd=place.root, capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "300"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr.decode()
    assert told in (done.stdout + done.stderr).decode()


def command(place, *given):
    done = subprocess.run(
        [sys.executable, "-m", "siteplan", *map(str, given)], cwd=place.root, capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "300"},
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode()


def test_a_drawn_plot_gets_the_evidence_of_the_run_by_command(run, place, tmp_path):
    findings = run.conflicts[(run.conflicts["source"] == "plan") & ~run.conflicts["restricted"]]
    most = findings["site_id"].value_counts().index[0]
    drawn = tmp_path / "khu.gpkg"
    run.sites[run.sites["site_id"] == most][["geometry"]].to_file(drawn)
    before = drawn.read_bytes()
    code, said = command(place, "check-site", drawn, "--out", tmp_path)
    assert code == 0, said
    assert drawn.read_bytes() == before
    features = json.loads((tmp_path / "khu_kiem_tra.geojson").read_text("utf-8"))["features"]
    zones = {f["properties"].get("zone_id") for f in features if f["properties"].get("source") == "plan"}
    assert set(findings.loc[findings["site_id"] == most, "zone_id"]) == zones


def test_plans_diff_of_a_run_with_itself_names_no_site(run, place):
    code, said = command(place, "plans", "diff", run.name, run.name)
    assert code == 0, said
    assert not set(run.sites["site_id"]) & set(said.split())
