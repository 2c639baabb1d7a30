"""What templates of the dossier may print: figures of the results as text, by name.

The names are those of the guide (docs/huong-dan.md): Vietnamese without accents, because the department writes
them into its own templates.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from siteplan.outputs import dossier_funds, prices, released, run_words, site_counts, summary, wording
from siteplan.outputs.dossier_sites import counted_sites, reservation_of_sites
from siteplan.outputs.dossier_state import total_of
from siteplan.outputs.templates import value
from siteplan.tables.parts import BUILD_TYPES

if TYPE_CHECKING:
    from siteplan.outputs.writer import Writer
    from siteplan.runs import Run

STATUSES = ("planned", "waiting", "not_needed")


def values_of(writer: Writer) -> dict[str, Any]:
    """Return the variables of the templates: texts, and ``phuong_an``, a list with one mapping an option."""
    run = writer.run
    kind, name = run_words.province_of(run)
    title = writer.words("abstract", kind=kind, name=name)
    assumptions = run.table("assumptions")["certainty"].value_counts()
    found: dict[str, Any] = {
        "loai_tinh": kind,
        "ten_tinh": name,
        "tinh": f"{kind} {name}".strip(),
        "dia_danh": name,
        "co_quan": writer.words("body"),
        "co_quan_cap_tren": writer.words("parent_body", kind=kind, name=name),
        "ten_de_an": title,
        "ten_de_an_trong_cau": title[:1].lower() + title[1:],
        "ngay_so_lieu": wording.day(str(run.manifest.get("created", "")), writer.lang),
        "so_gia_dinh": writer.number(int(assumptions.sum())),
        "so_chua_kiem_chung": writer.number(int(assumptions.get("R", 0))),
        **_need(writer),
        **_sites(writer),
    }
    listed: dict[str, Any] = {name: value(words) for name, words in found.items()}
    listed["phuong_an"] = [{k: value(v) for k, v in _option(writer, one).items()} for one in writer.runs]
    return listed


def _need(writer: Writer) -> dict[str, str]:
    communes, total = writer.run.communes, total_of(writer.run)
    wards = int((communes["kind"] == "phường").sum())
    areas = {
        "san_hien_co": "existing_floor_area_m2", "dat_hien_co": "existing_land_area_m2",
        "san_can": "required_floor_area_m2", "dat_can": "required_land_area_m2",
        "san_thieu": "deficit_floor_area_m2", "san_mo_rong": "extension_floor_area_m2",
        "dat_mo_rong": "extension_land_area_m2", "san_xay_moi": "new_floor_area_m2", "dat_xay_moi": "new_land_area_m2",
    }  # fmt: skip
    builds, states = communes["build_type"].value_counts(), communes["report_state"].value_counts()
    counts = {
        "so_don_vi": len(communes),
        "so_xa": len(communes) - wards,
        "so_phuong": wards,
        "so_xa_bien_gioi": int(summary.flags(communes["is_border"]).sum()),
        "so_phuong_trung_tam": int(summary.flags(communes["is_central_ward"]).sum()),
        "dan_so": summary.add_up(communes["population"]),
        "so_khong_phai_dau_tu": int(builds.get("none", 0)),
        "so_cai_tao": int(builds.get("renovate", 0)),
        "so_mo_rong": int(builds.get("extend", 0)),
        "so_xay_moi": int(builds.get("build_new", 0)),
        "so_bao_cao_du": int(states.get("answered", 0)),
        "so_chua_bao_cao_du": len(communes) - int(states.get("answered", 0)),
        "so_co_so": len(writer.run.facilities),
    }
    return {
        **{name: writer.m2(total[column]) for name, column in areas.items()},
        "hinh_thuc_dau_tu": writer.counted("build", {kind: int(builds.get(kind, 0)) for kind in BUILD_TYPES}),
        **{name: writer.number(count) for name, count in counts.items()},
    }


def _sites(writer: Writer) -> dict[str, str]:
    names = {
        "so_vi_tri_khong_vuong": "clear", "so_vi_tri_khong_vuong_da_biet": "clear_of_known_plans",
        "so_vi_tri_co_dieu_kien": "conditional", "so_vi_tri_bi_vuong": "blocked",
    }  # fmt: skip

    def count_of(token: str) -> str:
        return writer.beside(
            lambda run: writer.number(int((site_counts.proposed_sites(run)["check_result"] == token).sum()))
        )

    return {
        "so_vi_tri_xem_xet": writer.number(len(writer.run.sites)),
        "so_vi_tri_de_xuat": writer.beside(lambda run: writer.number(len(site_counts.proposed_sites(run)))),
        "so_chua_co_vi_tri": writer.beside(lambda run: writer.number(int(run.communes["best_site_id"].isna().sum()))),
        **{name: count_of(token) for name, token in names.items()},
        "luu_y_ve_vi_tri": reservation_of_sites(writer),
        "ket_qua_vi_tri": writer.beside(partial(counted_sites, writer)),
    }


def _option(writer: Writer, run: Run) -> dict[str, str]:
    rows = summary.programme(run)
    states = rows["status"].value_counts()
    planned = rows[rows["status"] == "planned"]
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    freed, parts = released.facilities(run), released.parts_of(run)
    found = {
        "ten": run_words.title_of(run, writer.lang),
        "bo_tri": writer.counted("status", {status: int(states.get(status, 0)) for status in STATUSES}),
        "so_bo_tri": writer.number(int(states.get("planned", 0))),
        "so_cho": writer.number(int(states.get("waiting", 0))),
        "so_khong_phai_dau_tu": writer.number(int(states.get("not_needed", 0))),
        "tong_muc_dau_tu": prices.at_price_year(
            writer.money(summary.add_up(planned["cost_at_price_year"])), run, writer.lang
        ),
        "dan_so_phuc_vu": writer.number(summary.add_up(planned["population"])),
        "loai_von": dossier_funds.kind_words(run, writer.lang),
        "luu_y_ve_von": dossier_funds.reservations_of(run, writer.lang),
        "so_co_so_xu_ly": writer.number(parts.total),
        "so_co_so_de_nghi": writer.number(parts.asked),
        "so_co_so_con_dung": writer.number(parts.waiting),
        "so_co_so_da_quyet_dinh": writer.number(parts.decided),
        "thoi_diem_doi_du": writer.counted("released", released.by_when(run), between="; "),
        "san_xu_ly": writer.m2(summary.add_up(freed["floor_area_m2"])),
        "dat_xu_ly": writer.m2(summary.add_up(freed["land_area_m2"])),
        "tong_von": "", "nam_dau": "", "nam_cuoi": "", "nam_cao_nhat": "", "von_nam_cao_nhat": "",
    }  # fmt: skip
    if len(money):
        peak = money.sort_values([summary.TOTAL, "year"], ascending=[False, True], kind="stable").iloc[0]
        found |= {
            "tong_von": prices.as_paid(writer.money(float(money[summary.TOTAL].sum())), writer.lang),
            "nam_dau": str(int(money["year"].min())),
            "nam_cuoi": str(int(money["year"].max())),
            "nam_cao_nhat": str(int(peak["year"])),
            "von_nam_cao_nhat": writer.money(float(peak[summary.TOTAL])),
        }
    return found
