"""What offices usually call the columns of a role, beside the names that its schema gives.

A proposal that a person reads before it counts may use them; a file is never read by them unasked, since one name
("LOAI", "CAP") means another thing in every layer. Names are written plain: no accents, lower case, letters and digits
only.
"""

from __future__ import annotations

from collections.abc import Mapping

# column -> names, in whichever role it stands
_ANYWHERE: Mapping[str, str] = {
    "commune_code": "maxamoi maphuong maxaphuong maxp madvhc madvhcmoi madonvihanhchinh madonvi",
    "name": "tengoi diadanh tendoituong tendt",
    "population": "sodan tongdanso nhankhau sonhankhau songuoi",
    "source": "nguonsl nguonsolieu nguondl nguondulieu donvicungcap",
    "note": "mota diengiai ghichukhac",
    "decision_no": "soquyetdinh quyetdinh qd qdpd qdpheduyet soqdpd",
    "decision_date": "ngaypd ngaypheduyet ngayky ngaybanhanh",
    "document": "sovb sovanban vb",
    "owner": "chuquanly cqql coquanql coquanquanly donviql donviquanly dvql",
    "land_area_m2": "dientich dtich dtkhudat dientichkhudat dtkhuonvien dientichkhuonvien",
    "floor_area_m2": "tongdtsan tongdientichsan dtsanxd dientichsanxd dientichsanxaydung dts",
    "footprint_m2": "dtxaydung",
    "floors": "tang tangcao sotangcao",
    "year_built": "namxay namhoanthanh",
    "condition": "chatluongct chatluongnha chatluongcongtrinh tinhtrangnha",
    "year_from": "nambd nambatdau namdau namkc namkhoicong khoicong",
    "year_to": "namkt namketthuc namcuoi namht namhoanthanh hoanthanh",
    "gate_class": "loaicuakhau loaick capck",
}

_OF_ROLE: Mapping[str, Mapping[str, str]] = {
    "communes": {
        "code": "maxamoi maphuong maxaphuong maxp madvhc madvhcmoi madonvihanhchinh",
        "name": "tenxa tenphuong tenxaphuong tendvhc tendonvi tenxamoi xa",
        "kind": "loaidvhc loaidonvi loaihinh loaidv capdvhc",
    },
    "commune_facts": {
        "code": "maxamoi maphuong maxaphuong maxp madvhc madvhcmoi madonvihanhchinh",
        "name": "tenxa tenphuong tenxaphuong tendvhc tendonvi tenxamoi xa",
        "kind": "loaidvhc loaidonvi loaihinh loaidv capdvhc",
        "former_district": "huyencu tenhuyen tenhuyencu huyen thuochuyen",
        "stated_area_km2": "dientich dientichkm2 dtkm2 dttn dientichtunhien dttunhien",
        "seat": "truso noidattruso diadiemtruso",
        "is_border": "xabg xabiengioi",
    },
    "commune_staff": {"staff": "bienche tongbienche sobienche tongso tongsonguoi soluong"},
    "former_units": {
        "code": "maxacu madvhccu madonvicu",
        "name": "tenxacu tendvhccu tendonvicu",
        "former_district": "tenhuyen tenhuyencu huyen",
        "elevation_m": "caodo",
    },
    "seats": {"name": "tentruso truso noidattruso"},
    "facilities": {
        "facility_id": "macoso matruso mact macongtrinh mats mataisan ma id",
        "name": "tencoso tentruso tenct tencongtrinh tencosonhadat tentaisan",
        "owner": "donvi chusohuu",
        "use_now": "donvisudung dvsd donvisd hientrangsd",
        "address": "diadiem vitri",
        "certificate": "sogcn gcnqsdd giaycnqsdd sogiaychungnhan",
        "status": "ttsudung tinhtrangsd tinhtrang trangthai",
    },
    "facility_buildings": {
        "building_id": "manha mangoinha id",
        "facility_id": "macoso matruso",
        "name": "tennha tenngoinha hangmuc",
        "use": "mucdich mucdichsd chucnang",
    },
    "proposals": {
        "proposal_id": "madexuat mavitri makhudat ma id",
        "name": "tenvitri tenkhudat tenkhu vitri diadiem",
        "area_m2": "dtich dtkhudat dientichkhudat dientichm2 quymo",
        "clearance": "matbang tinhtranggpmb hientranggpmb dagpmb",
        "land_use": "maloaidat loaidatht kyhieuld mdsd",
        "flooded": "ngaplut dangap ngap",
        "flood_depth_m": "dosau mucngap",
    },
    "land_use": {
        "land_use": (
            "maloaidat maloaidatht loaidatht loaidathientrang maloaidathientrang khloaidat kyhieuloaidat kyhieuld mald "
            "mdsd mdsdd mucdichsd mucdichsdd mucdichsudung mucdichsudungdat maht hientrangsdd htsdd kyhieu loai"
        ),
    },
    "roads": {
        "road_class": "loaiduong capquanly caphang capkythuat capkt phanloai phancap loaihinh cap loai highway fclass",
        "name": "tenduong tentuyen tuyen",
        "width_m": "dorong chieurong rong",
        "is_bridge": "lacau cocau",
    },
    "railways": {"railway_class": "loaiduong loaihinh khoduong khoray", "name": "tentuyen tuyen"},
    "waterways": {
        "waterway_class": "loaisong loaisongsuoi loaihinh phanloai cap fclass",
        "name": "tensong tensuoi tensongsuoi",
        "water_function": "chucnanghl loaihanhlang chucnanghanhlang",
    },
    "water_areas": {
        "water_class": "loaiho loaimatnuoc loaihinh phanloai fclass",
        "name": "tenho tensong tenhoao",
    },
    "power_lines": {"voltage_kv": "capda capdienap dienapkv kv cap", "name": "tenduongday tentuyen tuyen"},
    "border_gates": {"name": "tenck tencuakhau", "gate_class": "loai cap"},
    "utilities": {"utility_kind": "loaiht loaihatang loaihinh loaict loaicongtrinh", "name": "tenct tencongtrinh"},
    "services": {
        "service_class": "loaict loaicongtrinh loaihinh loaidv loaidichvu phanloai amenity fclass",
        "name": "tenct tencongtrinh",
    },
    "buildings": {"use": "chucnang mucdich mucdichsd loainha loai"},
    "settlements": {"name": "tenthon tendiemdc tendiemdancu thon tenban"},
    "hazards": {
        "hazard_kind": "loaitt loaithientai loaihinh loaihinhtt loaihinhthientai thientai loainguyco loaihinhnguyco",
        "level": (
            "mucdo capdo mucdonguyco mucdoruiro mucdonc mucnguyco mucruiro mucnc capnguyco capnc capruiro capdoruiro "
            "capdorr capdorrtt phancap phanloai phanvung nguyco ruiro cap"
        ),
    },
    "flood_marks": {
        "event": "tentranlu dotlu tenlu lu sukien",
        "event_date": "ngaylu ngayxayra thoigian",
        "level_m": "mucnuoclu mnlu caodolu caodo caodinhlu dinhlu hmax hlu",
    },
    "urban_areas": {
        "name": "tendothi",
        "class_now": "loaidothi loaidt loaiht loaihientai loaihiennay loai cap",
        "class_2030": "loaiqh loaiqh2030 loaiquyhoach",
    },
    "sector_projects": {
        "project_id": "maduan ma id",
        "name": "tenduan tenda",
        "sector": "linhvuc nganhlinhvuc",
        "owner": "chudautu cdt tenchudautu",
        "status": "tiendo trangthai tinhtrangda hientrang",
    },
    "plans": {
        "plan_id": "madoan madoanqh ma id",
        "title": "tenqh tenquyhoach tendoan tendoanqh",
        "plan_kind": "loai loaihinh loaidoan loaihinhqh",
        "level": "capqh capquyhoach",
        "authority": "cqpd cqpheduyet coquanpd coquanpheduyet coquanduyet capduyet cappheduyet",
        "status": "tinhtrang hieuluc trangthaiqh",
        "scale": "tile tylebd tylebando",
        "crs_decision": "hetoado hqc hequychieu",
    },
    "plan_zones": {
        "zone_id": "maodat oso odat sohieu sohieuo kyhieuo malo lodat loso tenlo maokhu idodat",
        "plan_id": "madoan madoanqh maqhoach",
        "function": (
            "machucnang chucnangsd chucnangsdd chucnangsudung loaidatqh maloaidatqh maloaidat loaidat mdsdqh mdsdd "
            "mdsd mucdich mucdichsd qhsdd loaiqh kyhieu kyhieuld"
        ),
        "horizon": "kyqh kyquyhoach dotdau namqh namquyhoach",
    },
}  # fmt: skip


def usual_names(role: str, column: str) -> tuple[str, ...]:
    """Plain names that a column of a role often has, surest first."""
    own = _OF_ROLE.get(role, {}).get(column, "")
    return tuple(dict.fromkeys(f"{own} {_ANYWHERE.get(column, '')}".split()))
