"""The provinces there are: code, name, CRS by their central meridian, box, neighbours (``layers/provinces.csv``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from siteplan.crs import Bounds
from siteplan.errors import InputError, Problem
from siteplan.layers.catalog import nearest
from siteplan.locale import fold
from siteplan.tables import records
from siteplan.tabular import read_table

FILE = "provinces.csv"
PROPOSED = "P"
_NEEDED = ("code", "name", "kind", "epsg", "central_meridian", "west", "south", "east", "north")


@dataclass(frozen=True)
class ProvinceEntry:
    """One province of the table.

    Parameters
    ----------
    code, name, kind
        Two-digit code, name, "tỉnh" or "thành phố".
    epsg, central_meridian
        VN-2000 in the 3-degree zone of the province; degrees east.
    bounds
        Box of its communes in that CRS, metres.
    former_provinces
        The provinces it was made of, each with its meridian; the first holds the new centre.
    neighbours
        Provinces and countries that touch it.
    basis, certainty, note
        Where the meridian comes from, and how sure it is.
    """

    code: str
    name: str
    kind: str
    epsg: int
    central_meridian: float
    bounds: Bounds
    former_provinces: str
    neighbours: tuple[str, ...]
    basis: str
    certainty: str
    note: str

    @property
    def is_proposed(self) -> bool:
        """Whether the meridian is a proposal that awaits a paper."""
        return self.certainty == PROPOSED


def load_provinces(path: Path) -> tuple[ProvinceEntry, ...]:
    """Read the table; :class:`~siteplan.errors.InputError` with every row that is incomplete."""
    if not path.is_file():
        raise InputError(Problem("file_missing", file=str(path)))
    found: list[ProvinceEntry] = []
    problems: list[Problem] = []
    for row in records(read_table(path)):
        cells = {name: "" if value is None else str(value) for name, value in row.items()}
        try:
            west, south, east, north = (float(cells[name]) for name in _NEEDED[5:])
            found.append(
                ProvinceEntry(
                    code=cells["code"].zfill(2),
                    name=cells["name"],
                    kind=cells["kind"],
                    epsg=int(cells["epsg"]),
                    central_meridian=float(cells["central_meridian"]),
                    bounds=(west, south, east, north),
                    former_provinces=cells.get("former_provinces", ""),
                    neighbours=tuple(n.strip() for n in cells.get("neighbours", "").split(";") if n.strip()),
                    basis=cells.get("basis", ""),
                    certainty=cells.get("certainty", ""),
                    note=cells.get("note", ""),
                )
            )
        except (KeyError, ValueError) as error:
            problems.append(
                Problem("province_row_invalid", file=str(path), feature=cells.get("_row", "?"), value=str(error))
            )
    if problems:
        raise InputError(*problems)
    return tuple(found)


def _folded(words: str) -> str:
    plain = fold(words)
    for kind in ("tinh ", "thanh pho ", "tp. ", "tp "):
        plain = plain.removeprefix(kind)
    return plain


def find_province(provinces: tuple[ProvinceEntry, ...], wanted: str) -> ProvinceEntry:
    """Find a province by name (with or without accents and "tỉnh") or code.

    Raises
    ------
    InputError
        Where there is none, with the nearest name and all names.
    """
    for entry in provinces:
        if wanted.strip().zfill(2) == entry.code or _folded(wanted) == _folded(entry.name):
            return entry
    by_name = {_folded(entry.name): entry.name for entry in provinces}
    near = by_name.get(nearest(_folded(wanted), by_name), "–")
    raise InputError(
        Problem("province_unknown", value=wanted, params={"near": near, "known": ", ".join(by_name.values())})
    )
