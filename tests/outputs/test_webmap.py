"""The page of the map as a file: what is in it, what is not, where pictures lie, how shapes are written."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import shutil
import sys
import zlib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from siteplan import crs, locale
from siteplan.errors import InputError, NoSpaceError, SiteplanError
from siteplan.outputs import webmap
from siteplan.outputs.style import Style, class_words, load_style
from siteplan.outputs.webmap import background, cells, gate, looks, page, pictures, projection, shapes
from siteplan.raster import Raster

EPSG = 9215


def _map_run():
    if "map_run" in sys.modules:
        return sys.modules["map_run"]
    path = Path(__file__).parents[1] / "browser" / "map_run.py"
    spec = importlib.util.spec_from_file_location("map_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["map_run"] = module
    spec.loader.exec_module(module)
    return module


map_run = _map_run()


@pytest.fixture(scope="module")
def style(repo_root) -> Style:
    return load_style(repo_root / "maps" / "style.toml")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return map_run.build(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def written(run, style, tmp_path_factory) -> str:
    return webmap.write_map(run, tmp_path_factory.mktemp("map") / "m.html", style).read_text("utf-8")


def block(text: str) -> dict:
    return cells.unpacked(re.search(r'id="siteplan-content">(.*?)</script>', text, re.DOTALL)[1])


def laid_out(part: dict) -> list[dict]:
    """Rows of the page as name to value."""
    pools = part["pools"]
    return [
        {n: pools[n][v] if n in pools and v is not None else v for n, v in zip(part["names"], row, strict=True)}
        for row in part["rows"]
    ]


def laid_open(text: str) -> str:
    """The page and its content in plain letters."""
    return text + json.dumps(block(text), ensure_ascii=False)


# ---- the file


def test_two_maps_of_one_run_are_the_same_bytes(run, style, written, tmp_path):
    assert webmap.write_map(run, tmp_path / "again.html", style).read_text("utf-8") == written


def test_the_page_is_small_and_allows_nothing_from_outside(written):
    assert len(written.encode()) < 1_000_000
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', written)[1]
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert written.index("Content-Security-Policy") < written.index("<script")
    assert gate.outside_references(written) == []


def test_nothing_of_folium_beside_the_frame(written):
    for word in ("jquery", "bootstrap", "cdn.jsdelivr", "awesome", "sourceMappingURL"):
        assert word not in written.lower()


def test_content_of_restricted_rows_is_nowhere(written, run, style, tmp_path):
    plain = laid_open(written)
    assert map_run.SECRET not in plain
    assert "quoc_phong" not in plain
    assert '"QP1"' not in plain
    data = block(written)
    names = data["runs"][0]["conflicts"]["names"]
    hidden = [
        dict(zip(names, r, strict=True)) for r in data["runs"][0]["conflicts"]["rows"] if r[names.index("restricted")]
    ]
    assert len(hidden) == 24
    assert all(h["shape"] is None and h["area_m2"] is None and h["effect"] == "blocking" for h in hidden)
    assert {t for h in hidden for t in h["treatment"]} == {"Cần xác nhận bằng văn bản của cơ quan quản lý."}


def test_restricted_rows_are_there_when_the_run_includes_them(style, tmp_path):
    open_run = map_run.build(tmp_path, include_restricted=True)
    text = webmap.write_map(open_run, tmp_path / "m.html", style).read_text("utf-8")
    assert map_run.SECRET in laid_open(text)


def test_the_map_of_one_commune_has_no_sites_of_others_and_nothing_restricted(style, tmp_path):
    open_run = map_run.build(tmp_path, include_restricted=True)
    text = laid_open(webmap.write_map(open_run, tmp_path / "m.html", style, commune="06001").read_text("utf-8"))
    own = open_run.sites["commune_code"] == "06001"
    assert own.sum() == 3
    for site_id, label in open_run.sites.loc[~own, ["site_id", "label"]].itertuples(index=False):
        assert site_id not in text
        assert json.dumps(label, ensure_ascii=False) not in text
    assert all(site_id in text for site_id in open_run.sites.loc[own, "site_id"])
    assert map_run.SECRET not in text
    assert "CS-06001-0" in text
    assert "CS-06002-0" not in text
    data = block(webmap.write_map(open_run, tmp_path / "n.html", style, commune="06001").read_text("utf-8"))
    assert data["focus"] == "06001"
    assert len(data["runs"][0]["communes"]["rows"]) == 9
    (south, west), (north, east) = data["bounds"]
    assert east - west < 0.2
    assert north - south < 0.2


def test_hostile_text_cannot_leave_its_block(written):
    opened = re.search(r'<script type="application/octet-stream" id="siteplan-content">', written)
    body = written[opened.end() : written.index("</script>", opened.end())]
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", body)
    plain = json.dumps(block(written), ensure_ascii=False)
    assert "window.hacked" in plain
    assert "{{7*7}}" in plain
    rest = re.sub(r"<title>[^<]*</title>", "", written)
    assert not [words for words in ("window.hacked", "{{7*7}}", "49 </script>") if words in rest]


@given(st.text(max_size=60))
def test_packed_content_keeps_any_text_and_never_closes_its_element(text):
    words = cells.packed({"a": text})
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", words)
    assert cells.unpacked(words) == {"a": text}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(whole=st.dictionaries(st.text(), _VALUES, max_size=4), part=_VALUES, runs=st.lists(_VALUES, max_size=3))
def test_parts_written_before_are_the_same_content(whole: Any, part: Any, runs: Any) -> None:
    """The stream put together of parts reads back by zlib, sum of checking included, to what stands without parts."""
    plain = {"whole": whole, "background": {"layers": part, "legend": runs}, "runs": runs}
    ready = [cells.Ready.of(value) for value in runs]
    made = {"whole": whole, "background": {"layers": cells.Ready.of(part), "legend": runs}, "runs": ready}
    assert zlib.decompress(base64.b64decode(cells.packed(made))) == zlib.decompress(
        base64.b64decode(cells.packed(plain))
    )
    assert cells.unpacked(cells.packed(made)) == plain


def test_a_broken_part_in_the_cache_is_not_taken(tmp_path: Path) -> None:
    written = cells.Ready.of({"a": list(range(500))})
    written.write(tmp_path / "a")
    assert cells.Ready.read(tmp_path / "a") == written
    whole = (tmp_path / "a").read_bytes()
    for broken in (whole[:-300], whole[:200] + b"\xff\xff" + whole[202:], b""):
        (tmp_path / "a").write_bytes(broken)
        with pytest.raises(ValueError):
            cells.Ready.read(tmp_path / "a")


def test_a_map_drawn_again_shows_what_the_run_holds_now(run, style, tmp_path):
    """The content of a run is kept between its own map and a comparison, but never beyond a change of its tables."""
    from siteplan.runs import Run, replace_table

    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    first = block(webmap.write_map(Run(folder), tmp_path / "m.html", style).read_text("utf-8"))
    again = block(webmap.write_map(Run(folder), tmp_path / "m.html", style).read_text("utf-8"))
    assert again == first
    changed = Run(folder)
    replace_table(changed, "communes", changed.communes.assign(name="Xã Mới"))
    after = block(webmap.write_map(Run(folder), tmp_path / "m.html", style).read_text("utf-8"))
    assert {row["name"] for row in laid_out(after["runs"][0]["communes"])} == {"Xã Mới"}
    assert {row["name"] for row in laid_out(first["runs"][0]["communes"])} != {"Xã Mới"}


def test_options_that_differ_in_their_own_pictures_share_what_lies_behind(style, tmp_path, monkeypatch):
    """The later option takes twice as long to its sites; nothing else behind its map is another."""
    drawn = []
    whole = background.background_content
    monkeypatch.setattr(background, "background_content", lambda *a: drawn.append(a) or whole(*a))
    monkeypatch.setenv("SITEPLAN_CACHE_DIR", str(tmp_path / "cache"))
    contents = []
    for name, late in (("som", False), ("muon", True)):
        option = map_run.build(tmp_path, name, late=late)
        contents.append(block(webmap.write_map(option, tmp_path / f"{name}.html", style).read_text("utf-8")))
    one, other = contents
    assert len(drawn) == 1
    assert one["background"]["pictures"] == other["background"]["pictures"]
    assert one["runs"][0]["pictures"] != other["runs"][0]["pictures"]


def test_a_map_that_cannot_be_written_says_so(run, style, tmp_path):
    (tmp_path / "m.html").mkdir()
    with pytest.raises(NoSpaceError) as caught:
        webmap.write_map(run, tmp_path / "m.html", style)
    assert caught.value.problems[0].key == "map_not_written"


def test_a_planted_address_stops_the_map_and_the_old_one_stays(run, style, tmp_path, monkeypatch):
    path = tmp_path / "m.html"
    webmap.write_map(run, path, style)
    before = path.read_bytes()
    real = page.assets.own_text
    monkeypatch.setattr(
        page.assets,
        "own_text",
        lambda name: real(name) + ("\nbody{background:url(http://example.org/x.png)}" if name == "page.css" else ""),
    )
    with pytest.raises(SiteplanError) as caught:
        webmap.write_map(run, path, style)
    assert caught.value.problems[0].key == "map_refers_outside"
    assert caught.value.problems[0].value == "http://example.org/x.png"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="http://a.org/x.png">',
        '<script src="x.js"></script>',
        '<link rel="stylesheet" href="https://a.org/x.css">',
        "<style>@import 'x.css';</style>",
        "<style>a{background:url(//a.org/x.png)}</style>",
        "<style>a{background:url( 'pic.png' )}</style>",
        '<p style="background:url(https://a.org/x)">',
        "<script>fetch('/x')</script>",
        "<script>var u='https://a.org/x'</script>",
        "<script>new WebSocket(u)</script>",
        "<script>import('./x.js')</script>",
        "<script>a.src='x.png'</script>",
        '<a href="https://a.org">x</a>',
        '<iframe srcdoc="x"></iframe>',
        '<meta http-equiv="refresh" content="0;url=http://a.org">',
        "<img srcset='a.png 2x'>",
        '<body onload="x()">',
        '<base href="https://a.org/">',
        "<object data='x.swf'></object>",
        "<svg><use xlink:href='x.svg#a'/></svg>",
        "<script>navigator.sendBeacon(u)</script>",
        "<script>var x = new XMLHttpRequest()</script>",
        "<script>var u='https:\\/\\/a.org'</script>",
    ],
)
def test_the_gate_sees_each_way_out(planted):
    assert gate.outside_references(f"<!DOCTYPE html><html><body>{planted}</body></html>")


@pytest.mark.parametrize(
    "harmless",
    [
        "<p>Nguồn: https://example.org</p>",
        '<img src="data:image/png;base64,AAAA">',
        '<a href="#x">x</a>',
        "<style>a{behavior:url(#default#VML)}</style>",
        "<script>document.createElementNS('http://www.w3.org/2000/svg','g')</script>",
        "<pre>http://scripts.sil.org/OFL</pre>",
        '<script type="application/json">{"source":"https://example.org"}</script>',
        "<script>a.href = '#'</script>",
    ],
)
def test_the_gate_lets_text_and_inner_references_pass(harmless):
    assert gate.outside_references(f"<!DOCTYPE html><html><body>{harmless}</body></html>") == []


# ---- shapes


def decode(shape, steps):
    """Independent of the script: points of a shape in degrees, nested as written."""

    def flat(deltas):
        return np.cumsum(np.reshape(deltas, (-1, 2)), axis=0) / steps

    kind, parts = shape
    if kind == 0:
        return MultiPoint(flat(parts))
    if kind == 1:
        return shapely.MultiLineString([flat(p) for p in parts])
    return shapely.MultiPolygon([Polygon(flat(p[0]), [flat(r) for r in p[1:]]) for p in parts])


@pytest.mark.parametrize(("steps", "metres"), [(shapes.COARSE, 0.8), (shapes.FINE, 0.08)])
def test_a_shape_comes_back_where_it_was(steps, metres):
    hole = Polygon(
        Point(449_000, 2_417_000).buffer(800).exterior, [Point(449_000, 2_417_000).buffer(200).exterior.coords]
    )
    forms = [
        hole,
        LineString([(440_000, 2_410_000), (441_000, 2_411_000)]),
        Point(445_000, 2_412_000),
        shapely.MultiPolygon([hole, box(451_000, 2_417_000, 451_009, 2_417_009)]),
    ]
    frame = gpd.GeoDataFrame(geometry=forms, crs=EPSG)
    for form, written in zip(forms, shapes.encode_all(frame, steps), strict=True):
        back = crs.transform_geometries([decode(written, steps)], 4326, EPSG)[0]
        assert shapely.hausdorff_distance(back, form) < metres


def test_a_collection_keeps_its_areas_and_an_empty_shape_is_none():
    mixed = shapely.GeometryCollection([Point(106, 21), box(106, 21, 106.1, 21.1), LineString([(0, 0), (1, 1)])])
    written = shapes.encode([mixed, Polygon(), None, Point(106, 21)])
    assert written[0][0] == shapes.POLYGONS
    assert decode(written[0], shapes.COARSE).area == pytest.approx(0.01)
    assert written[1] is None
    assert written[2] is None
    assert written[3] == [0, [10600000, 2100000]]


@given(
    st.lists(st.sampled_from(["point", "line", "polygon", "holed", "many", "empty"]), min_size=1, max_size=8),
    st.randoms(),
)
def test_a_batch_is_written_as_each_alone(kinds, chance):
    def form(kind):
        x, y = chance.uniform(105, 108), chance.uniform(20, 23)
        outer = box(x, y, x + 0.1, y + 0.1)
        return {
            "point": Point(x, y),
            "line": LineString([(x, y), (x + 0.1, y), (x + 0.1, y + 0.2)]),
            "polygon": outer,
            "holed": outer.difference(box(x + 0.02, y + 0.02, x + 0.05, y + 0.05)),
            "many": shapely.MultiPolygon([outer, box(x + 1, y, x + 1.1, y + 0.1)]),
            "empty": Polygon(),
        }[kind]

    forms = [form(kind) for kind in kinds]
    together = shapes.encode(forms)
    assert together == [shapes.encode([f])[0] for f in forms]
    for f, written in zip(forms, together, strict=True):
        assert (written is None) == f.is_empty
        if written is not None:
            assert shapely.hausdorff_distance(decode(written, shapes.COARSE), f) < 1e-5


def test_rows_of_one_look_become_one_shape_with_all_their_area_and_length():
    frame = gpd.GeoDataFrame(
        {"look": ["a", "b", "a", None]},
        geometry=[box(0, 0, 1, 1), box(5, 5, 6, 7), box(3, 3, 4, 4), box(8, 8, 9, 9)],
        crs=EPSG,
    )
    merged = shapes.merge(frame, ["look"])
    assert merged["look"].fillna("none").tolist() == ["a", "b", "none"]
    assert merged.geometry.area.tolist() == [2, 2, 1]
    lines = gpd.GeoDataFrame(
        {"look": ["r", "r"]}, geometry=[LineString([(0, 0), (1, 0)]), LineString([(1, 0), (3, 0)])], crs=EPSG
    )
    joined = shapes.merge(lines, ["look"]).geometry[0]
    assert joined.geom_type == "LineString"
    assert joined.length == 3


def test_repeated_texts_are_written_once():
    import pandas as pd

    many = pd.DataFrame({"a": ["x", None, "y"] * 40, "b": range(120), "c": [f"n{i}" for i in range(120)]})
    table = cells.rows_of(many, ["a", "b", "c"], d=[["p"], ["q"], []] * 40)
    assert table["pools"] == {"a": ["x", "y"], "d": [["p"], ["q"], []]}
    assert table["rows"][4] == [None, 4, "n4", 1]
    assert cells.rows_of(many.head(9), ["a"])["pools"] == {}


def test_neighbours_still_touch_after_thinning():
    ripple = [(10_000 + 60 * np.sin(y / 90.0), float(y)) for y in range(0, 10_001, 40)]
    left = Polygon([(0, 0), *ripple, (0, 10_000)])
    right = Polygon([(20_000, 0), *ripple, (20_000, 10_000)])
    frame = gpd.GeoDataFrame(geometry=[left, right], crs=EPSG)
    thinned = shapes.thin(frame, 60.0, coverage=True).geometry
    assert len(shapely.get_coordinates(thinned)) < len(shapely.get_coordinates(frame.geometry)) / 3
    assert shapely.area(shapely.intersection(thinned[0], thinned[1])) == pytest.approx(0, abs=1e-6)
    assert shapely.area(shapely.union(thinned[0], thinned[1])) == pytest.approx(thinned.area.sum())


def test_a_small_zone_is_not_thinned_away():
    frame = gpd.GeoDataFrame(geometry=[box(0, 0, 3, 3)], crs=EPSG)
    assert shapes.thin(frame, 50.0).geometry[0].area == 9


# ---- pictures


def test_a_picture_lies_within_one_cell_of_the_ground_it_shows():
    # one bright cell in 120 m cells over the size of a province; find it again through Mercator
    cell, size = 120.0, 1000
    values = np.full((size, size), 10, np.uint8)
    for row, column in ((17, 33), (500, 500), (981, 12), (40, 960)):
        values[row, column] = 250
    raster = Raster(values, Affine(cell, 0, 385_000, 0, -cell, 2_484_000), 0, cell)
    found, ((south, west), (north, east)) = pictures.warp(raster, EPSG, 4000, smooth=False)
    to_mercator = crs.transformer(4326, 3857)
    (left, right), (bottom, top) = to_mercator.transform([west, east], [south, north])
    step_x, step_y = (right - left) / found.shape[1], (top - bottom) / found.shape[0]
    assert step_x == pytest.approx(step_y, rel=1e-6)
    rows, columns = np.nonzero(found == 250)
    x, y = left + (columns + 0.5) * step_x, top - (rows + 0.5) * step_y
    east_m, north_m = crs.transformer(3857, EPSG).transform(x, y)
    wanted = [
        (385_000 + (c + 0.5) * cell, 2_484_000 - (r + 0.5) * cell)
        for r, c in ((17, 33), (500, 500), (981, 12), (40, 960))
    ]
    for e, n in zip(east_m, north_m, strict=True):
        assert min(max(abs(e - a), abs(n - b)) for a, b in wanted) <= cell / 2 + 1
    assert {
        int(np.argmin([max(abs(e - a), abs(n - b)) for a, b in wanted])) for e, n in zip(east_m, north_m, strict=True)
    } == {0, 1, 2, 3}


def test_knots_are_near_enough(tmp_path):
    # the straight line between exact points sixteen cells apart, against every point exactly
    lon = np.linspace(106.1, 107.3, 50)
    x, y = crs.transformer(4326, 3857).transform(lon, np.full(50, 21.9))
    wide = 16 * 100.0
    to_ground = crs.transformer(3857, EPSG)
    a, b, middle = (np.array(to_ground.transform(x + d, y)) for d in (0.0, wide, wide / 2))
    assert np.abs((a + b) / 2 - middle).max() < 0.1


def test_nothing_is_drawn_outside_the_raster():
    # far from the central meridian the grid stands askew on a web map, so its box has empty corners
    raster = Raster(np.full((600, 600), 7, np.uint8), Affine(100, 0, 385_000, 0, -100, 2_420_000), 255, 100)
    found, _ = pictures.warp(raster, EPSG, 500, smooth=True)
    assert 0 < np.isnan(found).mean() < 0.05
    assert np.nanmin(found) == pytest.approx(7)
    assert np.nanmax(found) == pytest.approx(7)


@pytest.mark.parametrize("colours", [2, 5])
def test_a_png_of_ours_is_read_by_gdal(colours):
    import base64
    import warnings

    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    cells = (np.indices((7, 11)).sum(axis=0) % colours).astype(np.uint8)
    palette = [(10 * i, 20, 30, 255 if i else 0) for i in range(colours)]
    uri = pictures.palette_png(cells, palette)
    raw = base64.b64decode(uri.partition(",")[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile(raw) as memory, memory.open(driver="PNG") as source:
            assert np.array_equal(source.read(1), cells)
            assert {k: v for k, v in source.colormap(1).items() if k < colours} == dict(enumerate(palette))


def test_the_picture_of_the_mask_shows_only_the_ones():
    values = np.array([[0, 1], [255, 1]], np.uint8).repeat(20, 0).repeat(20, 1)
    picture = pictures.mask(Raster(values, Affine(100, 0, 440_000, 0, -100, 2_420_000), 255, 100), EPSG, "#1f8a4c")
    assert picture.uri.startswith("data:image/png;base64,")
    assert picture.bounds[0][0] < picture.bounds[1][0]


def test_minutes_become_the_class_that_holds_them(style):
    import base64
    import warnings

    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.io import MemoryFile

    minutes = np.array([[0, 15, 16, 30], [45, 46, 60, 61], [200, 253, 254, 255]], np.uint8)
    looks = style.layers["travel"].classes
    steps = [(look.up_to, look.fill) for look in looks.values()]
    assert [s[0] for s in steps] == sorted(s[0] for s in steps)
    raster = Raster(minutes.repeat(60, 0).repeat(60, 1), Affine(90, 0, 440_000, 0, -90, 2_420_000), 255, 90)
    raw = base64.b64decode(pictures.classed(raster, EPSG, steps).uri.partition(",")[2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile(raw) as memory, memory.open(driver="PNG") as source:
            cells, colours = source.read(1), source.colormap(1)
    rows, columns = cells.shape
    middle = [[cells[rows * (2 * r + 1) // 6, columns * (2 * c + 1) // 8] for c in range(4)] for r in range(3)]
    names = [[[*looks, None][n] for n in row] for row in middle]
    assert names == [
        ["near", "near", "middle", "middle"], ["long", "longer", "longer", "far"], ["far", "far", "never", None]
    ]  # fmt: skip
    assert colours[0] == (*bytes.fromhex(looks["near"].fill[1:]), 255)
    assert colours[len(looks)][3] == 0


# ---- words and looks


def test_projection_parameters_are_those_of_the_register():
    found = projection.parameters(EPSG)
    assert (found["central_meridian"], found["scale_factor"], found["false_easting"]) == (107.25, 0.9999, 500_000.0)
    shift = found["helmert"]  # QĐ 05/2007/QĐ-BTNMT as EPSG:6960 registers it
    assert (shift["dx"], shift["dy"], shift["dz"]) == (-191.90441429, -39.30318279, -111.45032835)
    assert shift["rx"] * 180 / np.pi * 3600 == pytest.approx(-0.00928836)
    assert shift["ds"] == pytest.approx(0.252906278e-6)
    assert projection.parameters(32648)["helmert"] is None


def test_all_words_of_the_page_exist_in_both_languages(repo_root):
    from siteplan import locale

    folder = repo_root / "siteplan" / "outputs" / "webmap"
    asked = {
        key
        for path in folder.glob("*.js")
        for key in re.findall(r"""W\.t\(\s*"([a-z0-9_]+)"\s*[,)]""", path.read_text("utf-8"))
    }
    assert len(asked) > 100
    for lang in locale.LANGUAGES:
        assert [key for key in sorted(asked) if not locale.has_text(f"webmap.{key}", lang)] == []


def test_scripts_never_write_markup(repo_root):
    for path in (repo_root / "siteplan" / "outputs" / "webmap").glob("*.js"):
        code = path.read_text("utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert word not in code, (path.name, word)


def test_colours_of_land_use_are_those_of_the_secondary_list(style):
    # DOMAIN 2.4: the list of TT 08/2024/TT-BTNMT as a second source gives it
    listed = {
        "NNP": (255, 255, 100),
        "LUC": (255, 252, 140),
        "HNK": (255, 240, 180),
        "CLN": (255, 210, 160),
        "RDD": (110, 255, 100),
        "RPH": (190, 255, 30),
        "RSX": (180, 255, 180),
        "NTS": (170, 255, 255),
        "ONT": (255, 208, 255),
        "ODT": (255, 160, 255),
        "TSC": (255, 170, 160),
        "SKS": (205, 170, 205),
        "DGT": (255, 170, 50),
        "NTD": (210, 210, 210),
        "NCS": (230, 230, 200),
    }
    looks = style.layers["land_use"].classes
    assert {code: looks[code].fill for code in listed} == {code: f"#{bytes(rgb).hex()}" for code, rgb in listed.items()}


def test_style_covers_what_the_tables_can_hold(style):
    from siteplan.tables import INPUTS
    from siteplan.tables.evidence import EFFECTS
    from siteplan.tables.inputs import TREATMENTS
    from siteplan.tables.parts import BUILD_TYPES, CHECK_RESULTS

    assert set(style.layers["sites"].classes) >= {*CHECK_RESULTS, "other"}
    assert set(style.layers["conflicts"].classes) >= {*EFFECTS, "other"}
    assert set(style.layers["facilities"].classes) >= {*TREATMENTS, "other"}
    assert set(style.themes["build"].classes) == set(BUILD_TYPES)
    assert set(style.themes["check"].classes) == set(CHECK_RESULTS)
    roads = set(style.layers["roads"].classes) | set(style.layers["small_roads"].classes)
    assert roads >= set(INPUTS["roads"].column("road_class").values)
    for lang in ("vi", "en"):
        assert all(layer.words(lang) for layer in style.layers.values())
        assert all(
            class_words(layer, name, lang) != name
            for layer in style.layers.values()
            for name in layer.classes
            if name != "other"
        )


@pytest.mark.parametrize(
    ("spoilt", "key", "column"),
    [
        ("visible = true\norder = 100", "style_key_unknown", "layers.hillshade.visibel"),
        ('missing_colour = "#d5d6d3"', "style_value", "missing_colour"),
        ('group = "plans"\nsource', "style_group_unknown", "layers.plans_in_force.group"),
    ],
)
def test_a_spoilt_style_is_listed(repo_root, tmp_path, spoilt, key, column):
    text = (repo_root / "maps" / "style.toml").read_text("utf-8")
    replaced = {
        "style_key_unknown": text.replace('of = "image"\nvisible = true', 'of = "image"\nvisibel = true'),
        "style_value": text.replace('missing_colour = "#d5d6d3"', 'missing_colour = "grey"'),
        "style_group_unknown": text.replace('group = "plans"\nsource', 'group = "plan"\nsource', 1),
    }[key]
    assert replaced != text
    (tmp_path / "style.toml").write_text(replaced, "utf-8")
    with pytest.raises(InputError) as caught:
        load_style(tmp_path / "style.toml")
    problem = caught.value.problems[0]
    assert (problem.key, problem.column) == (key, column)
    if key == "style_key_unknown":
        assert problem.params["near"] == "visible"


def test_steps_have_about_equal_counts_and_hold_all_values(run, style):
    communes = run.table("communes")
    found = {t["key"]: t for t in looks.themes([run], style, "vi")}["priority"]
    values = communes["priority_points"].round(1).to_numpy()
    classes = np.searchsorted(found["breaks"], values, side="right") - 1
    assert classes.min() == 0
    assert len(found["breaks"]) == len(found["colours"])
    assert np.ptp(np.bincount(classes)) <= 1


def test_a_constant_column_is_one_class():
    import pandas as pd

    assert looks._steps(pd.Series([5.0] * 9), 5, 1) == [5.0]
    assert looks._steps(pd.Series([None, None], dtype="float64"), 5, 1) == []


def test_two_options_share_their_colours(style, run, tmp_path):
    phases = [{"name": "2026-2030", "years": [2026, 2030]}, {"name": "mo-rong-2", "years": [2027, 2030]}]
    scenario = {**run.manifest["scenario"], "name": "phuong_an_2", "phases": phases}
    other = map_run.build(tmp_path, "phuong_an_2", late=True, scenario=scenario)
    path = webmap.write_comparison([run, other], None, tmp_path / "c.html", style)
    found = {t["key"]: t for t in block(path.read_text("utf-8"))["themes"]}
    looks = {c["token"]: c["colour"] for c in found["phase"]["classes"]}
    # by years: 2026, 2026-2030, 2027-2030 twice
    assert list(looks)[:4] == ["thi-diem", "2026-2030", "mo-rong", "mo-rong-2"]
    assert looks["mo-rong"] == looks["mo-rong-2"]
    assert len({looks["thi-diem"], looks["2026-2030"], looks["mo-rong"]}) == 3


def test_the_remarks_on_two_options_begin_with_what_their_money_is(style, run, tmp_path):
    from siteplan.outputs.compare import compare_runs

    other = map_run.build(tmp_path, "phuong_an_2", scenario={**run.manifest["scenario"], "name": "phuong_an_2"})
    found = compare_runs([run, other])
    path = webmap.write_comparison([run, other], found, tmp_path / "c.html", style)
    told = block(path.read_text("utf-8"))["verdict"]
    assert told == [*found.notes("vi"), *found.sentences("vi")]
    assert sum("chưa xác định nguồn" in line for line in told) == 2


def test_a_layer_without_data_is_named(style, run, written):
    found = {item["key"]: item["empty"] for item in block(written)["background"]["legend"]}
    assert set(found) == set(style.layers)
    assert found["land_use"] is False
    assert found["former_units"] is True


def test_what_the_plans_say_of_a_site_and_its_corners_are_in_words(run, style, tmp_path):
    from siteplan.locale import encode
    from siteplan.tables import RESULTS, conform

    conflicts, site_id = run.conflicts, run.sites.loc[run.sites["is_best"], "site_id"].iloc[0]
    conflicts["coordinates"] = encode([("sites.coordinates.corners", {"points": "2410000.00 440000.00"})])
    conflicts["function"] = "flood:high"
    row = {"site_id": site_id, "commune_code": site_id[:5], "plan_kind": "general", "mandatory": True,
           "conformity": "not_in_plan", "conformity_basis": "no_plan"}  # fmt: skip
    other = {"conflicts": conflicts, "conformity": conform(pd.DataFrame([row]), RESULTS["conformity"])}

    class Changed(type(run)):
        def table(self, name):
            return other[name].copy() if name in other else super().table(name)

    text = webmap.write_map(Changed(run.folder), tmp_path / "m.html", style).read_text("utf-8")
    found = block(text)["runs"][0]

    def rows(name):
        return laid_out(found[name])

    assert [(r["site_id"], r["plan_kind"], r["conformity"]) for r in rows("conformity")] == [
        (site_id, "general", "not_in_plan")
    ]
    open_rows = [r for r in rows("conflicts") if not r["restricted"]]
    assert open_rows
    assert {tuple(r["coordinates"]) for r in open_rows} == {("2410000,00 440000,00",)}
    assert {r["function"] for r in open_rows} == {"ngập lụt, cao"}
    hidden = [r for r in rows("conflicts") if r["restricted"]]
    assert hidden
    assert all(r["coordinates"] == [] and r["function"] is None for r in hidden)
    assert block(text)["tokens"]["conformity_basis"]["no_plan"] == "chưa có quy hoạch loại này"


def _lab(colour: str) -> np.ndarray:
    """CIE L*a*b* (D65) of an sRGB colour: IEC 61966-2-1, CIE 15."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(matrix) @ linear / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_phases_of_the_repository_can_be_told_apart_and_look_the_same_on_every_page(style, repo_root):
    from types import SimpleNamespace

    from siteplan.scenario import load_scenario

    runs = []
    for name in ("phuong_an_1", "phuong_an_2"):
        scenario = load_scenario(repo_root / "scenarios" / f"{name}.toml").model_dump(mode="json")
        runs.append(SimpleNamespace(manifest={"scenario": scenario}))
    both = looks._phase_looks(runs, style, "vi")
    of_name = {c["token"]: c["colour"] for c in both}
    alone = [{c["token"]: c["colour"] for c in looks._phase_looks([run], style, "vi")} for run in runs]
    assert alone[0] | alone[1] == of_name
    assert of_name["nhân rộng bước hai 2031-2035"] == of_name["2031-2035"]
    others = [look.fill for look in style.themes["phase"].classes.values()]
    shown = [*dict.fromkeys(of_name.values()), *others]
    assert len(shown) == 6
    apart = [np.linalg.norm(_lab(a) - _lab(b)) for n, a in enumerate(shown[:4]) for b in shown[n + 1 :]]
    assert min(apart) > 30


def test_phases_of_other_years_take_what_colours_are_left(style):
    spans = [(2024, 2025), (2026, 2026), (2027, 2030), (2031, 2040), (2041, 2042), (2043, 2044), (2045, 2046)]
    found = looks._colours_of_years(spans, style)
    assert found[2026, 2026] == style.phase_years["2026"]
    assert len(set(found.values())) == 6


def test_the_map_shows_the_type_the_programme_chose_and_the_answers_of_why(run, style, tmp_path):
    from siteplan.locale import encode

    programme = run.table("programme")
    code = programme["commune_code"].iloc[0]
    programme.loc[0, ["build_type", "needed_build_type"]] = ["extend", "build_new"]
    said = encode([("decide.why.larger_none", {"money": 2e9, "needed": "build_new"})])

    class Changed(type(run)):
        what_ifs = {"communes": {code: said}}  # noqa: RUF012 - the run's own is read from its folder

        def table(self, name):
            return programme.copy() if name == "programme" else super().table(name)

    text = webmap.write_map(Changed(run.folder), tmp_path / "m.html", style).read_text("utf-8")
    found = laid_out(block(text)["runs"][0]["communes"])
    own = next(c for c in found if c["code"] == code)
    assert (own["option_build_type"], own["build_type"]) == ("extend", "build_new")
    assert own["what_ifs"] == [locale.render(said, "vi")]
    assert all(not c["what_ifs"] for c in found if c["code"] != code)
