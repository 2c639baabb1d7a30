"""Columns of sites that the ground gives, what looser rules would open, the climate scenario."""

from __future__ import annotations

from siteplan.tables.inputs import FLOODED
from siteplan.tables.parts import (
    BASIS,
    CERTAINTY_MARK,
    COMMUNE,
    NOTES,
    UNIT,
    dong,
    flag,
    messages,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.schema import Table

ASPECTS = ("level", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
FLOOD_STATES = ("not_assessed", "above", "raise")
LANDSLIDE_LEVELS = ("low", "medium", "high")

# empty where there is no terrain model or it is too coarse for one site
SITE_GROUND = (
    number("slope_gentle_percent", "Phần dốc thuận lợi", "Share of favourable slope", "DOC_TL", "%", 1),
    number("slope_less_percent", "Phần dốc ít thuận lợi", "Share of less favourable slope", "DOC_ITTL", "%", 1),
    number("slope_bad_percent", "Phần dốc không thuận lợi", "Share of unfavourable slope", "DOC_KTL", "%", 1),
    number("slope_avoid_percent", "Phần dốc nên tránh", "Share of slope to avoid", "DOC_TRANH", "%", 1),
    text("aspect", "Hướng dốc", "Aspect", "HUONG_DOC", values=ASPECTS),
    number("aspect_degrees", "Góc hướng dốc", "Aspect in degrees", "GOC_DOC", "°", 0),
    number("relief_m", "Chênh cao trong khu đất", "Relief inside", "CHENH_CAO", "m", 1),
    number("relief_around_m", "Chênh cao quanh khu đất", "Relief around", "CHENH_XQ", "m", 1),
    number("steepest_around_percent", "Độ dốc lớn nhất quanh khu đất", "Steepest slope around", "DOC_XQ", "%", 1),
    number("ruggedness_m", "Độ gồ ghề (TRI)", "Ruggedness (TRI)", "GO_GHE", "m", 2),
    text("landslide_proxy", "Sạt lở theo địa hình", "Landslide, by terrain alone", "SAT_LO", values=LANDSLIDE_LEVELS),
    number("drainage_height_m", "Cao hơn (âm: thấp hơn) sông, suối gần đó, theo mô hình địa hình",
           "Above (negative: below) the water nearby, by the terrain model", "CAO_SONG", "m", 1),
    number("drainage_distance_m", "Khoảng cách đến sông, suối", "Distance to the nearest stream", "KC_SONG", "m", 1),
    square_metres("platform_area_m2", "Diện tích san nền", "Platform", "DT_SAN_NEN", 0),
    number("platform_level_m", "Cao độ san nền", "Level of the platform", "CD_SAN_NEN", "m", 2),
    number("cut_m3", "Khối lượng đào", "Cut", "DAO", "m³", 0),
    number("fill_m3", "Khối lượng đắp", "Fill", "DAP", "m³", 0),
    flag("earthworks_balanced", "Đào đắp cân bằng", "Cut and fill balanced", "CAN_BANG"),
    number("balanced_level_m", "Cao độ cân bằng đào đắp", "Level of balance", "CD_CBANG", "m", 2),
    number("balanced_m3", "Khối lượng khi cân bằng", "Volume at balance", "KL_CBANG", "m³", 0),
    number("flood_level_m", "Mực lũ đã biết", "Known flood level", "MUC_LU", "m", 2),
    text("flood_event", "Trận lũ", "Flood", "TRAN_LU"),
    number("flood_mark_distance_m", "Khoảng cách đến vết lũ", "Distance to the flood mark", "KC_VETLU", "m", 0),
    whole("design_return_years", "Chu kỳ lũ tính toán", "Design return period", "CHU_KY_LU", "năm"),
    text("flood_state", "So với mực lũ đã biết", "Against the known flood", "TT_LU", values=FLOOD_STATES),
    number("raise_m", "Cần tôn nền", "To be raised by", "TON_NEN", "m", 2),
    text("reported_event", "Xã báo đã xảy ra", "Reported by the commune", "XA_BAO", values=FLOODED),
    whole("reported_year", "Năm xảy ra", "Year reported", "NAM_BAO"),
    number("reported_depth_m", "Độ sâu ngập xã báo", "Depth reported", "SAU_BAO", "m", 2),
)  # fmt: skip

SITE_EDGE = (
    number("frontage_m", "Chiều dài mặt đường", "Frontage", "MAT_DUONG", "m", 1),
    square_metres("adjoining_m2", "Đất liền kề đủ điều kiện", "Eligible land adjoining", "DAT_LKE", 0),
    flag("can_extend", "Mở rộng được cho đủ nhu cầu", "Can be extended to the need", "MO_DUOC"),
)

# what has to be cleared and what is near; empty where no layer tells
SITE_CLEARANCE = (
    square_metres("buildings_area_m2", "Diện tích nhà phải giải tỏa", "Area of buildings to clear", "DT_NHA", 1),
    whole("households_displaced", "Số hộ phải di dời", "Households displaced", "SO_HO", "hộ"),
    messages("compensation", "Bồi thường theo nhóm đất", "Compensation by group of land", "BOI_THUONG"),
    dong("compensation_cost", "Bồi thường về đất", "Compensation for land", "TIEN_BT"),
    number("water_supply_distance_m", "Khoảng cách đến cấp nước", "Distance to water supply", "KC_NUOC", "m", 1),
    number("telecom_distance_m", "Khoảng cách đến viễn thông", "Distance to telecommunications", "KC_VT", "m", 1),
    number("sewerage_distance_m", "Khoảng cách đến thoát nước", "Distance to sewerage", "KC_TNUOC", "m", 1),
    messages("infrastructure", "Hạ tầng trong tầm đấu nối", "Infrastructure within reach", "HA_TANG"),
)  # fmt: skip

# beside the mean and the share within 30 minutes; by motorbike unless it says car, empty where there is no way
SITE_ACCESS = (
    number("access_share_60_percent", "Dân trong 60 phút", "People within 60 minutes", "DAN_60P", "%", 2),
    number("access_farthest_minutes", "Nơi xa nhất", "Farthest place", "PHUT_XA", "phút", 2),
    text("access_farthest_place", "Điểm dân cư xa nhất", "Farthest settlement", "NOI_XA"),
    number("access_lost_minutes", "Chậm hơn vị trí tiện nhất", "Lost against the best place", "PHUT_MAT", "phút", 2),
    number("minutes_school", "Đến trường học gần nhất", "To the nearest school", "PHUT_TRUON", "phút", 1),
    number("minutes_health", "Đến trạm y tế gần nhất", "To the nearest health station", "PHUT_YTE", "phút", 1),
    number("minutes_market", "Đến chợ gần nhất", "To the nearest market", "PHUT_CHO", "phút", 1),
    number("minutes_police", "Đến công an gần nhất", "To the nearest police", "PHUT_CAN", "phút", 1),
    number("minutes_seat", "Đến trụ sở hiện nay", "To the present seat", "PHUT_TRUSO", "phút", 1),
    number("minutes_main_road", "Đến quốc lộ, đường tỉnh", "To a national or provincial road", "PHUT_QLTL", "phút", 1),
    number("capital_minutes", "Đến tỉnh lỵ bằng xe máy", "To the capital by motorbike", "PHUT_TINH", "phút", 0),
    number("capital_car_minutes", "Đến tỉnh lỵ bằng ô tô", "To the capital by car", "OTO_TINH", "phút", 0),
    number("gate_minutes", "Đến cửa khẩu gần nhất bằng xe máy", "To the nearest gate by motorbike", "PHUT_CKHAU",
           "phút", 0),
    number("gate_car_minutes", "Đến cửa khẩu gần nhất bằng ô tô", "To the nearest gate by car", "OTO_CKHAU", "phút", 0),
)  # fmt: skip

ACCESS_POINTS = Table(
    "access_points", "Nơi người dân đến nhanh nhất", "The place people reach soonest",
    (
        COMMUNE,
        number("access_minutes", "Thời gian đi lại trung bình", "Mean travel time", "PHUT_DI", "phút", 2),
        number("access_share_30_percent", "Dân trong 30 phút", "People within 30 minutes", "DAN_30P", "%", 2),
        number("access_share_60_percent", "Dân trong 60 phút", "People within 60 minutes", "DAN_60P", "%", 2),
        number("reached_percent", "Dân có đường đến", "People with a way", "DAN_DEN", "%", 2),
        flag("searched_everywhere", "Đã so mọi nơi trong xã", "Every place compared", "SO_MOI_NOI"),
    ),
    ("commune_code",), "point",
)  # fmt: skip

CLIMATE = Table(
    "climate", "Kịch bản biến đổi khí hậu", "Climate scenario",
    (
        text("element", "Yếu tố", "Element", "YEU_TO", nullable=False, values=("temperature", "rain_year", "rain_day")),
        text("scenario", "Kịch bản", "Scenario", "KICH_BAN", nullable=False),
        text("period", "Giai đoạn", "Period", "GIAI_DOAN", nullable=False),
        number("value", "Giá trị", "Value", "GIA_TRI", "", 2),
        UNIT,
        NOTES,
        BASIS, CERTAINTY_MARK,
    ),
    ("element", "scenario", "period"),
)  # fmt: skip

LAND_OPTIONS = Table(
    "land_options", "Ngưỡng có thể bàn và đất mở thêm", "Rules to discuss and the land they open",
    (
        COMMUNE,
        whole("step", "Thứ tự", "Order", "THU_TU"),
        text("rule", "Quy định", "Rule", "QUY_DINH", nullable=False),
        number("present", "Ngưỡng hiện dùng", "Present value", "DANG_DUNG", "", 2),
        number("tried", "Ngưỡng thử", "Value tried", "THU", "", 2),
        UNIT,
        square_metres("opened_m2", "Đất mở thêm", "Land opened", "MO_THEM", 0),
        square_metres("left_m2", "Đất đủ điều kiện khi đó", "Eligible land then", "CON_LAI", 0),
        square_metres("largest_m2", "Mảnh liền nhau lớn nhất", "Largest piece", "MANH_LON", 0),
        flag("fits", "Đủ chỗ cho một khu đất", "Holds a plot", "DU_CHO"),
        BASIS, CERTAINTY_MARK,
    ),
    ("commune_code", "step"),
)  # fmt: skip
