"""What each layer looks like once it has been read: one schema per role of the catalog.

Reading brings every layer into this shape and into the province's CRS; stages see nothing else. Roles without geometry
are plain tables (CSV or XLSX). Rasters (``dem``, ``population``) have no table; see :data:`RASTER_ROLES`.
"""

from __future__ import annotations

from siteplan.tables.schema import Column, Table

RASTER_ROLES = ("dem", "population")

# layers with objects that rules and measures of sites look at
OBJECT_ROLES = (
    "land_use",
    "roads",
    "railways",
    "waterways",
    "water_areas",
    "power_lines",
    "utilities",
    "border_gates",
    "services",
    "buildings",
    "hazards",
    "flood_marks",
    "urban_areas",
    "sector_projects",
    "border",
    "settlements",
)

KINDS = ("xã", "phường")
ROAD_CLASSES = ("expressway", "national", "provincial", "commune", "local", "track")
CONDITIONS = ("good", "fair", "poor", "unsafe")
FACILITY_STATUS = ("in_use", "surplus", "decided")
PLAN_STATUS = ("draft", "submitted", "approved", "adjusted", "expired", "cancelled")
HAZARD_LEVELS = ("low", "medium", "high", "very_high")
LEVEL_UNKNOWN = "unknown"  # of a hazard zone whose level is not told
FLOODED = ("no", "flooded", "landslide", "cut_off")
CLEARANCE = ("cleared", "partly", "not_cleared")
GATE_CLASSES = ("international", "main", "auxiliary", "none")
# in the order of use of CĐ 213/CĐ-TTg (11/11/2025)
SECTORS = ("health", "education", "culture", "sport", "police", "other")
STEPS = ("investment_policy", "planning", "land_clearance", "design", "start", "hand_over")
TREATMENTS = ("keep", "transfer", "hand_over", "recover_auction", "liquidate_house", "no_rebuilding", "other_body")

_COMMUNE = Column("commune_code", "text", "Mã xã", "Commune code", "MA_XA", nullable=False)
_NAME = Column("name", "text", "Tên", "Name", "TEN")
_NOTE = Column("note", "text", "Ghi chú", "Note", "GHI_CHU")
_SOURCE = Column("source", "text", "Nguồn", "Source", "NGUON")
# every spatial layer keeps where a row came from
_ORIGIN = (
    Column("layer", "text", "Lớp", "Layer", "LOP", nullable=False),
    Column("illustrative", "bool", "Minh họa", "Illustrative", "MINH_HOA", nullable=False),
    Column("restricted", "bool", "Hạn chế", "Restricted", "HAN_CHE", nullable=False),
)


# the six figures the province asked each commune for
_AREAS = (
    Column("existing_floor_area_m2", "float", "Sàn hiện có", "Existing floor", "SAN_CO", "m²", 2),
    Column("existing_land_area_m2", "float", "Đất hiện có", "Existing land", "DAT_CO", "m²", 2),
    Column("extension_floor_area_m2", "float", "Sàn mở rộng", "Floor to extend", "SAN_MORONG", "m²", 2),
    Column("extension_land_area_m2", "float", "Đất mở rộng", "Land to extend", "DAT_MORONG", "m²", 2),
    Column("new_floor_area_m2", "float", "Sàn xây mới", "Floor to build new", "SAN_MOI", "m²", 2),
    Column("new_land_area_m2", "float", "Đất xây mới", "Land for new building", "DAT_MOI", "m²", 2),
)


def _table(name: str, label: str, label_en: str, geometry: str | None, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(name, label, label_en, (*columns, *_ORIGIN), key, geometry)  # type: ignore[arg-type]


_ALL = (
    _table(
        "communes", "Xã, phường", "Communes", "polygon", ("code",),
        Column("code", "text", "Mã xã", "Commune code", "MA_XA", nullable=False),
        Column("name", "text", "Tên", "Name", "TEN", nullable=False),
        Column("kind", "text", "Loại", "Kind", "LOAI", values=KINDS),
    ),
    # one row a commune; joined to the polygons by code
    _table(
        "commune_facts", "Số liệu xã, phường", "Facts of communes", None, ("code",),
        Column("code", "text", "Mã xã", "Commune code", "MA_XA", nullable=False),
        Column("name", "text", "Tên", "Name", "TEN"),
        Column("kind", "text", "Loại", "Kind", "LOAI", values=KINDS),
        Column("former_district", "text", "Thuộc huyện cũ", "Former district", "HUYEN_CU"),
        Column("stated_area_km2", "float", "Diện tích công bố", "Stated area", "DT_CONGBO", "km²", 2),
        Column("population", "int", "Dân số", "Population", "DAN_SO", "người"),
        Column("former_unit_count", "int", "Số đơn vị cũ", "Former units", "SO_DV_CU"),
        Column("seat", "text", "Nơi đặt trụ sở", "Seat", "NOI_DAT"),
        Column("is_border", "bool", "Xã biên giới", "Border commune", "BIEN_GIOI"),
        Column("is_central_ward", "bool", "Phường trung tâm", "Central ward", "PHUONG_TT"),
        Column("is_former_district_seat", "bool", "Huyện lỵ cũ", "Former district seat", "HUYENLY_CU"),
        Column("is_atk", "bool", "Xã ATK", "ATK commune", "ATK"),
        Column("gate_class", "text", "Cấp cửa khẩu", "Class of border gate", "CUA_KHAU", values=GATE_CLASSES),
        Column("counterpart_unit", "text", "Đơn vị đối đẳng bên kia biên giới", "Counterpart across the border",
               "DOI_DANG"),
        Column("delegations_per_year", "int", "Số đoàn đối ngoại mỗi năm", "Delegations a year", "DOAN_NAM", "đoàn"),
        Column("has_reception_room", "bool", "Có phòng tiếp khách đối ngoại", "Reception room for delegations",
               "PHONG_DN"),
    ),
    _table(
        "commune_staff", "Biên chế được duyệt", "Approved staff", None, ("commune_code",),
        _COMMUNE,
        Column("staff", "int", "Số người", "Staff", "SO_NGUOI", "người"),
        Column("staff_party", "int", "Khối Đảng", "Party", "NG_DANG", "người"),
        Column("staff_government", "int", "Khối chính quyền", "Government", "NG_CQUYEN", "người"),
        Column("staff_front", "int", "Khối Mặt trận, đoàn thể", "Front", "NG_MTRAN", "người"),
        Column("staff_service_centre", "int", "Trung tâm phục vụ hành chính công", "One-stop centre", "NG_TTPVHCC",
               "người"),
        Column("staff_contract", "int", "Hợp đồng hỗ trợ, phục vụ", "Contract staff", "NG_HOPDONG", "người"),
        Column("decision_no", "text", "Số quyết định", "Decision", "SO_QD"),
        _NOTE,
    ),
    # what a commune reported: one row a commune, the newest report
    _table(
        "commune_reports", "Báo cáo của xã, phường", "Reports of communes", None, ("commune_code",),
        _COMMUNE,
        Column("report_no", "text", "Số báo cáo", "Report", "SO_BC"),
        Column("report_date", "date", "Ngày báo cáo", "Date of report", "NGAY_BC"),
        Column("reporter", "text", "Người lập", "Reporter", "NGUOI_LAP"),
        Column("population", "int", "Dân số", "Population", "DAN_SO", "người"),
        Column("population_date", "date", "Ngày số liệu dân số", "Date of population", "NGAY_DS"),
        Column("visits_per_day", "int", "Lượt giao dịch mỗi ngày", "Visits a day", "LUOT_NGAY", "lượt"),
        Column("hall_seats", "int", "Số chỗ hội trường", "Hall seats", "CHO_HTR", "chỗ"),
        *_AREAS,
        Column("reason", "text", "Lý do", "Reason", "LY_DO"), _NOTE,
    ),
    # what the department and the commune agreed on, where it differs from both
    _table(
        "agreed_areas", "Số liệu thống nhất", "Agreed figures", None, ("commune_code",),
        _COMMUNE,
        *_AREAS,
        Column("reason", "text", "Lý do", "Reason", "LY_DO", nullable=False),
        Column("officer", "text", "Người chốt", "Officer", "NGUOI_CHOT"),
        Column("agreed_date", "date", "Ngày thống nhất", "Date agreed", "NGAY_TN"),
        Column("document", "text", "Văn bản", "Document", "VAN_BAN"),
    ),
    # what was done and paid for a centre: it locks the centre into the phase in which it began
    _table(
        "progress", "Tiến độ thực hiện", "Progress of works", None, ("commune_code", "step"),
        _COMMUNE,
        Column("step", "text", "Bước", "Step", "BUOC", nullable=False, values=STEPS),
        Column("done_date", "date", "Ngày hoàn thành", "Date done", "NGAY_HT"),
        Column("document", "text", "Văn bản", "Document", "VAN_BAN"), _NOTE,
    ),
    _table(
        "payments", "Vốn đã thanh toán", "Money paid", None, ("commune_code", "year", "source"),
        _COMMUNE,
        Column("year", "int", "Năm", "Year", "NAM", nullable=False),
        Column("source", "text", "Nguồn vốn", "Source of money", "NGUON", nullable=False),
        Column("amount", "float", "Số vốn", "Amount", "SO_VON", "đồng", 0), _NOTE,
    ),
    # units that ask for land or houses: matched to what becomes free
    _table(
        "land_requests", "Nhu cầu nhà, đất của các ngành", "Requests for land and houses", None, ("request_id",),
        Column("request_id", "text", "Mã nhu cầu", "Request id", "MA_NC", nullable=False), _COMMUNE,
        Column("sector", "text", "Ngành", "Sector", "NGANH", nullable=False, values=SECTORS),
        Column("unit", "text", "Đơn vị đề nghị", "Unit that asks", "DON_VI"),
        Column("facility_id", "text", "Mã cơ sở đề nghị", "Facility asked for", "MA_CS"),
        Column("land_area_m2", "float", "Diện tích đất cần", "Land needed", "DT_DAT", "m²", 1),
        Column("document", "text", "Văn bản", "Document", "VAN_BAN"),
        Column("document_date", "date", "Ngày văn bản", "Date of document", "NGAY_VB"), _NOTE,
    ),
    _table(
        "former_units", "Đơn vị hành chính cũ", "Former units", "point", ("code", "commune_code"),
        Column("code", "text", "Mã cũ", "Former code", "MA_CU", nullable=False), _NAME, _COMMUNE,
        Column("former_district", "text", "Huyện cũ", "Former district", "HUYEN_CU"),
        Column("elevation_m", "float", "Độ cao", "Elevation", "DO_CAO", "m", 1),
        Column("split", "bool", "Bị chia", "Split", "BI_CHIA"),
        Column("point_checked", "bool", "Đã kiểm tra điểm", "Point checked", "DIEM_KT"),
    ),
    _table("seats", "Nơi đặt trụ sở hiện nay", "Present seats", "point", ("commune_code",), _COMMUNE, _NAME),
    _table(
        "facilities", "Cơ sở nhà, đất", "Facilities", "plot", ("facility_id",),
        Column("facility_id", "text", "Mã cơ sở", "Facility id", "MA_CS", nullable=False), _NAME, _COMMUNE,
        Column("former_unit_code", "text", "Mã đơn vị cũ", "Former unit", "MA_DV_CU"),
        Column("former_level", "text", "Cấp cũ", "Former level", "CAP_CU", values=("commune", "district")),
        Column("owner", "text", "Đơn vị quản lý", "Owner", "QUAN_LY"),
        Column("use_now", "text", "Đơn vị, việc đang sử dụng", "Present use", "SU_DUNG"),
        Column("address", "text", "Địa chỉ", "Address", "DIA_CHI"),
        Column("certificate", "text", "Giấy chứng nhận", "Land certificate", "GCN"),
        Column("land_area_m2", "float", "Diện tích đất", "Land area", "DT_DAT", "m²", 2),
        Column("floor_area_m2", "float", "Diện tích sàn", "Floor area", "DT_SAN", "m²", 2),
        Column("footprint_m2", "float", "Diện tích xây dựng", "Footprint", "DT_XD", "m²", 2),
        Column("floors", "int", "Số tầng", "Floors", "SO_TANG"),
        Column("buildings", "int", "Số nhà", "Buildings", "SO_NHA"),
        Column("year_built", "int", "Năm xây dựng", "Year built", "NAM_XD"),
        Column("condition", "text", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        Column("status", "text", "Tình trạng sử dụng", "Status", "TINH_TRANG", values=FACILITY_STATUS),
        Column("decided_treatment", "text", "Đã quyết định xử lý", "Decided treatment", "DA_XU_LY", values=TREATMENTS),
        Column("decision_no", "text", "Số quyết định", "Decision", "SO_QD"),
        Column("decision_date", "date", "Ngày quyết định", "Date of decision", "NGAY_QD"),
        Column("position_assumed", "bool", "Vị trí giả định", "Position assumed", "VT_GIADINH"), _NOTE,
    ),
    # houses of a facility; where a facility has rows here, its floor, footprint, floors and condition follow from them
    _table(
        "facility_buildings", "Nhà của cơ sở", "Buildings of facilities", None, ("building_id",),
        Column("building_id", "text", "Mã nhà", "Building id", "MA_NHA", nullable=False),
        Column("facility_id", "text", "Mã cơ sở", "Facility id", "MA_CS", nullable=False), _NAME,
        Column("floor_area_m2", "float", "Diện tích sàn", "Floor area", "DT_SAN", "m²", 2),
        Column("footprint_m2", "float", "Diện tích xây dựng", "Footprint", "DT_XD", "m²", 2),
        Column("floors", "int", "Số tầng", "Floors", "SO_TANG"),
        Column("year_built", "int", "Năm xây dựng", "Year built", "NAM_XD"),
        Column("condition", "text", "Chất lượng", "Condition", "CHAT_LUONG", values=CONDITIONS),
        Column("use", "text", "Công năng", "Use", "CONG_NANG"), _NOTE,
    ),
    _table(
        "proposals", "Vị trí xã đề xuất", "Sites proposed by communes", "plot", ("proposal_id",),
        Column("proposal_id", "text", "Mã đề xuất", "Proposal id", "MA_DX", nullable=False), _NAME, _COMMUNE,
        Column("area_m2", "float", "Diện tích", "Area", "DT", "m²", 2),
        Column("clearance", "text", "Giải phóng mặt bằng", "Land clearance", "GPMB", values=CLEARANCE),
        Column("land_use", "text", "Hiện trạng đất", "Present land use", "LOAI_DAT"),
        Column("flooded", "text", "Đã ngập, sạt lở, chia cắt", "Flooded, slid or cut off", "THIEN_TAI",
               values=FLOODED),
        Column("flood_year", "int", "Năm xảy ra", "Year", "NAM_TT"),
        Column("flood_depth_m", "float", "Độ sâu ngập", "Depth", "SAU_NGAP", "m", 2),
        Column("document", "text", "Văn bản", "Document", "VAN_BAN"), _NOTE,
    ),
    _table(
        "land_use", "Hiện trạng sử dụng đất", "Present land use", "polygon", (),
        Column("land_use", "text", "Mã loại đất", "Land-use code", "LOAI_DAT", nullable=False),
    ),
    _table(
        "roads", "Đường bộ", "Roads", "line", (),
        Column("road_class", "text", "Cấp đường", "Road class", "CAP_DUONG", values=ROAD_CLASSES), _NAME,
        Column("width_m", "float", "Bề rộng", "Width", "BE_RONG", "m", 1),
        Column("is_bridge", "bool", "Cầu", "Bridge", "CAU"),
    ),
    _table("railways", "Đường sắt", "Railways", "line", (),
        Column("railway_class", "text", "Loại", "Class", "LOAI"), _NAME),
    _table(
        "waterways", "Sông, suối", "Waterways", "line", (),
        Column("waterway_class", "text", "Loại", "Class", "LOAI", values=("river", "stream", "canal")), _NAME,
        Column("water_function", "text", "Chức năng", "Function", "CHUC_NANG",
               values=("bank", "pollution", "ecosystem")),
    ),
    _table(
        "water_areas", "Mặt nước", "Water areas", "polygon", (),
        Column("water_class", "text", "Loại", "Class", "LOAI", values=("lake", "reservoir", "river", "pond")), _NAME,
    ),
    _table(
        "power_lines", "Đường dây điện", "Power lines", "line", (),
        Column("voltage_kv", "float", "Điện áp", "Voltage", "DIEN_AP", "kV", 0), _NAME,
    ),
    _table(
        "border_gates", "Cửa khẩu", "Border gates", "point", (), _NAME,
        Column("gate_class", "text", "Cấp cửa khẩu", "Class of border gate", "CUA_KHAU", values=GATE_CLASSES),
    ),
    _table(
        "utilities", "Hạ tầng cấp nước, viễn thông, thoát nước", "Water supply, telecommunications, sewerage", "any",
        (),
        Column("utility_kind", "text", "Loại", "Kind", "LOAI", nullable=False,
               values=("water_supply", "telecom", "sewerage")), _NAME,
    ),
    _table(
        "services", "Công trình dịch vụ", "Services", "point", (),
        Column("service_class", "text", "Loại", "Class", "LOAI", nullable=False,
               values=("school", "health", "market", "police", "culture", "post", "fuel", "bank", "office", "cemetery",
                       "landfill", "livestock", "other")), _NAME,
    ),
    _table("buildings", "Nhà, công trình", "Buildings", "polygon", (),
        Column("use", "text", "Công năng", "Use", "CONG_NANG")),
    _table(
        "settlements", "Điểm dân cư", "Settlements", "point", (), _NAME,
        Column("population", "int", "Dân số", "Population", "DAN_SO", "người"),
    ),
    _table(
        "hazards", "Thiên tai", "Hazards", "polygon", (),
        Column("hazard_kind", "text", "Loại", "Kind", "LOAI", nullable=False,
               values=("flood", "flash_flood", "landslide")),
        Column("level", "text", "Mức", "Level", "MUC", values=HAZARD_LEVELS), _SOURCE,
    ),
    _table(
        "flood_marks", "Vết lũ", "Flood marks", "point", (),
        Column("event", "text", "Trận lũ", "Event", "TRAN_LU"),
        Column("event_date", "date", "Ngày", "Date", "NGAY"),
        Column("level_m", "float", "Mực nước", "Level", "MUC_NUOC", "m", 2), _SOURCE,
    ),
    _table(
        "urban_areas", "Đô thị", "Urban areas", "polygon", (), _NAME,
        Column("class_now", "text", "Loại hiện nay", "Class now", "LOAI_NAY"),
        Column("class_2030", "text", "Loại 2030", "Class 2030", "LOAI_2030"), _SOURCE,
    ),
    _table(
        "sector_projects", "Dự án ngành", "Sector projects", "polygon", ("project_id",),
        Column("project_id", "text", "Mã dự án", "Project id", "MA_DA", nullable=False), _NAME,
        Column("sector", "text", "Ngành", "Sector", "NGANH"),
        Column("owner", "text", "Cơ quan quản lý", "Owner", "QUAN_LY"),
        Column("status", "text", "Tình trạng", "Status", "TINH_TRANG"),
        Column("year_from", "int", "Từ năm", "From", "TU_NAM"),
        Column("year_to", "int", "Đến năm", "To", "DEN_NAM"), _SOURCE,
    ),
    _table(
        "plans", "Quy hoạch", "Plans", None, ("plan_id",),
        Column("plan_id", "text", "Mã quy hoạch", "Plan id", "MA_QH", nullable=False),
        Column("title", "text", "Tên", "Title", "TEN", nullable=False),
        Column("plan_kind", "text", "Loại quy hoạch", "Kind", "LOAI_QH", nullable=False),
        Column("level", "text", "Cấp", "Level", "CAP"),
        Column("authority", "text", "Cơ quan phê duyệt", "Authority", "CQ_DUYET"),
        Column("decision_no", "text", "Số quyết định", "Decision", "SO_QD"),
        Column("decision_date", "date", "Ngày quyết định", "Date of decision", "NGAY_QD"),
        Column("year_from", "int", "Từ năm", "From", "TU_NAM"),
        Column("year_to", "int", "Đến năm", "To", "DEN_NAM"),
        Column("status", "text", "Trạng thái", "Status", "TRANG_THAI", nullable=False, values=PLAN_STATUS),
        Column("supersedes", "text", "Thay thế", "Supersedes", "THAY_THE"),
        # drafts of one adjustment are versions: each has its name and the date it was made or is due
        Column("version", "text", "Phiên bản", "Version", "PHIEN_BAN"),
        Column("version_date", "date", "Ngày phiên bản", "Date of version", "NGAY_PB"),
        # semicolon-separated commune codes (new), or former:CODE for a unit before the merger, or "*" for the province
        Column("covers", "text", "Phạm vi", "Covers", "PHAM_VI"),
        Column("scale", "int", "Tỷ lệ", "Scale", "TY_LE"),
        Column("accuracy_m", "float", "Sai số", "Accuracy", "SAI_SO", "m", 1),
        # the CRS the plan was drawn in and how that was decided; zones are in the province's own
        Column("crs_decision", "text", "Hệ tọa độ gốc", "CRS decision", "HE_TOA_DO"),
        Column("file_ref", "text", "Tệp, hồ sơ gốc", "File reference", "TEP_GOC"),
        Column("owner", "text", "Cơ quan quản lý", "Owner", "QUAN_LY"),
        Column("paper_only", "bool", "Chỉ có bản giấy", "On paper only", "BAN_GIAY"), _NOTE,
    ),
    _table(
        "plan_zones", "Ô chức năng", "Plan zones", "polygon", ("zone_id",),
        Column("zone_id", "text", "Mã ô", "Zone id", "MA_O", nullable=False),
        Column("plan_id", "text", "Mã quy hoạch", "Plan id", "MA_QH", nullable=False),
        Column("function", "text", "Chức năng", "Function", "CHUC_NANG"), _NAME,
        Column("horizon", "text", "Giai đoạn", "Horizon", "GIAI_DOAN"),
    ),
    _table("border", "Biên giới quốc gia", "National border", "line", (), _NAME),
    _table(
        "filing", "Hồ sơ phân loại đơn vị", "Classification dossiers", None, ("commune_code",),
        _COMMUNE,
        Column("filed", "bool", "Đã nộp", "Filed", "DA_NOP"),
        Column("filed_date", "date", "Ngày nộp", "Date filed", "NGAY_NOP"),
        Column("unit_class", "text", "Loại đơn vị", "Class of unit", "LOAI_DV"),
        Column("decision_no", "text", "Số quyết định", "Decision", "SO_QD"),
        Column("plan_state", "text", "Tình hình lập quy hoạch", "State of planning", "TT_QH"), _NOTE,
    ),
)  # fmt: skip

INPUTS: dict[str, Table] = {table.name: table for table in _ALL}
