"""The result tables of the need: the chain, the three scopes, groups, the three columns of figures, norm sets."""

from __future__ import annotations

from siteplan.tables.parts import (
    BASES,
    BASIS,
    CERTAINTY_MARK,
    COMMUNE,
    DOCUMENT,
    NOTES,
    ORDER,
    POPULATION,
    REPORT_DATE,
    REPORT_NO,
    REQUIRED_FLOOR,
    REQUIRED_FOOTPRINT,
    REQUIRED_LAND,
    REQUIRED_USABLE,
    RESTS_ON,
    UNIT,
    flag,
    messages,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.schema import Column, Table

REPORT_STATES = ("answered", "partly", "none")
INVENTORY_STATES = ("complete", "incomplete", "none")
# the six figures every commune was asked for; their columns in communes and commune_reports end in "_area_m2"
ITEMS = ("existing_floor", "existing_land", "extension_floor", "extension_land", "new_floor", "new_land")
SCOPES = ("A", "B", "C")
NORM_STATES = ("in_force", "ended", "upcoming", "empty", "no_document")
FIGURE_SOURCES = ("agreed", "reported", "inventory", "computed", "group_average", "province_average", "none")
NORM_FITS = ("within", "above", "unknown")

NEEDS = Table(
    "needs", "Chuỗi tính nhu cầu", "Need, step by step",
    (
        COMMUNE,
        text("scope", "Phạm vi", "Scope", "PHAM_VI", nullable=False, values=SCOPES),
        whole("step", "Bước", "Step", "BUOC"),
        text("item", "Khoản mục", "Item", "KHOAN_MUC", nullable=False),
        messages("formula", "Cách tính", "Formula", "CACH_TINH"),
        number("value", "Giá trị", "Value", "GIA_TRI", "", 2),
        UNIT,
        BASIS, CERTAINTY_MARK,
        flag("binding", "Quyết định", "Binding", "QUYET_DINH"),
    ),
    ("commune_code", "scope", "step"),
)  # fmt: skip

SCOPE_AREAS = Table(
    "scopes", "Nhu cầu theo ba phạm vi", "Need in the three scopes",
    (
        COMMUNE,
        text("scope", "Phạm vi", "Scope", "PHAM_VI", nullable=False, values=SCOPES),
        flag("planned", "Phạm vi lập kế hoạch", "Planned scope", "PV_KH"),
        REQUIRED_USABLE,
        REQUIRED_FLOOR,
        REQUIRED_FOOTPRINT,
        REQUIRED_LAND,
        text("binding_rule", "Quy định quyết định", "Binding rule", "QD_QDINH"),
        messages("single_headquarters", "Về mức 400 m² và 500 m²", "On the 400 m² and 500 m²", "MUC_400"),
    ),
    ("commune_code", "scope"),
)  # fmt: skip

GROUPS = Table(
    "groups", "Quy mô quy hoạch theo nhóm đơn vị hành chính", "Planned size by group of units",
    (
        ORDER,
        text("group", "Nhóm đơn vị", "Group", "NHOM", nullable=False),
        whole("units", "Số đơn vị", "Units", "SO_DV"),
        whole("approved_units", "Số đơn vị có số người được duyệt", "Units with approved staff", "SO_DV_DUY"),
        number("population_mean", "Dân số bình quân", "Mean population", "DANSO_BQ", "người", 1),
        number("staff_mean", "Số người bình quân", "Mean staff", "NGUOI_BQ", "người", 2),
        square_metres("required_floor_mean_m2", "Sàn cần bình quân", "Mean floor needed", "SAN_BQ"),
        square_metres("required_land_mean_m2", "Đất cần bình quân", "Mean land needed", "DAT_BQ"),
    ),
    ("order",),
)  # fmt: skip

DEVIATIONS = Table(
    "deviations", "Độ lệch so với bình quân nhóm", "Deviation from the mean of the group",
    (
        COMMUNE,
        text("group", "Nhóm đơn vị", "Group", "NHOM"),
        POPULATION,
        number("population_deviation_percent", "Dân số so với bình quân", "Population against the mean", "LECH_DANSO",
               "%", 1),
        whole("staff", "Số người làm việc", "Staff", "SO_NGUOI", "người"),
        number("staff_deviation_percent", "Số người so với bình quân", "Staff against the mean", "LECH_NGUOI", "%", 1),
        REQUIRED_FLOOR,
        number("floor_deviation_percent", "Sàn so với bình quân", "Floor against the mean", "LECH_SAN", "%", 1),
        REQUIRED_LAND,
        number("land_deviation_percent", "Đất so với bình quân", "Land against the mean", "LECH_DAT", "%", 1),
    ),
    ("commune_code",),
)  # fmt: skip

FIGURES = Table(
    "figures", "Xã báo cáo, Sở tính, số thống nhất", "Reported, computed, agreed",
    (
        COMMUNE,
        text("item", "Loại diện tích", "Kind of area", "LOAI_DT", nullable=False, values=ITEMS),
        text("basis", "Nguồn số liệu", "Basis", "NGUON", values=BASES),
        square_metres("reported_m2", "Xã báo cáo", "Reported by the commune", "XA_BCAO"),
        square_metres("computed_m2", "Sở tính theo tiêu chuẩn", "Computed by the department", "SO_TINH"),
        square_metres("low_m2", "Mức thấp khi ước tính", "Low bound of an estimate", "MUC_THAP"),
        square_metres("high_m2", "Mức cao khi ước tính", "High bound of an estimate", "MUC_CAO"),
        square_metres("agreed_m2", "Số thống nhất", "Agreed", "THONG_NHAT"),
        square_metres("used_m2", "Số đưa vào tính toán", "Used", "SU_DUNG"),
        text("used_from", "Lấy từ", "Taken from", "LAY_TU", values=FIGURE_SOURCES),
        square_metres("difference_m2", "Xã báo cáo trừ Sở tính", "Reported less computed", "CHENH_LECH"),
        REPORT_NO,
        REPORT_DATE,
        text("reported_reason", "Lý do xã nêu", "Reason given by the commune", "LD_XA"),
        text("agreed_reason", "Lý do thống nhất", "Reason agreed", "LD_TN"),
        text("officer", "Người chốt", "Officer", "NGUOI_CHOT"),
        Column("agreed_date", "date", "Ngày thống nhất", "Date agreed", "NGAY_TN"),
        DOCUMENT,
        RESTS_ON,
    ),
    ("commune_code", "item"),
)  # fmt: skip

TOTALS = Table(
    "totals", "Tổng hợp toàn tỉnh theo nguồn số liệu", "Provincial totals by basis",
    (
        ORDER,
        text("item", "Loại diện tích", "Kind of area", "LOAI_DT", nullable=False, values=ITEMS),
        text("basis", "Nguồn số liệu", "Basis", "NGUON", nullable=False, values=(*BASES, "total")),
        whole("units", "Số đơn vị", "Units", "SO_DV"),
        whole("reported_units", "Số đơn vị có báo cáo chỉ tiêu này", "Units that reported it", "SO_DV_BC"),
        square_metres("reported_m2", "Xã báo cáo", "Reported by the communes", "XA_BCAO"),
        square_metres("computed_m2", "Sở tính theo tiêu chuẩn", "Computed by the department", "SO_TINH"),
        whole("agreed_units", "Số đơn vị đã thống nhất", "Units agreed", "SO_DV_TN"),
        square_metres("agreed_m2", "Số thống nhất", "Agreed", "THONG_NHAT"),
        square_metres("used_m2", "Số đưa vào tính toán", "Used", "SU_DUNG"),
        whole("bounded_units", "Số đơn vị có khoảng ước tính", "Units with a range", "SO_DV_KH"),
        square_metres("low_m2", "Mức thấp", "Low", "MUC_THAP"),
        square_metres("high_m2", "Mức cao", "High", "MUC_CAO"),
    ),
    ("order",),
)  # fmt: skip

STANDARDS = Table(
    "standards", "Bộ tiêu chuẩn, định mức đã dùng", "Norm sets used",
    (
        ORDER,
        text("standard", "Bộ định mức", "Norm set", "BO_DM", nullable=False),
        DOCUMENT,
        Column("effective_from", "date", "Hiệu lực từ", "In force from", "TU_NGAY"),
        Column("effective_to", "date", "Hết hiệu lực sau", "In force until", "DEN_NGAY"),
        text("norm_state", "Hiệu lực ngày xét", "State on the date", "HIEU_LUC", values=NORM_STATES),
        whole("norms", "Số định mức", "Norms", "SO_DM"),
        whole("empty_norms", "Số định mức còn trống", "Norms without value", "SO_TRONG"),
        whole("used_norms", "Số định mức đã dùng", "Norms used", "SO_DUNG"),
        NOTES,
    ),
    ("order",),
)  # fmt: skip

NEED_TABLES = (NEEDS, SCOPE_AREAS, GROUPS, DEVIATIONS, FIGURES, TOTALS, STANDARDS)
