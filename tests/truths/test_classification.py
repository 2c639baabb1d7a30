"""Points of population and area of NĐ 307/2025/NĐ-CP, for units whose points the domain notes work out one by one.

Mountain communes: 75 % of the population level (12,000 people, steps of 750); wards: 14,000 people and 5.5 km².
"""

import pytest

from siteplan.norms import load_norms, stepped_points
from siteplan.scenario import load_scenario

# kind, people, km², points of population, points of area
UNITS = [
    ("ward", 50_436, 54.71, 25, 25),  # Đông Kinh
    ("ward", 23_136, 31.76, 14.5, 23),  # Lương Văn Tri
    ("ward", 30_301, 27.35, 18, 20.5),  # Tam Thanh
    ("ward", 41_624, 61.70, 23.5, 25),  # Kỳ Lừa
    ("commune", 3_777, 156.29, 10, 22.5),  # Đoàn Kết
    ("commune", 13_962, 168.15, 11, 23.5),  # Quốc Khánh
    ("commune", 20_153, 100.52, 15, 17),  # Thất Khê
    ("commune", 24_976, 91.57, 18.5, 16),  # Đồng Đăng
    ("commune", 30_848, 52.87, 22.5, 12),  # Hữu Lũng
    ("commune", 28_192, 80.74, 20.5, 15),  # Chi Lăng
    ("commune", 16_585, 117.93, 13, 18.5),  # Yên Phúc
    ("commune", 7_976, 417.78, 10, 25),  # Kiên Mộc
]


@pytest.mark.parametrize(("unit", "people", "area", "people_points", "area_points"), UNITS)
def test_points(repo_root, unit, people, area, people_points, area_points):
    scenario = load_scenario(repo_root / "scenarios" / "co_so.toml")
    norms = load_norms(
        repo_root / "layers" / "standards", scenario.need.standard, scenario.need.supporting, scenario.date
    )
    share = norms.value("nd307.mountain_share") if unit == "commune" else 1.0
    assert stepped_points(people, norms, f"nd307.{unit}.population", share) == people_points
    assert stepped_points(area, norms, f"nd307.{unit}.area") == area_points
