"""A plot someone drew gets from the index on disk what the same plot gets from the layers themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan import locale
from siteplan.crs import Province
from siteplan.errors import InputError
from siteplan.layers.plots import read_plots
from siteplan.outputs import plot_page
from siteplan.plot_index import PlotIndex, write_index
from siteplan.sites.assess import assess_commune, prepare
from siteplan.sites.plot import check_plots


@pytest.fixture
def ground(inputs, maps):
    """A commune with something of everything that rules look at."""
    generator = np.random.default_rng(7)
    corners, sizes = generator.uniform(0, 2800, (60, 2)), generator.uniform(20, 400, (60, 2))
    boxes = [maps.at(*c, *(c + s)) for c, s in zip(corners, sizes, strict=True)]
    both_say = maps.at(360, 380, 700, 700)
    functions = ("TSC", "CQP", "DAT_O_NHOMNHAO", "DAT_DD_HONHOP", None)
    plans = maps.layer(
        "plans",
        [
            {"plan_id": f"P{i}", "title": f"Quy hoạch {i}", "plan_kind": kind, "status": status, "covers": maps.CODE,
             "decision_no": f"{i}/QĐ", "decision_date": "2023-05-06", "accuracy_m": 5.0, "authority": "UBND tỉnh"}
            for i, (kind, status) in enumerate([("general", "approved"), ("land_use", "approved"), ("forest", "draft")])
        ],
    )  # fmt: skip
    zones = maps.layer(
        "plan_zones",
        [
            {"zone_id": f"Z{i}", "plan_id": f"P{i % 3}", "function": functions[i % 5], "geometry": box,
             "restricted": i == 9}
            for i, box in enumerate(boxes)
        ]
        + [{"zone_id": f"ZZ{p}", "plan_id": p, "function": f, "geometry": both_say, "restricted": False}
           for p, f in (("P0", "TSC"), ("P1", "CQP"))],
    )  # fmt: skip
    return inputs(
        dem=maps.plane(east=0.28),
        plans=plans,
        plan_zones=zones,
        land_use=maps.layer(
            "land_use",
            [{"land_use": ("LUC", "ONT", "SON", "BCS")[i % 4], "geometry": g} for i, g in enumerate(boxes[::-1])],
        ),
        roads=maps.layer("roads", [{"road_class": "provincial", "geometry": maps.line((0, 700), (3000, 900))}]),
        services=maps.layer("services", [{"service_class": c, "geometry": maps.point(x, 1500)} for c, x in
                                         (("police", 1400), ("fuel", 900), ("cemetery", 2600))]),
        hazards=maps.layer("hazards", [{"hazard_kind": "flood", "level": "high", "geometry": boxes[3]}]),
        sector_projects=maps.layer(
            "sector_projects",
            [{"project_id": "D1", "name": "Trường", "sector": "Giáo dục", "owner": "Sở Giáo dục",
              "geometry": maps.at(700, 0, 1500, 900)}],
        ),
        border=maps.layer("border", [{"geometry": maps.line((-50, 0), (-50, 3000))}]),
        water_areas=maps.layer("water_areas", [{"water_class": "lake", "geometry": boxes[8]},
                                               {"water_class": "river", "geometry": maps.at(1800, 2300, 3000, 2390)}]),
        waterways=maps.layer("waterways", [{"waterway_class": "river", "water_function": "ecosystem",
                                            "geometry": maps.line((1800, 2345), (3000, 2345))}]),
    )  # fmt: skip


@pytest.fixture
def both(ground, tmp_path):
    prepared = prepare(ground)
    write_index(tmp_path, prepared)
    return prepared, PlotIndex(tmp_path, prepared.scenario)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal in every cell; how a missing value is written does not count."""
    sides = [pd.DataFrame(side).astype(object) for side in (one, other)]
    pd.testing.assert_frame_equal(*(side.where(side.notna(), None) for side in sides))


def test_the_index_answers_as_the_layers_do(both, maps) -> None:
    prepared, index = both
    shapes = [maps.at(x, y, x + 90, y + 70) for x in range(0, 2900, 360) for y in range(-100, 3000, 380)]
    plots = gpd.GeoDataFrame({"name": [f"K{i}" for i in range(len(shapes))]}, geometry=shapes, crs=maps.CRS)
    whole = check_plots(prepared, plots, with_shift=False)
    assert set(whole.conflicts["source"]) >= {"plan", "land_use", "corridor", "project", "compound", "precedence"}
    for i in range(len(plots)):
        own = plots.iloc[i : i + 1].reset_index(drop=True)
        found = check_plots(index.around(list(own.geometry)), own, with_shift=False)
        name = own["name"].iloc[0]
        same(found.conflicts, whole.conflicts[whole.conflicts["site_id"] == name].reset_index(drop=True))
        same(found.conformity, whole.conformity[whole.conformity["site_id"] == name].reset_index(drop=True))
    index.close()


def test_a_drawn_site_gets_the_evidence_of_the_run(both, maps) -> None:
    prepared, index = both
    run = assess_commune(prepared, maps.CODE)
    sites = run.sites
    assert len(sites) > 3
    plots = gpd.GeoDataFrame({"name": sites["site_id"]}, geometry=sites.geometry.values, crs=maps.CRS)
    found = check_plots(index.around(list(plots.geometry)), plots, with_shift=False)
    key = ["site_id", "zone_id"]
    same(
        found.conflicts.sort_values(key, ignore_index=True), run.table("conflicts").sort_values(key, ignore_index=True)
    )
    answered = found.plots.set_index("site_id").loc[sites["site_id"]]
    for column in ("check_result", "conformity", "broken_rules", "eligible"):
        assert answered[column].tolist() == sites[column].tolist()
    index.close()


def test_a_plot_near_the_bank_of_a_river_lies_in_its_corridor(both, maps) -> None:
    _, index = both
    plots = gpd.GeoDataFrame({"name": ["K"]}, geometry=[maps.at(2500, 2400, 2590, 2480)], crs=maps.CRS)
    found = check_plots(index.around(list(plots.geometry)), plots, with_shift=False).conflicts
    told = found.set_index("zone_id")["area_m2"]
    assert told["river_ecosystem:ecosystem"] == pytest.approx(90 * 20, abs=0.5)
    index.close()


def test_shifts_are_looked_for_around_the_plot(both, maps) -> None:
    prepared, index = both
    plots = gpd.GeoDataFrame({"name": ["K"]}, geometry=[maps.at(1000, 760, 1090, 840)], crs=maps.CRS)
    same(
        check_plots(index.around(list(plots.geometry), 60.0), plots, with_shift=True).conflicts,
        check_plots(prepared, plots, with_shift=True).conflicts,
    )
    index.close()


def answer_of(found, lang: str = "vi") -> plot_page.Answer:
    return plot_page.Answer("ô <b>.geojson", found.plots, found.conflicts, found.conformity, {"09999": "Thử"}, {},
                            "2026-01-01", lang)  # fmt: skip


def test_the_answer_in_words_as_geojson_and_as_a_page(both, maps) -> None:
    prepared, index = both
    plots = gpd.GeoDataFrame({"name": ["<script>K</script>"]}, geometry=[maps.at(1000, 700, 1090, 800)], crs=maps.CRS)
    found = check_plots(prepared, plots, with_shift=True)
    answer = answer_of(found)
    words = "\n".join(plot_page.lines(answer))
    assert "9.000 m², Thử" in words
    said = {locale.value_text("conformity", token) for token in found.conformity["conformity"]}
    assert said
    assert all(word in words for word in said)
    assert not [token for token in ("provincial", "blocking", "no_plan", "within") if token in words]
    page = plot_page.page(answer)
    assert "<script>" not in page
    assert "ô &lt;b&gt;.geojson" in page
    assert page.count("<svg") == 1
    read = json.loads(plot_page.geojson(answer))
    assert len(read["features"]) == 1 + len(found.conflicts)
    plot = gpd.GeoDataFrame.from_features(read["features"][:1], crs=4326)
    from siteplan.crs import to_crs

    assert to_crs(plot, maps.CRS).geometry.iloc[0].symmetric_difference(plots.geometry.iloc[0]).area < 0.5
    assert plot_page.lines(answer_of(found, "en")) != plot_page.lines(answer)
    index.close()


def test_the_answer_tells_slope_certainty_and_what_was_not_examined(both, maps) -> None:
    prepared, index = both
    plots = gpd.GeoDataFrame({"name": ["K"]}, geometry=[maps.at(1000, 700, 1090, 800)], crs=maps.CRS)
    answer = answer_of(check_plots(prepared, plots, with_shift=False))
    words, page = "\n".join(plot_page.lines(answer)), plot_page.page(answer)
    for said in (words, page):
        assert "Độ dốc trung bình 28,0 %" in said
        assert "Chưa xét: diện tích so với nhu cầu, mặt đường" in said
        assert "--role proposals" in said
        assert "đã đối chiếu văn bản gốc)" in said
        assert not [mark for mark in ("[V]", "[R]", "[P]", "[V2]", "[C]") if mark in said]
    flat = answer_of(check_plots(replace(prepared, dem=None), plots, with_shift=False))
    assert "Chưa đánh giá được địa hình" in "\n".join(plot_page.lines(flat))
    index.close()


def test_plots_without_a_name_are_numbered_from_1_and_the_column_is_told(province, maps, tmp_path) -> None:
    shapes = [maps.at(1000, 700, 1090, 800), maps.at(1200, 700, 1290, 800)]
    gpd.GeoDataFrame(geometry=shapes, crs=maps.CRS).to_file(tmp_path / "khu.geojson")
    read, problems, _ = read_plots(tmp_path / "khu.geojson", province, numbered="Khu đất {number}")
    assert read["name"].tolist() == ["Khu đất 1", "Khu đất 2"]
    (problem,) = [p for p in problems if p.key == "plots_unnamed"]
    assert problem.severity == "warning"
    assert "ten" in locale.problem_row(problem, "vi")["remedy"]
    named = gpd.GeoDataFrame({"Tên khu": ["A", "A"]}, geometry=shapes, crs=maps.CRS)
    named.to_file(tmp_path / "ten.geojson")
    read, problems, _ = read_plots(tmp_path / "ten.geojson", province)
    assert read["name"].tolist() == ["A (1)", "A (2)"]
    assert not [p for p in problems if p.key == "plots_unnamed"]


def test_a_plot_outside_the_province_is_told_as_not_examined(province, both, maps, tmp_path) -> None:
    prepared, index = both
    shapes = [maps.at(1000, 700, 1090, 800), maps.at(400_000, 0, 400_090, 90), maps.at(1200, 700, 1290, 800)]
    gpd.GeoDataFrame(geometry=shapes, crs=maps.CRS).to_file(tmp_path / "khu.geojson")
    read, problems, left_out = read_plots(tmp_path / "khu.geojson", province, numbered="Khu đất {number}")
    assert read["name"].tolist() == ["Khu đất 1", "Khu đất 3"]
    assert left_out == ["Khu đất 2"]
    (problem,) = [p for p in problems if p.key == "plots_outside"]
    assert (problem.severity, problem.feature) == ("excluded", "Khu đất 2")
    answer = replace(answer_of(check_plots(prepared, read, with_shift=False)), left_out=tuple(left_out))
    words = "CHƯA XÉT 1 khu đất trong tệp (ngoài tỉnh, hoặc không có hình vùng): Khu đất 2"
    assert plot_page.lines(answer)[-1] == words
    assert words in plot_page.page(answer)
    for lang in locale.LANGUAGES:
        row = locale.problem_row(problem, lang)
        assert all(row[part] and not row[part].startswith("problem.") for part in ("what", "cause", "remedy"))
    index.close()


def test_in_english_the_names_of_rules_are_english(both, maps) -> None:
    prepared, index = both
    plots = gpd.GeoDataFrame({"name": ["A"]}, geometry=[prepared.layers["water_areas"].geometries[0]], crs=maps.CRS)
    answer = replace(answer_of(check_plots(prepared, plots, with_shift=False)), lang="en")
    said = "\n".join(plot_page.lines(answer))
    assert "Against: Lakes and ponds with the least bank corridor, " in said
    assert "Mặt nước hồ, ao" not in said
    assert "Mặt nước hồ, ao" in "\n".join(plot_page.lines(replace(answer, lang="vi")))
    index.close()


def test_each_of_several_plots_has_its_own_map_and_page(both, maps) -> None:
    prepared, index = both
    shapes = [maps.at(1000, 700, 1090, 800), maps.at(1110, 700, 1200, 800), maps.at(2600, 2600, 2690, 2700)]
    plots = gpd.GeoDataFrame({"name": ["Một", "Hai", "Ba"]}, geometry=shapes, crs=maps.CRS)
    answer = answer_of(check_plots(prepared, plots, with_shift=False))
    page = plot_page.page(answer)
    index.close()
    sections = page.split("<section")[1:]
    assert len(sections) == 3
    assert all(section.count("<svg") == 1 for section in sections)
    # a neighbour is drawn and named, what lies two kilometres away is not
    named = {
        section.split("<h2>")[1].split(":")[0]: section.split("<svg")[1].split("</svg>")[0] for section in sections
    }
    assert {name for name in named if f">{name}</text>" in named["Một"]} == {"Một", "Hai"}
    assert {name for name in named if f">{name}</text>" in named["Ba"]} == {"Ba"}
    for number, section in enumerate(sections):
        assert f'id="k{number}"' in section
        assert f'href="#k{number}"' in page


# ------------------------------------------------------------------ plots as files come
@pytest.fixture(scope="module")
def province(repo_root: Path) -> Province:
    return Province.load(repo_root / "layers" / "province.toml")


def written(tmp_path: Path, epsg: int, shape, name: str = "khu") -> Path:
    from siteplan.crs import to_crs

    frame = gpd.GeoDataFrame({"TEN": ["Khu 1"]}, geometry=[shape], crs=9215)
    path = tmp_path / f"{name}_{epsg}.gpkg"
    to_crs(frame, epsg).to_file(path)
    return path


@pytest.mark.parametrize("epsg", [9215, 5897, 3405, 4326])
def test_a_plot_lies_where_it_lies_whatever_its_crs(epsg, province, both, maps, tmp_path) -> None:
    prepared, index = both
    shape = maps.at(1000.25, 700.5, 1090.75, 800.125)
    read, _, _ = read_plots(written(tmp_path, epsg, shape), province)
    assert read["name"].tolist() == ["Khu 1"]
    apart = np.abs(shapely.get_coordinates(shapely.normalize(read.geometry.iloc[0]))
                   - shapely.get_coordinates(shapely.normalize(shape)))  # fmt: skip
    assert apart.max() < 0.001
    own = gpd.GeoDataFrame({"name": ["Khu 1"]}, geometry=[shape], crs=maps.CRS)
    expected = check_plots(prepared, own, with_shift=False).conflicts
    found = check_plots(prepared, read, with_shift=False).conflicts
    assert found["zone_id"].tolist() == expected["zone_id"].tolist()
    assert found["relation"].tolist() == expected["relation"].tolist()
    # a millimetre along the 380 m around the plot
    assert np.nanmax(np.abs(found["area_m2"] - expected["area_m2"])) < 0.4
    index.close()


def test_a_plot_in_the_wrong_zone_is_refused_with_the_likely_cause(province, maps, tmp_path) -> None:
    path = tmp_path / "sai.gpkg"
    gpd.GeoDataFrame({"ten": ["K"]}, geometry=[maps.at(0, 0, 90, 90)], crs=3405).to_file(path)  # drawn in 9215
    with pytest.raises(InputError) as caught:
        read_plots(path, province)
    problem = caught.value.problems[0]
    assert problem.key.startswith("layer_outside")
    assert "9215" in str(problem.params)


def test_files_without_a_plot_are_told(province, maps, tmp_path) -> None:
    points = tmp_path / "diem.gpkg"
    gpd.GeoDataFrame({"ten": ["K"]}, geometry=[maps.point(0, 0)], crs=9215).to_file(points)
    with pytest.raises(InputError):
        read_plots(points, province)
    with pytest.raises(InputError) as caught:
        read_plots(tmp_path / "khong_co.gpkg", province)
    assert caught.value.problems[0].key == "file_missing"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(-60, 160), st.integers(-60, 160), st.integers(1, 120), st.integers(1, 120)),
                min_size=1, max_size=12))  # fmt: skip
def test_what_is_counted_once_never_passes_the_whole(boxes: list[tuple[int, int, int, int]]) -> None:
    from siteplan.sites.plans.conformity import _once

    site = shapely.box(0, 0, 100, 100)
    parts = [shapely.intersection(site, shapely.box(x, y, x + w, y + h)) for x, y, w, h in boxes]
    rows = [{"geometry": p, "area_m2": p.area} for p in parts if p.area > 0]
    inside = sum(any(x <= i < x + w and y <= j < y + h for x, y, w, h in boxes) for i in range(100) for j in range(100))
    assert _once(rows) == pytest.approx(inside)  # cells of one metre, counted one by one
    assert _once(rows) <= 10_000 + 1e-6
