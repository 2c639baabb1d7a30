"""What a run writes: the tables of ``results.gpkg``. Outputs read these and nothing else."""

from __future__ import annotations

from siteplan.tables.inputs import CONDITIONS, FACILITY_STATUS, GATE_CLASSES, KINDS, PLAN_STATUS, TREATMENTS
from siteplan.tables.schema import Column, Table

CHECK_RESULTS = ("clear", "clear_of_known_plans", "conditional", "blocked")
CONFORMITY = ("conforms", "not_in_plan", "needs_adjustment")
RELATIONS = ("touch", "sliver", "overlap", "contains", "within")
EFFECTS = ("supports", "compatible", "conditional", "blocking", "information")
COVERAGE = ("covered", "partly", "paper_only", "missing")
BUILD_TYPES = ("none", "renovate", "extend", "build_new")
LETTERS = ("K", "T", "X", "L")
CERTAINTY = ("V", "V2", "C", "R", "P")
BASES = ("reported", "estimated", "missing")


def _text(name: str, label: str, label_en: str, dbf: str, **more: object) -> Column:
    return Column(name, "text", label, label_en, dbf, **more)  # type: ignore[arg-type]


def _m2(name: str, label: str, label_en: str, dbf: str, decimals: int = 2, **more: object) -> Column:
    return Column(name, "float", label, label_en, dbf, "m²", decimals, **more)  # type: ignore[arg-type]


def _float(name: str, label: str, label_en: str, dbf: str, unit: str = "", decimals: int = 3) -> Column:
    return Column(name, "float", label, label_en, dbf, unit, decimals)


def _int(name: str, label: str, label_en: str, dbf: str, unit: str = "") -> Column:
    return Column(name, "int", label, label_en, dbf, unit)


def _bool(name: str, label: str, label_en: str, dbf: str) -> Column:
    return Column(name, "bool", label, label_en, dbf)


def _dong(name: str, label: str, label_en: str, dbf: str) -> Column:
    return Column(name, "float", label, label_en, dbf, "đồng", 0)


def _messages(name: str, label: str, label_en: str, dbf: str) -> Column:
    return Column(name, "messages", label, label_en, dbf)


_COMMUNE = _text("commune_code", "Mã xã", "Commune code", "MA_XA", nullable=False)
_OPTION = _text("option", "Phương án", "Option", "PHUONG_AN", nullable=False)
# "layer:<catalog entry>" and "assumption:<id>", separated by "; ", sorted
_RESTS_ON = _text("rests_on", "Dựa trên", "Rests on", "DUA_TREN")
_BASIS = _text("legal_basis", "Căn cứ pháp lý", "Legal basis", "CAN_CU")
_CERTAINTY = _text("certainty", "Độ tin cậy", "Certainty", "DO_TIN_CAY", values=CERTAINTY)
_REASONS = _messages("reasons", "Lý do", "Reasons", "LY_DO")

_COMMUNES = Table(
    "communes", "Xã, phường", "Communes",
    (
        _text("code", "Mã xã", "Commune code", "MA_XA", nullable=False),
        _text("name", "Tên", "Name", "TEN", nullable=False),
        _text("kind", "Loại", "Kind", "LOAI", values=KINDS),
        _text("former_district", "Huyện cũ", "Former district", "HUYEN_CU"),
        _int("population", "Dân số", "Population", "DAN_SO", "người"),
        _float("area_km2", "Diện tích tự nhiên", "Area", "DT_KM2", "km²"),
        _int("former_unit_count", "Số đơn vị cũ", "Former units", "SO_DV_CU"),
        _bool("is_border", "Xã biên giới", "Border commune", "BIEN_GIOI"),
        _bool("is_central_ward", "Phường trung tâm", "Central ward", "PHUONG_TT"),
        _bool("is_former_district_seat", "Huyện lỵ cũ", "Former district seat", "HUYENLY_CU"),
        _bool("is_atk", "Xã ATK", "ATK commune", "ATK"),
        _text("gate_class", "Cấp cửa khẩu", "Class of border gate", "CUA_KHAU", values=GATE_CLASSES),
        _text("group", "Nhóm đơn vị", "Group", "NHOM"),
        _text("scope", "Phạm vi tính", "Scope", "PHAM_VI"),
        _int("staff", "Số người làm việc", "Staff", "SO_NGUOI", "người"),
        _text("staff_basis", "Nguồn số người", "Basis of staff", "NGUON_NG",
              values=("approved", "group_average", "default")),
        _m2("required_usable_area_m2", "Diện tích sử dụng cần", "Usable area needed", "CAN_SUDUNG"),
        _m2("required_floor_area_m2", "Diện tích sàn cần", "Floor area needed", "CAN_SAN"),
        _m2("required_footprint_m2", "Diện tích xây dựng cần", "Footprint needed", "CAN_XD"),
        _m2("required_land_area_m2", "Diện tích đất cần", "Land needed", "CAN_DAT"),
        _text("binding_rule", "Quy định quyết định", "Binding rule", "QD_QDINH"),
        _m2("existing_floor_area_m2", "Sàn hiện có", "Existing floor", "SAN_CO"),
        _m2("existing_land_area_m2", "Đất hiện có", "Existing land", "DAT_CO"),
        _m2("kept_floor_area_m2", "Sàn tiếp tục sử dụng", "Floor kept", "SAN_GIU"),
        _m2("kept_land_area_m2", "Đất tiếp tục sử dụng", "Land kept", "DAT_GIU"),
        _m2("deficit_floor_area_m2", "Sàn còn thiếu", "Floor missing", "SAN_THIEU"),
        _m2("extension_floor_area_m2", "Sàn mở rộng", "Floor to extend", "SAN_MORONG"),
        _m2("extension_land_area_m2", "Đất mở rộng", "Land to extend", "DAT_MORONG"),
        _m2("new_floor_area_m2", "Sàn xây mới", "Floor to build new", "SAN_MOI"),
        _m2("new_land_area_m2", "Đất xây mới", "Land for new building", "DAT_MOI"),
        _text("gap_basis", "Nguồn số hiện có", "Basis of existing", "NGUON_CO", values=BASES),
        _text("kept_facility_id", "Cơ sở giữ lại", "Facility kept", "CS_GIU"),
        _text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES),
        _messages("build_reasons", "Lý do hình thức", "Reasons for build type", "LD_HTHUC"),
        _int("site_count", "Số vị trí xem xét", "Sites considered", "SO_VI_TRI"),
        _int("eligible_site_count", "Số vị trí đủ điều kiện", "Sites eligible", "SO_VT_DU"),
        _text("best_site_id", "Vị trí tốt nhất", "Best site", "VT_TOTNHAT"),
        _float("best_site_score", "Điểm vị trí tốt nhất", "Score of best site", "DIEM_VT", "điểm"),
        _text("best_check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        _messages("no_site_reasons", "Vì sao chưa có vị trí", "Why no site", "LD_KHONGVT"),
        _m2("eligible_area_m2", "Đất đủ điều kiện", "Eligible land", "DAT_DU_DK", 0),
        _float("base_points", "Điểm cơ bản", "Base points", "DIEM_CB", "điểm"),
        _float("border_points", "Điểm phụ biên giới", "Border supplement", "DP_BGIOI", "điểm"),
        _float("ward_points", "Điểm phụ phường trung tâm", "Central-ward supplement", "DP_PHUONG", "điểm"),
        _float("supplement_points", "Tổng điểm phụ", "Supplement", "DIEM_PHU", "điểm"),
        _float("priority_points", "Điểm ưu tiên", "Priority points", "DIEM_UT", "điểm"),
        _int("priority_rank", "Thứ hạng ưu tiên", "Priority rank", "HANG_UT"),
        _int("base_rank", "Thứ hạng chưa có điểm phụ", "Rank without supplements", "HANG_CB"),
        _text("priority_missing", "Tiêu chí thiếu dữ liệu", "Criteria without data", "TC_THIEU"),
        _text("phase", "Giai đoạn", "Phase", "GIAI_DOAN"),
        _int("start_year", "Năm khởi công", "Start", "NAM_KC"),
        _int("finish_year", "Năm hoàn thành", "Finish", "NAM_HT"),
        _dong("total_cost", "Tổng mức đầu tư sơ bộ", "Total investment", "TMDT"),
        _float("coverage_percent", "Mức đầy đủ dữ liệu", "Data coverage", "DU_DLIEU", "%", 1),
        _RESTS_ON,
    ),
    ("code",), "polygon",
)  # fmt: skip

_SITES = Table(
    "sites", "Vị trí", "Sites",
    (
        _text("site_id", "Mã vị trí", "Site id", "MA_VT", nullable=False),
        _COMMUNE,
        _text("label", "Tên vị trí", "Label", "TEN_VT"),
        _text("letter", "Nguồn vị trí", "Origin", "NGUON_VT", values=LETTERS),
        _text("source_id", "Mã nguồn", "Id of origin", "MA_NGUON"),
        _m2("area_m2", "Diện tích", "Area", "DT"),
        _m2("required_area_m2", "Diện tích cần", "Area needed", "DT_CAN"),
        _float("area_ratio", "Tỷ lệ diện tích", "Area ratio", "TL_DT"),
        _float("slope_mean_percent", "Độ dốc trung bình", "Mean slope", "DOC_TB", "%", 2),
        _float("slope_max_percent", "Độ dốc lớn nhất", "Maximum slope", "DOC_MAX", "%", 2),
        _float("elevation_mean_m", "Cao độ trung bình", "Mean elevation", "CAO_DO", "m", 1),
        _float("dem_resolution_m", "Độ phân giải địa hình", "Resolution of terrain", "PG_DEM", "m", 0),
        _float("access_minutes", "Thời gian đi lại trung bình", "Mean travel time", "PHUT_DI", "phút", 2),
        _float("access_share_30_percent", "Dân trong 30 phút", "People within 30 minutes", "DAN_30P", "%", 2),
        _float("road_distance_m", "Khoảng cách đến đường", "Distance to road", "KC_DUONG", "m", 1),
        _text("road_class", "Cấp đường gần nhất", "Class of nearest road", "CAP_DUONG"),
        _float("main_road_distance_m", "Khoảng cách đến quốc lộ, tỉnh lộ", "Distance to main road", "KC_QLTL", "m", 1),
        _float("seat_distance_m", "Khoảng cách đến trụ sở hiện nay", "Distance to present seat", "KC_TRUSO", "m", 1),
        _float("service_distance_m", "Khoảng cách đến trường, trạm y tế, chợ", "Distance to services", "KC_DVU",
               "m", 1),
        _float("power_distance_m", "Khoảng cách đến lưới điện", "Distance to power", "KC_DIEN", "m", 1),
        _float("border_distance_m", "Khoảng cách đến biên giới", "Distance to border", "KC_BGIOI", "m", 1),
        _text("land_use_main", "Loại đất chính", "Main land use", "DAT_CHINH"),
        _text("land_use_shares", "Cơ cấu đất", "Land-use shares", "CO_CAU_DAT"),
        _float("land_use_score", "Mức thuận lợi của đất", "Suitability of land", "DIEM_DAT"),
        _float("rice_percent", "Đất lúa", "Rice land", "TL_LUA", "%", 2),
        _float("forest_percent", "Đất rừng", "Forest land", "TL_RUNG", "%", 2),
        _float("residential_percent", "Đất ở", "Residential land", "TL_O", "%", 2),
        _float("forbidden_percent", "Đất không được chọn (loại D)", "Forbidden land (class D)", "TL_CAM", "%", 2),
        _text("hazard_level", "Mức thiên tai", "Hazard level", "MUC_TT"),
        _float("hazard_percent", "Tỷ lệ trong vùng thiên tai", "Share in hazard", "TL_TT", "%", 2),
        _int("buildings_inside", "Nhà trong khu đất", "Buildings inside", "SO_NHA"),
        _bool("inside_urban_area", "Trong đô thị", "Inside urban area", "TRONG_DT"),
        _float("room_to_extend_percent", "Khả năng mở rộng", "Room to extend", "MO_RONG", "%", 1),
        _float("plan_score", "Mức phù hợp quy hoạch", "Plan suitability", "DIEM_QH"),
        _text("clearance", "Giải phóng mặt bằng", "Land clearance", "GPMB"),
        _bool("eligible", "Đủ điều kiện", "Eligible", "DU_DK"),
        _text("broken_rules", "Quy định vi phạm", "Rules broken", "QD_VIPHAM"),
        _text("check_result", "Kết quả kiểm tra quy hoạch", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        _text("conformity", "Sự phù hợp quy hoạch", "Conformity", "PHU_HOP", values=CONFORMITY),
        _int("conflict_count", "Số phát hiện", "Findings", "SO_PH"),
        _m2("overlap_area_m2", "Diện tích chồng lấn", "Overlap", "DT_CHONG"),
        _float("overlap_percent", "Tỷ lệ chồng lấn", "Overlap share", "TL_CHONG", "%"),
        _float("score", "Điểm", "Score", "DIEM", "điểm"),
        _float("score_low", "Điểm thấp nhất có thể", "Lowest possible score", "DIEM_MIN", "điểm"),
        _float("score_high", "Điểm cao nhất có thể", "Highest possible score", "DIEM_MAX", "điểm"),
        _int("rank", "Thứ hạng", "Rank", "HANG"),
        _bool("is_best", "Được đề xuất", "Proposed", "DE_XUAT"),
        _bool("locked", "Được ấn định", "Locked", "AN_DINH"),
        _text("was_site_id", "Mã ở lần chạy trước", "Id in the run before", "MA_TRUOC"),
        _REASONS,
        _RESTS_ON,
    ),
    ("site_id",), "polygon",
)  # fmt: skip

_CONFLICTS = Table(
    "conflicts", "Kết quả đối chiếu quy hoạch", "Evidence",
    (
        _text("site_id", "Mã vị trí", "Site id", "MA_VT", nullable=False),
        _text("zone_id", "Mã ô", "Zone id", "MA_O", nullable=False),
        _COMMUNE,
        _text("source", "Nguồn", "Source", "NGUON",
              values=("plan", "project", "land_use", "corridor", "hazard", "terrain")),
        _text("plan_id", "Mã quy hoạch", "Plan id", "MA_QH"),
        _text("title", "Tên quy hoạch, đối tượng", "Plan or object", "TEN_QH"),
        _text("plan_kind", "Loại quy hoạch", "Kind of plan", "LOAI_QH"),
        _text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        Column("decision_date", "date", "Ngày quyết định", "Date of decision", "NGAY_QD"),
        _text("authority", "Cơ quan phê duyệt", "Authority", "CQ_DUYET"),
        _text("plan_status", "Trạng thái", "Status", "TRANG_THAI", values=PLAN_STATUS),
        _text("owner", "Cơ quan quản lý", "Owner", "QUAN_LY"),
        _text("function", "Chức năng", "Function", "CHUC_NANG"),
        _text("relation", "Quan hệ", "Relation", "QUAN_HE", values=RELATIONS),
        _m2("area_m2", "Diện tích chồng lấn", "Overlap", "DT", 3),
        _float("percent_of_site", "Tỷ lệ khu đất", "Share of site", "TL_KHU", "%", 4),
        _float("width_m", "Bề rộng chồng lấn", "Width of overlap", "BE_RONG", "m"),
        _text("effect", "Ảnh hưởng", "Effect", "ANH_HUONG", values=EFFECTS),
        _int("severity", "Mức độ", "Severity", "MUC_DO"),
        _messages("treatment", "Hướng xử lý", "Treatment", "XU_LY"),
        _BASIS,
        _CERTAINTY,
        _bool("illustrative", "Minh họa", "Illustrative", "MINH_HOA"),
        _bool("restricted", "Hạn chế", "Restricted", "HAN_CHE"),
        _RESTS_ON,
    ),
    ("site_id", "zone_id"), "any",
)  # fmt: skip

_PROGRAMME = Table(
    "programme", "Danh mục ưu tiên đầu tư", "Programme",
    (
        _OPTION, _COMMUNE,
        _text("name", "Tên", "Name", "TEN"),
        _int("priority_rank", "Thứ hạng ưu tiên", "Priority rank", "HANG_UT"),
        _float("priority_points", "Điểm ưu tiên", "Priority points", "DIEM_UT", "điểm"),
        _text("phase", "Giai đoạn", "Phase", "GIAI_DOAN"),
        _text("status", "Tình trạng", "Status", "TINH_TRANG", values=("planned", "waiting", "not_needed")),
        _int("start_year", "Năm khởi công", "Start", "NAM_KC"),
        _int("finish_year", "Năm hoàn thành", "Finish", "NAM_HT"),
        _text("build_type", "Hình thức đầu tư", "Build type", "HINH_THUC", values=BUILD_TYPES),
        _text("site_id", "Mã vị trí", "Site id", "MA_VT"),
        _text("check_result", "Kết quả kiểm tra", "Check result", "KQ_KTRA", values=CHECK_RESULTS),
        _int("population", "Dân số", "Population", "DAN_SO", "người"),
        _m2("deficit_floor_area_m2", "Sàn còn thiếu", "Floor missing", "SAN_THIEU"),
        _dong("total_cost", "Tổng mức đầu tư sơ bộ", "Total investment", "TMDT"),
        _bool("clearance_cost_included", "Đã gồm GPMB", "Clearance included", "CO_GPMB"),
        _bool("pilot", "Thí điểm", "Pilot", "THI_DIEM"),
        _bool("locked", "Được ấn định", "Locked", "AN_DINH"),
        _bool("inversion", "Vượt thứ hạng", "Out of rank order", "VUOT_HANG"),
        _REASONS, _RESTS_ON,
    ),
    ("option", "commune_code"), "any",
)  # fmt: skip

_FUNDING = Table(
    "funding", "Vốn theo năm và nguồn", "Money by year and source",
    (
        _OPTION, _COMMUNE,
        _int("year", "Năm", "Year", "NAM"),
        _text("source", "Nguồn vốn", "Source", "NGUON", nullable=False),
        _dong("amount", "Số vốn", "Amount", "SO_VON"),
    ),
    ("option", "commune_code", "year", "source"),
)  # fmt: skip

_SURPLUS = Table(
    "surplus", "Cơ sở dôi dư", "Surplus facilities",
    (
        _OPTION,
        _text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False),
        _COMMUNE,
        _text("name", "Tên", "Name", "TEN"),
        _text("status", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS),
        _int("free_year", "Năm dôi ra", "Year it becomes free", "NAM_DOI"),
        _text("treatment", "Hình thức xử lý", "Treatment", "XU_LY", values=TREATMENTS, nullable=False),
        _bool("decided", "Đã quyết định", "Decided", "DA_QD"),
        _text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        _m2("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 1),
        _m2("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 1),
        _text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        _REASONS, _BASIS, _CERTAINTY, _RESTS_ON,
    ),
    ("option", "facility_id"), "point",
)  # fmt: skip

_COVERAGE = Table(
    "coverage", "Mức đầy đủ dữ liệu", "Coverage",
    (
        _COMMUNE,
        # a role of the catalog, or "plans/<plan kind>"
        _text("role", "Lớp dữ liệu", "Layer role", "LOP", nullable=False),
        _bool("mandatory", "Bắt buộc", "Mandatory", "BAT_BUOC"),
        _text("status", "Tình trạng", "Status", "TINH_TRANG", values=COVERAGE, nullable=False),
        _float("percent", "Tỷ lệ phủ", "Share covered", "TL_PHU", "%", 2),
        _bool("illustrative", "Minh họa", "Illustrative", "MINH_HOA"),
        _text("source", "Nguồn", "Source", "NGUON"),
        Column("data_date", "date", "Ngày dữ liệu", "Date of data", "NGAY_DL"),
        _messages("notes", "Ghi chú", "Notes", "GHI_CHU"),
    ),
    ("commune_code", "role"),
)  # fmt: skip

_FACILITIES = Table(
    "facilities", "Cơ sở nhà, đất", "Facilities",
    (
        _text("facility_id", "Mã cơ sở", "Facility id", "MA_CS", nullable=False),
        _COMMUNE,
        _text("name", "Tên", "Name", "TEN"),
        _text("former_level", "Cấp cũ", "Former level", "CAP_CU"),
        _text("owner", "Đơn vị quản lý", "Owner", "QUAN_LY"),
        _m2("land_area_m2", "Diện tích đất", "Land area", "DT_DAT", 1),
        _m2("floor_area_m2", "Diện tích sàn", "Floor area", "DT_SAN", 1),
        _int("floors", "Số tầng", "Floors", "SO_TANG"),
        _int("year_built", "Năm xây dựng", "Year built", "NAM_XD"),
        _text("condition", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        _text("status", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS),
        _m2("usable_floor_area_m2", "Diện tích còn sử dụng được", "Floor still usable", "SAN_DUNG", 2),
        _m2("extension_floor_area_m2", "Sàn có thể mở rộng", "Floor that can be added", "SAN_THEM", 2),
        _bool("kept", "Giữ lại", "Kept", "GIU_LAI"),
        _text("decided_treatment", "Đã quyết định xử lý", "Decided treatment", "DA_XU_LY", values=TREATMENTS),
        _text("decision_no", "Số quyết định", "Decision", "SO_QD"),
        _bool("position_assumed", "Vị trí giả định", "Position assumed", "VT_GIADINH"),
        _text("missing", "Số liệu thiếu", "Missing figures", "THIEU"),
        _RESTS_ON,
    ),
    ("facility_id",), "any",
)  # fmt: skip

_NEEDS = Table(
    "needs", "Chuỗi tính nhu cầu", "Need, step by step",
    (
        _COMMUNE,
        _text("scope", "Phạm vi", "Scope", "PHAM_VI", nullable=False, values=("A", "B", "C")),
        _int("step", "Bước", "Step", "BUOC"),
        _text("item", "Khoản mục", "Item", "KHOAN_MUC", nullable=False),
        _messages("formula", "Cách tính", "Formula", "CACH_TINH"),
        _float("value", "Giá trị", "Value", "GIA_TRI", "", 2),
        _text("unit", "Đơn vị", "Unit", "DON_VI"),
        _BASIS, _CERTAINTY,
        _bool("binding", "Quyết định", "Binding", "QUYET_DINH"),
    ),
    ("commune_code", "scope", "step"),
)  # fmt: skip

_SCORES = Table(
    "scores", "Điểm theo tiêu chí", "Scores by criterion",
    (
        _text("of", "Đối tượng", "Subject", "DOI_TUONG", nullable=False, values=("site", "commune")),
        _text("subject_id", "Mã đối tượng", "Subject id", "MA_DT", nullable=False),
        _COMMUNE,
        _text("criterion", "Tiêu chí", "Criterion", "TIEU_CHI", nullable=False),
        _text("block", "Nhóm", "Block", "NHOM", values=("base", "supplement")),
        _text("raw", "Giá trị", "Value", "GIA_TRI"),
        _float("scaled", "Giá trị chuẩn hóa", "Scaled value", "CHUAN_HOA", "", 6),
        _float("weight", "Trọng số", "Weight", "TRONG_SO", "", 6),
        _float("points", "Điểm", "Points", "DIEM", "điểm", 6),
        _bool("missing", "Thiếu dữ liệu", "Missing", "THIEU_DL"),
    ),
    ("of", "subject_id", "criterion"),
)  # fmt: skip

_COSTS = Table(
    "costs", "Chi phí", "Costs",
    (
        _COMMUNE,
        _text("component", "Khoản mục", "Component", "KHOAN_MUC", nullable=False),
        _float("quantity", "Khối lượng", "Quantity", "KHOI_LUONG", "", 2),
        _text("unit", "Đơn vị", "Unit", "DON_VI"),
        _dong("unit_cost", "Đơn giá", "Unit cost", "DON_GIA"),
        _dong("low", "Mức thấp", "Low", "MUC_THAP"),
        _dong("middle", "Mức giữa", "Middle", "MUC_GIUA"),
        _dong("high", "Mức cao", "High", "MUC_CAO"),
        _messages("notes", "Ghi chú", "Notes", "GHI_CHU"),
        _BASIS, _CERTAINTY,
    ),
    ("commune_code", "component"),
)  # fmt: skip

_LAND_ACCOUNT = Table(
    "land_account", "Đất bị loại theo quy định", "Land account",
    (
        _COMMUNE,
        _int("step", "Thứ tự", "Order", "THU_TU"),
        _text("rule", "Quy định", "Rule", "QUY_DINH", nullable=False),
        _m2("removed_alone_m2", "Riêng quy định này loại", "Removed by this rule alone", "LOAI_RIENG", 0),
        _m2("removed_in_order_m2", "Loại thêm theo thứ tự", "Removed in order", "LOAI_THEM", 0),
        _m2("left_m2", "Còn lại", "Left", "CON_LAI", 0),
        _BASIS, _CERTAINTY,
    ),
    ("commune_code", "step"),
)  # fmt: skip

_ASSUMPTIONS = Table(
    "assumptions", "Giả định", "Assumptions",
    (
        _text("assumption_id", "Mã giả định", "Assumption id", "MA_GD", nullable=False),
        _text("place", "Nơi ghi", "Where it stands", "NOI_GHI"),
        _text("value", "Giá trị", "Value", "GIA_TRI"),
        _text("unit", "Đơn vị", "Unit", "DON_VI"),
        _messages("statement", "Nội dung", "Statement", "NOI_DUNG"),
        _BASIS, _CERTAINTY,
    ),
    ("assumption_id",),
)  # fmt: skip

_SOURCES = Table(
    "sources", "Nguồn dữ liệu", "Sources",
    (
        _text("layer", "Lớp", "Layer", "LOP", nullable=False),
        _text("role", "Vai trò", "Role", "VAI_TRO"),
        _text("file", "Tệp", "File", "TEP"),
        _text("sha256", "SHA-256", "SHA-256", "SHA256"),
        _int("features", "Số đối tượng", "Features", "SO_DT"),
        _text("source", "Nguồn", "Source", "NGUON"),
        Column("data_date", "date", "Ngày dữ liệu", "Date of data", "NGAY_DL"),
        _BASIS,
        _text("licence", "Giấy phép", "Licence", "GIAY_PHEP"),
        _text("crs", "Hệ tọa độ", "CRS", "HE_TOA_DO"),
        _bool("illustrative", "Minh họa", "Illustrative", "MINH_HOA"),
        _bool("restricted", "Hạn chế", "Restricted", "HAN_CHE"),
    ),
    ("layer",),
)  # fmt: skip

RESULTS: dict[str, Table] = {
    table.name: table
    for table in (
        _COMMUNES, _SITES, _CONFLICTS, _PROGRAMME, _FUNDING, _SURPLUS, _COVERAGE, _FACILITIES, _NEEDS, _SCORES, _COSTS,
        _LAND_ACCOUNT, _ASSUMPTIONS, _SOURCES,
    )
}  # fmt: skip

# what a map shows behind the results: one table per role, cut to what a reader sees
BACKGROUND: tuple[str, ...] = (
    "roads", "railways", "waterways", "water_areas", "border", "urban_areas", "sector_projects", "plan_zones",
    "land_use", "hazards", "services", "settlements", "former_units",
)  # fmt: skip
