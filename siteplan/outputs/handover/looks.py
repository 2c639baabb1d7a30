"""How the layers of a kit look: classes over a column, in the colours of ``maps/style.toml``.

One look makes the QML, the SLD and the layer of the QGIS project, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siteplan import locale
from siteplan.outputs.handover.content import LAYERS, KitLayer
from siteplan.outputs.style import LayerStyle, LegendClass, Style, ThemeStyle, class_words
from siteplan.outputs.webmap.looks import themes

if TYPE_CHECKING:
    from siteplan.runs import Run

OTHER = "other"
Tokens = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Look:
    """One way to draw one layer of a kit.

    Parameters
    ----------
    key, name
        Key of the layer of the style, and its name for people.
    layer
        Layer of the kit.
    classes
        Token (None: a range) with bounds, words, and look. The class ``other`` takes all other tokens.
    column
        Column the classes are of; empty for one class.
    only, without
        Column to tokens: which rows belong to it.
    ranges
        Lower bounds of classes of numbers, one a class; empty for tokens.
    package
        GeoPackage the layer lies in, where a kit has several.
    """

    key: str
    name: str
    layer: KitLayer
    classes: tuple[tuple[str, str, LegendClass], ...]
    group: str
    column: str = ""
    only: Tokens = field(default_factory=dict)
    without: Tokens = field(default_factory=dict)
    ranges: tuple[tuple[float, float], ...] = ()
    opacity: float = 1.0
    visible: bool = False
    order: int = 0
    default: bool = False
    package: str = ""


def style_columns(style: Style) -> frozenset[str]:
    """Columns that some look draws by: their tokens stay as they are."""
    names = {theme.column for theme in style.themes.values()}
    for layer in style.layers.values():
        names |= {layer.column, *layer.only, *layer.without}
    return frozenset(names)


def looks_of(run: Run, layers: Sequence[KitLayer], style: Style, lang: str) -> list[Look]:
    """Return all looks of the layers of a kit, those drawn last first; each layer has one default."""
    found: list[Look] = []
    for layer in layers:
        own = _of_communes(run, layer, style, lang) if layer.theme == "communes" else _of_layer(layer, style, lang)
        found += own or [_borrowed(layer, style, lang)]
    return sorted(found, key=lambda look: (-look.order, look.layer.layer_name, not look.default, look.key))


def _of_layer(layer: KitLayer, style: Style, lang: str) -> list[Look]:
    looks: list[Look] = []
    for key, one in style.layers.items():
        if one.of == "image" or (one.source or key) != layer.theme:
            continue
        if not {c for c in (one.column, *one.only, *one.without) if c} <= set(layer.frame.columns):
            continue
        classes = tuple((token, class_words(one, token, lang), look) for token, look in one.classes.items())
        if not any(token == OTHER for token, *_ in classes):
            classes += ((OTHER, locale.text("handover.other", lang), LegendClass(fill=style.missing_colour)),)
        name = one.words(lang, key)
        if layer.mixed and len(layer.table.columns):
            name = f"{name} ({locale.text(f'dictionary.geometry.{layer.shape}', lang)})"
        looks.append(
            Look(key, name, layer, classes, one.group, one.column, one.only, one.without, opacity=one.opacity,
                 visible=one.visible, order=one.order, default=not looks)
        )  # fmt: skip
    return looks


def _borrowed(layer: KitLayer, style: Style, lang: str) -> Look:
    """Look of a theme that the style does not draw by itself: that of another one with a column of the same name."""
    classes: tuple[tuple[str, str, LegendClass], ...] = ()
    column = ""
    drawn: list[LayerStyle | ThemeStyle] = [*style.layers.values(), *style.themes.values()]
    for one in drawn:
        if not classes and one.column in layer.table.names and one.classes and one.column not in ("", "phase"):
            column = one.column
            classes = tuple((token, class_words(one, token, lang), look) for token, look in one.classes.items())
    if not any(token == OTHER for token, *_ in classes):
        words = locale.text("handover.other", lang) if classes else layer.label(lang)
        classes += ((OTHER, words, LegendClass(fill=style.missing_colour, line=style.missing_colour)),)
    groups = list(style.groups) or [""]
    group = groups[0 if layer.theme in LAYERS else -1]
    return Look(layer.theme, layer.label(lang), layer, classes, group, column, order=840, default=True)


def _of_communes(run: Run, layer: KitLayer, style: Style, lang: str) -> list[Look]:
    base = style.layers.get("communes", LayerStyle(group=next(iter(style.groups), "")))
    looks: list[Look] = []
    edge = "#808080"
    for theme in themes([run], style, lang):
        column = "phase" if theme["kind"] == "phases" else theme["column"]
        if column not in layer.frame.columns:
            continue
        missing = (OTHER, locale.text("handover.no_value", lang), LegendClass(fill=theme["missing"], line=edge))
        ranges: list[tuple[float, float]] = []
        if theme["kind"] == "steps":
            breaks, top = theme["breaks"], theme["top"]
            edges = [*breaks[1:], top if top is not None else 0.0]
            ranges = list(zip(breaks, edges, strict=True)) if breaks else []
            shown = [locale.number(v, theme["decimals"], lang) for v in (*breaks, *edges[-1:])]
            classes = tuple(
                ("", f"{a} – {b} {theme['unit']}".strip(), LegendClass(fill=colour, line=edge))
                for a, b, colour in zip(shown[:-1], shown[1:], theme["colours"], strict=True)
            )
        else:
            classes = tuple(
                (c["token"], c["label"], LegendClass(fill=c["colour"], line=edge)) for c in theme["classes"]
            )
        name = f"{base.words(lang)}: {theme['label']}" if base.words(lang) else str(theme["label"])
        looks.append(
            Look(f"communes_{theme['key']}", name, layer, (*classes, missing), base.group, column, {}, {},
                 tuple(ranges), base.opacity, base.visible and theme["default"], base.order, theme["default"])
        )  # fmt: skip
    return looks
