"""The look of every layer: names, colours, order and legend, read from ``maps/style.toml``.

One file for the map in the browser and for printed sheets, so that a colour means the same everywhere. Class tokens are
values of a column; a class without a label takes its words from the catalogue of texts (``value.<column>.<token>``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from siteplan import locale
from siteplan.errors import InputError, Problem
from siteplan.toml_files import read_toml

COLOUR = r"^#[0-9a-fA-F]{6}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Named(_Part):
    label: str = ""
    label_en: str = ""

    def words(self, lang: str, otherwise: str = "") -> str:
        """Return the name in `lang`; the Vietnamese one, then `otherwise`, where it has none."""
        chosen = self.label_en if lang == "en" else self.label
        return chosen or otherwise or self.label


class LegendClass(_Named):
    """How one value of a column looks.

    Parameters
    ----------
    fill, line
        Colours; a class without `fill` is drawn as a line only.
    width
        Width of the line in pixels.
    dash
        Dash pattern in pixels, empty for a solid line.
    fill_opacity
        0..1, before the opacity of the layer.
    radius
        Radius of a point in pixels.
    up_to
        Of a raster of numbers: the class takes the values up to this one that no class before it takes.
    """

    fill: str | None = Field(None, pattern=COLOUR)
    line: str | None = Field(None, pattern=COLOUR)
    width: float = Field(1.0, ge=0, le=12)
    dash: tuple[float, ...] = ()
    fill_opacity: float = Field(1.0, ge=0, le=1)
    radius: float = Field(4.0, gt=0, le=20)
    up_to: float | None = None


class LayerStyle(_Named):
    """One layer that is switched on and off.

    Parameters
    ----------
    group
        Key of its group in the legend.
    of
        ``result`` (drawn from the tables of a run), ``background`` (a role of the catalog) or ``image`` (a raster).
    source
        Table, role or raster it is drawn from; the key of the layer where empty.
    column
        Column whose tokens are the classes; one class ``other`` where empty.
    classes
        Token to look, in the order of the legend; ``other`` takes all other tokens.
    filters
        Further columns by whose values its rows can be ticked off, and the column whose words those values have.
    only, without
        Column to tokens: which rows belong to the layer, and which do not.
    order
        Larger is drawn above.
    simplify_m
        Tolerance in metres to which its shapes are simplified on the map in the browser.
    from_zoom
        Web-map zoom below which it is not drawn.
    """

    group: str
    of: Literal["result", "background", "image"] = "background"
    source: str = ""
    column: str = ""
    classes: Mapping[str, LegendClass] = Field(default_factory=dict)
    filters: Mapping[str, str] = Field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    visible: bool = False
    opacity: float = Field(1.0, ge=0, le=1)
    order: int = 0
    simplify_m: float = Field(0.0, ge=0)
    from_zoom: int = Field(0, ge=0, le=22)


class ThemeStyle(_Named):
    """One way to colour the communes.

    ``tokens`` gives each value of `column` the colour of its class, ``phases`` the colours of ``phase_colours`` in the
    order of the scenario's phases, ``steps`` cuts the values into as many classes as `colours` has, of equal counts,
    ``coverage`` stands for one way each kind of plan that every commune must have, by its status.
    """

    kind: Literal["tokens", "phases", "steps", "coverage"]
    column: str
    colours: tuple[str, ...] = ()
    classes: Mapping[str, LegendClass] = Field(default_factory=dict)
    unit: str = ""
    decimals: int = Field(0, ge=0, le=6)
    default: bool = False


class Style(_Part):
    """All of ``style.toml``.

    ``phase_years`` gives phases of these years ("2026", "2027-2030") a colour of their own, in every map and sheet the
    same; those of other years take the ``phase_colours`` that are left, in the order of time.
    """

    groups: Mapping[str, _Named]
    layers: Mapping[str, LayerStyle]
    themes: Mapping[str, ThemeStyle]
    phase_colours: tuple[str, ...]
    phase_years: Mapping[str, Annotated[str, Field(pattern=COLOUR)]] = Field(default_factory=dict)
    missing_colour: str = Field("#d9d9d6", pattern=COLOUR)

    def ordered_layers(self) -> list[tuple[str, LayerStyle]]:
        """Layers with their keys, lowest first."""
        return sorted(self.layers.items(), key=lambda item: item[1].order)


def class_words(layer: LayerStyle | ThemeStyle, token: str, lang: str) -> str:
    """Return what people see for a class of a layer or theme."""
    look = layer.classes.get(token)
    words = look.words(lang) if look else ""
    return words or locale.value_text(layer.column, token, lang)


def _nearest(key: str, location: tuple[int | str, ...]) -> str:
    model: type[BaseModel] = Style
    if location[:1] == ("layers",):
        model = LegendClass if "classes" in location else LayerStyle
    elif location[:1] == ("themes",):
        model = LegendClass if "classes" in location else ThemeStyle
    found = difflib.get_close_matches(key, list(model.model_fields), n=1, cutoff=0.5)
    return found[0] if found else ""


def load_style(path: Path) -> Style:
    """Read a ``style.toml``.

    Raises
    ------
    InputError
        With every problem of the file: not TOML, unknown keys with the nearest known one, wrong values, a layer of a
        group that does not exist.
    """
    raw = read_toml(path)
    try:
        style = Style.model_validate(raw)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            location = tuple(item["loc"])
            where = ".".join(str(step) for step in location)
            if item["type"] == "extra_forbidden":
                params = {"near": _nearest(str(location[-1]), location)}
                problems.append(Problem("style_key_unknown", file=str(path), column=where, params=params))
            else:
                value = repr(item.get("input"))[:60]
                params = {"detail": item["msg"]}
                problems.append(Problem("style_value", file=str(path), column=where, value=value, params=params))
        raise InputError(*problems) from None
    strange = [
        Problem("style_group_unknown", file=str(path), column=f"layers.{key}.group", value=layer.group)
        for key, layer in style.layers.items()
        if layer.group not in style.groups
    ]
    if strange:
        raise InputError(*strange)
    return style
