"""Result tables of the ground: what looser rules would open."""

from __future__ import annotations

from siteplan.tables.parts import (
    BASIS,
    CERTAINTY_MARK,
    COMMUNE,
    flag,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.schema import Table

LAND_OPTIONS = Table(
    "land_options", "Ngưỡng có thể bàn và đất mở thêm", "Rules to discuss and the land they open",
    (
        COMMUNE,
        whole("step", "Thứ tự", "Order", "THU_TU"),
        text("rule", "Quy định", "Rule", "QUY_DINH", nullable=False),
        number("present", "Ngưỡng hiện dùng", "Present value", "DANG_DUNG", "", 2),
        number("tried", "Ngưỡng thử", "Value tried", "THU", "", 2),
        text("unit", "Đơn vị", "Unit", "DON_VI"),
        square_metres("opened_m2", "Đất mở thêm", "Land opened", "MO_THEM", 0),
        square_metres("left_m2", "Đất đủ điều kiện khi đó", "Eligible land then", "CON_LAI", 0),
        square_metres("largest_m2", "Mảnh liền nhau lớn nhất", "Largest piece", "MANH_LON", 0),
        flag("fits", "Đủ chỗ cho một khu đất", "Holds a plot", "DU_CHO"),
        BASIS, CERTAINTY_MARK,
    ),
    ("commune_code", "step"),
)  # fmt: skip
