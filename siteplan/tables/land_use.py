"""Shares of land use of a site, as the table of sites writes them."""

from __future__ import annotations

import re

_SHARE = re.compile(r"(?P<code>\S.*?)\s+(?P<percent>\d+(?:\.\d+)?)")


def land_shares(cell: object) -> list[tuple[str, float]]:
    """Read a cell ``land_use_shares`` such as ``"ONT+CLN 62.5; LUC 37.5"``: code and percent, in the cell's order.

    Codes are upper case. Of a parcel of several uses ("ONT+CLN") the first one counts. What is no share is left out;
    nothing where the cell is empty.
    """
    if not isinstance(cell, str):
        return []
    parts = (_SHARE.fullmatch(part.strip()) for part in cell.split(";"))
    return [(part["code"].split("+")[0].strip().upper(), float(part["percent"])) for part in parts if part]
