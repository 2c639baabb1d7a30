"""The picture on a site sheet of the dossier: where the proposed site lies in its commune, and its plot from near."""

from __future__ import annotations

from typing import Any

import shapely

from siteplan.outputs import sheet_paper as paper
from siteplan.outputs.dossier_pictures import SITE_WIDTH_MM
from siteplan.outputs.sheet_commune import OWN, draw_ground, draw_inset, name_neighbours
from siteplan.outputs.sheet_material import Material, furniture, sources_line
from siteplan.outputs.sheet_paper import Sheet
from siteplan.outputs.style import LegendClass
from siteplan.outputs.webmap.cells import flags, plain

# upright page of the dossier inside its margins, less what stands above the picture
HEIGHT_MM = 150.0
_MAIN = (5.0, 4.0, 100.0, 98.0)
_NEAR_FRAME = (113.0, 10.0, 46.0, 46.0)
_LEGEND = (5.0, 112.5, 155.0, 138.0)  # left, first line, width, last line
_SITE = LegendClass(fill="#0b3c63", line="#ffffff")


def draw_site(material: Material, code: str) -> Sheet:
    """Draw the proposed site of a commune: in the commune, and at 1:5,000 with the findings on its plot.

    Raises
    ------
    IndexError
        Where the commune has no proposed site.
    """
    own = material.communes[material.communes["code"] == code].iloc[0]
    sites = material.sites[material.sites["commune_code"] == code]
    best = sites[flags(sites, "is_best")].iloc[0]
    sheet = Sheet(SITE_WIDTH_MM, HEIGHT_MM, material.lang)
    ground, legend, roles = draw_ground(sheet, material, own, _MAIN, 2)
    place = shapely.point_on_surface(best.geometry)
    ground.points(shapely.get_coordinates([place]), _SITE, 94, 7)
    ground.label(place.x, place.y, str(plain(best["label"]) or best["site_id"]), 7.5, bold=True, below_mm=-3.2)
    name_neighbours(ground, material, code)
    draw_inset(sheet, material, best, _NEAR_FRAME)
    lines: list[Any] = [
        (material.words("proposed", label=plain(best["label"]) or best["site_id"]), _SITE, True),
        (material.words("boundary"), OWN, False),
        *legend,
    ]
    left, top, width, low = _LEGEND
    sheet.text(left, top - 3.7, material.words("legend"), 7.5, bold=True, colour=paper.DEEP)
    sheet.legend(left, top, width, low, lines)
    furniture(sheet, material, ground, 110, 90, room=53)
    sheet.paragraph(left, 144.5, sources_line(material, roles | {"communes", "sites"}), 5.8, width, 2)
    return sheet
