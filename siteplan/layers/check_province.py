"""What ``province.toml`` still lacks: lines that only an officer of the province can fill in or confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan.errors import Problem

if TYPE_CHECKING:
    from siteplan.layers.read import LayerSet

FILE = "province.toml"


def check_province(layers: LayerSet) -> list[Problem]:
    """Warn of a capital that is not stated or not among the communes, proposals nobody confirmed, a lack of gates."""
    province, communes = layers.province, layers.table("communes")
    where: dict[str, Any] = {"file": FILE}
    problems = [Problem("province_unconfirmed", "warning", column=key, **where) for key in province.to_confirm]
    named = str(province.capital.get("commune", ""))
    if province.capital_point is None:
        key = "province_capital_unknown" if named else "province_capital_missing"
        if not named or (len(communes) and named not in set(communes["code"])):
            problems.append(Problem(key, "warning", column="capital", value=named, **where))
    stated = layers.table("commune_facts")["gate_class"].notna().any()
    if layers.has("border") and not layers.has("border_gates") and not stated:
        problems.append(Problem("border_gates_missing", "warning", file=layers.catalog.path.name, layer="border_gates"))
    return problems
