"""Figures of sites column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from siteplan.sites.assess import in_schema, stacked
from siteplan.sites.columns import nothing, rows_of, unknown
from siteplan.tables import RESULTS, records


def test_rows_of_columns_are_those_of_a_frame() -> None:
    columns = {
        "area_m2": np.array([1.5, np.nan]),
        "count": np.array([3, 4]),
        "inside": pd.array([True, None], dtype="boolean"),
        "name": pd.array(["a", "b"]),
    }
    assert repr(rows_of(columns)) == repr(records(pd.DataFrame(columns)))
    assert rows_of({"name": np.array(["a", None], dtype=object)}) == [{"name": "a"}, {"name": None}]
    assert [type(value) for value in rows_of(columns)[0].values()] == [float, int, bool, str]
    assert rows_of({"area_m2": np.array([])}) == []


def test_of_what_is_not_known_nothing_is_said() -> None:
    assert np.isnan(unknown(["a", "b"], 3)["b"]).all()
    assert nothing(2).tolist() == [None, None]


def test_communes_without_rows_leave_no_trace_in_the_stack() -> None:
    table = RESULTS["land_account"]
    one = in_schema({"commune_code": ["06001"], "step": [0], "left_m2": [12.3456]}, table)
    whole = stacked([in_schema({}, table), one, one], table, "EPSG:9215")
    assert list(whole.columns) == table.names
    assert whole["left_m2"].tolist() == [round(12.3456, table.column("left_m2").decimals)] * 2
    assert list(stacked([in_schema({}, table)], table, "EPSG:9215").columns) == table.names
