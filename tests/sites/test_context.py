from __future__ import annotations

from dataclasses import replace

import pandas as pd

from siteplan.sites.context import people_in, prepare


def test_who_lives_on_a_boundary_counts_in_one_commune(inputs, maps) -> None:
    west, east = maps.at(0, 0, 1500, 3000), maps.at(1500, 0, 3000, 3000)
    row = {"name": "Thử", "kind": "xã"}
    communes = maps.layer(
        "communes", [row | {"code": "2", "geometry": west}, row | {"code": "1", "geometry": east}]
    ).assign(population=100)
    people = [(1500, 500, 100.0), (1500, 3000, 10.0), (0, 700, 5.0), (700, 700, 20.0), (2000, 20, 7.0)]
    prepared = prepare(
        replace(inputs(people=people), communes=communes, required=pd.DataFrame(
            {"commune_code": ["1", "2"], "required_land_area_m2": 1.0}))
    )  # fmt: skip
    assert sorted(people_in(prepared, west)[2]) == [5.0, 20.0]
    assert sorted(people_in(prepared, east)[2]) == [7.0, 10.0, 100.0]
    island = maps.at(1500, 0, 2000, 3000)  # a part of the eastern one
    assert sorted(people_in(prepared, island)[2]) == [7.0, 10.0, 100.0]
