"""What the page shows, taken from a finished run: rows, shapes, words. It computes nothing that is not in the run."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan import locale
from siteplan.outputs import prices, released, site_counts, summary, wording
from siteplan.outputs.chain import norm_changes
from siteplan.outputs.reason_words import reasons_of_sites
from siteplan.outputs.webmap import plan_cover, shapes, weighing
from siteplan.outputs.webmap.cells import Content, flags, plain, rows_of, words_of
from siteplan.runs import Run
from siteplan.tables import RESULTS


def _communes(run: Run, communes: gpd.GeoDataFrame, option: str | None, lang: str) -> Content:
    programme = run.table("programme")
    own = programme[programme["option"] == option].set_index("commune_code") if option else programme.iloc[:0]
    status = own["status"] if len(own) else pd.Series(dtype=object)
    states = [
        phase if isinstance(phase, str) and phase else plain(status.get(code))
        for code, phase in zip(communes["code"], communes["phase"], strict=True)
    ]
    inner = communes.geometry.representative_point().set_crs(communes.crs)
    built = own["build_type"] if len(own) else communes.set_index("code")["build_type"]
    seats = shapes.encode_all(gpd.GeoDataFrame(geometry=inner, crs=communes.crs), shapes.COARSE)
    columns = [c.name for c in RESULTS["communes"].columns if c.kind != "messages"]
    options = run.table("build_options")
    of_need = options[options["size_order"] == 0].set_index("commune_code")["site_id"]
    return rows_of(
        communes,
        columns,
        # the site on which the commune was ranked; the proposed one is another where the option builds less there
        need_site_id=[
            plain(of_need[code] if code in of_need.index else best)
            for code, best in zip(communes["code"], communes["best_site_id"], strict=True)
        ],
        phase_state=states,
        option_build_type=[plain(built.get(code)) for code in communes["code"]],
        what_ifs=words_of(communes["code"].map(run.what_ifs.get("communes", {})), lang),
        build_reasons=words_of(communes["build_reasons"], lang),
        no_site_reasons=words_of(communes["no_site_reasons"], lang),
        label_at=[seat[1] if seat else None for seat in seats],
        **plan_cover.commune_columns(run, list(communes["code"])),
    )


def _sites(run: Run, lang: str) -> Content:
    sites = run.table("sites")
    for name in ("land_use_main", "land_use_shares", "flood_event"):
        sites[name] = wording.cells(RESULTS["sites"].column(name), sites[name], lang)
    columns = [c.name for c in RESULTS["sites"].columns if c.kind != "messages"]
    return rows_of(
        sites,
        columns,
        reasons=reasons_of_sites(run, sites, lang),
        shift=words_of(sites["shift"], lang),
        compensation=words_of(sites["compensation"], lang),
        infrastructure=words_of(sites["infrastructure"], lang),
        shape=shapes.encode_all(sites, shapes.FINE),
    )


_CONFORMITY_COLUMNS = (
    "site_id", "plan_kind", "title", "decision_no", "decision_date", "mandatory", "conformity", "conformity_basis",
    "illustrative",
)  # fmt: skip


def _conflicts(run: Run, restricted_too: bool, lang: str) -> Content:
    conflicts = run.table("conflicts")
    hidden = flags(conflicts, "restricted") & (not restricted_too)
    columns = [c.name for c in RESULTS["conflicts"].columns if c.kind != "messages"]
    shapes_of = shapes.encode_all(conflicts, shapes.FINE)
    treatment, coordinates = words_of(conflicts["treatment"], lang), words_of(conflicts["coordinates"], lang)
    conflicts["function"] = [
        wording.function_of_rule(f, rule, lang) if isinstance(f, str) else None
        for f, rule in zip(conflicts["function"], conflicts["rule_name"], strict=True)
    ]
    if hidden.any():
        # what is withheld leaves a finding without name, size or place
        kept = {"site_id", "commune_code", "effect", "severity", "restricted"}
        for column in set(columns) - kept:
            conflicts[column] = conflicts[column].astype(object).where(~hidden, None)
        numbers = iter(range(len(conflicts)))
        conflicts["zone_id"] = [
            f"–{next(numbers)}" if h else z for h, z in zip(hidden, conflicts["zone_id"], strict=True)
        ]
        shapes_of = [None if h else s for h, s in zip(hidden, shapes_of, strict=True)]
        withheld = [locale.text("webmap.withheld", lang)]
        treatment = [withheld if h else t for h, t in zip(hidden, treatment, strict=True)]
        coordinates = [[] if h else c for h, c in zip(hidden, coordinates, strict=True)]
    return rows_of(conflicts, columns, treatment=treatment, coordinates=coordinates, shape=shapes_of)


def _opinions(run: Run, restricted_too: bool, lang: str) -> Content:
    """Opinions that stand on a site of the run; of what is withheld only that there is one."""
    opinions = run.table("opinions")
    opinions = opinions[opinions["site_id"].notna()].reset_index(drop=True)
    hidden = flags(opinions, "restricted") & (not restricted_too)
    opinions["zone_id"] = opinions["zone_id"].astype(object).where(~hidden, None)
    columns = ["site_id", "zone_id", "opinion", "officer", "opinion_date", "reason", "document", "opinion_state"]
    return rows_of(opinions, columns, state_reasons=words_of(opinions["state_reasons"], lang))


def _answers(run: Run, restricted_too: bool) -> Content:
    """Answers of the agencies; of what is withheld without the zone that was asked about."""
    answers, conflicts = run.table("agency_answers"), run.conflicts
    withheld = conflicts[flags(conflicts, "restricted") & (not restricted_too)]
    kept = set(zip(withheld["site_id"], withheld["zone_id"], strict=True))
    keys = zip(answers["site_id"], answers["zone_id"], strict=True)
    zones = pd.Series([None if key in kept else key[1] for key in keys], index=answers.index, dtype=object)
    columns = ["site_id", "agency", "zone_id", "answer", "document_no", "document_date", "conditions", "answer_state"]
    return rows_of(answers.assign(zone_id=zones), columns)


def _facilities(run: Run, option: str | None, lang: str) -> Content:
    facilities = run.table("facilities")
    surplus = run.table("surplus")
    own = (
        surplus[surplus["option"] == option]
        if option in set(surplus["option"])
        else surplus.drop_duplicates("facility_id")
    )
    own = own.set_index("facility_id")
    when = released.facilities(run).set_index("facility_id")["when"].to_dict() if option else {}
    columns = [c.name for c in RESULTS["facilities"].columns]
    points = facilities.geometry.representative_point() if len(facilities) else facilities.geometry
    shown = facilities.set_geometry(points)

    def fate(column: str) -> list[Any]:
        return [plain(own[column].get(i)) if i in own.index else None for i in facilities["facility_id"]]

    treatment = [
        t or ("keep" if k else None) for t, k in zip(fate("treatment"), flags(facilities, "kept"), strict=True)
    ]
    return rows_of(
        facilities,
        columns,
        treatment=treatment,
        free_year=fate("free_year"),
        when=[when.get(i) for i in facilities["facility_id"]],
        decided=fate("decided"),
        decision_no=fate("decision_no"),
        fate_basis=fate("legal_basis"),
        fate_reasons=words_of(fate("reasons"), lang),
        shape=shapes.encode_all(shown, shapes.FINE),
    )


def _access_points(run: Run) -> Content:
    points = run.table("access_points")
    return rows_of(
        points,
        ["commune_code", "access_minutes", "access_share_30_percent", "reached_percent", "searched_everywhere"],
        shape=shapes.encode_all(points, shapes.FINE),
    )


def _programme(run: Run, lang: str) -> Content:
    programme = run.table("programme")
    columns = [c.name for c in RESULTS["programme"].columns if c.kind != "messages" and c.name != "rests_on"]
    return rows_of(programme, columns, reasons=words_of(programme["reasons"], lang))


def _options(run: Run, lang: str) -> list[Content]:
    found = []
    for name in dict.fromkeys(run.table("programme")["option"]):
        title = run.manifest["scenario"].get("title_en" if lang == "en" else "title") if name == run.name else ""
        found.append({"key": name, "label": title or locale.value_text("option", name, lang)})
    return found


def _criteria(run: Run, lang: str) -> Content:
    out: Content = {}
    for item in run.manifest["scenario"].get("criteria", ()):
        words = item.get("label_en" if lang == "en" else "label") or item.get("label") or ""
        out[f"{item['of']}:{item['key']}"] = {
            "label": words or locale.value_text("criterion", item["key"], lang),
            "unit": item.get("unit", ""),
            "column": item.get("column") or item["key"],
            "basis": item.get("basis", ""),
            "certainty": item.get("certainty", ""),
        }
    return out


def _needs(run: Run, lang: str) -> Content:
    """Return the chain of the planned scope, as ``siteplan need explain`` prints it."""
    table = run.table("needs")
    table = table[table["scope"] == run.manifest["scenario"].get("need", {}).get("scope")]
    return rows_of(
        table,
        ["commune_code", "step", "item", "value", "unit", "legal_basis", "certainty", "binding"],
        formula=["; ".join(words) for words in words_of(table["formula"], lang)],
    )


def _three_scopes(run: Run, lang: str) -> Content:
    table = run.table("scopes")
    return rows_of(
        table,
        ["commune_code", "scope", "planned", "required_floor_area_m2", "required_land_area_m2", "binding_rule"],
        single_headquarters=words_of(table["single_headquarters"], lang),
    )


_FIGURE_COLUMNS = (
    "commune_code", "item", "basis", "reported_m2", "computed_m2", "low_m2", "high_m2", "agreed_m2", "used_m2",
    "used_from", "report_no", "report_date", "agreed_reason", "document",
)  # fmt: skip


_TOTAL_COLUMNS = ("item", "basis", "units", "reported_m2", "computed_m2", "agreed_m2", "used_m2")


def _assumptions(run: Run, lang: str) -> Content:
    table = run.table("assumptions")
    column = RESULTS["assumptions"].column("value")
    table = table.assign(value=wording.cells(column, table["value"], lang))
    return rows_of(
        table,
        ["assumption_id", "value", "unit", "legal_basis", "certainty"],
        statement=words_of(table["statement"], lang),
    )


def _sources(run: Run, restricted_too: bool) -> Content:
    table = run.table("sources")
    if not restricted_too:
        table = table[~flags(table, "restricted")]
    return rows_of(
        table, ["layer", "role", "title", "source", "data_date", "legal_basis", "licence", "illustrative", "features"]
    )


def run_content(run: Run, lang: str) -> Content:
    """Return all that the page shows of one run, without what lies behind it on the map and how it is coloured."""
    restricted_too = bool(run.manifest.get("include_restricted"))
    communes = run.table("communes")
    options = _options(run, lang)
    option = summary.option_of(run) if options else None
    scenario = run.manifest["scenario"]
    coverage = run.table("coverage")
    scores = run.table("scores")
    title = scenario.get("title_en") if lang == "en" else None
    return {
        "name": run.name,
        "title": title or scenario["title"],
        "date": str(scenario.get("date", "")),
        "created": str(run.manifest.get("created", "")),
        "catalog": str(run.manifest.get("catalog", "")),
        "version": str(run.manifest.get("version", "")),
        "frozen": run.manifest.get("frozen"),
        "illustrative": list(
            dict.fromkeys(
                wording.layer_labels(map(str, run.manifest.get("illustrative_layers", ())), lang, [run]).values()
            )
        ),
        "phases": [{"name": p["name"], "years": list(p["years"])} for p in scenario.get("phases", ())],
        "options": options,
        "option": option,
        "price_base": prices.base(run, lang),
        "criteria": _criteria(run, lang),
        "weighing": weighing.rules_of(run),
        "communes": _communes(run, communes, option, lang),
        "sites": _sites(run, lang),
        "conflicts": _conflicts(run, restricted_too, lang),
        "conformity": rows_of(site_counts.conformity_of_best(run), _CONFORMITY_COLUMNS),
        "opinions": _opinions(run, restricted_too, lang),
        "agency_answers": _answers(run, restricted_too),
        "facilities": _facilities(run, option, lang),
        "access_points": _access_points(run),
        "programme": _programme(run, lang),
        "needs": _needs(run, lang),
        "scopes": _three_scopes(run, lang),
        "figures": rows_of(run.table("figures"), _FIGURE_COLUMNS),
        "totals": rows_of(run.table("totals"), _TOTAL_COLUMNS),
        "norm_changes": norm_changes(run.table("standards"), lang),
        "scores": rows_of(
            scores,
            ["of", "subject_id", "criterion", "block", "raw", "scaled", "weight", "points", "missing"],
        ),
        "coverage": rows_of(
            coverage,
            ["commune_code", "role", "mandatory", "status", "percent", "illustrative", "data_date"],
            notes=words_of(coverage["notes"], lang),
        ),
        "assumptions": _assumptions(run, lang),
        "sources": _sources(run, restricted_too),
    }
