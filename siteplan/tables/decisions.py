"""Result tables of the decisions: scores, costs, the programme and its money, what becomes of the old facilities."""

from __future__ import annotations

from siteplan.tables.inputs import SECTORS, STEPS
from siteplan.tables.parts import (
    BASIS,
    BASIS_CERTAINTY,
    BUILD_TYPE,
    BUILD_TYPES,
    CERTAINTY_MARK,
    CHECK_RESULT,
    CLEARANCE_INCLUDED,
    COMMUNE,
    CONDITION,
    COST_AT_PRICE_YEAR,
    DEADLINE,
    DECIDED_BY,
    DECISION_NO,
    DOCUMENT,
    FACILITY_ID,
    FACILITY_USE,
    FINISH_YEAR,
    FLOOR_AREA,
    FREE_YEAR,
    LAND_AREA,
    NAME,
    NOTES,
    OPTION,
    PHASE,
    POPULATION,
    PRIORITY_POINTS,
    PRIORITY_RANK,
    REASONS,
    RESTS_ON,
    START_YEAR,
    TOTAL_COST,
    TREATMENT,
    UNIT,
    YEAR_BUILT,
    dong,
    flag,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.schema import Column, Table

PROGRAMME = Table(
    "programme", "Danh mục ưu tiên đầu tư", "Programme",
    (
        OPTION, COMMUNE,
        NAME,
        PRIORITY_RANK,
        PRIORITY_POINTS,
        PHASE,
        text("status", "Tình trạng", "Status", "TINH_TRANG", values=("planned", "waiting", "not_needed")),
        START_YEAR,
        FINISH_YEAR,
        BUILD_TYPE,
        text("needed_build_type", "Hình thức theo nhu cầu", "Build type needed", "HTHUC_CAN", values=BUILD_TYPES),
        text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        CHECK_RESULT,
        POPULATION,
        square_metres("deficit_floor_area_m2", "Sàn cần bổ sung", "Floor to add", "SAN_THIEU"),
        square_metres("deficit_left_m2", "Sàn còn thiếu sau đầu tư", "Floor missing after the works", "SAN_CONTH"),
        COST_AT_PRICE_YEAR,
        TOTAL_COST,
        CLEARANCE_INCLUDED,
        flag("pilot", "Thí điểm", "Pilot", "THI_DIEM"),
        flag("locked", "Được ấn định", "Locked", "AN_DINH"),
        flag("inversion", "Vượt thứ hạng", "Out of rank order", "VUOT_HANG"),
        REASONS, RESTS_ON,
    ),
    ("option", "commune_code"), "any",
)  # fmt: skip

FUNDING = Table(
    "funding", "Vốn theo năm và nguồn", "Money by year and source",
    (
        OPTION, COMMUNE,
        whole("year", "Năm", "Year", "NAM"),
        text("source", "Nguồn vốn", "Source", "NGUON", nullable=False),
        dong("amount", "Số vốn theo giá năm chi", "Amount at prices of the year paid", "SO_VON"),
        flag("paid", "Đã thanh toán", "Paid already", "DA_TTOAN"),
    ),
    ("option", "commune_code", "year", "source"),
)  # fmt: skip

STEPS_TABLE = Table(
    "steps", "Lịch các bước", "Calendar of steps",
    (
        OPTION, COMMUNE,
        text("step", "Bước", "Step", "BUOC", nullable=False, values=STEPS),
        whole("step_order", "Thứ tự", "Order", "THU_TU"),
        Column("begins", "date", "Bắt đầu", "Begins", "BAT_DAU"),
        Column("ends", "date", "Kết thúc", "Ends", "KET_THUC"),
        text("state", "Tình trạng bước", "State", "TT_BUOC", values=("done", "planned", "late")),
        DOCUMENT,
        BASIS, CERTAINTY_MARK,
    ),
    ("option", "commune_code", "step"),
)  # fmt: skip

SURPLUS = Table(
    "surplus", "Cơ sở dôi dư", "Surplus facilities",
    (
        OPTION,
        FACILITY_ID,
        COMMUNE,
        NAME,
        FACILITY_USE,
        FREE_YEAR,
        TREATMENT,
        text("request_id", "Nhu cầu được đáp ứng", "Request met", "MA_NC"),
        DECIDED_BY,
        DEADLINE,
        dong("value_low", "Giá trị mức thấp", "Value, low", "GT_THAP"),
        dong("value_high", "Giá trị mức cao", "Value, high", "GT_CAO"),
        flag("decided", "Đã quyết định", "Decided", "DA_QD"),
        DECISION_NO,
        FLOOR_AREA,
        LAND_AREA,
        CONDITION,
        REASONS, BASIS, BASIS_CERTAINTY, RESTS_ON,
    ),
    ("option", "facility_id"), "point",
)  # fmt: skip

SURPLUS_BUILDINGS = Table(
    "surplus_buildings", "Nhà của cơ sở dôi dư", "Houses of surplus facilities",
    (
        OPTION,
        FACILITY_ID,
        text("building_id", "Mã nhà", "Building id", "MA_NHA", nullable=False),
        COMMUNE,
        NAME,
        FLOOR_AREA,
        YEAR_BUILT,
        CONDITION,
        FREE_YEAR,
        TREATMENT,
        DECIDED_BY,
        DEADLINE,
        DECISION_NO,
        REASONS, BASIS, BASIS_CERTAINTY, RESTS_ON,
    ),
    ("option", "building_id"),
)  # fmt: skip

SURPLUS_TOTALS = Table(
    "surplus_totals", "Tổng hợp cơ sở dôi dư theo hình thức và năm", "Surplus facilities by form and year",
    (
        OPTION,
        TREATMENT,
        # a year, or: stays, decided, already, at_once, waiting; open in runs from before
        text("period", "Thời điểm dôi ra", "When it becomes free", "THOI_DIEM", nullable=False),
        whole("facilities", "Số cơ sở", "Facilities", "SO_CS"),
        FLOOR_AREA,
        LAND_AREA,
        whole("without_land", "Số cơ sở thiếu diện tích đất", "Facilities without land area", "THIEU_DAT"),
        dong("value_low", "Giá trị mức thấp", "Value, low", "GT_THAP"),
        dong("value_high", "Giá trị mức cao", "Value, high", "GT_CAO"),
    ),
    ("option", "treatment", "period"),
)  # fmt: skip

AGREEMENT = Table(
    "agreement", "Đối chiếu xếp hạng bằng phương pháp khác", "Rankings by other methods",
    (
        text("of", "Đối tượng", "Subject", "DOI_TUONG", nullable=False, values=("site", "commune")),
        text("commune_code", "Mã xã", "Commune code", "MA_XA"),
        text("method", "Phương pháp", "Method", "PHG_PHAP", nullable=False,
             values=("topsis", "vikor", "promethee_ii")),
        whole("subjects", "Số đối tượng so sánh", "Subjects compared", "SO_DT"),
        whole("criteria", "Số tiêu chí so sánh", "Criteria compared", "SO_TC"),
        number("tau", "Hệ số tương quan hạng Kendall", "Kendall's tau-b", "TAU"),
        flag("first_same", "Cùng đứng đầu", "Same first", "CUNG_DAU"),
        text("first", "Đứng đầu theo điểm cộng có trọng số", "First by the weighted sum", "DUNG_DAU"),
        text("first_other", "Đứng đầu theo phương pháp này", "First by this method", "DUNG_DAU_K"),
    ),
    ("of", "commune_code", "method"),
)  # fmt: skip

LAND_REQUESTS = Table(
    "land_requests", "Nhu cầu nhà, đất và cơ sở đáp ứng", "Requests for land and what meets them",
    (
        OPTION,
        text("request_id", "Mã nhu cầu", "Request id", "MA_NC", nullable=False),
        COMMUNE,
        text("sector", "Ngành", "Sector", "NGANH", values=SECTORS),
        text("unit", "Đơn vị đề nghị", "Unit that asks", "DON_VI"),
        square_metres("land_area_m2", "Diện tích đất cần", "Land needed", "DT_DAT", 1),
        DOCUMENT,
        text("facility_id", "Cơ sở đáp ứng", "Facility that meets it", "MA_CS"),
        FREE_YEAR,
        REASONS,
    ),
    ("option", "request_id"),
)  # fmt: skip

SCORES = Table(
    "scores", "Điểm theo tiêu chí", "Scores by criterion",
    (
        text("of", "Đối tượng", "Subject", "DOI_TUONG", nullable=False, values=("site", "commune")),
        text("subject_id", "Mã đối tượng", "Subject id", "MA_DT", nullable=False),
        COMMUNE,
        text("criterion", "Tiêu chí", "Criterion", "TIEU_CHI", nullable=False),
        text("block", "Nhóm", "Block", "NHOM", values=("base", "supplement")),
        text("raw", "Giá trị", "Value", "GIA_TRI"),
        number("scaled", "Giá trị chuẩn hóa", "Scaled value", "CHUAN_HOA", "", 6),
        number("weight", "Trọng số", "Weight", "TRONG_SO", "", 6),
        number("points", "Điểm", "Points", "DIEM", "điểm", 6),
        flag("missing", "Thiếu dữ liệu", "Missing", "THIEU_DL"),
    ),
    ("of", "subject_id", "criterion"),
)  # fmt: skip

COSTS = Table(
    "costs", "Chi phí", "Costs",
    (
        COMMUNE,
        # the type the need asks for, and the smaller ones of build_options
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES, nullable=False),
        text("component", "Khoản mục", "Component", "KHOAN_MUC", nullable=False),
        number("quantity", "Khối lượng", "Quantity", "KHOI_LUONG", "", 2),
        UNIT,
        # đồng for one of the unit beside it: never shown in tỷ
        number("unit_cost", "Đơn giá", "Unit cost", "DON_GIA", "đồng/đơn vị", 0),
        dong("low", "Mức thấp, giá năm gốc", "Low, price year", "MUC_THAP"),
        dong("middle", "Mức giữa, giá năm gốc", "Middle, price year", "MUC_GIUA"),
        dong("high", "Mức cao, giá năm gốc", "High, price year", "MUC_CAO"),
        NOTES,
        BASIS, CERTAINTY_MARK,
    ),
    ("commune_code", "build_type", "component"),
)  # fmt: skip

BUILD_OPTIONS = Table(
    "build_options", "Các hình thức đầu tư có thể", "Possible build types",
    (
        COMMUNE,
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES, nullable=False),
        # 0: what the need asks for
        whole("size_order", "Thứ tự quy mô", "Order of size", "THU_TU"),
        text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        text("facility_id", "Cơ sở giữ lại", "Facility kept", "CS_GIU"),
        CHECK_RESULT,
        number("covered_percent", "Mức đáp ứng nhu cầu", "Share of the need covered", "TL_DAPUNG", "%", 1),
        square_metres("added_floor_area_m2", "Sàn thiếu được bù", "Missing floor made good", "SAN_BU"),
        square_metres("floor_left_m2", "Sàn còn thiếu sau đầu tư", "Floor missing after the works", "SAN_CONTH"),
        square_metres("new_tsc_m2", "Đất trụ sở (TSC) tăng thêm", "New land for offices (TSC)", "TSC_THEM"),
        COST_AT_PRICE_YEAR,
        dong("cost_low", "Tổng mức đầu tư theo giá năm gốc, mức thấp",
             "Total investment at prices of the price year, low", "TMDT_THAP"),
        dong("cost_high", "Tổng mức đầu tư theo giá năm gốc, mức cao",
             "Total investment at prices of the price year, high", "TMDT_CAO"),
        CLEARANCE_INCLUDED,
        REASONS, RESTS_ON,
    ),
    ("commune_code", "build_type"),
)  # fmt: skip
