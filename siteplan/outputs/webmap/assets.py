"""Third-party parts of the page, taken from their installed packages: Leaflet, the font, and their licences."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources
from pathlib import Path

FONT_WEIGHTS = ((400, "Regular"), (600, "SemiBold"))


def own_text(name: str) -> str:
    """Read one of our own scripts, styles or texts, with line ends as on every machine."""
    return resources.files("siteplan.outputs.webmap").joinpath(name).read_text("utf-8").replace("\r\n", "\n")


def leaflet_folder() -> Path:
    """Folder with Leaflet's script, style and images."""
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR)


def font_file(weight: str = "Regular") -> Path:
    """File of the font in one weight, a TrueType font with all Vietnamese letters."""
    from fontpkg_be_vietnam_pro import ROOT

    return Path(ROOT) / "files" / f"BeVietnamPro-{weight}.ttf"


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


@cache
def leaflet_script() -> str:
    """Leaflet as its package carries it, without the pointer to a source map that would be looked for outside."""
    code = (leaflet_folder() / "leaflet.js").read_text("utf-8").replace("\r\n", "\n")
    return re.sub(r"\n//# sourceMappingURL=.*\s*$", "\n", code)


@cache
def leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""
    folder = leaflet_folder()
    css = (folder / "leaflet.css").read_text("utf-8").replace("\r\n", "\n")

    def inside(match: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{_base64(folder / match.group(1))})"

    return re.sub(r"url\((images/[\w.-]+\.png)\)", inside, css)


@cache
def font_style() -> str:
    """Weights of the font as ``@font-face`` rules with the font inside."""
    from fontpkg_be_vietnam_pro import FAMILY

    return "\n".join(
        f'@font-face{{font-family:"{FAMILY}";font-weight:{weight};font-display:block;'
        f"src:url(data:font/ttf;base64,{_base64(font_file(name))}) format('truetype')}}"
        for weight, name in FONT_WEIGHTS
    )


@cache
def notices() -> str:
    """Licences of what stands inside the page, as their packages state them."""
    from fontpkg_be_vietnam_pro import FAMILY, ROOT

    head = leaflet_script().partition("*/")[0]
    leaflet = "\n".join(line.strip(" */") for line in head.splitlines() if "preserve" not in line).strip()
    font = (Path(ROOT) / "LICENSE").read_text("utf-8").replace("\r\n", "\n").strip()
    return f"{leaflet}\n\n{own_text('bsd-2-clause.txt').strip()}\n\n\n{FAMILY}\n\n{font}\n"
