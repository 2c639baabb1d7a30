"""A sheet of paper in millimetres, drawn by matplotlib: text, tables, maps at a stated scale with a coordinate grid.

Text from data is text: no math markup, no character the font does not have. The font is embedded.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from siteplan import locale
from siteplan.errors import NoSpaceError, Problem
from siteplan.outputs.sheet_letters import Line
from siteplan.outputs.sheet_text import MM, drawable, fitted, lines_of, width_mm
from siteplan.outputs.style import LegendClass

INK, SOFT, DEEP, WARM = "#1d2b36", "#5a6772", "#103a5c", "#b3261e"
_THOUSANDS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 200, 250, 300, 400, 500, 600, 750)
SCALES = (500, *(1_000 * k for k in _THOUSANDS), 1_000_000, 1_250_000, 1_500_000, 2_000_000, 5_000_000)
_GRID_MM = 32.0  # least distance of grid lines
_DPI = 110
_LEGEND_STEPS_MM = (3.2, 2.9, 2.7, 2.5)  # from line to line; the letters keep their share
_STYLE = {"pdf.fonttype": 42, "text.parse_math": False, "axes.unicode_minus": False, "text.hinting": "none"}

Box = tuple[float, float, float, float]


def scale_for(bounds: Box, width: float, height: float) -> int:
    """Return the largest usual scale at which `bounds` (metres) stand in a frame of `width` by `height` mm."""
    least = max((bounds[2] - bounds[0]) / width, (bounds[3] - bounds[1]) / height) * 1000
    return next((scale for scale in SCALES if scale >= least), SCALES[-1])


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9)))


class Sheet:
    """A sheet; x from the left and y from the top, mm. One not printed `to_size` tells no scale in figures."""

    def __init__(self, width: float, height: float, lang: str, *, to_size: bool = True) -> None:
        self.width, self.height, self.lang, self.to_size = width, height, lang, to_size
        self.figure = Figure(figsize=(width / MM, height / MM))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in the figure's own shares."""
        return x / self.width, 1 - y / self.height

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        bold: bool = False,
        colour: str = INK,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Write one line; `y` is its base line."""
        self._write(Line(*self.at(x, y), drawable(words), size, bold=bold, color=colour, ha=align))

    def upright(self, x: float, y: float, words: str, size: float) -> None:
        """Write one line from below upwards, its middle at a place."""
        line = Line(*self.at(x, y), drawable(words), size, middle=True, color=SOFT, ha="center", rotation=90)
        self._write(line)

    def _write(self, line: Line) -> None:
        line.set_figure(self.figure)
        line.set_transform(self.figure.transFigure)
        self.figure.texts.append(line)

    def paragraph(self, x: float, y: float, words: str, size: float, room: float, most: int) -> float:
        """Write lines; return the base line of the next."""
        step = size * 0.352778 * 1.32
        for line in lines_of(words, size, room, most):
            self.text(x, y, line, size, colour=SOFT)
            y += step
        return y

    def rectangle(self, x: float, y: float, width: float, height: float, **look: Any) -> None:
        """Draw a rectangle whose upper left corner is given."""
        left, top = self.at(x, y)
        drawn: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 0.6, **look}
        shape = Rectangle(
            (left, top - height / self.height), width / self.width, height / self.height,
            transform=self.figure.transFigure, **drawn,
        )  # fmt: skip
        self.figure.add_artist(shape)

    def rule(self, x: float, y: float, width: float, colour: str = SOFT, thick: float = 0.4) -> None:
        """Draw a horizontal line."""
        (left, level), (right, _) = self.at(x, y), self.at(x + width, y)
        self.figure.add_artist(mpl.lines.Line2D([left, right], [level, level], color=colour, linewidth=thick))

    def table(
        self,
        x: float,
        y: float,
        widths: Sequence[float],
        headings: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        right: Sequence[int] = (),
        size: float = 6.5,
        step: float = 3.6,
        bold_rows: Sequence[int] = (),
    ) -> float:
        """Write a table; columns in `right` stand to the right. Returns the base line below it."""
        edges = np.concatenate([[0.0], np.cumsum(widths)])
        total = float(edges[-1])
        for number, row in enumerate([headings, *rows]):
            for at, cell in enumerate(row):
                strong = number == 0 or number - 1 in bold_rows
                room = widths[at] - 1.2
                place = x + (float(edges[at + 1]) - 0.8 if at in right else float(edges[at]) + 0.4)
                self.text(
                    place, y, fitted(cell, size, room, strong), size, bold=strong, colour=DEEP if number == 0 else INK,
                    align="right" if at in right else "left",
                )  # fmt: skip
            self.rule(x, y + step * 0.3, total, thick=0.6 if number == 0 else 0.2)
            y += step
        return y

    def map(self, x: float, y: float, width: float, height: float, centre: tuple[float, float], scale: int) -> Ground:
        """Add a map whose frame has its upper left corner at `x`, `y`; `centre` in metres."""
        left, top = self.at(x, y)
        axes = self.figure.add_axes(
            (left, top - height / self.height, width / self.width, height / self.height), facecolor="#f7f7f4"
        )
        return Ground(self, axes, (x, y, width, height), centre, scale)

    def swatch(self, x: float, y: float, look: LegendClass, point: bool = False) -> None:
        """Draw the sign of a class of the legend; `y` is the base line of its text."""
        left, level = self.at(x + 2.2, y - 0.8)
        if point:
            dot = mpl.lines.Line2D(
                [left], [level], marker="o", markersize=4.4, color=look.fill or look.line or INK,
                markeredgecolor="white", markeredgewidth=0.4,
            )  # fmt: skip
            self.figure.add_artist(dot)
        elif look.fill:
            self.rectangle(
                x, y - 2.0, 4.4, 2.4, fill=True, facecolor=look.fill, alpha=max(look.fill_opacity, 0.35),
                edgecolor=look.line or "#8a8f94", linewidth=0.4,
            )  # fmt: skip
        else:
            (start, _), (end, _) = self.at(x, y), self.at(x + 4.4, y)
            line = mpl.lines.Line2D(
                [start, end], [level, level], color=look.line or INK, linewidth=max(0.5, look.width * 0.6),
                linestyle=_dash(look),
            )  # fmt: skip
            self.figure.add_artist(line)

    def legend(
        self, x: float, y: float, width: float, bottom: float, lines: Sequence[tuple[str, LegendClass | None, bool]]
    ) -> float:
        """Write the legend: words, sign (None is a heading), whether a point.

        It fills as many columns down to `bottom` as it needs, each as wide as its words; where they are together wider
        than `width` the letters become smaller, and only below the smallest size words are cut.
        """
        for step, whole in ((step, whole) for step in _LEGEND_STEPS_MM for whole in (True, False)):
            size = 6.3 * step / _LEGEND_STEPS_MM[0]
            columns = _columns(lines, max(2, int((bottom - y) / step) + 1), whole=whole)
            widths = [max(_line_mm(words, look, size) for words, look, _ in column) for column in columns]
            if sum(widths) <= width:
                break
        share = min(1.0, width / sum(widths)) if widths else 1.0
        below = y
        for column, natural in zip(columns, widths, strict=True):
            room, below = natural * share, y
            for words, look, point in column:
                if look is None:
                    self.text(
                        x, below, fitted(words, size * 1.08, room - 1, bold=True), size * 1.08, bold=True, colour=DEEP
                    )
                else:
                    self.swatch(x, below, look, point)
                    self.text(x + 6, below, fitted(words, size, room - 7.5), size)
                below += step
            x += room
        return below

    def north(self, x: float, y: float) -> None:
        """Draw the arrow to grid north; `x`, `y` is its foot."""
        for side, fill in ((1, INK), (-1, "white")):
            corners = [self.at(x, y - 12), self.at(x + 2.6 * side, y), self.at(x, y - 2.4)]
            self.figure.add_artist(
                Polygon(
                    corners,
                    closed=True,
                    transform=self.figure.transFigure,
                    facecolor=fill,
                    edgecolor=INK,
                    linewidth=0.5,
                )
            )
        self.text(x, y - 13, locale.text("sheets.north", self.lang), 9, bold=True, align="center")

    def scale_bar(self, x: float, y: float, scale: int, longest: float = 50.0) -> None:
        """Draw a bar of a round length, at most `longest` mm, with the scale in figures above it where it will hold."""
        metres = nice_step(longest * scale / 1000 / 2.5)
        length = metres / scale * 1000
        if self.to_size:
            words = locale.text("sheets.scale", self.lang, scale=locale.number(scale, 0, self.lang))
            self.text(x, y - 4, words, 8, bold=True)
        for part in range(4):
            self.rectangle(
                x + part * length / 4, y - 2.6, length / 4, 1.4, fill=True, facecolor=INK if part % 2 == 0 else "white"
            )
        unit, size = ("km", 1000.0) if metres >= 1000 else ("m", 1.0)
        for share in (0.0, 0.5, 1.0):
            value = metres * share / size
            words = locale.number(value, 0 if float(value).is_integer() else 1, self.lang)
            self.text(x + share * length, y + 1.6, words + (f" {unit}" if share == 1 else ""), 6, align="center")

    def save(self, path: Path, title: str) -> list[Path]:
        """Write the sheet as PDF and PNG beside each other; :class:`NoSpaceError` where they cannot be written."""
        files = [path.with_suffix(".pdf"), path.with_suffix(".png")]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with mpl.rc_context(cast("Any", _STYLE)):
                stamp = {"Title": drawable(title, 200), "Creator": "siteplan", "Producer": None, "CreationDate": None}
                self.figure.savefig(files[0], metadata=cast("Any", stamp))
                self._picture(files[1], title)
        except OSError as error:
            raise NoSpaceError(Problem("sheet_not_written", file=str(path), value=str(error))) from None
        return files

    def _picture(self, file: Path, title: str) -> None:
        told = PngInfo()
        told.add_itxt("Title", drawable(title, 200))
        self._drawn(_DPI).save(file, "png", compress_level=2, dpi=(_DPI, _DPI), pnginfo=told)

    def _drawn(self, dpi: int) -> Image.Image:
        self.figure.set_dpi(dpi)
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        # the paper is opaque: a fourth channel would only be packed for nothing
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")

    def png(self, dpi: int) -> bytes:
        """Return the sheet as a picture for a document, in 256 colours: a third of the size, as good on paper."""
        out = io.BytesIO()
        with mpl.rc_context(cast("Any", _STYLE)):
            self._drawn(dpi).quantize(256, Image.Quantize.FASTOCTREE).save(out, "png", compress_level=6, dpi=(dpi, dpi))
        return out.getvalue()


def _dash(look: LegendClass) -> Any:
    return (0, tuple(max(1.0, d * 0.8) for d in look.dash)) if look.dash else "solid"


class Ground:
    """A map on a sheet: metres of the province's CRS in a frame of millimetres."""

    def __init__(self, sheet: Sheet, axes: Axes, frame: Box, centre: tuple[float, float], scale: int) -> None:
        self.sheet, self.axes, self.frame, self.scale = sheet, axes, frame, scale
        half_x, half_y = frame[2] * scale / 2000, frame[3] * scale / 2000
        self.window: Box = (centre[0] - half_x, centre[1] - half_y, centre[0] + half_x, centre[1] + half_y)
        axes.set_xlim(self.window[0], self.window[2])
        axes.set_ylim(self.window[1], self.window[3])
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_linewidth(0.9)
            spine.set_color(INK)

    def clip(self, geometries: Any) -> Any:
        """Return what of `geometries` lies in the window, empty parts left out."""
        near = geometries[shapely.intersects(geometries, shapely.box(*self.window))]
        margin = 0.01 * (self.window[2] - self.window[0])
        west, south, east, north = self.window
        cut = shapely.clip_by_rect(near, west - margin, south - margin, east + margin, north + margin)
        return cut[~shapely.is_empty(cut)]

    def shapes(self, geometries: Any, look: LegendClass, order: float, opacity: float = 1.0) -> int:
        """Draw shapes of one class; return how many stand in the window."""
        inside = self.clip(np.asarray(geometries, dtype=object))
        if not len(inside):
            return 0
        parts = shapely.get_parts(shapely.get_parts(inside))
        dimension = shapely.get_dimensions(parts)
        area, line, point = parts[dimension == 2], parts[dimension == 1], parts[dimension == 0]
        width = look.width * 0.55
        if len(area):
            rings = shapely.get_rings(shapely.orient_polygons(area))
            patch = PathPatch(
                _outline(rings, closed=True), facecolor=look.fill or "none", edgecolor=look.line or "none",
                linewidth=width if look.line else 0, linestyle=_dash(look), zorder=order,
                alpha=opacity * (look.fill_opacity if look.fill else 1.0),
            )  # fmt: skip
            self.axes.add_artist(patch)
        if len(line):
            patch = PathPatch(
                _outline(line, closed=False), facecolor="none", edgecolor=look.line or look.fill or INK,
                linewidth=max(width, 0.3), linestyle=_dash(look), zorder=order, alpha=opacity,
            )  # fmt: skip
            self.axes.add_artist(patch)
        if len(point):
            self.points(shapely.get_coordinates(point), look, order)
        return len(inside)

    def points(self, places: Any, look: LegendClass, order: float, size: float | None = None) -> None:
        """Draw points of one class."""
        self.axes.plot(
            places[:, 0], places[:, 1], linestyle="none", marker="o", markersize=size or look.radius * 0.9,
            color=look.fill or INK, markeredgecolor=look.line or "white", markeredgewidth=0.5, zorder=order,
        )  # fmt: skip

    def label(self, x: float, y: float, words: str, size: float, *, bold: bool = False, below_mm: float = 0.0) -> None:
        """Write a name with a white rim, its middle at a place in metres."""
        lower = y - below_mm * self.scale / 1000
        line = Line(
            x, lower, drawable(words, 80), size, bold=bold, rim=1.5, middle=True, color=INK, ha="center", clip_on=True,
            zorder=950,
        )  # fmt: skip
        self.axes.add_artist(line)

    def picture(self, values: Any, extent: Box, order: float, opacity: float) -> None:
        """Draw grey values (rows from north) whose corners are at `extent` (west, east, south, north)."""
        limits = self.axes.get_xlim(), self.axes.get_ylim()
        self.axes.imshow(
            values, cmap="gray", vmin=0, vmax=255, extent=extent, origin="upper", zorder=order, alpha=opacity,
            aspect="auto", interpolation="bilinear",
        )  # fmt: skip
        self.axes.set_xlim(limits[0])
        self.axes.set_ylim(limits[1])

    def grid(self) -> float:
        """Draw the coordinate grid with its figures outside the frame; return its step in metres."""
        step = nice_step(_GRID_MM * self.scale / 1000)
        west, south, east, north = self.window
        x, y, width, height = self.frame
        for value in np.arange(np.ceil(west / step) * step, east, step):
            self.axes.axvline(value, color="#47525b", linewidth=0.25, zorder=940, alpha=0.7)
            place = x + (value - west) / (east - west) * width
            for level in (y - 0.9, y + height + 2.6):
                self.sheet.text(place, level, _metres(value), 5.6, colour=SOFT, align="center")
        for value in np.arange(np.ceil(south / step) * step, north, step):
            self.axes.axhline(value, color="#47525b", linewidth=0.25, zorder=940, alpha=0.7)
            level = y + (north - value) / (north - south) * height
            for side in (x - 1.2, x + width + 2.7):
                self.sheet.upright(side, level, _metres(value), 5.6)
        return step


def _metres(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _outline(paths: Any, closed: bool) -> Outline:
    coordinates, owner = shapely.get_coordinates(paths, return_index=True)
    first = np.concatenate([[True], owner[1:] != owner[:-1]])
    codes = np.where(first, Outline.MOVETO, Outline.LINETO).astype(Outline.code_type)
    if closed:
        codes[np.concatenate([first[1:], [True]])] = Outline.CLOSEPOLY
    return Outline(coordinates, codes)


def _columns(lines: Sequence[tuple[str, LegendClass | None, bool]], rows: int, *, whole: bool) -> list[list[Any]]:
    """Break the lines of a legend into columns of at most `rows`.

    A heading is never the last of a column; with `whole` what stands below it is in its column too, where it has room.
    """
    columns: list[list[Any]] = []
    heads = [*(at for at, line in enumerate(lines) if line[1] is None), len(lines)]
    for at, line in enumerate(lines):
        need = 2 if line[1] is None else 1
        if whole and line[1] is None:
            need = next(end for end in heads if end > at) - at
        full = not columns or len(columns[-1]) + (need if need <= rows else 2) > rows
        if full:
            columns.append([])
        columns[-1].append(line)
    return columns


def _line_mm(words: str, look: LegendClass | None, size: float) -> float:
    """Width of a line of the legend with its sign and the space after it, mm."""
    if look is None:
        return width_mm(drawable(words), size * 1.08, bold=True) + 2.0
    return width_mm(drawable(words), size) + 8.5
