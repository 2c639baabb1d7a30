"""The annex of site sheets: one page a proposed site, its figures as a table and its printed map."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import summary, wording
from siteplan.outputs.sheets import write_sheets
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.outputs.style import Style
    from siteplan.outputs.writer import Writer

MAP_WIDTH_MM = 122.0
FIGURES = ("site_id", "area_m2", "required_area_m2", "score", "rank", "check_result", "conformity", "overlap_area_m2",
           "slope_mean_percent", "seat_distance_m", "access_minutes", "shift")  # fmt: skip


def write_site_sheets(writer: Writer, style: Style | None, jobs: int) -> None:
    """Write a page for each proposed site; without `style` no map, and a line that says how to have them drawn."""
    best = summary.proposed_sites(writer.run)
    names = summary.names_by_code(writer.run)
    codes = [str(code) for code in best["commune_code"]]
    if style is None or not codes:
        writer.say("site_sheets.no_maps")
        for code, site in zip(codes, best.to_dict("records"), strict=True):
            _figures(writer, names[code], code, site, new_page=False)
        return
    with TemporaryDirectory(prefix="siteplan-") as folder:
        files = write_sheets(writer.run, style, Path(folder), writer.lang, communes=codes, jobs=jobs)
        pictures = {path.stem.removeprefix("xa_"): path for path in files if path.suffix == ".png"}
        for number, (code, site) in enumerate(zip(codes, best.to_dict("records"), strict=True)):
            _figures(writer, names[code], code, site, new_page=number > 0)
            writer.paper.picture(_small(pictures[code].read_bytes()), MAP_WIDTH_MM, names[code], captioned=False)


def _figures(writer: Writer, name: str, code: str, site: dict[str, Any], *, new_page: bool) -> None:
    writer.paper.heading(
        f"{name[:1].upper()}{name[1:]} – {wording.clean(str(site['label'] or ''))}", 3, new_page=new_page
    )
    cells = []
    for column in FIGURES:
        schema = RESULTS["sites"].column(column)
        words = wording.shown(schema, site[column], writer.lang)
        if words != "–":
            cells.append((wording.label(schema, writer.lang), wording.clean(words, 300)))
    cells += [(wording.title_of(run, writer.lang).split(":")[0], _built(writer, run, code)) for run in writer.runs]
    if len(cells) % 2:
        cells.append(("", ""))
    half = len(cells) // 2
    rows = [[*left, *right] for left, right in zip(cells[:half], cells[half:], strict=True)]
    writer.paper.table(["", "", "", ""], rows, (1.5, 1.6, 1.5, 1.9), size_pt=10)


def _built(writer: Writer, run: Any, code: str) -> str:
    rows = _programme(run.folder, run)
    row = rows.get(code)
    if row is None or row["status"] != "planned":
        return locale.value_text("status", row["status"], writer.lang) if row else "–"
    total = writer.money(wording.scalar(row["total_cost"]))
    return f"{int(row['start_year'])}–{int(row['finish_year'])}, {total}"


@lru_cache(maxsize=4)
def _programme(_folder: Path, run: Any) -> dict[str, dict[str, Any]]:
    return {str(row["commune_code"]): row for row in summary.programme(run).to_dict("records")}


def _small(png: bytes) -> bytes:
    """Return a picture of 256 colours: a third of the size, and nobody sees it on paper."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256).save(out, "PNG", optimize=False)
    return out.getvalue()
