"""The kit for consultants: everything of a run they work with, in their formats, proved by hashes, in one zip.

Coordinates stay in the province's CRS, but for KML. The bytes depend on the run alone: the dates GDAL and the zip would
write are fixed to the scenario's date.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyogrio

from siteplan import locale
from siteplan.errors import NoSpaceError, Problem
from siteplan.outputs import opinions, run_words
from siteplan.outputs.handover import (
    certificate,
    corners,
    geopackage,
    in_form,
    kml,
    pack,
    papers,
    project,
    shapefiles,
)
from siteplan.outputs.handover.content import GROUND, LAYERS, THEMES, Content, Wanted, gather, one_commune
from siteplan.outputs.handover.form import Form
from siteplan.outputs.handover.looks import Look, looks_of
from siteplan.outputs.handover.papers import DICTIONARY_FILE, README_FILE
from siteplan.outputs.style import Style, load_style
from siteplan.workspace import KIT_MANIFEST, KIT_SUMS, template_folder

if TYPE_CHECKING:
    from siteplan.runs import Run

__all__ = [
    "DICTIONARY_FILE", "GROUND", "KIT_MANIFEST", "KIT_SUMS", "LAYERS", "README_FILE", "THEMES", "Wanted", "export",
    "write_shapefiles",
]  # fmt: skip

SHAPEFILES = "shp"
DRAWINGS = "cad"
EARTH = "kml"
DOCUMENTS = "tai_lieu"
COORDINATES = "toa_do"
BY_COMMUNE = "theo_xa"
_PART = ".part"


def export(
    run: Run,
    folder: Path,
    lang: str = locale.DEFAULT_LANGUAGE,
    include_restricted: bool = False,
    *,
    wanted: Wanted | None = None,
    style: Style | None = None,
    each_commune: bool = False,
    form: Form | None = None,
) -> list[Path]:
    """Write the kit of a run.

    Parameters
    ----------
    run
        A finished run.
    folder
        Folder of the kit. Files of an earlier kit in it are replaced, others are left alone.
    lang
        Language of texts; field names do not depend on it.
    include_restricted
        Also findings that rest on restricted layers. They are only there in full if the run was made to include them.
    wanted
        Communes, phases and themes; everything by default.
    style
        Colours; those of the packaged ``style.toml`` by default.
    each_commune
        Also one zip a commune, below ``theo_xa/``.
    form
        A prescribed form to lay the kit out in (:func:`siteplan.outputs.handover.form.load_form`); then its themes are
        the usual ones.

    Returns
    -------
    list of Path
        All files written; the last is the zip of all others, named by dossier, version and date.

    Raises
    ------
    UsageError
        Where a commune, phase or theme is not known.
    NoSpaceError
        Where a file cannot be written, for instance because it is open in another program.
    """
    asked = wanted or Wanted()
    include_restricted = include_restricted or asked.include_restricted
    themes = asked.themes or (form.themes if form else ())
    asked = Wanted(asked.communes, asked.phases, themes, include_restricted)
    style = style or load_style(template_folder() / "maps" / "style.toml")
    content = gather(run, asked)
    part = folder / _PART
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        kit = _Kit(run, style, lang, include_restricted, form)
        with _uncollected():
            if each_commune:
                _write_communes(part, kit, content)
            files = _write(part, kit, content)
        return pack.move_into(part, folder, files)
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None


def write_shapefiles(
    run: Run, folder: Path, lang: str = locale.DEFAULT_LANGUAGE, include_restricted: bool = False
) -> list[Path]:
    """Write the results of a run as shapefiles with their dictionary, as every run leaves them beside its papers.

    Parameters
    ----------
    run, lang, include_restricted
        As for :func:`export`, which makes the whole kit.
    folder
        Files of the same names in it are replaced.

    Raises
    ------
    NoSpaceError
        Where a file cannot be written, for instance because it is open in another program.
    """
    content = gather(run, Wanted(themes=tuple(LAYERS), include_restricted=include_restricted))
    date = str(run_words.scenario_of(run).get("date", "2000-01-01"))
    part = folder / _PART
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with fixed_dates(date):
            for layer in content.layers:
                shapefiles.write(part / f"{layer.file_stem}.shp", layer, lang, date)
        papers.write_dictionary(part, run, content.layers, lang)
        return pack.move_into(part, folder, sorted(part.iterdir()))
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise NoSpaceError(Problem("folder_not_writable", file=str(folder), value=str(error))) from None


@dataclass(frozen=True)
class _Kit:
    """What all parts of one kit share."""

    run: Run
    style: Style
    lang: str
    include_restricted: bool
    form: Form | None

    @property
    def date(self) -> str:
        """ISO date of its files: that of the scenario, so that the same run gives the same bytes."""
        return str(run_words.scenario_of(self.run).get("date", "2000-01-01"))


def _write(folder: Path, kit: _Kit, content: Content) -> list[Path]:
    """Write the files of a kit and seal them; returns them, the zip last."""
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {"include_restricted": kit.include_restricted}
    if kit.form is None:
        _write_usual(folder, kit, content)
        told |= pack.contents(content)
    else:
        with fixed_dates(kit.date):
            formed = in_form.write(
                folder, kit.run, kit.form, content, kit.style, kit.lang, kit.include_restricted, kit.date
            )
        told |= {"form": kit.form.name, "classes": in_form.listed(formed)}
    name = pack.kit_name(kit.run, content, kit.form.name if kit.form else "")
    return pack.seal(folder, kit.run, content, name, kit.lang, told)


def _write_usual(folder: Path, kit: _Kit, content: Content) -> None:
    for name in (SHAPEFILES, DRAWINGS, EARTH, DOCUMENTS, COORDINATES):
        (folder / name).mkdir(parents=True)
    run, lang, style, date = kit.run, kit.lang, kit.style, kit.date
    package = f"{run.name}.gpkg"
    looks = looks_of(run, content.layers, style, lang)
    with fixed_dates(date):
        for layer in content.layers:
            shapefiles.write(folder / SHAPEFILES / f"{layer.file_stem}.shp", layer, lang, date)
        geopackage.write(folder / package, content.layers, lang, style)
        opinions.write_kit(folder, package, run, lang, kit.include_restricted)
    if (folder / opinions.KIT_FILE).is_file():
        (folder / opinions.KIT_FILE).rename(folder / DOCUMENTS / opinions.KIT_FILE)
    geopackage.write_styles(folder / package, looks, lang, style, date)
    project.write(folder / f"{run.name}.qgz", package, run_words.title_of(run, lang), looks, lang, style, date)
    from siteplan.outputs.handover import dxf  # its library takes longer to import than shapefiles to write

    # a ground of thousands of lines stands in a drawing only where somebody asked for it
    drawn = [layer for layer in content.layers if content.named or layer.theme in LAYERS]
    dxf.write(folder / DRAWINGS / f"{run.name}.dxf", drawn, looks, content.names, lang)
    kml.write(folder / EARTH / f"{run.name}.kml", run_words.title_of(run, lang), _for_earth(looks), content.names, lang)
    also = ["package", "project", "drawing", "earth"]
    sites = content.rows("sites")
    if sites is not None:
        corners.write(folder / COORDINATES, run, sites, content.names, lang)
        also.append("corners")
    certificate.write(folder / DOCUMENTS / certificate.FILE, run, lang)
    also.append("certificate")
    papers.write_dictionary(folder / DOCUMENTS, run, content.layers, lang)
    papers.write_sources(folder / DOCUMENTS, run, kit.include_restricted, lang)
    words = papers.readme(run, content, package, kit.include_restricted, lang, also)
    (folder / README_FILE).write_text(words, "utf-8-sig", newline="\r\n")


def _for_earth(looks: Sequence[Look]) -> list[Look]:
    """Results only, one look a layer: what lies behind them, the programs that read KML have themselves."""
    return [look for look in looks if look.layer.theme in LAYERS and look.default]


def _write_communes(part: Path, kit: _Kit, content: Content) -> None:
    """Write one zip a commune, each a whole kit of what is about it."""
    codes = content.codes or tuple(sorted(content.names))
    for code in codes:
        own = one_commune(content, code)
        if not own.layers:
            continue
        folder = part / f"{_PART}_{code}"
        *_, archive = _write(folder, kit, own)
        (part / BY_COMMUNE).mkdir(exist_ok=True)
        archive.replace(part / BY_COMMUNE / archive.name)
        shutil.rmtree(folder)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the collector of cycles rest: in the many objects of a kit it finds nothing, for a tenth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@contextmanager
def fixed_dates(date: str) -> Iterator[None]:
    """Let GDAL write this date, ISO, as that of its files; they are new, so that none needs to survive a power cut."""
    wanted = {"OGR_CURRENT_DATE": f"{date}T00:00:00.000Z", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in wanted}
    pyogrio.set_gdal_config_options(wanted)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
