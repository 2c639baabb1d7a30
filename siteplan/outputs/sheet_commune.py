"""The printed map of one commune: sites, plans, old facilities, tables, and its proposed site from near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from siteplan import locale
from siteplan.outputs import sheet_paper as paper
from siteplan.outputs import summary
from siteplan.outputs.sheet_material import OTHER, Material, background_layers, foot, furniture, relief, title_block
from siteplan.outputs.sheet_paper import Ground, Sheet
from siteplan.outputs.sheet_text import ends_of, fitted, width_mm
from siteplan.outputs.style import LegendClass, class_words
from siteplan.outputs.webmap.cells import flags, plain

# layers of the background of a commune's sheet and of the province's, as style.toml names them
NEAR = (
    "water_areas", "urban_areas", "plans_in_force", "plans_not_in_force", "sector_projects", "waterways", "small_roads",
    "roads", "railways", "border", "services",
)  # fmt: skip
_INSET_SCALE = 5_000
_ROWS = 10
_ROWS_OF_CHOICE = 4  # of the table of sites, where it is told why one that does not rank first is proposed
_CHOICE = ("decide.place.ranked", "decide.place.longer")
BOUNDARY = LegendClass(line="#4a555e", width=1.2, dash=(6.0, 2.0, 1.0, 2.0))
OWN = LegendClass(line="#8e1b4d", width=2.8)


def draw_commune(material: Material, code: str) -> tuple[Sheet, str]:
    """Draw the sheet of one commune: A4, portrait. Returns it with its title."""
    communes, run = material.communes, material.run
    own = communes[communes["code"] == code].iloc[0]
    sheet = Sheet(210, 297, material.lang)
    kind = locale.value_text("kind", plain(own["kind"]), material.lang)
    title = material.words("commune", name=f"{kind} {own['name']}".strip())
    below = material.words("of_province", province=run.manifest["province"]["name"], code=code)
    title_block(sheet, material, title, f"{below} · {run.title}")
    facts = [
        material.words("fact_priority", rank=material.number(own["priority_rank"]), all=len(communes),
                       points=material.number(own["priority_points"], 1)),
        material.words("fact_phase", phase=material.phase_of(code)),
        material.words("fact_need", floor=material.number(own["required_floor_area_m2"]),
                       land=material.number(own["required_land_area_m2"]),
                       deficit=material.number(own["deficit_floor_area_m2"])),
    ]  # fmt: skip
    sheet.text(10, 25.6, fitted(f"{facts[0]} · {facts[1]}", 7.6, 190), 7.6)
    sheet.text(10, 29.4, fitted(facts[2], 7.6, 190), 7.6)

    frame = (15.0, 34.0, 181.0, 128.0)
    ground, legend, roles = draw_ground(sheet, material, own, frame, 4)
    sites = material.sites[material.sites["commune_code"] == code].sort_values(["rank", "site_id"], na_position="last")
    facilities = material.facilities[material.facilities["commune_code"] == code].sort_values("facility_id")
    fates = _fates(material, facilities)
    numbered = list(facilities["facility_id"])
    legend = [*_facility_marks(ground, material, facilities, fates), *legend]
    legend = [*_site_marks(ground, material, sites), *legend]
    name_neighbours(ground, material, code)

    best = sites[flags(sites, "is_best")]
    if len(best):
        draw_inset(sheet, material, best.iloc[0], (15.0, 174.0, 60.0, 60.0))
    else:
        sheet.text(15, 176, material.words("no_site"), 8, bold=True)
    lines = [(material.words("boundary"), BOUNDARY, False), *legend]
    sheet.text(81, 171, material.words("legend"), 8, bold=True, colour=paper.DEEP)
    sheet.legend(81, 175, 116, 212, lines)
    furniture(sheet, material, ground, 81, 229)

    _site_table(sheet, material, sites)
    _facility_table(sheet, material, facilities, fates, numbered)
    foot(sheet, material, roles | {"communes", "facilities"})
    return sheet, title


def draw_ground(
    sheet: Sheet, material: Material, own: Any, frame: paper.Box, margin_mm: float
) -> tuple[Ground, list[Any], set[str]]:
    """Draw a commune with what lies around it into a frame; returns the map, lines of its legend, roles shown."""
    west, south, east, north = shapely.bounds(own.geometry)
    scale = paper.scale_for((west, south, east, north), frame[2] - 2 * margin_mm, frame[3] - 2 * margin_mm)
    ground = sheet.map(*frame, ((west + east) / 2, (south + north) / 2), scale)
    relief(ground, material)
    legend, roles = background_layers(ground, material, NEAR, 0.45)
    ground.shapes(material.communes.geometry.to_numpy(), BOUNDARY, 90)
    ground.shapes([own.geometry], OWN, 91)
    return ground, legend, roles


def name_neighbours(ground: Ground, material: Material, code: str) -> None:
    """Write the names of the other communes whose middle is on the map."""
    others = material.communes[material.communes["code"] != code]
    window = shapely.box(*ground.window)
    for middle, name in zip(shapely.point_on_surface(others.geometry.to_numpy()), others["name"], strict=True):
        if shapely.intersects(middle, window):
            ground.label(middle.x, middle.y, str(name), 6)


def _site_marks(ground: Ground, material: Material, sites: Any) -> list[Any]:
    layer = material.style.layers["sites"]
    drawn: list[Any] = []
    for key_of_class, look in layer.classes.items():
        known = sites["check_result"].isin(list(layer.classes))
        of = sites[(sites["check_result"] == key_of_class) if key_of_class != OTHER else ~known]
        if of.empty:
            continue
        ground.shapes(of.geometry.to_numpy(), LegendClass(fill=look.fill, line=look.fill, width=1), 93, 0.5)
        ground.points(shapely.get_coordinates(shapely.point_on_surface(of.geometry.to_numpy())), look, 94, 4.4)
        drawn.append((class_words(layer, key_of_class, material.lang), look, True))
    for site in sites.sort_values("rank", ascending=False).itertuples():
        place = shapely.point_on_surface(site.geometry)
        chosen = bool(plain(site.is_best))
        if chosen:
            ground.axes.plot(
                place.x, place.y, marker="o", markersize=8, markerfacecolor="none", markeredgecolor=paper.INK,
                markeredgewidth=1.2, zorder=95,
            )  # fmt: skip
        ground.label(place.x, place.y, str(site.label), 7 if chosen else 5.6, bold=chosen, below_mm=-2.8)
    return [(layer.words(material.lang, "sites"), None, False), *drawn] if drawn else []


def _fates(material: Material, facilities: Any) -> list[str | None]:
    """Return what becomes of each facility: as the run's own option says, else kept or not settled."""
    option = summary.option_of(material.run)
    rows = material.surplus
    own = rows[rows["option"] == option] if option in set(rows["option"]) else rows.drop_duplicates("facility_id")
    treatment = own.set_index("facility_id")["treatment"]
    kept = flags(facilities, "kept")
    return [
        plain(treatment.get(i)) or ("keep" if k else None) for i, k in zip(facilities["facility_id"], kept, strict=True)
    ]


def _facility_marks(ground: Ground, material: Material, facilities: Any, fates: Sequence[str | None]) -> list[Any]:
    layer = material.style.layers["facilities"]
    drawn: dict[str, Any] = {}
    for number, (shape, fate) in enumerate(zip(facilities.geometry, fates, strict=True), start=1):
        if shape is None or shape.is_empty:
            continue
        token = fate if fate is not None and fate in layer.classes else OTHER
        look = layer.classes[token] if token in layer.classes else LegendClass(fill="#8b9096")
        place = shapely.point_on_surface(shape)
        ground.axes.plot(
            place.x, place.y, marker="s", markersize=4.2, color=look.fill, markeredgecolor="white",
            markeredgewidth=0.5, zorder=92,
        )  # fmt: skip
        ground.label(place.x, place.y, str(number), 5, below_mm=2.3)
        drawn[token] = (class_words(layer, token, material.lang), look, True)
    return [(layer.words(material.lang, "facilities"), None, False), *drawn.values()] if drawn else []


def draw_inset(sheet: Sheet, material: Material, site: Any, frame: paper.Box) -> None:
    """Draw the proposed site at a scale at which its plot can be seen, with the findings on it."""
    west, south, east, north = shapely.bounds(site.geometry)
    scale = max(_INSET_SCALE, paper.scale_for((west, south, east, north), frame[2] - 10, frame[3] - 10))
    ground = sheet.map(*frame, ((west + east) / 2, (south + north) / 2), scale)
    background_layers(ground, material, NEAR, 0.5)
    of = material.conflicts[material.conflicts["site_id"] == site.site_id]
    layer = material.style.layers["conflicts"]
    for key_of_class, look in layer.classes.items():
        ground.shapes(of.geometry.to_numpy()[(of["effect"] == key_of_class).to_numpy()], look, 88, 0.7)
    ground.shapes([site.geometry], LegendClass(line="#0b3c63", width=4), 93)
    ground.grid()
    words = material.words("proposed_inset", label=plain(site.label) or site.site_id, scale=material.number(scale))
    sheet.text(frame[0], frame[1] - 4.6, fitted(words, 7, frame[2], bold=True), 7, bold=True, colour=paper.DEEP)


def _site_table(sheet: Sheet, material: Material, sites: Any) -> None:
    x, y = 10.0, 242.0
    sheet.text(x, y, material.words("sites"), 8, bold=True, colour=paper.DEEP)
    # the proposed site is told even where it ranks low, because the commune stays where it is
    known = sites.reset_index(drop=True)
    why = _choice(known[flags(known, "is_best")], material.lang)
    most = _ROWS - 1 - (_ROWS_OF_CHOICE if why else 0)
    shown = known[(known.index < most - 1) | flags(known, "is_best")].head(most)
    rows = [
        [
            material.number(s["rank"]), s["label"], material.number(s["score"], 1), material.number(s["area_m2"]),
            locale.value_text("check_result", plain(s["check_result"]), material.lang),
        ]
        for s in shown.to_dict("records")
    ]  # fmt: skip
    headings = [material.words(k) for k in ("rank", "letter", "score", "area", "check")]
    best = [i for i, chosen in enumerate(flags(shown, "is_best")) if chosen]
    y = sheet.table(x, y + 4, (8, 14, 10, 17, 31), headings, rows, right=(0, 2, 3), size=5.8, step=3.2, bold_rows=best)
    _more(sheet, material, x, y, len(sites), len(rows))
    if why:
        sheet.paragraph(x, y + 3.4, why, 5.8, 80, 4)


def _choice(best: Any, lang: str) -> str:
    """Say why a site is proposed that does not rank first, as its reasons have it; empty for others."""
    told = [message for reasons in best["reasons"] for message in locale.decode(reasons) if message[0] in _CHOICE]
    return "; ".join(locale.text(key, lang, **params) for key, params in told)


def _facility_table(
    sheet: Sheet, material: Material, facilities: Any, fates: Sequence[str | None], numbered: Sequence[str]
) -> None:
    x, y = 95.0, 242.0
    sheet.text(x, y, material.words("facilities"), 8, bold=True, colour=paper.DEEP)
    free = material.surplus.drop_duplicates("facility_id").set_index("facility_id")["free_year"]
    rows = [
        [
            str(at + 1), ends_of(f["name"] or f["facility_id"], 5.3, 41.3), material.number(f["land_area_m2"]),
            material.number(f["floor_area_m2"]), _fate_words(fates[at], material.lang),
            str(plain(free.get(numbered[at])) or "–"),
        ]
        for at, f in enumerate(facilities.head(_ROWS - 1).to_dict("records"))
    ]  # fmt: skip
    headings = ["", *(material.words(k) for k in ("facility", "land", "floor", "fate", "free"))]
    y = sheet.table(x, y + 4, (4, 42.5, 10, 10.5, 26, 12), headings, rows, right=(2, 3, 5), size=5.3, step=3.2)
    _more(sheet, material, x, y, len(facilities), len(rows))


def _fate_words(fate: str | None, lang: str) -> str:
    """Words of what becomes of a facility; the legend tells what a long one holds in its brackets."""
    words = locale.value_text("treatment", fate, lang) or "–"
    return words if width_mm(words, 5.3) <= 24.8 else words.partition(" (")[0]


def _more(sheet: Sheet, material: Material, x: float, y: float, all_of: int, shown: int) -> None:
    if all_of == 0:
        sheet.text(x, y, material.words("none"), 6, colour=paper.SOFT)
    elif all_of > shown:
        sheet.text(x, y, material.words("more", count=all_of - shown), 6, colour=paper.SOFT)
