"""Looks as QGIS reads them: renderer, labels, names of fields and tokens, in one style document (QML)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from siteplan.outputs.handover.looks import OTHER, Look
from siteplan.outputs.style import LegendClass

MM_PER_PIXEL = 0.26
_GEOMETRY: Mapping[str, str] = {"polygon": "fill", "line": "line", "point": "marker"}
# what is written beside a feature: column, letter size, and the scale from which it is
_LABELS: Mapping[str, tuple[str, float, int]] = {
    "sites": ("label", 8, 25_000),
    "communes": ("name", 9, 1_000_000),
    "facilities": ("name", 7, 10_000),
    "urban_areas": ("name", 8, 250_000),
    "sector_projects": ("name", 7, 100_000),
    "settlements": ("name", 7, 50_000),
    "RanhGioiQuyHoach_A": ("tenDoiTuong", 8, 25_000),
    "TenDonViHanhChinh_P": ("tenDoiTuong", 9, 1_000_000),
    "DuAnLienQuan_A": ("tenDoiTuong", 7, 100_000),
}


def expression(look: Look) -> str:
    """Return the expression of QGIS whose values are the classes; rows that do not belong give NULL."""
    if not look.column and not look.only and not look.without:
        return "'other'"
    known = [token for token, *_ in look.classes if token != OTHER]
    value = "'other'"
    if look.column and known:
        value = f"CASE WHEN {_in(look.column, known)} THEN {_name(look.column)} ELSE 'other' END"
    conditions = [_in(c, tokens) for c, tokens in look.only.items()]
    conditions += [f"({_name(c)} IS NULL OR NOT {_in(c, tokens)})" for c, tokens in look.without.items()]
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _in(column: str, tokens: Sequence[str]) -> str:
    listed = ", ".join("'" + token.replace("'", "''") + "'" for token in tokens)
    return f"{_name(column)} IN ({listed})"


def _rgba(colour: str | None, opacity: float = 1.0) -> str:
    words = colour or "#000000"
    red, green, blue = (int(words[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity) if colour else 0}"


def _symbol(parent: Element, name: str, shape: str, look: LegendClass, opacity: float) -> None:
    symbol = SubElement(
        parent, "symbol", name=name, type=_GEOMETRY[shape], alpha=f"{opacity:g}", clip_to_extent="1", force_rhr="0"
    )
    width = f"{look.width * MM_PER_PIXEL:.2f}"
    dash = ";".join(f"{part * MM_PER_PIXEL:.2f}" for part in look.dash)
    line = look.line or look.fill
    if shape == "polygon":
        kind = "SimpleFill"
        options = {
            "color": _rgba(look.fill, look.fill_opacity), "style": "solid" if look.fill else "no",
            "outline_color": _rgba(look.line or look.fill), "outline_style": "dash" if dash else "solid",
            "outline_width": width, "outline_width_unit": "MM", "joinstyle": "miter",
        }  # fmt: skip
    elif shape == "line":
        kind = "SimpleLine"
        options = {
            "line_color": _rgba(line), "line_style": "solid", "line_width": width, "line_width_unit": "MM",
            "capstyle": "round", "joinstyle": "round", "use_custom_dash": "1" if dash else "0",
            "customdash": dash or "5;2", "customdash_unit": "MM",
        }  # fmt: skip
    else:
        kind = "SimpleMarker"
        options = {
            "name": "circle", "color": _rgba(look.fill or line, look.fill_opacity), "outline_color": _rgba(line),
            "outline_style": "solid", "outline_width": width, "outline_width_unit": "MM",
            "size": f"{2 * look.radius * MM_PER_PIXEL:.2f}", "size_unit": "MM",
        }  # fmt: skip
    part = SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    listed = SubElement(part, "Option", type="Map")
    for key, value in options.items():
        SubElement(listed, "Option", name=key, type="QString", value=value)
    for key, value in options.items():  # QGIS before 3.18 reads these
        SubElement(part, "prop", k=key, v=value)


def renderer(look: Look) -> Element:
    """Return the ``renderer-v2`` element of a look: categories of tokens, or graduated classes of numbers."""
    shape = look.layer.shape
    common: dict[str, Any] = {"forceraster": "0", "symbollevels": "0", "enableorderby": "0"}
    numbered = list(enumerate(look.classes))
    if look.ranges:
        # a class of numbers takes no missing ones: rule by rule, the last takes the rest
        root = Element("renderer-v2", type="RuleRenderer", **common)
        rules = SubElement(root, "rules", key=look.key)
        for at, (_, words, _look) in numbered:
            if at < len(look.ranges):
                low, high = look.ranges[at]
                more = "<=" if at == len(look.ranges) - 1 else "<"
                test = f"{_name(look.column)} >= {low!r} AND {_name(look.column)} {more} {high!r}"
            else:
                test = "ELSE"
            SubElement(rules, "rule", filter=test, symbol=str(at), label=words, key=f"{look.key}_{at}")
    else:
        root = Element("renderer-v2", type="categorizedSymbol", attr=expression(look), **common)
        listed = SubElement(root, "categories")
        for at, (token, words, _look) in numbered:
            SubElement(listed, "category", symbol=str(at), value=token, label=words, render="true", type="string")
    symbols = SubElement(root, "symbols")
    for at, (_, _, looked) in numbered:
        _symbol(symbols, str(at), shape, looked, 1.0)
    return root


def labeling(look: Look) -> Element | None:
    """Return the ``labeling`` element of a look, None where nothing is written beside its features."""
    found = _LABELS.get(look.layer.theme)
    if found is None or found[0] not in look.layer.frame.columns:
        return None
    column, size, scale = found
    root = Element("labeling", type="simple")
    settings = SubElement(root, "settings", calloutType="simple")
    style = SubElement(
        settings, "text-style", fieldName=column, isExpression="0", fontFamily="Arial", fontSize=f"{size:g}",
        fontSizeUnit="Point", fontWeight="75" if look.layer.theme == "sites" else "50", namedStyle="Regular",
        textColor="40,40,40,255", textOpacity="1", useSubstitutions="0", blendMode="0",
    )  # fmt: skip
    SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM", bufferColor="255,255,255,255",
        bufferOpacity="0.85", bufferNoFill="1", bufferJoinStyle="128", bufferBlendMode="0",
    )  # fmt: skip
    SubElement(settings, "text-format", multilineAlign="0", wrapChar="", autoWrapLength="30", formatNumbers="0")
    placement = {"polygon": "0", "line": "2", "point": "6"}[look.layer.shape]
    SubElement(settings, "placement", placement=placement, dist="1", distUnits="MM", priority="5", centroidWhole="1")
    SubElement(
        settings, "rendering", drawLabels="1", scaleVisibility="1", scaleMin="1", scaleMax=str(scale), obstacle="1",
        displayAll="0", fontLimitPixelSize="0", upsidedownLabels="0", mergeLines="0",
    )  # fmt: skip
    return root


def fields(look: Look, lang: str, words: Mapping[str, Mapping[str, str]]) -> list[Element]:
    """Return what names columns and tokens in the language of the kit: ``aliases`` and ``fieldConfiguration``."""
    aliases = Element("aliases")
    configuration = Element("fieldConfiguration")
    for at, column in enumerate(look.layer.table.columns):
        label = column.label_en if lang == "en" else column.label
        SubElement(aliases, "alias", index=str(at), field=column.name, name=label)
        one = SubElement(configuration, "field", name=column.name)
        listed = words.get(column.name)
        widget = SubElement(one, "editWidget", type="ValueMap" if listed else "TextEdit")
        if listed:
            options = SubElement(SubElement(widget, "config"), "Option", type="Map")
            entries = SubElement(options, "Option", name="map", type="List")
            for token, said in listed.items():
                entry = SubElement(entries, "Option", type="Map")
                SubElement(entry, "Option", name=said, type="QString", value=token)
    return [configuration, aliases]


def qml(look: Look, lang: str, words: Mapping[str, Mapping[str, str]]) -> Element:
    """Return the style document of QGIS."""
    root = Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling|Fields|Forms")
    root.append(renderer(look))
    written = labeling(look)
    if written is not None:
        root.append(written)
    SubElement(root, "blendMode").text = "0"
    SubElement(root, "featureBlendMode").text = "0"
    SubElement(root, "layerOpacity").text = f"{look.opacity:g}"
    root.extend(fields(look, lang, words))
    return root
