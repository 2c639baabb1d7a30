"""The gate: a map that refers to anything outside itself is not written.

Three readers look at the finished page: one at the attributes of elements, one at styles, one at scripts. Text may
mention an address (attribution, licence), because text loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from siteplan.errors import Problem, SiteplanError

_LOADING = {
    "src", "srcset", "href", "poster", "background", "action", "formaction", "ping", "manifest", "cite", "longdesc",
    "xlink:href", "srcdoc", "codebase", "classid", "archive", "code", "imagesrcset", "profile", "usemap", "icon",
}  # fmt: skip
_INSIDE = re.compile(r"^\s*(data:|blob:|#|about:blank$)", re.IGNORECASE)
_CSS_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\s*\)""", re.IGNORECASE)
_CSS_IMPORT = re.compile(r"@import\b[^;]*", re.IGNORECASE)
_ADDRESS = re.compile(r"""(?:https?|wss?|ftp|file):\\?/\\?/[^\s"'`<>)\\]+""", re.IGNORECASE)
_LOADER = re.compile(
    r"""(?:\bfetch\s*\(|\bimport\s*\(|\bimportScripts\s*\(|\bnew\s+(?:WebSocket|EventSource|Worker|SharedWorker)\b"""
    r"""|\bsendBeacon\s*\(|\bXMLHttpRequest\b|\bserviceWorker\b|\.(?:href|src)\s*=\s*["'`](?!["'`#]|data:|blob:)|^\s*import\s)""",
    re.MULTILINE,
)
# names in a script that load nothing: XML namespaces, and the sign in Leaflet's attribution control, which is off
_MENTIONS = ("http://www.w3.org/", "https://leafletjs.com")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._within = ""
        self._kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within, self._kind = tag, given.get("type", "")
        if tag in ("base", "iframe", "object", "embed", "frame", "link", "portal"):
            self.found.append((f"<{tag}>", given.get("href") or given.get("src") or given.get("data") or tag))
        for name, value in given.items():
            if name in _LOADING and not (name == "href" and tag == "a" and value.startswith("#")):
                if not _INSIDE.match(value):
                    self.found.append((f"{tag} {name}", value))
            elif name == "style":
                self.found += [(f"{tag} style", hit) for hit in _in_style(value)]
            elif name.startswith("on"):
                self.found.append((f"{tag} {name}", value))
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.found.append(("meta refresh", given.get("content", "")))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class names it
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "style":
            self.found += [("style", hit) for hit in _in_style(data)]
        elif self._within == "script" and self._kind in ("", "text/javascript", "module"):
            self.found += [("script", hit) for hit in _in_script(data)]


def _in_style(css: str) -> Iterator[str]:
    for match in _CSS_URL.finditer(css):
        address = next(group for group in match.groups() if group is not None)
        if not _INSIDE.match(address):
            yield address
    for match in _CSS_IMPORT.finditer(css):
        yield match.group()


def _in_script(code: str) -> Iterator[str]:
    for match in _ADDRESS.finditer(code):
        if not match.group().startswith(_MENTIONS):
            yield match.group()
    for match in _LOADER.finditer(code):
        yield match.group()


def outside_references(page: str) -> list[tuple[str, str]]:
    """Return where a page refers to something outside itself: place and address, in the order of the page."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    return reader.found


def refuse_outside(page: str, file: str) -> None:
    """Raise :class:`~siteplan.errors.SiteplanError` with every reference of a page to something outside itself."""
    found = outside_references(page)
    if found:
        raise SiteplanError(
            *(Problem("map_refers_outside", file=file, column=place, value=address[:120]) for place, address in found)
        )
