"""Looks as other programs read them: Styled Layer Descriptor 1.1 (OGC 05-078r4, symbology OGC 05-077r4)."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from siteplan.outputs.handover.looks import OTHER, Look
from siteplan.outputs.style import LegendClass

_NAMESPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:se": "http://www.opengis.net/se",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "version": "1.1.0",
}


def sld(look: Look) -> Element:
    """Return the Styled Layer Descriptor 1.1 of a look."""
    root = Element("StyledLayerDescriptor", _NAMESPACES)
    named = SubElement(root, "NamedLayer")
    SubElement(named, "se:Name").text = look.layer.layer_name
    user = SubElement(named, "UserStyle")
    SubElement(user, "se:Name").text = look.key
    kind = SubElement(user, "se:FeatureTypeStyle")
    for at, (token, words, looked) in enumerate(look.classes):
        rule = SubElement(kind, "se:Rule")
        SubElement(rule, "se:Name").text = words
        _filter(rule, look, token, at)
        _symbolizer(rule, look.layer.shape, looked, look.opacity)
    return root


def _filter(rule: Element, look: Look, token: str, at: int) -> None:
    tests: list[Element] = []
    if look.ranges and at < len(look.ranges):
        low, high = look.ranges[at]
        tests.append(_compare("PropertyIsGreaterThanOrEqualTo", look.column, repr(low)))
        last = at == len(look.ranges) - 1
        tests.append(_compare(f"PropertyIsLessThan{'OrEqualTo' if last else ''}", look.column, repr(high)))
    elif token != OTHER and look.column:
        tests.append(_compare("PropertyIsEqualTo", look.column, token))
    elif len(look.classes) > 1 and not (look.only or look.without):
        SubElement(rule, "se:ElseFilter")
        return
    elif look.column:
        tests += [
            _not(_compare("PropertyIsEqualTo", look.column, known)) for known, *_ in look.classes if known != OTHER
        ]
    for column, tokens in look.only.items():
        tests.append(_either([_compare("PropertyIsEqualTo", column, one) for one in tokens]))
    for column, tokens in look.without.items():
        tests += [_not(_compare("PropertyIsEqualTo", column, one)) for one in tokens]
    if tests:
        holder = SubElement(rule, "ogc:Filter")
        if len(tests) > 1:
            holder = SubElement(holder, "ogc:And")
        holder.extend(tests)


def _compare(kind: str, column: str, value: str) -> Element:
    root = Element(f"ogc:{kind}")
    SubElement(root, "ogc:PropertyName").text = column
    SubElement(root, "ogc:Literal").text = value
    return root


def _either(tests: list[Element]) -> Element:
    if len(tests) == 1:
        return tests[0]
    root = Element("ogc:Or")
    root.extend(tests)
    return root


def _not(test: Element) -> Element:
    root = Element("ogc:Not")
    root.append(test)
    return root


def _symbolizer(rule: Element, shape: str, look: LegendClass, opacity: float) -> None:
    def parameter(parent: Element, name: str, value: Any) -> None:
        SubElement(parent, "se:SvgParameter", name=name).text = str(value)

    line = look.line or look.fill or "#000000"
    if shape == "point":
        graphic = SubElement(SubElement(rule, "se:PointSymbolizer"), "se:Graphic")
        holder = SubElement(graphic, "se:Mark")
        SubElement(holder, "se:WellKnownName").text = "circle"
    elif shape == "line":
        holder = SubElement(rule, "se:LineSymbolizer")
    else:
        holder = SubElement(rule, "se:PolygonSymbolizer")
    if shape != "line" and look.fill:
        fill = SubElement(holder, "se:Fill")
        parameter(fill, "fill", look.fill)
        parameter(fill, "fill-opacity", f"{look.fill_opacity * opacity:g}")
    stroke = SubElement(holder, "se:Stroke")
    parameter(stroke, "stroke", line)
    parameter(stroke, "stroke-width", f"{look.width:g}")
    if look.dash:
        parameter(stroke, "stroke-dasharray", " ".join(f"{part:g}" for part in look.dash))
    if shape == "point":
        SubElement(graphic, "se:Size").text = f"{2 * look.radius:g}"
