"""The page: folium's frame, everything inlined, a content security policy, and the gate before it is written."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from siteplan import locale
from siteplan.errors import NoSpaceError, Problem
from siteplan.outputs.style import Style
from siteplan.outputs.webmap import assets, background, kept, shapes
from siteplan.outputs.webmap.cells import Content, packed
from siteplan.outputs.webmap.gate import refuse_outside
from siteplan.outputs.webmap.looks import themes, token_words
from siteplan.outputs.webmap.one_commune import CommuneRun
from siteplan.outputs.webmap.projection import parameters
from siteplan.runs import Run

_SCRIPTS = (
    "projection.js", "words.js", "shapes.js", "model.js", "layers.js", "view.js", "legend.js", "ranking.js", "cards.js",
    "sheets.js", "weighing.js", "trial.js",
    "address.js", "years.js", "measure.js", "print.js", "start.js", "open.js",
)  # fmt: skip
_COMMUNE_TOLERANCE_M = 60.0
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)


def _frame(maps: int, bounds: list[list[float]]) -> str:
    """Let folium draw the frame: one container and one Leaflet map for each of `maps`, without any link."""
    import folium
    from branca.element import Figure

    (south, west), (north, east) = bounds
    figure = Figure()
    for number in range(1, maps + 1):
        drawn = folium.Map(
            location=[round((south + north) / 2, 5), round((west + east) / 2, 5)],
            tiles=None,
            zoom_start=9,
            zoom_control=False,
            attribution_control=False,
            prefer_canvas=True,
            zoom_snap=0.25,
            zoom_delta=0.5,
            wheel_px_per_zoom_level=90,
            min_zoom=7,
            max_zoom=19,
        )
        drawn._id = f"siteplan_{number}"  # noqa: SLF001 - folium draws ids by chance; the same run gives the same page
        drawn.default_js, drawn.default_css = [], []
        drawn.add_to(figure)
    return str(figure.render())


class _Scripts(HTMLParser):
    """Gathers the text of the scripts that a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and dict(attrs).get("type") is None
        if self._inside:
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class names it
        self._inside = False


def _script(code: str) -> str:
    if re.search(r"</script|<!--", code, re.IGNORECASE):
        raise ValueError("</script")
    return f"<script>\n{code}\n</script>\n"


def assemble(content: Content, maps: int, title: str, lang: str) -> str:
    """Put a page together. Content enters as text after all templates are done; nothing is a template from there on."""
    frame = _frame(maps, content["bounds"])
    opening, _, rest = frame.partition("<head>")
    head, _, rest = rest.partition("</head>")
    body, _, closing = rest.rpartition("</body>")
    closing, _, end = closing.rpartition("</html>")
    style = f"<style>\n{assets.font_style()}\n{assets.leaflet_style()}\n{assets.own_text('page.css')}\n</style>\n"
    before = [
        opening.replace("<html>", f'<html lang="{lang}">'),
        '<head>\n<meta charset="utf-8">\n',
        "\0",  # the policy, once the hashes of all scripts are known
        f"<title>{html.escape(title)}</title>\n",
        _script(assets.leaflet_script()),
        head,
        style,
        "</head>",
    ]
    after = [
        body,
        f"<noscript>{html.escape(locale.text('webmap.no_script', lang))}</noscript>\n",
        f'<p id="siteplan-old-browser" hidden>{html.escape(locale.text("webmap.old_browser", lang))}</p>\n',
        f'<script type="application/octet-stream" id="siteplan-content">{packed(content)}</script>\n',
        f'<pre id="siteplan-notices" hidden>{html.escape(assets.notices(), quote=False)}</pre>\n',
        "</body>",
        closing,
        _script("\n".join(assets.own_text(name) for name in _SCRIPTS)),
        "</html>",
        end,
    ]
    page = "".join([*before, *after])
    reader = _Scripts()
    reader.feed(page)
    reader.close()
    sums = [
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode('ascii')}'" for code in reader.texts
    ]
    policy = _POLICY.format(scripts=" ".join(sums))
    return page.replace("\0", f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n', 1)


def _shared(runs: Sequence[Run], style: Style, lang: str) -> Content:
    first = runs[0]
    province = first.manifest["province"]
    return {
        "lang": lang,
        "themes": themes(runs, style, lang),
        "texts": background.texts(lang),
        "tokens": token_words(lang),
        "province": {"code": str(province["code"]), "name": str(province["name"])},
        "projection": parameters(first.epsg),
        "bounds": background.bounds(first.table("communes")),
        "steps": {"coarse": shapes.COARSE, "fine": shapes.FINE},
        "outlines": background.commune_shapes(first, _COMMUNE_TOLERANCE_M),
        "background": kept.background_of(first, style, lang),
    }


def _with_runs(content: Content, runs: Sequence[Run], style: Style, lang: str) -> list[str]:
    """Add the runs with their own pictures; return their titles.

    A layer that only runs have is named as missing where none has it.
    """
    found = [kept.run_of(run, style, lang) for run in runs]
    content["runs"] = [ready for _, ready in found]
    for item in content["background"]["legend"]:
        if any(item["key"] in told["pictures"] for told, _ in found):
            item["empty"] = False
    return [str(told["title"]) for told, _ in found]


def _write(page: str, path: Path) -> Path:
    refuse_outside(page, str(path))
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(page, "utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        raise NoSpaceError(Problem("map_not_written", file=str(path), value=str(error))) from None
    return path


def write_map(run: Run, path: Path, style: Style, lang: str = "vi", commune: str | None = None) -> Path:
    """Write the map of one run as one HTML file that needs nothing outside itself.

    Parameters
    ----------
    run
        A finished run.
    path
        The file; folders are made.
    style
        Looks and names, from ``maps/style.toml``.
    lang
        ``vi`` or ``en``.
    commune
        Code of the commune the map is made for: candidate sites of the others, and what is restricted, are then not
        in the file. None for the map of the province.

    Raises
    ------
    SiteplanError
        Where the page refers to anything outside itself (``map_refers_outside``); nothing is written.
    NoSpaceError
        Where the file cannot be written.
    """
    if commune is not None:
        run = CommuneRun(run, commune)
    content = _shared([run], style, lang)
    (name,) = _with_runs(content, [run], style, lang)
    title = locale.text("webmap.window_title", lang, title=name, province=content["province"]["name"])
    if commune is not None:
        communes = run.table("communes")
        own = communes[communes["code"] == commune]
        content["focus"], content["bounds"] = commune, background.bounds(own)
        title = f"{own['name'].iloc[0]} – {title}"
    return _write(assemble(content, 1, title, lang), path)


def write_comparison(runs: Sequence[Run], comparison: Any, path: Path, style: Style, lang: str = "vi") -> Path:
    """Write two maps side by side that move together, with the communes marked whose fate differs.

    Parameters
    ----------
    runs
        Two runs or more of the same inputs; the first two are shown, the others can be chosen in the page.
    comparison
        What :mod:`siteplan.outputs.compare` found, for its summary; None leaves the summary out.
    path, style, lang
        As for :func:`write_map`, which also says what is raised.
    """
    content = _shared(runs, style, lang)
    names = _with_runs(content, runs, style, lang)
    content["verdict"], content["differing"] = [], None
    if comparison is not None:
        content["verdict"] = [*comparison.notes(lang), *comparison.sentences(lang)]
        found = comparison.by_commune
        content["differing"] = sorted(found.loc[found["differs"].astype(bool), "commune_code"])
    title = locale.text(
        "webmap.window_title_comparison", lang, titles=" / ".join(names), province=content["province"]["name"]
    )
    return _write(assemble(content, 2, title, lang), path)
