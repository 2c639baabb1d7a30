"""Field widths: GDAL's own way of cutting them (RESIZE) gives the same file."""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siteplan.outputs.handover import dbf

WORDS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60))
ROWS = st.lists(
    st.tuples(WORDS, st.integers(-(2**40), 2**40), st.floats(-1e6, 1e6), st.integers(0, 1)), min_size=1, max_size=8
)


def _written(path, rows, **options):
    words, whole, real, small = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame(
        {"chu": np.array(words, dtype=object), "nguyen": np.array(whole, dtype="int64"), "thuc": real,
         "nho": np.array(small, dtype="int32")},
        geometry=[shapely.Point(0, n) for n in range(len(rows))], crs=9215,
    )  # fmt: skip
    frame["trong"] = np.array([None] * len(rows), dtype=object)
    options = {"DBF_DATE_LAST_UPDATE": "2026-01-01", **options}
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="UTF-8", layer_options=options)
    return path.with_suffix(".dbf")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_a_tightened_table_is_the_one_that_gdal_makes(tmp_path, rows):
    ours = _written(tmp_path / "a.shp", rows)
    dbf.tighten(ours)
    assert ours.read_bytes() == _written(tmp_path / "b.shp", rows, RESIZE="YES").read_bytes()


def test_a_table_without_rows_keeps_its_fields(tmp_path):
    path = _written(tmp_path / "a.shp", [("x", 1, 1.0, 0)])
    empty = pyogrio.read_dataframe(tmp_path / "a.shp").iloc[:0]
    pyogrio.write_dataframe(empty, tmp_path / "c.shp", driver="ESRI Shapefile", geometry_type="Point")
    dbf.tighten(path)
    dbf.tighten(tmp_path / "c.dbf")
    assert list(pyogrio.read_info(tmp_path / "c.shp")["fields"]) == ["chu", "nguyen", "thuc", "nho", "trong"]


def test_what_is_no_table_is_refused(tmp_path):
    path = _written(tmp_path / "a.shp", [("x", 1, 1.0, 0)] * 3)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a dBase table"):
        dbf.tighten(path)
