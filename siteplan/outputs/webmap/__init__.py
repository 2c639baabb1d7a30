"""The map people decide on: one offline HTML file per run, and two runs side by side.

folium draws the frame and nothing else. Script, style, font and pictures are inside the file, the content goes into one
JSON block that is put into the finished page as a string, and the page shows it by ``textContent`` only.
"""

from __future__ import annotations

from siteplan.outputs.webmap.page import write_comparison, write_map

__all__ = ["write_comparison", "write_map"]
