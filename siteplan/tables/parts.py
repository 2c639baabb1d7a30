"""Kinds of columns and the columns that several result tables share."""

from __future__ import annotations

from siteplan.tables.inputs import CONDITIONS, FACILITY_STATUS, TREATMENTS
from siteplan.tables.schema import Column

CERTAINTY = ("V", "V2", "C", "R", "P")  # the surest first
OFFICE_LAND = "TSC"  # land-use code of offices (TT 08/2024/TT-BTNMT)
BASES = ("reported", "estimated", "missing")
BUILD_TYPES = ("none", "renovate", "extend", "build_new")
ADDS_FLOOR = ("extend", "build_new")  # build types that make missing floor good
CHECK_RESULTS = ("clear", "clear_of_known_plans", "conditional", "blocked")


def text(name: str, label: str, label_en: str, dbf: str, **more: object) -> Column:
    """Column of text."""
    return Column(name, "text", label, label_en, dbf, **more)  # type: ignore[arg-type]


def square_metres(name: str, label: str, label_en: str, dbf: str, decimals: int = 2, **more: object) -> Column:
    """Column of areas in m²."""
    return Column(name, "float", label, label_en, dbf, "m²", decimals, **more)  # type: ignore[arg-type]


def number(name: str, label: str, label_en: str, dbf: str, unit: str = "", decimals: int = 3) -> Column:
    """Column of numbers."""
    return Column(name, "float", label, label_en, dbf, unit, decimals)


def whole(name: str, label: str, label_en: str, dbf: str, unit: str = "") -> Column:
    """Column of whole numbers."""
    return Column(name, "int", label, label_en, dbf, unit)


def flag(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of truth values."""
    return Column(name, "bool", label, label_en, dbf)


def dong(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of money in đồng."""
    return Column(name, "float", label, label_en, dbf, "đồng", 0)


def messages(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of messages."""
    return Column(name, "messages", label, label_en, dbf)


COMMUNE = text("commune_code", "Mã xã", "Commune code", "MA_XA", nullable=False)
OPTION = text("option", "Phương án", "Option", "PHUONG_AN", nullable=False)
# "layer:<catalog entry>" and "assumption:<id>", separated by "; ", sorted
RESTS_ON = text("rests_on", "Dựa trên", "Rests on", "DUA_TREN")
BASIS = text("legal_basis", "Căn cứ pháp lý", "Legal basis", "CAN_CU")
CERTAINTY_MARK = text("certainty", "Độ tin cậy", "Certainty", "DO_TIN_CAY", values=CERTAINTY)
# where the figures of a row are known and what is unsure is the law it rests on
BASIS_CERTAINTY = text(
    "certainty", "Độ tin cậy của căn cứ pháp lý", "Certainty of the legal basis", "DO_TIN_CAY", values=CERTAINTY
)
REASONS = messages("reasons", "Lý do", "Reasons", "LY_DO")

# columns that stand in more than one table
SITE_ID = text("site_id", "Mã vị trí", "Site id", "MA_VT", nullable=False)
NAME = text("name", "Tên", "Name", "TEN")
UNIT = text("unit", "Đơn vị", "Unit", "DON_VI")
DOCUMENT = text("document", "Văn bản", "Document", "VAN_BAN")
DECISION_NO = text("decision_no", "Số quyết định", "Decision", "SO_QD")
DECISION_DATE = Column("decision_date", "date", "Ngày quyết định", "Date of decision", "NGAY_QD")
AUTHORITY = text("authority", "Cơ quan phê duyệt", "Authority", "CQ_DUYET")
PLAN_KIND = text("plan_kind", "Loại quy hoạch", "Kind of plan", "LOAI_QH")
PLAN_ID = text("plan_id", "Mã quy hoạch", "Plan id", "MA_QH")
NOTES = messages("notes", "Ghi chú", "Notes", "GHI_CHU")
ILLUSTRATIVE = flag("illustrative", "Minh họa", "Illustrative", "MINH_HOA")
RESTRICTED = flag("restricted", "Hạn chế", "Restricted", "HAN_CHE")
POPULATION = whole("population", "Dân số", "Population", "DAN_SO", "người")
ORDER = whole("order", "Thứ tự", "Order", "THU_TU")
FREE_YEAR = whole("free_year", "Năm dôi ra", "Year it becomes free", "NAM_DOI")
TREATMENT = text("treatment", "Hình thức xử lý", "Treatment", "XU_LY", values=TREATMENTS, nullable=False)
FACILITY_ID = text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False)
CONDITION = text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS)
FACILITY_USE = text("status", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS)
FLOOR_AREA = square_metres("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 2)
LAND_AREA = square_metres("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 2)
YEAR_BUILT = whole("year_built", "Năm xây dựng", "Year built", "NAM_XD")
DECIDED_BY = text("decided_by", "Cấp quyết định", "Who decides", "CAP_QD", values=("province", "commune"))
DEADLINE = Column("deadline", "date", "Hạn xử lý", "Deadline", "HAN_XLY")
REQUIRED_USABLE = square_metres("required_usable_area_m2", "Diện tích sử dụng cần", "Usable area needed", "CAN_SUDUNG")
REQUIRED_FLOOR = square_metres("required_floor_area_m2", "Diện tích sàn cần", "Floor area needed", "CAN_SAN")
REQUIRED_FOOTPRINT = square_metres("required_footprint_m2", "Diện tích xây dựng cần", "Footprint needed", "CAN_XD")
REQUIRED_LAND = square_metres("required_land_area_m2", "Diện tích đất cần", "Land needed", "CAN_DAT")
CLEARANCE_INCLUDED = flag("clearance_cost_included", "Đã gồm GPMB", "Clearance included", "CO_GPMB")
# sums of the payments: of what is planned only; what waits has a cost at the price year alone
TOTAL_COST = dong(
    "total_cost", "Tổng mức đầu tư theo giá các năm chi", "Total investment at prices of the years paid", "TMDT_CHI"
)
COST_AT_PRICE_YEAR = dong(
    "cost_at_price_year",
    "Tổng mức đầu tư theo giá năm gốc",
    "Total investment at prices of the price year",
    "TMDT_GOC",
)
BUILD_TYPE = text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES)
CHECK_RESULT = text("check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS)
PRIORITY_RANK = whole("priority_rank", "Thứ hạng ưu tiên", "Priority rank", "HANG_UT")
PRIORITY_POINTS = number("priority_points", "Điểm ưu tiên", "Priority points", "DIEM_UT", "điểm")
PHASE = text("phase", "Giai đoạn", "Phase", "GIAI_DOAN")
START_YEAR = whole("start_year", "Năm khởi công", "Start", "NAM_KC")
FINISH_YEAR = whole("finish_year", "Năm hoàn thành", "Finish", "NAM_HT")
RANK_SHAKEN_LOW = whole(
    "rank_shaken_low", "Thứ hạng tốt nhất khi đổi trọng số", "Best rank under shaken weights", "HANG_TS_MN"
)
REPORT_NO = text("report_no", "Số báo cáo", "Report", "SO_BCAO")
REPORT_DATE = Column("report_date", "date", "Ngày báo cáo", "Date of report", "NGAY_BCAO")
RANK_SHAKEN_HIGH = whole(
    "rank_shaken_high", "Thứ hạng kém nhất khi đổi trọng số", "Worst rank under shaken weights", "HANG_TS_MX"
)
