"""The layer table: what each layer of a drawing holds. The first import writes a proposal, which people correct."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from siteplan.errors import InputError, Problem
from siteplan.layers.catalog import nearest
from siteplan.layers.drawing.entities import Drawing
from siteplan.layers.drawing.words import code_of
from siteplan.layers.drawing.zones import LayerUse
from siteplan.rules import Rules
from siteplan.tabular import read_table

COLUMNS = ("layer", "use", "function", "closed", "open", "hatches", "texts")
USES = ("zone", "text", "ignore")
# layers whose names say that they hold frames, dimensions, heights or the like
_ASIDE = ("DIM", "KHUNG", "FRAME", "DEFPOINTS", "TRUC", "LUOI", "GRID", "CAODO", "TEXTKT", "GHICHU", "TITLE")
_PREFIXES = ("QHDD_", "QHDH_", "QH_", "HT_", "SDD_", "LO_")


def known_functions(rules: Rules) -> frozenset[str]:
    """Functions and land-use codes that the rules know by name (patterns left out), upper case."""
    functions = {str(f).upper() for f in rules.plan_compatibility["function"].dropna() if not set("*?[") & set(str(f))}
    return frozenset(functions | {str(code).upper() for code in rules.land_use["code"].dropna()})


def function_of_layer(name: str, known: AbstractSet[str]) -> str:
    """Return the function that a layer's name tells: a class of TT 16/2025 or a code of the rules; "" where none."""
    plain = name.upper().strip()
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain.startswith("DAT_"):
        return plain
    code, _ = code_of(plain, known)
    return code if code in known else ""


def propose(drawing: Drawing, known: AbstractSet[str]) -> tuple[dict[str, LayerUse], list[dict[str, str]]]:
    """Propose what each layer holds, from its name and what is drawn on it; returns the table and its rows to write."""
    closed: Counter[str] = Counter()
    loose: Counter[str] = Counter()
    for line in drawing.lines:
        (closed if line.closed or (line.points[0] == line.points[-1]).all() else loose)[line.layer] += 1
    hatches = Counter(area.layer for area in drawing.areas)
    texts = Counter(label.layer for label in drawing.labels)
    table: dict[str, LayerUse] = {}
    rows = []
    for name in sorted({*closed, *loose, *hatches, *texts}):
        function = function_of_layer(name, known)
        aside = name in drawing.hidden_layers or any(part in name.upper() for part in _ASIDE)
        use = "ignore"
        if not aside and (closed[name] or hatches[name] or loose[name]):
            use = "zone"
        elif not aside and texts[name]:
            use = "text"
        table[name] = LayerUse(use, function if use == "zone" else "")
        counts = (closed[name], loose[name], hatches[name], texts[name])
        rows.append(dict(zip(COLUMNS, (name, use, table[name].function, *map(str, counts)), strict=True)))
    return table, rows


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the table as CSV for people; a layer's name that would read as a formula is kept from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        for row in rows:
            guarded = f"'{row['layer']}" if row["layer"][:1] in ("=", "+", "-", "@") else row["layer"]
            writer.writerow({**row, "layer": guarded})


def read(path: Path, drawing: Drawing) -> tuple[dict[str, LayerUse], list[Problem]]:
    """Read a layer table.

    Returns
    -------
    tuple
        What each layer holds, and warnings: layers of the drawing that the table does not name.

    Raises
    ------
    InputError
        Where the table cannot be read, lacks a column, or says something unknown; all faults at once.
    """
    table = read_table(path)
    lacking = [name for name in COLUMNS[:2] if name not in table.columns]
    if lacking:
        raise InputError(*(Problem("dxf_table_column", file=str(path), column=name) for name in lacking))
    found: dict[str, LayerUse] = {}
    problems = []
    for row in table.to_dict("records"):
        layer = str(row["layer"] or "")
        if layer[:2] in ("'=", "'+", "'-", "'@"):
            layer = layer[1:]
        use = str(row["use"] or "ignore").lower()
        feature = f"#{row['_row']}"
        if use not in USES:
            params = {"known": ", ".join(USES), "near": nearest(use, USES) or USES[0]}
            problems.append(Problem("dxf_table_use", "error", str(path), "", feature, "use", use, params))
        found[layer] = LayerUse(use, str(row.get("function") or ""))
    if problems:
        raise InputError(*problems)
    drawn = {line.layer for line in drawing.lines} | {area.layer for area in drawing.areas}
    drawn |= {label.layer for label in drawing.labels}
    new = sorted(drawn - set(found))
    if new:
        problems.append(
            Problem("dxf_table_layers_new", "warning", file=str(path), value=", ".join(new[:8])[:200],
                    params={"count": len(new)})
        )  # fmt: skip
    return found, problems


def uses_of(table: Mapping[str, LayerUse]) -> dict[str, int]:
    """Count layers by use."""
    counts = Counter(row.use for row in table.values())
    return {use: counts[use] for use in USES}
