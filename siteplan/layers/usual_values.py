"""What offices and open maps usually write in a column of classes, beside the tokens and their texts.

Words of offices say one token and nothing else: files are read by them. Words of open maps (OpenStreetMap) are judged
by custom: they are proposed to whoever adds a layer, never read unasked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# column -> token -> words that say it and nothing else; they are read like the token's own label (accents folded)
_WORDS: Mapping[str, Mapping[str, str]] = {
    "hazard_kind": {
        "flood": "lũ; lụt; lũ lụt; ngập; ngập úng; úng ngập",
        "flash_flood": "lũ ống; lũ ống, lũ quét; lũ quét, lũ ống",
        "landslide": "sạt lở; sạt trượt; trượt lở; trượt lở đất; trượt đất; lở đất; sạt lở đất đá",
    },
    "clearance": {
        "cleared": "đã GPMB; đã bàn giao mặt bằng; đã có mặt bằng; mặt bằng sạch",
        "partly": "GPMB một phần; đang GPMB; đang giải phóng mặt bằng",
        "not_cleared": "chưa GPMB; chưa có mặt bằng",
    },
    "road_class": {
        "expressway": "cao tốc; đường bộ cao tốc",
        "national": "QL; đường quốc lộ",
        "provincial": "tỉnh lộ; đường tỉnh lộ; ĐT",
        "commune": "đường huyện; huyện lộ; đường xã; đường liên xã; ĐH; ĐX",
        "local": "đường thôn; đường xóm; đường liên thôn; đường ngõ xóm; đường thôn, xóm",
        "track": "lối mòn",
    },
    "waterway_class": {"canal": "kênh; mương; kênh mương; kênh thủy lợi; mương thủy lợi"},
    "service_class": {
        "school": "trường mầm non; trường tiểu học; trường THCS; trường THPT",
        "health": "trạm y tế; trạm y tế xã; bệnh viện; phòng khám; trung tâm y tế",
        "police": "công an xã; trụ sở công an; đồn công an",
        "culture": "nhà văn hóa; bảo tàng; thư viện",
        "fuel": "cây xăng; trạm xăng; trạm xăng dầu; cửa hàng xăng, dầu",
        "office": "ủy ban nhân dân; UBND; UBND xã; trụ sở UBND xã; trụ sở cơ quan",
        "cemetery": "nghĩa địa",
        "landfill": "bãi rác; bãi chôn lấp rác; bãi đổ rác",
        "livestock": "khu chăn nuôi; trang trại chăn nuôi",
    },
}
# column -> pattern of a folded word that names one road or the like, with the token it says
_PATTERNS: Mapping[str, Mapping[str, str]] = {
    "road_class": {
        r"(duong )?(cao toc )?ct ?\d+[a-z]?": "expressway",
        r"(duong )?(ql|quoc lo) ?\d+[a-z]?": "national",
        r"(dt|tl|tinh lo|duong tinh) ?\d+[a-z]?": "provincial",
        r"(dh|dx|hl|huyen lo|duong huyen|duong xa) ?\d+[a-z]?": "commune",
    },
}
# column -> token -> words of OpenStreetMap (highway, waterway, amenity, shop, landuse and what extracts make of them)
_OPEN: Mapping[str, Mapping[str, str]] = {
    "road_class": {
        "expressway": "motorway motorway_link",
        "national": "trunk trunk_link primary primary_link",
        "provincial": "secondary secondary_link",
        "commune": "tertiary tertiary_link",
        "local": "residential unclassified living_street service road minor pedestrian",
        "track": (
            "track_grade1 track_grade2 track_grade3 track_grade4 track_grade5 path footway bridleway steps cycleway"
        ),
    },
    "waterway_class": {"river": "riverbank", "canal": "ditch drain"},
    "water_class": {"lake": "oxbow lagoon", "reservoir": "basin", "river": "riverbank"},
    "service_class": {
        "school": "kindergarten college university",
        "health": "hospital clinic doctors dentist pharmacy health_post",
        "market": "marketplace supermarket mall grocery",
        "culture": "community_centre library arts_centre theatre museum",
        "post": "post_office",
        "fuel": "gas_station",
        "office": "townhall town_hall public_building courthouse government",
        "cemetery": "grave_yard graveyard",
    },
}


def usual_values(column: str) -> dict[str, str]:
    """Words that offices usually write in a column of classes, with the token they say."""
    return {word: token for token, words in _WORDS.get(column, {}).items() for word in words.split("; ")}


def open_values(column: str) -> dict[str, str]:
    """Words of open maps in a column of classes, with the token that custom gives them: for a proposal."""
    return {word: token for token, words in _OPEN.get(column, {}).items() for word in words.split()}


def numbered_token(folded: str, column: str) -> str:
    """Token of a folded word that names one road by its number ("ql.1a"); "" where it is none."""
    word = " ".join(re.sub(r"[^a-z0-9]+", " ", folded).split())
    return next((token for p, token in _PATTERNS.get(column, {}).items() if re.fullmatch(p, word)), "")
