"""One compound for centre and police post: proposed where both are to be built in the same phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.locale import Message, decode, encode
from siteplan.scenario import Phase
from siteplan.tables import is_missing, records, rests_on


def proposals(programme: gpd.GeoDataFrame, posts: gpd.GeoDataFrame, phases: Sequence[Phase]) -> pd.DataFrame:
    """Propose one compound where the years of a post meet those of the phase of its commune's centre.

    Of a post with one year alone that year counts; of a post without years nothing is known, and nothing is proposed.
    A centre that waits has no phase.

    Parameters
    ----------
    programme
        One row a commune: ``commune_code, status, phase, site_id``, geometry the site, the commune where there is none.
    posts
        ``commune_code, name, owner, year_from, year_to, restricted, area_m2, rests_on``, geometry; same CRS. Of a
        restricted one neither name nor place is told.

    Returns
    -------
    DataFrame
        ``commune_code, site_id, messages, rests_on`` one row a post, messages encoded.
    """
    years = {phase.name: phase.years for phase in phases if not phase.waiting_list}
    centres = {r["commune_code"]: r for r in records(programme) if r["status"] == "planned" and r["phase"] in years}
    rows = []
    for post in records(posts):
        centre = centres.get(post["commune_code"])
        built = _years(post)
        if centre is None or built is None:
            continue
        first, last = years[centre["phase"]]
        if built[0] <= last and first <= built[1]:
            messages = encode(_messages(centre, post, built))
            rows.append((post["commune_code"], centre["site_id"], messages, post["rests_on"]))
    return pd.DataFrame(rows, columns=["commune_code", "site_id", "messages", "rests_on"])


def told(frame: Any, key: str, found: pd.DataFrame) -> Any:
    """Add to the reasons of a table what is proposed for its rows; `key` is ``commune_code`` or ``site_id``."""
    reasons, rests = list(frame["reasons"]), list(frame["rests_on"])
    at = {identity: n for n, identity in enumerate(frame[key])}
    for row in records(found):
        n = at.get(row[key])
        if n is not None:
            reasons[n] = encode([*decode(reasons[n]), *decode(row["messages"])])
            tokens = {t for cell in (rests[n], row["rests_on"]) if isinstance(cell, str) for t in cell.split("; ") if t}
            rests[n] = rests_on(*tokens)
    return frame.assign(reasons=reasons, rests_on=rests)


def _years(post: dict[str, Any]) -> tuple[int, int] | None:
    known = [int(post[c]) for c in ("year_from", "year_to") if not is_missing(post[c])]
    return (min(known), max(known)) if known else None


def _messages(centre: dict[str, Any], post: dict[str, Any], built: tuple[int, int]) -> list[Message]:
    years = f"{built[0]}" if built[0] == built[1] else f"{built[0]}-{built[1]}"
    params: dict[str, Any] = {"years": years, "phase": centre["phase"]}
    if post["restricted"] is True:
        return [("decide.one_compound.withheld", params)]
    name = post["project_id"] if is_missing(post["name"]) else post["name"]
    params |= {"name": name, "area": round(post["area_m2"])}
    place = "no_site"
    if not is_missing(centre["site_id"]):
        metres = centre["geometry"].distance(post["geometry"])
        place = "apart" if metres > 0 else "on_site"
        params |= {"distance": round(metres)} if metres > 0 else {}
    agree: Message = ("decide.one_compound.agree", {"owner": post["owner"]})
    if is_missing(post["owner"]):
        agree = ("decide.one_compound.agree_unknown", {"name": name})
    return [(f"decide.one_compound.{place}", params), agree]
