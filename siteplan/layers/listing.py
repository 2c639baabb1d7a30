"""Problem lists that stay readable: many features with one fault make one row that names the first few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from siteplan.errors import Problem, Severity

if TYPE_CHECKING:
    from siteplan.layers.catalog import Catalog

NAMED = 5


def named(features: Iterable[Any], limit: int = NAMED) -> str:
    """Name the first few of many: "3, 8, 11, … (+12)"."""
    names = [" ".join(str(feature).split()) for feature in features]  # a label of several lines would tear the list
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f", … (+{more})" if more > 0 else "")


def together(key: str, severity: Severity, features: Any, **more: Any) -> list[Problem]:
    """One problem for all features that share a fault; none where there is no such feature.

    `more` may hold ``file``, ``layer``, ``column``, ``value``; everything else becomes a parameter, with ``count``.
    """
    if not len(features):
        return []
    place = {name: str(more.pop(name)) for name in ("file", "layer", "column", "value") if name in more}
    return [Problem(key, severity, feature=named(features), params={"count": len(features), **more}, **place)]


def place_of(catalog: Catalog, role: str) -> dict[str, Any]:
    """Return where a problem of all layers of a role stands: file of the first, names of all."""
    entries = catalog.of_role(role)
    return {"file": entries[0].origin, "layer": ", ".join(entry.name for entry in entries)}
