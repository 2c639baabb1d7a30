"""Tables of the evidence: what stands for and against each site, and what each plan says of it."""

from __future__ import annotations

from siteplan.tables.inputs import PLAN_STATUS
from siteplan.tables.parts import (
    AUTHORITY,
    BASIS,
    CERTAINTY_MARK,
    COMMUNE,
    DECISION_DATE,
    DECISION_NO,
    ILLUSTRATIVE,
    PLAN_ID,
    PLAN_KIND,
    RESTRICTED,
    RESTS_ON,
    SITE_ID,
    flag,
    messages,
    number,
    square_metres,
    text,
    whole,
)
from siteplan.tables.schema import Table

CONFORMITY = ("conforms", "not_in_plan", "needs_adjustment")  # of a site with all plans
# of a site with one plan: what it was not held against says nothing of it
CONFORMITY_WITH_PLAN = (
    "conforms", "needs_adjustment", "not_in_plan", "outside", "not_compared", "paper_only", "no_plan",
)  # fmt: skip
RELATIONS = ("touch", "sliver", "overlap", "contains", "within")
EFFECTS = ("supports", "compatible", "conditional", "blocking", "information")
STANDINGS = ("binding", "paper", "shown", "expired", "unregistered")
DIRECTIONS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
# what a plan was found to say of a site by, the surest first
CONFORMITY_BASIS = (
    "zones", "no_zone_here", "outside_kept", "not_drawn_here", "restricted", "partly", "paper_only", "no_plan",
)  # fmt: skip

OF_THE_WHOLE_PLOT = ("terrain", "plot")  # sources of findings that say nothing about a place within the plot

CONFLICTS = Table(
    "conflicts", "Kết quả đối chiếu quy hoạch", "Evidence",
    (
        SITE_ID,
        text("zone_id", "Mã ô", "Zone id", "MA_O", nullable=False),
        COMMUNE,
        text("source", "Nguồn", "Source", "NGUON",
              values=("plan", "project", "land_use", "corridor", "hazard", "terrain", "plot", "compound", "precedence",
                      "withheld")),
        PLAN_ID,
        text("title", "Tên quy hoạch, đối tượng", "Plan or object", "TEN_QH"),
        PLAN_KIND,
        DECISION_NO,
        DECISION_DATE,
        AUTHORITY,
        text("plan_status", "Trạng thái", "Status", "TRANG_THAI", values=PLAN_STATUS),
        text("standing", "Hiệu lực tại ngày xét", "Force on the date", "HIEU_LUC", values=STANDINGS),
        text("owner", "Cơ quan quản lý", "Owner", "QUAN_LY"),
        text("function", "Chức năng", "Function", "CHUC_NANG"),
        text("horizon", "Giai đoạn quy hoạch", "Horizon", "GIAI_DOAN"),
        text("rule_name", "Quy tắc áp dụng", "Rule applied", "QUY_TAC"),
        text("relation", "Quan hệ", "Relation", "QUAN_HE", values=RELATIONS),
        square_metres("area_m2", "Diện tích chồng lấn", "Overlap", "DT", 3),
        number("percent_of_site", "Tỷ lệ khu đất", "Share of site", "TL_KHU", "%", 4),
        number("width_m", "Bề rộng chồng lấn", "Width of overlap", "BE_RONG", "m"),
        number("accuracy_m", "Sai số của bản vẽ", "Accuracy of the plan", "SAI_SO", "m", 1),
        flag("within_accuracy", "Trong sai số bản vẽ", "Within its accuracy", "TRONG_SS"),
        # corners of the overlap or of the box around it: X north, Y east
        messages("coordinates", "Tọa độ vùng chồng lấn (X Y, VN-2000)", "Corners of the overlap (X Y, VN-2000)",
                  "TOA_DO"),
        number("shift_m", "Dịch khu đất để tránh", "Shift that clears it", "DICH_M", "m", 0),
        text("shift_direction", "Hướng dịch", "Direction of the shift", "DICH_HUONG", values=DIRECTIONS),
        text("effect", "Ảnh hưởng", "Effect", "ANH_HUONG", values=EFFECTS),
        whole("severity", "Mức độ", "Severity", "MUC_DO"),
        messages("treatment", "Hướng xử lý", "Treatment", "XU_LY"),
        BASIS,
        CERTAINTY_MARK,
        ILLUSTRATIVE,
        RESTRICTED,
        RESTS_ON,
    ),
    ("site_id", "zone_id"), "any",
)  # fmt: skip

CONFORMITIES = Table(
    "conformity", "Sự phù hợp với từng quy hoạch", "Conformity with each plan",
    (
        SITE_ID,
        COMMUNE,
        PLAN_KIND,
        PLAN_ID,
        text("title", "Tên quy hoạch", "Plan", "TEN_QH"),
        DECISION_NO,
        DECISION_DATE,
        AUTHORITY,
        text("standing", "Hiệu lực tại ngày xét", "Force on the date", "HIEU_LUC", values=STANDINGS),
        flag("mandatory", "Bắt buộc", "Mandatory", "BAT_BUOC"),
        text("conformity", "Sự phù hợp quy hoạch", "Conformity", "PHU_HOP", values=CONFORMITY_WITH_PLAN,
             nullable=False),
        text("conformity_basis", "Căn cứ kết luận", "What that rests on", "CC_KETLUAN", values=CONFORMITY_BASIS),
        square_metres("supports_m2", "Diện tích thuận lợi", "Area in favour", "DT_THUAN"),
        square_metres("compatible_m2", "Diện tích tương thích", "Area compatible", "DT_TTHICH"),
        square_metres("conditional_m2", "Diện tích có điều kiện", "Area conditional", "DT_DKIEN"),
        square_metres("blocking_m2", "Diện tích không phù hợp", "Area that blocks", "DT_KPHOP"),
        square_metres("information_m2", "Diện tích chỉ ghi nhận", "Area of information", "DT_GHINHAN"),
        square_metres("overlap_gross_m2", "Tổng diện tích các ô", "Sum over zones", "DT_GOP"),
        square_metres("overlap_m2", "Diện tích trong quy hoạch, không tính trùng", "Area in the plan, counted once",
                      "DT_TRONG"),
        number("overlap_percent", "Tỷ lệ khu đất", "Share of site", "TL_KHU", "%", 4),
        BASIS, CERTAINTY_MARK,
        ILLUSTRATIVE,
        RESTS_ON,
    ),
    ("site_id", "plan_kind", "plan_id"),
)  # fmt: skip
