"""Maps of the dossier: drawn in other processes while the papers are written, kept under the hash of what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siteplan import cache
from siteplan.outputs import site_counts
from siteplan.work import Workers

if TYPE_CHECKING:
    from siteplan.outputs.style import Style
    from siteplan.runs import Run

THEMES = ("priority", "coverage")  # told once; the phases are told of each option
SITE_DPI, OVERVIEW_DPI, SHEET_DPI = 150, 160, 130
_MOST_PROCESSES = 2  # each holds the layers of a run
_KIND = "pictures"
OVERVIEW_WIDTH_MM, SITE_WIDTH_MM = 146.0, 164.0  # as they are drawn, so that their scales hold

# option (number of the run) and commune's code, empty for the maps of the province
_Item = tuple[int, str]


def site_key(code: str, option: int = 0) -> str:
    """Name of the picture of the site that an option proposes for a commune."""
    return f"site_{code}_{option}" if option else f"site_{code}"


def overview_key(theme: str, option: int = 0) -> str:
    """Name of the picture of the province in the text."""
    return f"overview_{theme}_{option}"


def sheet_key(theme: str, option: int = 0) -> str:
    """Name of the A3 sheet of the province."""
    return f"sheet_{theme}_{option}"


class Pictures:
    """Maps by name, as PNG."""

    def __init__(self, made: Mapping[str, bytes] | None, begun: Mapping[str, Future[dict[str, bytes]]]) -> None:
        self._made = dict(made or {})
        self._begun = dict(begun)

    def __getitem__(self, name: str) -> bytes:
        if name not in self._made:
            self._made |= self._begun[name].result()
        return self._made[name]

    def all(self) -> dict[str, bytes]:
        """Return all of them."""
        return {name: self[name] for name in {**self._made, **self._begun}}


@contextmanager
def pictures_of(runs: Sequence[Run], style: Style | None, lang: str, jobs: int) -> Iterator[Pictures | None]:
    """Begin to draw the maps of a dossier; none without a style.

    Parameters
    ----------
    runs
        One an option; priority and coverage are those of the first.
    jobs
        Number of processes, of which at most two draw; 1 draws in line.
    """
    if style is None:
        yield None
        return
    key = _key(runs, style, lang)
    kept = cache.found(_KIND, key, _read)
    if kept is not None:
        yield Pictures(kept, {})
        return
    items = [*((number, "") for number in reversed(range(len(runs)))), *_sites(runs)]
    shared = (tuple(str(run.folder) for run in runs), style.model_dump_json(), lang)
    if jobs == 1:
        drawn = Pictures({k: v for item in items for k, v in _draw(shared, item).items()}, {})
        cache.kept(_KIND, key, drawn.all, _read, _write)
        yield drawn
        return
    with Workers(min(jobs, _MOST_PROCESSES), ("siteplan.outputs.sheets", "siteplan.outputs.sheet_site")) as workers:
        begun: dict[str, Future[dict[str, bytes]]] = {}
        for item in items:
            future = workers.submit(_draw, shared, item)
            begun |= dict.fromkeys(_names(item), future)
        drawing = Pictures(None, begun)
        yield drawing
        cache.kept(_KIND, key, drawing.all, _read, _write)


def _sites(runs: Sequence[Run]) -> list[_Item]:
    """Return each site that an option proposes, once; those of the first option first, as its material is open then."""
    return sorted((proposal.by[0], proposal.code) for proposal in site_counts.proposals(runs))


def _names(item: _Item) -> list[str]:
    option, code = item
    if code:
        return [site_key(code, option)]
    return [name(theme, option) for theme in _themes(option) for name in (overview_key, sheet_key)]


def _themes(option: int) -> tuple[str, ...]:
    return ("phase", *THEMES) if option == 0 else ("phase",)


def _draw(shared: tuple[tuple[str, ...], str, str], item: _Item) -> dict[str, bytes]:
    from siteplan.outputs.sheet_site import draw_site
    from siteplan.outputs.sheets import draw_overview, draw_province

    folders, style, lang = shared
    option, code = item
    material = _material(folders[option], style, lang)
    if code:
        return {site_key(code, option): draw_site(material, code).png(SITE_DPI)}
    found = {}
    for theme in _themes(option):
        found[overview_key(theme, option)] = draw_overview(material, theme).png(OVERVIEW_DPI)
        found[sheet_key(theme, option)] = draw_province(material, theme, to_size=False)[0].png(SHEET_DPI)
    return found


@lru_cache(maxsize=1)
def _material(folder: str, style: str, lang: str) -> Any:
    from siteplan.outputs.sheet_material import Material
    from siteplan.outputs.style import Style
    from siteplan.runs import Run

    return Material(Run(Path(folder)), Style.model_validate_json(style), lang)


def _key(runs: Sequence[Run], style: Style, lang: str) -> str:
    parts = [cache.code_fingerprint(), style.model_dump_json(), lang]
    for run in runs:
        files = [
            *sorted(run.folder.glob("*.gpkg")),
            *sorted(run.folder.glob("rasters/*")),
            run.folder / "manifest.json",
        ]
        parts += [f"{path.name} {cache.sha256_of(path)}" for path in files]
    return cache.key_of(*parts)


def _read(folder: Path) -> dict[str, bytes]:
    names = (folder / "names.txt").read_text("utf-8").split()
    return {name: (folder / f"{name}.png").read_bytes() for name in names}


def _write(folder: Path, drawn: dict[str, bytes]) -> None:
    for name, picture in drawn.items():
        (folder / f"{name}.png").write_bytes(picture)
    (folder / "names.txt").write_text("\n".join(drawn), "utf-8")
