"""Plans that arrive as drawings: each test draws one, of shapes whose areas are known in closed form."""

from __future__ import annotations

import csv
import math
import shutil

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from siteplan.cli.app import call
from siteplan.crs import Province, transform_geometries
from siteplan.errors import InputError, UsageError
from siteplan.layers.catalog import load_catalog
from siteplan.layers.drawing import control, entities, rings, words
from siteplan.layers.drawing.importer import Options, import_dxf
from siteplan.layers.read import read_layers
from siteplan.locale import problem_row
from siteplan.rules import load_rules

E0, N0 = 450_000.0, 2_420_000.0
ZONE, TEXT = "DAT_COQUAN", "CHU"


@pytest.fixture(scope="module")
def province(repo_root):
    return Province.load(repo_root / "layers" / "province.toml")


@pytest.fixture(scope="module")
def rules(repo_root):
    return load_rules(repo_root / "layers" / "rules")


class Sheet:
    """A drawing in metres from a corner, written in any unit; blocks are drawn in the same way."""

    def __init__(self, unit=1.0, insunits=6, east=E0, north=N0):
        self.doc = ezdxf.new("R2013")
        self.doc.header["$INSUNITS"] = insunits
        self.space = self.doc.modelspace()
        self.unit, self.east, self.north = unit, east, north

    def at(self, x, y):
        return (self.east + x) / self.unit, (self.north + y) / self.unit

    def ring(self, *points, layer="RANH", close=True, bulges=None, space=None):
        rows = [(*self.at(*p), 0, 0, b) for p, b in zip(points, bulges or [0] * len(points), strict=True)]
        return (space or self.space).add_lwpolyline(rows, close=close, dxfattribs={"layer": layer})

    def box(self, x, y, w, h, layer="RANH", **more):
        return self.ring((x, y), (x + w, y), (x + w, y + h), (x, y + h), layer=layer, **more)

    def line(self, a, b, layer="RANH"):
        return self.space.add_line(self.at(*a), self.at(*b), dxfattribs={"layer": layer})

    def text(self, words_, x, y, layer=TEXT, height=2.0, style="Standard"):
        put = self.space.add_text(words_, height=height / self.unit, dxfattribs={"layer": layer, "style": style})
        return put.set_placement(self.at(x, y), align=ezdxf.enums.TextEntityAlignment.MIDDLE_CENTER)

    def save(self, folder, name="ban_ve.dxf"):
        path = folder / name
        self.doc.saveas(path)
        return path


@pytest.fixture
def load(tmp_path, province, rules):
    def run(sheet, plan="QH-900", **options):
        found = import_dxf(sheet.save(tmp_path), plan, province, rules, Options(**options))
        return found, found.zones.assign(m2=found.zones.area)

    return run


def told(found, without=("dxf_unit_guessed",)):
    return sorted(p.key for p in found.problems if p.key not in without)


def test_closed_lines_with_the_text_inside_as_code(load):
    sheet = Sheet()
    sheet.box(0, 0, 40, 50)
    sheet.text("TSC-01", 20, 25)
    sheet.box(100, 0, 30, 30)
    sheet.text("DGD", 115, 20)
    sheet.text("900 m2", 115, 10)  # an area is no code
    found, zones = load(sheet)
    rows = zones.set_index("function")
    assert rows["m2"].to_dict() == pytest.approx({"TSC": 2000.0, "DGD": 900.0}, rel=1e-9)
    assert rows["name"].to_dict() == {"TSC": "TSC-01", "DGD": "DGD"}
    assert told(found) == []
    assert zones.total_bounds.tolist() == [E0, N0, E0 + 130, N0 + 50]


def test_everything_the_issue_names_in_one_drawing_in_millimetres(load):
    sheet = Sheet(unit=0.001, insunits=4)
    # bulge 1 is a half circle: 60 x 60 with a half circle of radius 30 on its right side
    sheet.ring((0, 0), (60, 0), (60, 60), (0, 60), bulges=[0, 1, 0, 0])
    sheet.text("TSC", 20, 30)
    # a hole of 10 x 10 of the same layer, without a code
    sheet.box(10, 10, 10, 10)
    # open by 8 cm, closed; open by 3 m, told
    sheet.ring((200, 0), (240, 0), (240, 40), (200, 40), (200, 0.08), close=False)
    sheet.text("DGD", 220, 20)
    sheet.ring((300, 0), (340, 0), (340, 40), (300, 40), (300, 3), close=False)
    # two codes
    sheet.box(400, 0, 50, 20)
    sheet.text("DYT", 410, 10)
    sheet.text("DVH", 440, 10)
    # text outside, zone without code
    sheet.text("NTD", 500, 500)
    sheet.box(600, 0, 20, 20)
    # a block turned by 90 degrees and stretched twice
    block = sheet.doc.blocks.new("LO")
    block.add_lwpolyline([(0, 0), (10_000, 0), (10_000, 5_000), (0, 5_000)], close=True, dxfattribs={"layer": "0"})
    block.add_text("DTT", height=500, dxfattribs={"layer": "0"}).set_placement((4_000, 2_000))
    sheet.space.add_blockref("LO", sheet.at(700, 100), {"layer": "RANH", "rotation": 90, "xscale": 2, "yscale": 2})
    # circle, and hatch with a hole
    sheet.space.add_circle(sheet.at(800, 50), 25_000, dxfattribs={"layer": "RANH"})
    sheet.text("DKV", 800, 50)
    hatch = sheet.space.add_hatch(dxfattribs={"layer": "TO_MAU", "hatch_style": 0})
    for x, side in ((900, 60), (920, 20)):
        corners = [(x, x - 900), (x + side, x - 900), (x + side, x - 900 + side), (x, x - 900 + side)]
        hatch.paths.add_polyline_path([sheet.at(*c) for c in corners], is_closed=True)
    sheet.text("CLN", 905, 5)

    found, zones = load(sheet, sagitta_m=0.001)
    areas = {(f or "?"): a for f, a in zip(zones["function"], zones["m2"], strict=True) if f}
    assert areas["TSC"] == pytest.approx(3600 + math.pi * 900 / 2 - 100, rel=1e-4)
    assert areas["DGD"] == pytest.approx(1600, abs=0.08 * 40)
    assert areas["DTT"] == pytest.approx(10 * 5 * 4, rel=1e-9)
    assert areas["DKV"] == pytest.approx(math.pi * 625, rel=1e-4)
    assert areas["CLN"] == pytest.approx(3600 - 400, rel=1e-9)
    block_zone = zones.set_index("function").geometry["DTT"]
    # (x, y) of the block goes to (700 - 2 y, 100 + 2 x)
    assert block_zone.bounds == pytest.approx((E0 + 690, N0 + 100, E0 + 700, N0 + 120))
    without = zones[zones["function"].isna()]
    assert sorted(without["m2"].round(6)) == [400.0, 1000.0]
    assert told(found) == [
        "dxf_gap_closed", "dxf_hole", "dxf_line_open", "dxf_text_outside", "dxf_zone_two_codes",
        "dxf_zone_without_code",
    ]  # fmt: skip
    by_key = {p.key: p for p in found.problems}
    places = {p.key: found.places[n] for n, p in enumerate(found.problems) if n in found.places}
    assert by_key["dxf_text_outside"].feature == "NTD"
    assert places["dxf_text_outside"] == pytest.approx((E0 + 500, N0 + 500))
    assert by_key["dxf_text_outside"].value == f"X {N0 + 500:.3f}; Y {E0 + 500:.3f}"
    assert by_key["dxf_zone_two_codes"].params["codes"] == "DYT, DVH"
    assert by_key["dxf_gap_closed"].params["gap_m"] == pytest.approx(0.08)
    assert by_key["dxf_line_open"].params["gap_m"] == pytest.approx(3.0)
    assert by_key["dxf_line_open"].params["length_m"] == pytest.approx(40 + 40 + 40 + 37)


@pytest.mark.parametrize("sagitta", [0.5, 0.05, 0.002])
def test_chords_lie_within_the_stated_distance_of_the_arc(load, sagitta):
    sheet = Sheet()
    sheet.space.add_circle(sheet.at(0, 0), 100, dxfattribs={"layer": ZONE})
    _, zones = load(sheet, sagitta_m=sagitta)
    ring = shapely.get_coordinates(zones.geometry.iloc[0])
    middles = (ring[:-1] + ring[1:]) / 2
    off = 100 - np.hypot(middles[:, 0] - E0, middles[:, 1] - N0)
    assert off.min() >= 0
    assert off.max() <= sagitta + 0.002  # the millimetre grid


def test_lines_and_arcs_with_shared_borders_become_faces(load):
    sheet = Sheet()
    # two lots of 30 x 20 side by side drawn as seven lines; the middle one stops 6 cm short, a corner is open by 5 cm
    for a, b in (((0, 0), (30, 0)), ((30, 0), (60, 0)), ((60, 0), (60, 20)), ((60, 20.05), (0, 20)), ((0, 20), (0, 0)),
                 ((30, 0), (30, 19.96))):  # fmt: skip
        sheet.line(a, b)
    sheet.text("TSC", 15, 10)
    sheet.text("DGD", 45, 10)
    # a half disc: an arc and its chord
    sheet.space.add_arc(sheet.at(200, 0), 10, 0, 180, dxfattribs={"layer": "RANH"})
    sheet.line((190, 0), (210, 0))
    sheet.text("DYT", 200, 5)
    found, zones = load(sheet, sagitta_m=0.001)
    areas = zones.set_index("function")["m2"]
    assert areas["TSC"] == pytest.approx(600, abs=1)
    assert areas["DGD"] == pytest.approx(600, abs=1)
    assert areas["DYT"] == pytest.approx(math.pi * 50, rel=1e-3)
    assert set(told(found)) == {"dxf_gap_closed"}
    # neighbours share their border exactly
    assert shapely.intersection(*zones.set_index("function").geometry[["TSC", "DGD"]]).area == 0


def test_a_zone_inside_another_is_cut_out_of_it(load):
    sheet = Sheet()
    sheet.box(0, 0, 100, 100)
    sheet.text("DKV", 10, 10)
    sheet.box(40, 40, 20, 20)
    sheet.text("TSC", 50, 50)
    found, zones = load(sheet)
    assert zones.set_index("function")["m2"].to_dict() == pytest.approx({"DKV": 9600, "TSC": 400})
    assert told(found) == []


def test_rim_and_hatch_of_one_zone_are_one_and_an_overlap_is_told(load):
    sheet = Sheet()
    sheet.box(0, 0, 50, 50)
    hatch = sheet.space.add_hatch(dxfattribs={"layer": "DAT_COQUAN"})
    hatch.paths.add_polyline_path([sheet.at(*c) for c in ((0, 0), (50, 0), (50, 50), (0, 50))], is_closed=True)
    sheet.box(200, 0, 50, 50)
    sheet.text("TSC", 210, 25)
    sheet.box(240, 0, 50, 50)
    sheet.text("DGD", 280, 25)
    found, zones = load(sheet)
    assert sorted(zones["function"]) == ["DAT_COQUAN", "DGD", "TSC"]
    (problem,) = [p for p in found.problems if p.key == "dxf_zones_overlap"]
    assert problem.params["area_m2"] == pytest.approx(500)
    assert told(found) == ["dxf_zones_overlap"]


def test_blocks_in_blocks_mirrored_arrays_and_attributes(load):
    sheet = Sheet()
    inner = sheet.doc.blocks.new("TRONG")
    inner.add_lwpolyline([(0, 0), (4, 0), (4, 2), (0, 2)], close=True, dxfattribs={"layer": "0"})
    outer = sheet.doc.blocks.new("NGOAI")
    outer.add_blockref("TRONG", (10, 0), {"layer": "0", "xscale": -3, "yscale": 3})
    outer.add_attdef("MA", (5, 1), dxfattribs={"height": 0.5})
    put = sheet.space.add_blockref("NGOAI", sheet.at(0, 0), {"layer": "RANH"})
    put.add_auto_attribs({"MA": "TSC"})
    sheet.space.add_blockref("TRONG", sheet.at(100, 0), {"layer": ZONE, "row_count": 2, "column_count": 3,
                             "row_spacing": 10, "column_spacing": 10})  # fmt: skip
    found, zones = load(sheet)
    assert sorted(zones["m2"].round(6)) == [8.0] * 6 + [72.0]
    big = zones[zones["m2"] > 10].iloc[0]
    assert big.geometry.bounds == pytest.approx((E0 - 2, N0, E0 + 10, N0 + 6))
    assert big["function"] == "TSC"
    assert told(found) == []


def test_layer_names_tell_the_function_and_the_table_can_be_corrected(tmp_path, province, rules):
    sheet = Sheet()
    sheet.box(0, 0, 10, 10, layer="QH_DAT_COQUAN")
    sheet.box(20, 0, 10, 10, layer="LO_TSC")
    sheet.box(40, 0, 10, 10, layer="LOP_7")
    sheet.box(-500, -500, 1100, 1000, layer="KHUNG_TEN")
    sheet.text("=1+1", 5, 5, layer="+CHU")
    path, table = sheet.save(tmp_path), tmp_path / "lop.csv"
    first = import_dxf(path, "Q", province, rules, Options(layers=table))
    assert first.proposed
    functions = dict(zip(first.zones["drawing_layer"], first.zones["function"].fillna(""), strict=True))
    assert functions == {"QH_DAT_COQUAN": "DAT_COQUAN", "LO_TSC": "TSC", "LOP_7": ""}
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    uses = {row["layer"]: row["use"] for row in rows}
    assert uses == {"QH_DAT_COQUAN": "zone", "LO_TSC": "zone", "LOP_7": "zone", "KHUNG_TEN": "ignore", "'+CHU": "text"}
    text = table.read_text("utf-8-sig").replace("LOP_7,zone,", "LOP_7,zone,DGD").replace("LO_TSC,zone", "LO_TSC,ignore")
    table.write_text(text, "utf-8")
    second = import_dxf(path, "Q", province, rules, Options(layers=table))
    assert not second.proposed
    assert dict(zip(second.zones["drawing_layer"], second.zones["function"], strict=True)) == {
        "QH_DAT_COQUAN": "DAT_COQUAN", "LOP_7": "DGD",
    }  # fmt: skip
    table.write_text(text.replace("ignore", "bỏ"), "utf-8")
    with pytest.raises(InputError) as error:
        import_dxf(path, "Q", province, rules, Options(layers=table))
    assert {p.key for p in error.value.problems} == {"dxf_table_use"}


def test_zone_ids_stay_while_the_outline_stays(load):
    sheet = Sheet()
    sheet.box(0, 0, 10, 10, layer=ZONE)
    sheet.box(50, 0, 10, 10, layer=ZONE)
    first = set(load(sheet)[1]["zone_id"])
    sheet.box(90, 0, 10, 10, layer=ZONE)
    second = set(load(sheet)[1]["zone_id"])
    assert len(second) == 3
    assert first < second


# -- units and place ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "unit", "key"), [(0, 0.001, "dxf_unit_guessed"), (0, 1.0, "dxf_unit_guessed")])
def test_a_drawing_without_unit_takes_the_only_one_that_fits(load, said, unit, key):
    sheet = Sheet(unit=unit, insunits=said)
    sheet.box(0, 0, 10, 10, layer=ZONE)
    found, zones = load(sheet)
    assert zones["m2"].tolist() == pytest.approx([100.0])
    assert told(found, ()) == [key]


def test_a_wrong_unit_stops_with_the_likely_one(load):
    sheet = Sheet(unit=1.0, insunits=4)  # says millimetres, drawn in metres
    sheet.box(0, 0, 10, 10, layer=ZONE)
    with pytest.raises(InputError) as error:
        load(sheet)
    (problem,) = error.value.problems
    assert (problem.key, problem.params) == ("dxf_unit_wrong", {"said": "mm", "likely": "m"})
    assert load(sheet, unit="m")[1]["m2"].tolist() == pytest.approx([100.0])


def test_another_zone_and_swapped_axes_are_told_with_the_likely_cause(load, province):
    square = shapely.box(E0, N0, E0 + 100, N0 + 100)
    there = shapely.get_coordinates(transform_geometries([square], 9215, 5897)[0])[:4]
    for points, key in ((there, "dxf_other_crs"), (shapely.get_coordinates(square)[:4, ::-1], "dxf_axes_swapped")):
        sheet = Sheet(east=0, north=0)
        sheet.ring(*map(tuple, points), layer=ZONE)
        with pytest.raises(InputError) as error:
            load(sheet)
        assert [p.key for p in error.value.problems] == [key]
    sheet = Sheet(east=0, north=0)
    sheet.ring(*map(tuple, there), layer=ZONE)
    _, zones = load(sheet, epsg=5897)
    assert zones["m2"].iloc[0] == pytest.approx(10_000, rel=1e-6)
    assert zones.total_bounds == pytest.approx(square.bounds, abs=0.001)


def _local(points, scale=1000.0, turn=30.0):
    """Ground to drawing: the inverse of a similarity with known scale and turn."""
    angle = math.radians(turn)
    out = []
    for x, y in points:
        dx, dy = x - E0, y - N0
        out.append((scale * (dx * math.cos(angle) + dy * math.sin(angle)) + 7_000,
                    scale * (-dx * math.sin(angle) + dy * math.cos(angle)) - 3_000))  # fmt: skip
    return out


def test_local_coordinates_are_put_in_place_by_control_points(load):
    ground = [(E0, N0), (E0 + 200, N0), (E0 + 200, N0 + 100), (E0, N0 + 100)]
    sheet = Sheet(insunits=4, east=0, north=0)
    sheet.ring(*_local(ground), layer=ZONE)
    with pytest.raises(InputError) as error:
        load(sheet)
    assert [p.key for p in error.value.problems] == ["dxf_local"]
    pairs = list(zip(_local(ground), ground, strict=True))
    found, zones = load(sheet, control=tuple(pairs[:2]))
    assert zones["m2"].iloc[0] == pytest.approx(20_000, rel=1e-9)
    assert zones.total_bounds == pytest.approx((E0, N0, E0 + 200, N0 + 100), abs=0.001)
    assert told(found) == ["dxf_control_unchecked"]
    assert found.position.helmert.scale == pytest.approx(0.001)
    assert found.position.helmert.rotation_degrees == pytest.approx(30)
    found, _ = load(sheet, control=tuple(pairs[:3]))
    assert told(found) == []
    assert max(found.position.helmert.residuals_m) < 1e-6


def test_a_wrong_third_point_is_found_and_swapped_points_are_named(load):
    ground = [(E0, N0), (E0 + 200, N0), (E0 + 200, N0 + 100)]
    sheet = Sheet(insunits=6, east=0, north=0)
    sheet.ring(*_local(ground, 1.0), layer=ZONE)
    pairs = list(zip(_local(ground, 1.0), ground, strict=True))
    cases = {
        "dxf_control_residual": [*pairs[:2], (pairs[2][0], (E0 + 200, N0 + 130))],
        "dxf_control_swapped": control.swapped(pairs),
        "dxf_control_mirrored": [((y, x), goal) for (x, y), goal in pairs],
    }
    for key, points in cases.items():
        with pytest.raises(InputError) as error:
            load(sheet, control=tuple(points))
        assert [p.key for p in error.value.problems] == [key]


@given(
    st.floats(0.0005, 5), st.floats(-180, 180), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=2, max_size=6, unique=True),
)  # fmt: skip
def test_the_similarity_is_found_again_from_its_own_points(scale, turn, east, north, points):
    spread = max(math.dist(points[0], p) for p in points)
    if spread < 10:
        return
    a, b = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
    true = control.Helmert(a, b, east, north, ())
    moved = true.move(np.array(points))
    found = control.fit([(p, tuple(m)) for p, m in zip(points, moved, strict=True)])
    assert found.scale == pytest.approx(scale, rel=1e-6)
    assert max(found.residuals_m) < 1e-5


def test_residuals_of_a_similarity_equal_those_of_numpy_least_squares():
    pairs = [((0, 0), (10, 20)), ((100, 0), (110, 21)), ((100, 100), (109, 121)), ((0, 90), (9, 110))]
    found = control.fit([(tuple(map(float, s)), tuple(map(float, t))) for s, t in pairs])
    rows, goal = [], []
    for (x, y), (e, n) in pairs:
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        goal += [e, n]
    solved, *_ = np.linalg.lstsq(np.array(rows, float), np.array(goal, float), rcond=None)
    assert (found.a, found.b, found.east, found.north) == pytest.approx(tuple(solved))
    left = (np.array(rows, float) @ solved - goal).reshape(-1, 2)
    assert found.residuals_m == pytest.approx(np.hypot(*left.T))


@pytest.mark.parametrize("wrong", ["1,2", "1,2=3", "a,b=c,d", "1,2=nan,3", "1;2=3;4"])
def test_a_control_point_written_wrongly_is_a_wrong_use(wrong):
    with pytest.raises(UsageError):
        control.parse(wrong)


# -- joining -----------------------------------------------------------------------------------------------------------


@given(st.integers(3, 9), st.randoms(use_true_random=False), st.floats(0, 0.04))
def test_the_sides_of_a_polygon_join_in_any_order_and_direction(sides, chance, shift):
    angles = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    corners = np.column_stack([100 * np.cos(angles), 100 * np.sin(angles)])
    lines = [np.array([corners[i], corners[(i + 1) % sides]]) for i in range(sides)]
    lines = [line[::-1] if chance.random() < 0.5 else line for line in lines]
    lines = [line + np.array([chance.uniform(-1, 1), chance.uniform(-1, 1)]) * shift for line in lines]
    chance.shuffle(lines)
    joined = rings.join(lines, 0.2)
    exact = sides * 100**2 * math.sin(2 * math.pi / sides) / 2
    assert len(joined.polygons) == 1
    assert joined.polygons[0].area == pytest.approx(exact, abs=0.1 * 2 * math.pi * 100)
    assert joined.open_lines == []


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("TSC", "TSC"),
        ("  Tr\\U+1EE5 s\\U+1EDF  ", "Trụ sở"),
        ("%%c50 %%uTSC%%u", "Ø50 TSC"),
        ("A%%065B", "AAB"),
        ("a\x00b\x07\u202ec", "abc"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\\U+D800x", "x"),
    ],
)
def test_control_codes_and_escapes_are_read(raw, read):
    assert words.plain(raw) == read


def test_mtext_formatting_is_stripped_and_old_fonts_are_read(load):
    sheet = Sheet()
    sheet.box(0, 0, 40, 40)
    mtext = sheet.space.add_mtext(
        "{\\fArial|b1|i0;\\C1;\\H2.5x;TSC-02}\\P\\A1;1.250 m\\S2^;\\P", dxfattribs={"layer": TEXT, "char_height": 2}
    )
    mtext.set_location(sheet.at(20, 20), attachment_point=5)
    sheet.doc.styles.add("CU", font=".VnTime.ttf")
    sheet.box(100, 0, 40, 40, layer="DAT_DD_DONVIO")
    sheet.text("Nhµ v¨n hãa", 120, 20, style="CU")
    _, zones = load(sheet)
    rows = dict(zip(zones["function"], zones["name"], strict=True))
    assert rows == {"TSC": "TSC-02", "DAT_DD_DONVIO": "Nhà văn hóa"}


def test_old_text_whose_font_does_not_tell_is_recognised(load):
    sheet = Sheet()
    for n, name in enumerate(("Tr­êng häc", "Tr¹m y tÕ", "Nhµ v¨n hãa", "§Êt ë hiÖn tr¹ng")):
        sheet.box(100 * n, 0, 50, 40, layer="DAT_DD_DONVIO")
        sheet.text(name, 100 * n + 25, 20)
    found, zones = load(sheet)
    assert sorted(zones["name"]) == ["Nhà văn hóa", "Trường học", "Trạm y tế", "Đất ở hiện trạng"]
    assert told(found) == ["dxf_text_legacy"]


@pytest.mark.parametrize("line", ["1.250 m2", "S=0,45ha", "35 %", "3 tầng", "1250,5"])
def test_figures_are_no_codes(line):
    assert words.code_of(line, frozenset({"TSC"})) == ("", "")


# -- hostile and broken ------------------------------------------------------------------------------------------------


def test_blocks_that_hold_themselves_are_told_not_followed(load):
    sheet = Sheet()
    sheet.box(0, 0, 10, 10, layer=ZONE)
    a, b = sheet.doc.blocks.new("A"), sheet.doc.blocks.new("B")
    a.add_blockref("B", (0, 0))
    b.add_blockref("A", (0, 0))
    sheet.space.add_blockref("A", sheet.at(0, 0))
    sheet.space.add_blockref("KHONG_CO", sheet.at(0, 0))
    found, zones = load(sheet)
    assert zones["m2"].tolist() == pytest.approx([100.0])
    assert told(found) == ["dxf_block_circular", "dxf_block_missing"]


def test_an_array_of_millions_is_refused_before_it_is_exploded(load):
    sheet = Sheet()
    block = sheet.doc.blocks.new("O")
    block.add_lwpolyline([(0, 0), (1, 0), (1, 1)], close=True)
    rows = {"row_count": 30_000, "column_count": 30_000, "row_spacing": 1, "column_spacing": 1}
    sheet.space.add_blockref("O", sheet.at(0, 0), rows)
    with pytest.raises(InputError) as error:
        load(sheet)
    assert [p.key for p in error.value.problems] == ["dxf_too_much"]


def test_nested_blocks_that_multiply_are_refused(load, monkeypatch):
    monkeypatch.setattr(entities, "MAX_ENTITIES", 5_000)
    sheet = Sheet()
    inner = sheet.doc.blocks.new("B0")
    inner.add_line((0, 0), (1, 1))
    for level in range(1, 8):
        block = sheet.doc.blocks.new(f"B{level}")
        for n in range(10):
            block.add_blockref(f"B{level - 1}", (n, 0))
    sheet.space.add_blockref("B7", sheet.at(0, 0))
    with pytest.raises(InputError) as error:
        load(sheet)
    assert [p.key for p in error.value.problems] == ["dxf_too_much"]


def test_what_cannot_be_read_is_told(tmp_path, province, rules):
    (tmp_path / "a.dxf").write_bytes(b"\x00\x01 khong phai ban ve")
    (tmp_path / "b.dwg").write_bytes(b"AC1027")
    (tmp_path / "c.dxf").write_text("", "utf-8")
    for name, keys in (("a.dxf", {"dxf_unreadable"}), ("b.dwg", {"dxf_is_dwg"}), ("x.dxf", {"file_missing"}),
                       ("c.dxf", {"dxf_unreadable", "dxf_nothing_drawn"})):  # fmt: skip
        with pytest.raises(InputError) as error:
            import_dxf(tmp_path / name, "Q", province, rules, Options())
        assert {p.key for p in error.value.problems} <= keys
    empty = Sheet().save(tmp_path, "trong.dxf")
    with pytest.raises(InputError) as error:
        import_dxf(empty, "Q", province, rules, Options())
    assert [p.key for p in error.value.problems] == ["dxf_nothing_drawn"]


def test_regions_are_counted_and_coordinates_beyond_reason_left_out(load):
    sheet = Sheet()
    sheet.box(0, 0, 10, 10, layer=ZONE)
    sheet.space.add_3dface([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)])
    sheet.space.add_line((0, 0), (1e300, 1e300), dxfattribs={"layer": ZONE})
    found, zones = load(sheet)
    assert len(zones) == 1
    assert told(found) == ["dxf_entities_broken", "dxf_entities_unread"]


def test_a_mirrored_extrusion_is_read_in_world_coordinates(load):
    sheet = Sheet(east=0, north=0)
    line = sheet.space.add_lwpolyline([(-E0, N0), (-E0 - 20, N0), (-E0 - 20, N0 + 10), (-E0, N0 + 10)], close=True)
    line.dxf.layer, line.dxf.extrusion = ZONE, (0, 0, -1)
    _, zones = load(sheet)
    assert zones.total_bounds.tolist() == pytest.approx([E0, N0, E0 + 20, N0 + 10])


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, repo_root):
    root = tmp_path / "Đề án"
    shutil.copytree(repo_root / "layers" / "rules", root / "layers" / "rules")
    shutil.copy(repo_root / "layers" / "province.toml", root / "layers" / "province.toml")
    plans = "plan_id,title,plan_kind,status,paper_only,accuracy_m\nQH/900,Bản vẽ,detailed,approved,1,12.5\n"
    (root / "layers" / "plans.csv").write_text(plans, "utf-8")
    (root / "layers" / "catalog.toml").write_text(
        '[province]\nfile = "province.toml"\n\n[layers.plans]\nrole = "plans"\npath = "plans.csv"\n', "utf-8"
    )
    return root


def test_the_command_writes_layer_entry_table_and_fault_list(place, tmp_path, capsys):
    sheet = Sheet()
    sheet.box(0, 0, 40, 50)
    sheet.text("TSC", 20, 25)
    sheet.text("=cmd|' /C calc'!A0", 500, 500)
    file = sheet.save(tmp_path, "tổng mặt bằng.dxf")
    asked = ["plans", "import-dxf", str(file), "--plan", "QH/900", "--workspace", str(place)]
    assert call(asked) == 0
    said = capsys.readouterr().out
    assert "chỉ có bản giấy" in said
    folder = place / "layers" / "quy_hoach"
    zones = gpd.read_file(folder / "qh_900.gpkg", layer="plan_zones")
    assert zones.area.tolist() == [2000.0]
    assert zones.crs.to_epsg() == 9215
    layers = read_layers(load_catalog(place / "layers" / "catalog.toml"))
    table = layers.table("plan_zones")
    assert table[["plan_id", "function", "layer"]].to_numpy().tolist() == [["QH/900", "TSC", "o_qh_900"]]
    assert not [p for p in layers.problems if p.layer == "o_qh_900"]
    plan = layers.table("plans").iloc[0]
    assert (bool(plan["paper_only"]), plan["accuracy_m"]) == (True, 12.5)
    points = gpd.read_file(folder / "qh_900_loi" / "diem_loi.gpkg")
    assert points.geometry.iloc[0].coords[0] == pytest.approx((E0 + 500, N0 + 500))
    page = openpyxl.load_workbook(folder / "qh_900_loi" / "problems.xlsx").active
    texts = [cell for row in page.iter_rows() for cell in row if cell.value and "cmd|" in str(cell.value)]
    assert texts
    assert all(cell.data_type == "s" for cell in texts)
    raw = (folder / "qh_900_loi" / "problems.csv").read_text("utf-8-sig")
    assert ",=cmd" not in raw
    # again: the table stands, the entry stays one
    assert call(asked) == 0
    assert (place / "layers" / "catalog.toml").read_text("utf-8").count("[layers.o_qh_900]") == 1


def test_a_plan_id_cannot_lead_out_of_the_folder(place, tmp_path):
    sheet = Sheet()
    sheet.box(0, 0, 40, 50, layer=ZONE)
    file = sheet.save(tmp_path)
    assert call(["plans", "import-dxf", str(file), "--plan", "../../x", "--workspace", str(place)]) == 0
    assert (place / "layers" / "quy_hoach" / "x.gpkg").is_file()
    assert call(["plans", "import-dxf", str(file), "--plan", "///", "--workspace", str(place)]) == 2


def test_every_fault_of_a_drawing_has_words_and_a_remedy(load):
    sheet = Sheet()
    sheet.box(0, 0, 10, 10)
    sheet.text("TSC", 100, 100)
    found, _ = load(sheet)
    for problem in found.problems:
        row = problem_row(problem)
        assert all(row[part] and not row[part].startswith("problem.") and "–" not in row[part] for part in
                   ("what", "cause", "remedy"))  # fmt: skip
