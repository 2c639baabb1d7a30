"""Live weights: what the page computes is what the program computes, at the official weights and at shaken ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from siteplan.decide import placing, priority, scoring
from siteplan.outputs import webmap
from siteplan.outputs.webmap import weighing
from siteplan.runs import Run
from siteplan.scenario import Scenario, load_scenario
from siteplan.tables import RESULTS

pytestmark = pytest.mark.require("chromium")

SITES_OF_ONE = 7
TOKENS = {
    "clearance": ("cleared", "partly", "not_cleared", None),
    "conformity": ("conforms", "not_in_plan", "needs_adjustment", None),
}


def _measured(scenario: Scenario, map_run: Any, rng: np.random.Generator) -> tuple[pd.DataFrame, Any]:
    """Communes and sites with values of every criterion, a fifth of them missing, some equal."""
    tables = map_run.tables("phuong_an_1")
    communes = pd.DataFrame(tables["communes"])
    frame = tables["sites"].iloc[:0]
    rows = []
    for n, code in enumerate(communes["code"]):
        for k in range(SITES_OF_ONE):
            plot = box(0, 0, 80, 60) if k else map_run.square(n, 4000.0)
            row = {
                "site_id": f"{code}-{'T' if k == 1 else 'K'}-{k:06d}", "commune_code": code, "label": f"K{k}",
                "letter": "T" if k == 1 else "K", "source_id": f"CS-{code}-0" if k == 1 else None,
                "eligible": bool(rng.random() < 0.8),
                "check_result": str(rng.choice(["clear", "conditional", "blocked"], p=[0.5, 0.3, 0.2])),
                "geometry": plot, "locked": False,
            }  # fmt: skip
            for criterion in scenario.of("site"):
                low, high = (0, 1) if criterion.value.kind == "identity" else (
                    criterion.value.points[0][0], criterion.value.points[-1][0] * 1.1,
                )  # fmt: skip
                decimals = 0 if RESULTS["sites"].column(criterion.source).kind == "int" else 2
                row[criterion.source] = round(float(rng.uniform(low, high)), decimals) if rng.random() < 0.8 else None
            row |= {name: rng.choice(np.array(tokens, dtype=object)) for name, tokens in TOKENS.items()}
            if k == 2:  # equal in all that counts: the id decides
                row |= {c.source: rows[-1][c.source] for c in scenario.of("site")}
                row |= {"eligible": rows[-1]["eligible"], "check_result": rows[-1]["check_result"]}
            rows.append(row)
    sites = map_run.conformed("sites", [*frame.to_dict("records"), *rows])
    for criterion in scenario.of("commune"):
        if criterion.value.points:
            top = criterion.value.points[-1][0]
            values = np.round(rng.uniform(0, top, len(communes)), 1)
            communes[criterion.source] = np.where(rng.random(len(communes)) < 0.8, values, np.nan)
    communes.loc[1:2, "shortage_percent"] = 30.0
    communes["filed"] = pd.array(rng.choice(np.array([True, False, None], dtype=object), len(communes)), "boolean")
    communes["gate_class"] = ["none", "international", None, "none", "main", "main", "none", "none", "none"]
    communes["is_border"] = pd.array([True, True, True, None, False, True, False, False, True], "boolean")
    communes["is_central_ward"] = pd.array([False, True, False, None, True, False, True, False, False], "boolean")
    communes["build_type"] = ["extend", "build_new", "none"] * 3
    communes["kept_facility_id"] = [f"CS-{code}-0" for code in communes["code"]]
    return communes, sites


def ranked(
    scenario: Scenario, communes: pd.DataFrame, sites: Any, stays: dict[str, str], built: dict[str, str]
) -> tuple[Any, Any, Any, Any]:
    """The program's own road: rank the sites, let communes stay, measure on the best site, rank the communes.

    Last, what the option builds smaller is where it is built.
    """
    own, site_scores = scoring.rank_sites(sites, scenario.of("site"), scenario.locks)
    for code, site_id in stays.items():
        of = own["commune_code"] == code
        own.loc[of, "is_best"] = own.loc[of, "site_id"] == site_id
    best = own[own["is_best"].astype(bool)].set_index("commune_code")
    measured = communes.copy()
    for column, source in weighing.OF_BEST.items():
        measured[column] = measured["code"].map(best[source])
    measured["access_minutes_best"] = measured["access_minutes_best"].astype("float64")
    out, scores = priority.rank_communes(measured, scenario.of("commune"), scenario.supplements)
    programme = pd.DataFrame(
        {"commune_code": list(built), "site_id": list(built.values()), "status": "planned", "build_type": "renovate",
         "needed_build_type": "build_new"}
    )  # fmt: skip
    own = placing.follow(own, programme)
    best = own[own["is_best"].astype(bool)].set_index("commune_code")
    out["best_site_id"] = out["code"].map(best["site_id"])
    return out, own, scores, site_scores


def shaken(scenario: Scenario, rng: np.random.Generator) -> tuple[Scenario, dict[str, dict[str, float]]]:
    """The scenario with other weights, and the same weights as the page takes them."""
    weights: dict[str, dict[str, float]] = {"site": {}, "commune": {}, "supplements": {}}
    criteria = []
    for c in scenario.criteria:
        weights[c.of][c.key] = round(float(rng.uniform(0, 40)), 1)
        criteria.append(c.model_copy(update={"weight": weights[c.of][c.key]}))
    points = [round(float(v), 1) for v in rng.uniform(0, 12, 5)]
    gate = {"international": points[3], "main": points[4]}
    supplements = {"border": points[0], "central_ward": points[1], "cap_points": points[2]}
    weights["supplements"] = supplements | {f"gate.{k}": v for k, v in gate.items()}
    own = scenario.supplements.model_copy(update=supplements | {"gate": gate})
    return scenario.model_copy(update={"criteria": tuple(criteria), "supplements": own}), weights


@pytest.fixture(scope="module")
def base(repo_root) -> Scenario:
    return load_scenario(repo_root / "scenarios" / "co_so.toml")


@pytest.fixture(scope="module")
def made(base, map_run, style, tmp_path_factory) -> tuple[Path, Run, pd.DataFrame, Any, tuple[dict[str, str], ...]]:
    rng = np.random.default_rng(20260101)
    communes, sites = _measured(base, map_run, rng)
    own, _ = scoring.rank_sites(sites, base.of("site"))
    places = communes.assign(deficit_floor_area_m2=100.0, kept_floor_area_m2=900.0)
    own["broken_rules"] = None
    after = placing.place(own, places, 5.0).sites
    stay = after[after["is_best"].astype(bool) & (after["letter"] == "T")]
    stays = {
        r.commune_code: r.site_id
        for r in stay.itertuples()
        if communes.set_index("code")["build_type"][r.commune_code] in placing.STAYING
    }
    of_need = after[after["is_best"].astype(bool)].set_index("commune_code")["site_id"]
    new = communes.loc[communes["build_type"] == "build_new", "code"]
    built = {code: f"{code}-T-000001" for code in new if code in of_need.index and of_need[code] != f"{code}-T-000001"}
    places_of = stays, built
    out, own, scores, site_scores = ranked(base, communes, sites, *places_of)
    assert len(stays) >= 2
    assert built
    options = [
        {"commune_code": code, "build_type": kind, "size_order": 0, "site_id": of_need.get(code)}
        for code, kind in zip(communes["code"], communes["build_type"], strict=True)
        if kind != "none"
    ]
    tables = {
        "communes": out, "sites": own, "scores": pd.concat([scores, site_scores], ignore_index=True),
        "build_options": map_run.conformed("build_options", options),
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("thử")
    scenario = base.model_dump(mode="json") | {"name": "phuong_an_1", "phases": map_run.PHASES}
    run = map_run.build(folder, tables=tables, scenario=scenario)
    return webmap.write_map(run, folder / "maps" / "phuong_an_1.html", style), run, communes, sites, places_of


COMPUTE = """w => {
  const m = SP.model(SP.content, SP.content.runs[0], SP.words(SP.content)), e = SP.weighing(m);
  const o = e.compute(w || e.official());
  return {
    sites: o.sites.map(x => [x.s.site_id, x.score.score, x.score.low, x.score.high, x.rank, !!x.best]),
    communes: o.communes.map(x => [
      x.c.code, x.base, x.low, x.high, x.extra.sum, x.points, x.rank, x.baseRank, x.best ? x.best.s.site_id : null,
    ]),
  };
}"""


def _same(found: dict[str, list[list[Any]]], communes: pd.DataFrame, sites: Any) -> None:
    own = sites.set_index("site_id")
    assert len(found["sites"]) == len(own)
    for site_id, score, low, high, rank, best in found["sites"]:
        row = own.loc[site_id]
        expected = [row["score"], row["score_low"], row["score_high"]]
        got = [np.nan if v is None else v for v in (score, low, high)]
        assert got == pytest.approx(expected, abs=1e-9, nan_ok=True), site_id
        assert (rank, best) == (row["rank"], bool(row["is_best"])), site_id
    own = communes.set_index("code")
    names = ["base_points", "base_points_low", "base_points_high", "supplement_points", "priority_points"]
    for code, *numbers, rank, base_rank, best in found["communes"]:
        row = own.loc[code]
        got = [np.nan if v is None else v for v in numbers]
        assert got == pytest.approx([row[n] for n in names], abs=1e-9, nan_ok=True), code
        assert (rank, base_rank) == (row["priority_rank"], row["base_rank"]), code
        assert best == (row["best_site_id"] if isinstance(row["best_site_id"], str) else None), code


def test_at_the_official_weights_the_page_has_the_programs_numbers(open_map, made, base):
    file, run, communes, sites, places_of = made
    found = open_map(file).evaluate(COMPUTE, None)
    out, own, *_ = ranked(base, communes, sites, *places_of)
    _same(found, out, own)
    # and these are the numbers of the run, which workbook and dossier print
    kept, best = run.communes.set_index("code"), run.sites.set_index("site_id")
    for code, points, _, _, extra, total, rank, base_rank, _ in found["communes"]:
        row = kept.loc[code]
        told = [row["base_points"], row["supplement_points"], row["priority_points"]]
        assert [np.nan if v is None else v for v in (points, extra, total)] == pytest.approx(
            told, abs=1e-9, nan_ok=True
        )
        assert (rank, base_rank) == (row["priority_rank"], row["base_rank"])
    for site_id, score, *_, rank, _ in found["sites"]:
        assert (np.nan if score is None else score) == pytest.approx(best.loc[site_id, "score"], abs=1e-9, nan_ok=True)
        assert rank == best.loc[site_id, "rank"]


def test_under_shaken_weights_the_page_has_the_programs_numbers(open_map, made, base):
    file, _, communes, sites, places_of = made
    page = open_map(file)
    rng = np.random.default_rng(7)
    moved = 0
    official = ranked(base, communes, sites, *places_of)[0].set_index("code")
    for _ in range(25):
        scenario, weights = shaken(base, rng)
        out, own, *_ = ranked(scenario, communes, sites, *places_of)
        _same(page.evaluate(COMPUTE, weights), out, own)
        moved += int((out.set_index("code")["best_site_id"] != official["best_site_id"]).sum())
    assert moved > 0


def test_what_the_page_assumes_of_the_program_holds():
    assert weighing.TIES == priority._TIE_COLUMNS
    assert weighing.STAYING == placing.STAYING
    assert RESULTS["sites"].column("score").decimals == RESULTS["communes"].column("priority_points").decimals


def _drag(page, slider: str, value: float) -> None:
    page.locator(slider).evaluate(
        "(n, v) => { n.value = v; n.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _listed(page) -> list[str]:
    return page.locator(".ranking .line").evaluate_all("all => all.map(n => n.dataset.code)")


def test_sliders_move_the_ranking_and_the_way_back(open_map, made):
    file, run, *_ = made
    page = open_map(file)
    official = _listed(page)
    assert page.locator(".trial-banner").is_hidden()
    page.locator("#trial-button").click()
    _drag(page, "#weight-supplements-cap_points", 20)
    _drag(page, "#weight-supplements-central_ward", 20)
    _drag(page, "#weight-commune-shortage", 0)
    assert page.locator(".trial-banner").is_visible()
    assert "không phải kết quả chính thức" in page.locator(".trial-banner").inner_text()
    assert _listed(page) != official
    assert page.locator(".step").count() > 0
    ward = run.communes.set_index("code")["is_central_ward"].fillna(value=False).astype(bool)
    page.locator(f".line[data-code='{ward[ward].index[0]}']").click()
    assert "+20,0" in page.locator(".card").inner_text()
    page.locator(".trial-banner button").click()
    assert page.locator(".trial-banner").is_hidden()
    assert "+10,0" in page.locator(".card").inner_text()
    page.locator(".card .back").click()
    assert _listed(page) == official


def test_the_travel_time_says_that_it_is_not_of_the_trial(open_map, made):
    page = open_map(made[0], fragment="#l=communes,travel")
    told = "không theo trọng số thử"
    assert told not in page.locator(".map-legend").inner_text()
    page.locator("#trial-button").click()
    _drag(page, "#weight-supplements-border", 15)
    assert told in page.locator(".map-legend").inner_text()
    page.locator("#trial-reset").click()
    assert told not in page.locator(".map-legend").inner_text()


def test_weights_of_nothing_keep_the_last_result(open_map, made, base):
    page = open_map(made[0])
    page.locator("#trial-button").click()
    for criterion in base.of("commune"):
        _drag(page, f"#weight-commune-{criterion.key}", 0)
    assert page.locator(".trial .warn").is_visible()
    assert page.locator(".ranking .line").count() == 9


def test_the_trial_is_copied_as_a_scenario_that_loads(open_map, made, repo_root, tmp_path):
    page = open_map(made[0])
    page.locator("#trial-button").click()
    _drag(page, "#weight-commune-scale", 33.3)
    _drag(page, "#weight-site-slope_mean_percent", 21.7)
    _drag(page, "#weight-supplements-border", 4.5)
    page.locator("#trial-copy").click()
    words = page.locator(".trial textarea").input_value()
    (tmp_path / "phuong_an_1.toml").write_bytes((repo_root / "scenarios" / "co_so.toml").read_bytes())
    (tmp_path / "thu.toml").write_text(words, "utf-8")
    found = load_scenario(tmp_path / "thu.toml")
    base = load_scenario(repo_root / "scenarios" / "co_so.toml")
    weights = {(c.of, c.key): c.weight for c in base.criteria}
    weights["commune", "scale"], weights["site", "slope_mean_percent"] = 33.3, 21.7
    for of in ("site", "commune"):
        total = sum(w for (kind, _), w in weights.items() if kind == of)
        for c in found.of(of):
            assert c.weight == pytest.approx(weights[of, c.key] / total * 100, abs=2e-5), c.key
    assert found.supplements.border == 4.5
    assert found.supplements.gate == base.supplements.gate
    assert [(c.key, c.of, c.source, c.value, c.label, c.label_en, c.unit, c.basis) for c in found.criteria] == [
        (c.key, c.of, c.source, c.value, c.label, c.label_en, c.unit, c.basis) for c in base.criteria
    ]


def test_all_tools_are_in_reach_on_a_phone(open_map, made):
    page = open_map(made[0], 390, 844)
    for button in page.locator(".bar nav button").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.locator("#trial-button").click()
    _drag(page, "#weight-supplements-border", 15)
    assert page.locator(".trial-banner").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".trial").is_hidden()


# ---- two options


@pytest.fixture(scope="module")
def two(base, made, map_run, style, tmp_path_factory):
    """Two options over the same measured values; the second has another official weight."""
    _, first, communes, sites, places_of = made
    folder = tmp_path_factory.mktemp("hai")
    criteria = tuple(
        c.model_copy(update={"weight": c.weight + 90}) if (c.of, c.key) == ("commune", "scale") else c
        for c in base.criteria
    )
    other = base.model_copy(update={"criteria": criteria})
    out, own, scores, site_scores = ranked(other, communes, sites, *places_of)
    tables = {"communes": out, "sites": own, "scores": pd.concat([scores, site_scores], ignore_index=True)}
    scenario = other.model_dump(mode="json") | {"name": "phuong_an_2", "phases": map_run.PHASES}
    second = map_run.build(folder, "phuong_an_2", late=True, tables=tables, scenario=scenario)
    return webmap.write_comparison([first, second], None, folder / "so_sanh.html", style), first, second


def _cells(page) -> dict[str, list[str]]:
    rows = page.locator(".ranking .line").evaluate_all(
        """all => all.map(n => [
          n.dataset.code, ...[...n.querySelectorAll('.cell')].map(c => c.lastChild.previousSibling.textContent),
        ])"""
    )
    return {code: cells for code, *cells in rows}


def test_both_options_are_tried_with_the_same_weights(open_map, two, made, base):
    file, first, second = two
    page = open_map(file)
    official = _cells(page)
    ranks = [r.communes.set_index("code")["priority_rank"] for r in (first, second)]
    assert official == {code: [str(r[code]) for r in ranks] for code in official}
    assert (ranks[0] != ranks[1]).any()
    page.locator("#trial-button").click()
    assert "khác nhau" in page.locator(".trial").inner_text()
    _drag(page, "#weight-supplements-cap_points", 20)
    _drag(page, "#weight-supplements-border", 15)
    assert page.locator(".trial-banner").is_visible()
    own = base.supplements.model_copy(update={"cap_points": 20, "border": 15})
    _, _, communes, sites, places_of = made
    tried = ranked(base.model_copy(update={"supplements": own}), communes, sites, *places_of)[0]
    expected = tried.set_index("code")["priority_rank"]
    assert _cells(page) == {code: [str(expected[code])] * 2 for code in official}
    assert page.locator(".step").count() > 0
    told = page.locator(".trial-told span").all_inner_texts()
    assert [t[:5] for t in told] == ["PA 1:", "PA 2:"]
    # the card of both, opened under the trial, follows the sliders
    page.locator(".ranking .line").first.click()
    row = page.locator("table.both tr", has_text="Ưu tiên").locator("td")
    assert row.all_inner_texts() == ["1", "1"]
    page.locator("#trial-copy-2").click()
    assert 'extends = "phuong_an_2.toml"' in page.locator(".trial textarea").input_value()
    page.locator("#trial-reset").click()
    page.locator(".card .back").click()
    assert _cells(page) == official
    assert page.locator(".trial-banner").is_hidden()


def test_options_of_other_criteria_are_not_tried_together(open_map, map_run, base, made, style, tmp_path):
    fewer = tuple(c for c in base.criteria if (c.of, c.key) != ("commune", "scale"))
    scenario = base.model_copy(update={"criteria": fewer}).model_dump(mode="json")
    second = map_run.build(
        tmp_path, "phuong_an_2", scenario=scenario | {"name": "phuong_an_2", "phases": map_run.PHASES}
    )
    file = webmap.write_comparison([made[1], second], None, tmp_path / "so_sanh.html", style)
    assert open_map(file).locator("#trial-button").count() == 0
