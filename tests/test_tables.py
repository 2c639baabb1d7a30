import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from siteplan.errors import SchemaError
from siteplan.tables import BACKGROUND, INPUTS, RESULTS, Column, Table, conform, empty, land_shares, records

ALL = {**{f"input {k}": v for k, v in INPUTS.items()}, **RESULTS}


@pytest.mark.parametrize("table", ALL.values(), ids=ALL.keys())
def test_names_fit_a_shapefile(table):
    names = [column.dbf for column in table.columns]
    assert all(1 <= len(name) <= 10 and name.isascii() for name in names)
    assert len(set(names)) == len(names)
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert all(column.label and column.label_en for column in table.columns)


def test_every_background_role_is_an_input():
    assert set(BACKGROUND) <= set(INPUTS)


@pytest.mark.parametrize(
    ("cell", "shares"),
    [
        ("LUC 40; ONT 60", [("LUC", 40.0), ("ONT", 60.0)]),
        ("ONT+CLN 62.5; LUC 37.5", [("ONT", 62.5), ("LUC", 37.5)]),
        (" TSC + ONT 20.0 ;tsc 5.5;", [("TSC", 20.0), ("TSC", 5.5)]),
        ("chưa rõ", []),
        ("", []),
        (None, []),
        (float("nan"), []),
    ],
)
def test_shares_of_land_use_are_read_as_the_sites_write_them(cell, shares):
    assert land_shares(cell) == shares


TABLE = Table(
    "t", "T", "T",
    (
        Column("code", "text", "Mã", "Code", "MA", nullable=False),
        Column("area_m2", "float", "Diện tích", "Area", "DT", "m²", 1),
        Column("kind", "text", "Loại", "Kind", "LOAI", values=("a", "b")),
        Column("flag", "bool", "Có", "Flag", "CO"),
    ),
    ("code",), "polygon",
)  # fmt: skip


def _frame(**more):
    return gpd.GeoDataFrame(
        {"code": ["2", "1"], "area_m2": [1.26, -0.01], "kind": ["a", None], "strange": [1, 2], **more},
        geometry=[shapely.box(0, 0, 1.00049, 1), shapely.box(0, 0, 2, 2)],
        crs=9215,
    )


def test_conform_orders_rounds_and_sorts():
    out = conform(_frame(), TABLE)
    assert list(out.columns) == ["code", "area_m2", "kind", "flag", "geometry"]
    assert list(out["code"]) == ["1", "2"]
    assert list(out["area_m2"]) == [0.0, 1.3]
    assert str(out["area_m2"].iloc[0]) == "0.0"  # no minus zero
    assert out["flag"].isna().all()
    assert out.geometry[1].bounds[2] == 1.0


def test_conform_is_idempotent():
    once = conform(_frame(), TABLE)
    pd.testing.assert_frame_equal(pd.DataFrame(conform(once, TABLE)), pd.DataFrame(once))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"kind": ["a", "z"]}, "schema_value_unknown"),
        ({"code": ["1", "1"]}, "schema_key_twice"),
        ({"code": ["1", None]}, "schema_value_missing"),
    ],
)
def test_departures_are_told(change, key):
    with pytest.raises(SchemaError) as caught:
        conform(_frame().assign(**change), TABLE)
    assert [p.key for p in caught.value.problems] == [key]


def test_missing_required_column():
    with pytest.raises(SchemaError):
        conform(_frame().drop(columns="code"), TABLE)


@pytest.mark.parametrize("table", ALL.values(), ids=ALL.keys())
def test_an_empty_table_conforms(table):
    frame = empty(table, "EPSG:9215")
    assert len(conform(frame, table, "EPSG:9215")) == 0


def test_records_are_what_pandas_makes_of_the_rows():
    frame = pd.DataFrame(
        {
            "t": ["a", None, "c"],
            "f": [1.5, float("nan"), 0.0],
            "i": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "o": pd.Series([np.float64(2.5), np.True_, "x"], dtype=object),
        }
    )
    found, expected = records(frame), frame.to_dict("records")
    assert [list(row) for row in found] == [list(row) for row in expected]
    for one, other in zip(found, expected, strict=True):
        for name, value in one.items():
            assert type(value) is type(other[name])
            assert value == other[name] or pd.isna(value)
