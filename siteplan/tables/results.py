"""What a run writes: the tables of ``results.gpkg``. Outputs read these and nothing else."""

from __future__ import annotations

from siteplan.tables import parts
from siteplan.tables.agencies import AGENCY_ANSWERS
from siteplan.tables.evidence import CONFLICTS, CONFORMITIES, CONFORMITY
from siteplan.tables.inputs import (
    CLEARANCE,
    CONDITIONS,
    FACILITY_STATUS,
    GATE_CLASSES,
    KINDS,
    SECTORS,
    STEPS,
    TREATMENTS,
)
from siteplan.tables.need import INVENTORY_STATES, NEED_TABLES, NORM_FITS, REPORT_STATES
from siteplan.tables.opinions import OPINIONS
from siteplan.tables.parts import (
    BASIS,
    CERTAINTY_MARK,
    COMMUNE,
    OPTION,
    REASONS,
    RESTS_ON,
    dong,
    flag,
    messages,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.places import (
    ACCESS_POINTS,
    CLIMATE,
    LAND_OPTIONS,
    SITE_ACCESS,
    SITE_CLEARANCE,
    SITE_EDGE,
    SITE_GROUND,
)
from siteplan.tables.schema import Column, Table

BASES = parts.BASES
CHECK_RESULTS = ("clear", "clear_of_known_plans", "conditional", "blocked")
COVERAGE = ("covered", "partly", "paper_only", "missing")
BUILD_TYPES = ("none", "renovate", "extend", "build_new")
LETTERS = ("K", "T", "X", "L")
PLOT_SIZES = ("with_reserve", "without_reserve")

_COMMUNES = Table(
    "communes", "Xã, phường", "Communes",
    (
        text("code", "Mã xã", "Commune code", "MA_XA", nullable=False),
        text("name", "Tên", "Name", "TEN", nullable=False),
        text("kind", "Loại", "Kind", "LOAI", values=KINDS),
        text("former_district", "Huyện cũ", "Former district", "HUYEN_CU"),
        whole("population", "Dân số", "Population", "DAN_SO", "người"),
        number("area_km2", "Diện tích tự nhiên", "Area", "DT_KM2", "km²"),
        whole("former_unit_count", "Số đơn vị cũ", "Former units", "SO_DV_CU"),
        flag("is_border", "Xã biên giới", "Border commune", "BIEN_GIOI"),
        flag("is_central_ward", "Phường trung tâm", "Central ward", "PHUONG_TT"),
        flag("is_former_district_seat", "Huyện lỵ cũ", "Former district seat", "HUYENLY_CU"),
        flag("is_atk", "Xã ATK", "ATK commune", "ATK"),
        text("gate_class", "Cấp cửa khẩu", "Class of border gate", "CUA_KHAU", values=GATE_CLASSES),
        text("counterpart_unit", "Đơn vị đối đẳng bên kia biên giới", "Counterpart across the border", "DOI_DANG"),
        whole("delegations_per_year", "Số đoàn đối ngoại mỗi năm", "Delegations a year", "DOAN_NAM", "đoàn"),
        flag("has_reception_room", "Có phòng tiếp khách đối ngoại", "Reception room for delegations", "PHONG_DN"),
        text("unit_class", "Loại đơn vị đã quyết định", "Class of unit as decided", "LOAI_DV"),
        text("unit_class_decision_no", "Quyết định phân loại", "Decision on the class", "QD_LOAI"),
        number("classification_points", "Điểm phân loại tính được", "Classification points so far", "DIEM_PL", "điểm",
               2),
        messages("classification_notes", "Ghi chú điểm phân loại", "Notes on the points", "GC_PL"),
        text("group", "Nhóm đơn vị", "Group", "NHOM"),
        text("scope", "Phạm vi tính", "Scope", "PHAM_VI"),
        whole("staff", "Số người làm việc", "Staff", "SO_NGUOI", "người"),
        text("staff_basis", "Nguồn số người", "Basis of staff", "NGUON_NG",
              values=("approved", "group_average", "default")),
        square_metres("required_usable_area_m2", "Diện tích sử dụng cần", "Usable area needed", "CAN_SUDUNG"),
        square_metres("required_floor_area_m2", "Diện tích sàn cần", "Floor area needed", "CAN_SAN"),
        square_metres("required_footprint_m2", "Diện tích xây dựng cần", "Footprint needed", "CAN_XD"),
        square_metres("required_land_area_m2", "Diện tích đất cần", "Land needed", "CAN_DAT"),
        text("binding_rule", "Quy định quyết định", "Binding rule", "QD_QDINH"),
        square_metres("existing_floor_area_m2", "Sàn hiện có", "Existing floor", "SAN_CO"),
        square_metres("existing_land_area_m2", "Đất hiện có", "Existing land", "DAT_CO"),
        square_metres("kept_floor_area_m2", "Sàn tiếp tục sử dụng", "Floor kept", "SAN_GIU"),
        square_metres("kept_land_area_m2", "Đất tiếp tục sử dụng", "Land kept", "DAT_GIU"),
        square_metres("deficit_floor_area_m2", "Sàn còn thiếu", "Floor missing", "SAN_THIEU"),
        square_metres("extension_floor_area_m2", "Sàn mở rộng", "Floor to extend", "SAN_MORONG"),
        square_metres("extension_land_area_m2", "Đất mở rộng", "Land to extend", "DAT_MORONG"),
        square_metres("new_floor_area_m2", "Sàn xây mới", "Floor to build new", "SAN_MOI"),
        square_metres("new_land_area_m2", "Đất xây mới", "Land for new building", "DAT_MOI"),
        text("gap_basis", "Nguồn số hiện có", "Basis of existing", "NGUON_CO", values=BASES),
        text("inventory_state", "Danh mục cơ sở nhà, đất", "Inventory of facilities", "TT_DMUC",
             values=INVENTORY_STATES),
        text("report_state", "Tình hình báo cáo", "State of report", "TT_BCAO", values=REPORT_STATES),
        text("report_no", "Số báo cáo", "Report", "SO_BCAO"),
        Column("report_date", "date", "Ngày báo cáo", "Date of report", "NGAY_BCAO"),
        text("kept_facility_id", "Cơ sở giữ lại", "Facility kept", "CS_GIU"),
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES),
        messages("build_reasons", "Lý do hình thức", "Reasons for build type", "LD_HTHUC"),
        whole("site_count", "Số vị trí xem xét", "Sites considered", "SO_VI_TRI"),
        whole("eligible_site_count", "Số vị trí đủ điều kiện", "Sites eligible", "SO_VT_DU"),
        text("best_site_id", "Vị trí tốt nhất", "Best site", "VT_TOTNHAT"),
        number("best_site_score", "Điểm vị trí tốt nhất", "Score of best site", "DIEM_VT", "điểm"),
        text("best_check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        text("best_conformity", "Sự phù hợp quy hoạch của vị trí", "Conformity of best site", "PHU_HOP",
              values=CONFORMITY),
        text("best_clearance", "Giải phóng mặt bằng của vị trí", "Clearance of best site", "GPMB", values=CLEARANCE),
        messages("no_site_reasons", "Vì sao chưa có vị trí", "Why no site", "LD_KHONGVT"),
        square_metres("eligible_area_m2", "Đất đủ điều kiện", "Eligible land", "DAT_DU_DK", 0),
        number("base_points", "Điểm cơ bản", "Base points", "DIEM_CB", "điểm"),
        number("base_points_low", "Điểm cơ bản thấp nhất có thể", "Lowest possible base points", "DIEM_CB_MN", "điểm"),
        number("base_points_high", "Điểm cơ bản cao nhất có thể", "Highest possible base points", "DIEM_CB_MX", "điểm"),
        number("border_points", "Điểm phụ biên giới", "Border supplement", "DP_BGIOI", "điểm"),
        number("ward_points", "Điểm phụ phường trung tâm", "Central-ward supplement", "DP_PHUONG", "điểm"),
        number("supplement_points", "Tổng điểm phụ", "Supplement", "DIEM_PHU", "điểm"),
        number("priority_points", "Điểm ưu tiên", "Priority points", "DIEM_UT", "điểm"),
        whole("priority_rank", "Thứ hạng ưu tiên", "Priority rank", "HANG_UT"),
        whole("base_rank", "Thứ hạng chưa có điểm phụ", "Rank without supplements", "HANG_CB"),
        whole("rank_low", "Thứ hạng cao nhất có thể", "Best possible rank", "HANG_MIN"),
        whole("rank_high", "Thứ hạng thấp nhất có thể", "Worst possible rank", "HANG_MAX"),
        whole("rank_shaken_low", "Thứ hạng tốt nhất khi đổi trọng số", "Best rank under shaken weights", "HANG_TS_MN"),
        whole("rank_shaken_high", "Thứ hạng kém nhất khi đổi trọng số", "Worst rank under shaken weights",
              "HANG_TS_MX"),
        messages("priority_notes", "Nhận xét thứ hạng", "Notes on the rank", "NX_HANG"),
        text("priority_missing", "Tiêu chí thiếu dữ liệu", "Criteria without data", "TC_THIEU"),
        text("phase", "Giai đoạn", "Phase", "GIAI_DOAN"),
        whole("start_year", "Năm khởi công", "Start", "NAM_KC"),
        whole("finish_year", "Năm hoàn thành", "Finish", "NAM_HT"),
        dong("total_cost", "Tổng mức đầu tư sơ bộ", "Total investment", "TMDT"),
        dong("cost_at_price_year", "Chi phí theo mặt bằng giá gốc", "Cost at prices of the price year", "CP_GOC"),
        dong("cost_low", "Chi phí mức thấp (giá gốc)", "Cost, low level (price year)", "CP_THAP"),
        dong("cost_high", "Chi phí mức cao (giá gốc)", "Cost, high level (price year)", "CP_CAO"),
        flag("clearance_cost_included", "Đã gồm GPMB", "Clearance included", "CO_GPMB"),
        number("coverage_percent", "Mức đầy đủ dữ liệu", "Data coverage", "DU_DLIEU", "%", 1),
        RESTS_ON,
    ),
    ("code",), "polygon",
)  # fmt: skip

_SITES = Table(
    "sites", "Vị trí", "Sites",
    (
        text("site_id", "Mã vị trí", "Site id", "MA_VT", nullable=False),
        COMMUNE,
        text("label", "Tên vị trí", "Label", "TEN_VT"),
        text("letter", "Nguồn vị trí", "Origin", "NGUON_VT", values=LETTERS),
        text("source_id", "Mã nguồn", "Id of origin", "MA_NGUON"),
        square_metres("area_m2", "Diện tích", "Area", "DT"),
        text("plot_size", "Cỡ khu đất tìm kiếm", "Size searched for", "CO_TIM", values=PLOT_SIZES),
        square_metres("required_area_m2", "Diện tích cần", "Area needed", "DT_CAN"),
        number("area_ratio", "Tỷ lệ diện tích", "Area ratio", "TL_DT"),
        number("slope_mean_percent", "Độ dốc trung bình", "Mean slope", "DOC_TB", "%", 2),
        number("slope_max_percent", "Độ dốc lớn nhất", "Maximum slope", "DOC_MAX", "%", 2),
        number("elevation_mean_m", "Cao độ trung bình", "Mean elevation", "CAO_DO", "m", 1),
        number("dem_resolution_m", "Độ phân giải địa hình", "Resolution of terrain", "PG_DEM", "m", 0),
        *SITE_GROUND,
        number("access_minutes", "Thời gian đi lại trung bình", "Mean travel time", "PHUT_DI", "phút", 2),
        number("access_share_30_percent", "Dân trong 30 phút", "People within 30 minutes", "DAN_30P", "%", 2),
        *SITE_ACCESS,
        number("road_distance_m", "Khoảng cách đến đường", "Distance to road", "KC_DUONG", "m", 1),
        text("road_class", "Cấp đường gần nhất", "Class of nearest road", "CAP_DUONG"),
        number("main_road_distance_m", "Khoảng cách đến quốc lộ, tỉnh lộ", "Distance to main road", "KC_QLTL", "m", 1),
        number("seat_distance_m", "Khoảng cách đến trụ sở hiện nay", "Distance to present seat", "KC_TRUSO", "m", 1),
        number("service_distance_m", "Khoảng cách đến trường, trạm y tế, chợ", "Distance to services", "KC_DVU",
               "m", 1),
        number("power_distance_m", "Khoảng cách đến lưới điện", "Distance to power", "KC_DIEN", "m", 1),
        number("border_distance_m", "Khoảng cách đến biên giới", "Distance to border", "KC_BGIOI", "m", 1),
        text("land_use_main", "Loại đất chính", "Main land use", "DAT_CHINH"),
        text("land_use_shares", "Cơ cấu đất", "Land-use shares", "CO_CAU_DAT"),
        number("land_use_score", "Mức thuận lợi của đất", "Suitability of land", "DIEM_DAT"),
        number("rice_percent", "Đất lúa", "Rice land", "TL_LUA", "%", 2),
        number("forest_percent", "Đất rừng", "Forest land", "TL_RUNG", "%", 2),
        number("residential_percent", "Đất ở", "Residential land", "TL_O", "%", 2),
        number("forbidden_percent", "Đất không được chọn (loại D)", "Forbidden land (class D)", "TL_CAM", "%", 2),
        text("hazard_level", "Mức thiên tai", "Hazard level", "MUC_TT"),
        number("hazard_percent", "Tỷ lệ trong vùng thiên tai", "Share in hazard", "TL_TT", "%", 2),
        whole("buildings_inside", "Nhà trong khu đất", "Buildings inside", "SO_NHA"),
        *SITE_CLEARANCE,
        flag("inside_urban_area", "Trong đô thị", "Inside urban area", "TRONG_DT"),
        *SITE_EDGE,
        number("room_to_extend_percent", "Khả năng mở rộng", "Room to extend", "MO_RONG", "%", 1),
        number("plan_score", "Mức phù hợp quy hoạch", "Plan suitability", "DIEM_QH"),
        text("clearance", "Giải phóng mặt bằng", "Land clearance", "GPMB"),
        flag("eligible", "Đủ điều kiện", "Eligible", "DU_DK"),
        text("broken_rules", "Quy định vi phạm", "Rules broken", "QD_VIPHAM"),
        text("check_result", "Kết quả kiểm tra quy hoạch", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        text("conformity", "Sự phù hợp quy hoạch", "Conformity", "PHU_HOP", values=CONFORMITY),
        whole("conflict_count", "Số phát hiện", "Findings", "SO_PH"),
        square_metres("overlap_gross_m2", "Tổng chồng lấn theo từng ô", "Overlap summed over zones", "DT_CHGOP"),
        square_metres("overlap_area_m2", "Diện tích chồng lấn", "Overlap", "DT_CHONG"),
        number("overlap_percent", "Tỷ lệ chồng lấn", "Overlap share", "TL_CHONG", "%"),
        number("score", "Điểm", "Score", "DIEM", "điểm"),
        number("score_low", "Điểm thấp nhất có thể", "Lowest possible score", "DIEM_MIN", "điểm"),
        number("score_high", "Điểm cao nhất có thể", "Highest possible score", "DIEM_MAX", "điểm"),
        whole("rank", "Thứ hạng", "Rank", "HANG"),
        number("first_share_percent", "Đứng đầu khi đổi trọng số", "First under shaken weights", "TL_DUNGDAU", "%", 1),
        whole("rank_shaken_low", "Thứ hạng tốt nhất khi đổi trọng số", "Best rank under shaken weights", "HANG_TS_MN"),
        whole("rank_shaken_high", "Thứ hạng kém nhất khi đổi trọng số", "Worst rank under shaken weights",
              "HANG_TS_MX"),
        flag("is_best", "Được đề xuất", "Proposed", "DE_XUAT"),
        flag("locked", "Được ấn định", "Locked", "AN_DINH"),
        text("was_site_id", "Mã ở lần chạy trước", "Id in the run before", "MA_TRUOC"),
        messages("shift", "Dịch khu đất", "Shift of the site", "DICH"),
        REASONS,
        RESTS_ON,
    ),
    ("site_id",), "polygon",
)  # fmt: skip

_PROGRAMME = Table(
    "programme", "Danh mục ưu tiên đầu tư", "Programme",
    (
        OPTION, COMMUNE,
        text("name", "Tên", "Name", "TEN"),
        whole("priority_rank", "Thứ hạng ưu tiên", "Priority rank", "HANG_UT"),
        number("priority_points", "Điểm ưu tiên", "Priority points", "DIEM_UT", "điểm"),
        text("phase", "Giai đoạn", "Phase", "GIAI_DOAN"),
        text("status", "Tình trạng", "Status", "TINH_TRANG", values=("planned", "waiting", "not_needed")),
        whole("start_year", "Năm khởi công", "Start", "NAM_KC"),
        whole("finish_year", "Năm hoàn thành", "Finish", "NAM_HT"),
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES),
        text("needed_build_type", "Hình thức theo nhu cầu", "Build type needed", "HTHUC_CAN", values=BUILD_TYPES),
        text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        text("check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        whole("population", "Dân số", "Population", "DAN_SO", "người"),
        square_metres("deficit_floor_area_m2", "Sàn còn thiếu", "Floor missing", "SAN_THIEU"),
        square_metres("deficit_left_m2", "Sàn còn thiếu sau đầu tư", "Floor missing after the works", "SAN_CONTH"),
        dong("total_cost", "Tổng mức đầu tư sơ bộ", "Total investment", "TMDT"),
        flag("clearance_cost_included", "Đã gồm GPMB", "Clearance included", "CO_GPMB"),
        flag("pilot", "Thí điểm", "Pilot", "THI_DIEM"),
        flag("locked", "Được ấn định", "Locked", "AN_DINH"),
        flag("inversion", "Vượt thứ hạng", "Out of rank order", "VUOT_HANG"),
        REASONS, RESTS_ON,
    ),
    ("option", "commune_code"), "any",
)  # fmt: skip

_FUNDING = Table(
    "funding", "Vốn theo năm và nguồn", "Money by year and source",
    (
        OPTION, COMMUNE,
        whole("year", "Năm", "Year", "NAM"),
        text("source", "Nguồn vốn", "Source", "NGUON", nullable=False),
        dong("amount", "Số vốn", "Amount", "SO_VON"),
        flag("paid", "Đã thanh toán", "Paid already", "DA_TTOAN"),
    ),
    ("option", "commune_code", "year", "source"),
)  # fmt: skip

_STEPS = Table(
    "steps", "Lịch các bước", "Calendar of steps",
    (
        OPTION, COMMUNE,
        text("step", "Bước", "Step", "BUOC", nullable=False, values=STEPS),
        whole("step_order", "Thứ tự", "Order", "THU_TU"),
        Column("begins", "date", "Bắt đầu", "Begins", "BAT_DAU"),
        Column("ends", "date", "Kết thúc", "Ends", "KET_THUC"),
        text("state", "Tình trạng bước", "State", "TT_BUOC", values=("done", "planned", "late")),
        text("document", "Văn bản", "Document", "VAN_BAN"),
        BASIS, CERTAINTY_MARK,
    ),
    ("option", "commune_code", "step"),
)  # fmt: skip

_SURPLUS = Table(
    "surplus", "Cơ sở dôi dư", "Surplus facilities",
    (
        OPTION,
        text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False),
        COMMUNE,
        text("name", "Tên", "Name", "TEN"),
        text("status", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS),
        whole("free_year", "Năm dôi ra", "Year it becomes free", "NAM_DOI"),
        text("treatment", "Hình thức xử lý", "Treatment", "XU_LY", values=TREATMENTS, nullable=False),
        text("request_id", "Nhu cầu được đáp ứng", "Request met", "MA_NC"),
        text("decided_by", "Cấp quyết định", "Who decides", "CAP_QD", values=("province", "commune")),
        Column("deadline", "date", "Hạn xử lý", "Deadline", "HAN_XLY"),
        dong("value_low", "Giá trị mức thấp", "Value, low", "GT_THAP"),
        dong("value_high", "Giá trị mức cao", "Value, high", "GT_CAO"),
        flag("decided", "Đã quyết định", "Decided", "DA_QD"),
        text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        square_metres("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 2),
        square_metres("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 2),
        text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        REASONS, BASIS, CERTAINTY_MARK, RESTS_ON,
    ),
    ("option", "facility_id"), "point",
)  # fmt: skip

_SURPLUS_BUILDINGS = Table(
    "surplus_buildings", "Nhà của cơ sở dôi dư", "Houses of surplus facilities",
    (
        OPTION,
        text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False),
        text("building_id", "Mã nhà", "Building id", "MA_NHA", nullable=False),
        COMMUNE,
        text("name", "Tên", "Name", "TEN"),
        square_metres("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 2),
        whole("year_built", "Năm xây dựng", "Year built", "NAM_XD"),
        text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        whole("free_year", "Năm dôi ra", "Year it becomes free", "NAM_DOI"),
        text("treatment", "Hình thức xử lý", "Treatment", "XU_LY", values=TREATMENTS, nullable=False),
        text("decided_by", "Cấp quyết định", "Who decides", "CAP_QD", values=("province", "commune")),
        Column("deadline", "date", "Hạn xử lý", "Deadline", "HAN_XLY"),
        text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        REASONS, BASIS, CERTAINTY_MARK, RESTS_ON,
    ),
    ("option", "building_id"),
)  # fmt: skip

_SURPLUS_TOTALS = Table(
    "surplus_totals", "Tổng hợp cơ sở dôi dư theo hình thức và năm", "Surplus facilities by form and year",
    (
        OPTION,
        text("treatment", "Hình thức xử lý", "Treatment", "XU_LY", values=TREATMENTS, nullable=False),
        # a year, or: stays, decided, already, open
        text("period", "Thời điểm dôi ra", "When it becomes free", "THOI_DIEM", nullable=False),
        whole("facilities", "Số cơ sở", "Facilities", "SO_CS"),
        square_metres("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 2),
        square_metres("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 2),
        whole("without_land", "Số cơ sở thiếu diện tích đất", "Facilities without land area", "THIEU_DAT"),
        dong("value_low", "Giá trị mức thấp", "Value, low", "GT_THAP"),
        dong("value_high", "Giá trị mức cao", "Value, high", "GT_CAO"),
    ),
    ("option", "treatment", "period"),
)  # fmt: skip

_AGREEMENT = Table(
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

_LAND_REQUESTS = Table(
    "land_requests", "Nhu cầu nhà, đất và cơ sở đáp ứng", "Requests for land and what meets them",
    (
        OPTION,
        text("request_id", "Mã nhu cầu", "Request id", "MA_NC", nullable=False),
        COMMUNE,
        text("sector", "Ngành", "Sector", "NGANH", values=SECTORS),
        text("unit", "Đơn vị đề nghị", "Unit that asks", "DON_VI"),
        square_metres("land_area_m2", "Diện tích đất cần", "Land needed", "DT_DAT", 1),
        text("document", "Văn bản", "Document", "VAN_BAN"),
        text("facility_id", "Cơ sở đáp ứng", "Facility that meets it", "MA_CS"),
        whole("free_year", "Năm dôi ra", "Year it becomes free", "NAM_DOI"),
        REASONS,
    ),
    ("option", "request_id"),
)  # fmt: skip

_COVERAGE = Table(
    "coverage", "Mức đầy đủ dữ liệu", "Coverage",
    (
        COMMUNE,
        # a role of the catalog, or "plans/<plan kind>"
        text("role", "Lớp dữ liệu", "Layer role", "LOP", nullable=False),
        flag("mandatory", "Bắt buộc", "Mandatory", "BAT_BUOC"),
        text("status", "Tình trạng", "Status", "TINH_TRANG", values=COVERAGE, nullable=False),
        number("percent", "Tỷ lệ phủ", "Share covered", "TL_PHU", "%", 2),
        flag("illustrative", "Minh họa", "Illustrative", "MINH_HOA"),
        text("source", "Nguồn", "Source", "NGUON"),
        Column("data_date", "date", "Ngày dữ liệu", "Date of data", "NGAY_DL"),
        messages("notes", "Ghi chú", "Notes", "GHI_CHU"),
    ),
    ("commune_code", "role"),
)  # fmt: skip

_FACILITIES = Table(
    "facilities", "Cơ sở nhà, đất", "Facilities",
    (
        text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False),
        COMMUNE,
        text("name", "Tên", "Name", "TEN"),
        text("former_level", "Cấp cũ", "Former level", "CAP_CU"),
        text("owner", "Đơn vị quản lý", "Owner", "QUAN_LY"),
        square_metres("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 2),
        square_metres("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 2),
        whole("floors", "Số tầng", "Floors", "SO_TANG"),
        whole("year_built", "Năm xây dựng", "Year built", "NAM_XD"),
        text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        text("status", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS),
        square_metres("usable_floor_area_m2", "Diện tích còn sử dụng được", "Floor still usable", "SAN_DUNG", 2),
        square_metres("extension_floor_area_m2", "Sàn có thể mở rộng", "Floor that can be added", "SAN_THEM", 2),
        whole("houses", "Số nhà có số liệu", "Houses with figures", "SO_NHA"),
        square_metres("old_norm_area_m2", "Định mức của thời kỳ xây dựng", "Norm of its time", "DM_CU"),
        text("old_norm_fit", "So với định mức thời kỳ đó", "Against the norm of its time", "SS_DM_CU",
              values=NORM_FITS),
        messages("old_norm_notes", "Cách xét định mức cũ", "How it was judged", "GC_DM_CU"),
        flag("kept", "Giữ lại", "Kept", "GIU_LAI"),
        text("decided_treatment", "Đã quyết định xử lý", "Decided treatment", "DA_XU_LY", values=TREATMENTS),
        text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        flag("position_assumed", "Vị trí giả định", "Position assumed", "VT_GIADINH"),
        text("missing", "Số liệu thiếu", "Missing figures", "THIEU"),
        RESTS_ON,
    ),
    ("facility_id",), "any",
)  # fmt: skip

_SCORES = Table(
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

_COSTS = Table(
    "costs", "Chi phí", "Costs",
    (
        COMMUNE,
        # the type the need asks for, and the smaller ones of build_options
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES, nullable=False),
        text("component", "Khoản mục", "Component", "KHOAN_MUC", nullable=False),
        number("quantity", "Khối lượng", "Quantity", "KHOI_LUONG", "", 2),
        text("unit", "Đơn vị", "Unit", "DON_VI"),
        # đồng for one of the unit beside it: never shown in tỷ
        number("unit_cost", "Đơn giá", "Unit cost", "DON_GIA", "đồng/đơn vị", 0),
        dong("low", "Mức thấp", "Low", "MUC_THAP"),
        dong("middle", "Mức giữa", "Middle", "MUC_GIUA"),
        dong("high", "Mức cao", "High", "MUC_CAO"),
        messages("notes", "Ghi chú", "Notes", "GHI_CHU"),
        BASIS, CERTAINTY_MARK,
    ),
    ("commune_code", "build_type", "component"),
)  # fmt: skip

_BUILD_OPTIONS = Table(
    "build_options", "Các hình thức đầu tư có thể", "Possible build types",
    (
        COMMUNE,
        text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES, nullable=False),
        # 0: what the need asks for
        whole("size_order", "Thứ tự quy mô", "Order of size", "THU_TU"),
        text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        text("facility_id", "Cơ sở giữ lại", "Facility kept", "CS_GIU"),
        text("check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        number("covered_percent", "Mức đáp ứng nhu cầu", "Share of the need covered", "TL_DAPUNG", "%", 1),
        square_metres("added_floor_area_m2", "Sàn thiếu được bù", "Missing floor made good", "SAN_BU"),
        square_metres("floor_left_m2", "Sàn còn thiếu sau đầu tư", "Floor missing after the works", "SAN_CONTH"),
        square_metres("new_tsc_m2", "Đất trụ sở (TSC) tăng thêm", "New land for offices (TSC)", "TSC_THEM"),
        dong("cost_at_price_year", "Tổng mức đầu tư theo giá năm gốc", "Cost at prices of the price year", "TMDT_GOC"),
        dong("cost_low", "Tổng mức đầu tư, mức thấp", "Investment, low", "TMDT_THAP"),
        dong("cost_high", "Tổng mức đầu tư, mức cao", "Investment, high", "TMDT_CAO"),
        flag("clearance_cost_included", "Đã gồm GPMB", "Clearance included", "CO_GPMB"),
        REASONS, RESTS_ON,
    ),
    ("commune_code", "build_type"),
)  # fmt: skip

_LAND_ACCOUNT = Table(
    "land_account", "Đất bị loại theo quy định", "Land account",
    (
        COMMUNE,
        whole("step", "Thứ tự", "Order", "THU_TU"),
        text("rule", "Quy định", "Rule", "QUY_DINH", nullable=False),
        square_metres("removed_alone_m2", "Riêng quy định này loại", "Removed by this rule alone", "LOAI_RIENG", 0),
        square_metres("removed_in_order_m2", "Loại thêm theo thứ tự", "Removed in order", "LOAI_THEM", 0),
        square_metres("left_m2", "Còn lại", "Left", "CON_LAI", 0),
        BASIS, CERTAINTY_MARK,
    ),
    ("commune_code", "step"),
)  # fmt: skip

_ASSUMPTIONS = Table(
    "assumptions", "Giả định", "Assumptions",
    (
        text("assumption_id", "Mã giả định", "Assumption id", "MA_GD", nullable=False),
        # under which other tables cite it
        whole("number", "Số", "No.", "SO"),
        text("place", "Nơi ghi", "Where it stands", "NOI_GHI"),
        text("value", "Giá trị", "Value", "GIA_TRI"),
        text("unit", "Đơn vị", "Unit", "DON_VI"),
        messages("statement", "Nội dung", "Statement", "NOI_DUNG"),
        BASIS, CERTAINTY_MARK,
    ),
    ("assumption_id",),
)  # fmt: skip

_SOURCES = Table(
    "sources", "Nguồn dữ liệu", "Sources",
    (
        text("layer", "Lớp", "Layer", "LOP", nullable=False),
        text("role", "Vai trò", "Role", "VAI_TRO"),
        text("title", "Tên lớp", "Title", "TEN_LOP"),
        text("file", "Tệp", "File", "TEP"),
        text("sha256", "SHA-256", "SHA-256", "SHA256"),
        whole("features", "Số đối tượng", "Features", "SO_DT"),
        text("source", "Nguồn", "Source", "NGUON"),
        Column("data_date", "date", "Ngày dữ liệu", "Date of data", "NGAY_DL"),
        BASIS,
        text("licence", "Giấy phép", "Licence", "GIAY_PHEP"),
        text("crs", "Hệ tọa độ", "CRS", "HE_TOA_DO"),
        flag("illustrative", "Minh họa", "Illustrative", "MINH_HOA"),
        flag("restricted", "Hạn chế", "Restricted", "HAN_CHE"),
    ),
    ("layer",),
)  # fmt: skip

RESULTS: dict[str, Table] = {
    table.name: table
    for table in (
        _COMMUNES, _SITES, CONFLICTS, CONFORMITIES, _PROGRAMME, _FUNDING, _STEPS, _SURPLUS, _LAND_REQUESTS,
        _COVERAGE, _FACILITIES,
        *NEED_TABLES, _SCORES, _AGREEMENT, _COSTS, _BUILD_OPTIONS, _SURPLUS_BUILDINGS, _SURPLUS_TOTALS,
        _LAND_ACCOUNT, LAND_OPTIONS, ACCESS_POINTS, CLIMATE, OPINIONS, AGENCY_ANSWERS,
        _ASSUMPTIONS,
        _SOURCES,
    )
}  # fmt: skip

# what a map shows behind the results: one table per role, cut to what a reader sees
BACKGROUND: tuple[str, ...] = (
    "roads", "railways", "waterways", "water_areas", "border", "urban_areas", "sector_projects", "plan_zones",
    "land_use", "hazards", "services", "settlements", "former_units",
)  # fmt: skip
