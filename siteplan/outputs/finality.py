"""Whether a dossier may be final: what its figures rest on that nobody has confirmed yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from siteplan import locale
from siteplan.errors import Problem
from siteplan.outputs import wording
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from siteplan.runs import Run

# tables that are printed and say row by row what they rest on
PRINTED = ("communes", "sites", "conflicts", "programme", "surplus", "conformity")
# recalled from memory; proposed by the study and decided by nobody
UNCONFIRMED = {"R": "final_unconfirmed", "P": "final_proposed"}
SECONDARY = "V2"


def missing_for_final(runs: Sequence[Run], lang: str) -> list[Problem]:
    """List all that keeps the runs from a final dossier.

    A run that is not frozen; each illustrative layer; each norm, price, weight or rule that is only recalled
    (certainty ``R``) or proposed (``P``): a figure is confirmed by the document that says it, or by the decision that
    takes the proposal over.
    """
    return [*_drafts(runs), *_illustrative(runs, lang), *_unconfirmed(runs, lang)]


def to_check_before_final(runs: Sequence[Run], lang: str) -> list[Problem]:
    """Warnings that do not stop a final dossier: legal bases read in a secondary text only (certainty ``V2``)."""
    counts: dict[str, int] = {}
    for run in runs:
        for name, table in RESULTS.items():
            if {"certainty", "legal_basis"} <= set(table.names):
                rows = run.table(name)
                bases = rows.loc[rows["certainty"] == SECONDARY, "legal_basis"].dropna().astype(str)
                for basis, count in bases[bases != ""].value_counts().items():
                    counts[str(basis)] = counts.get(str(basis), 0) + int(count)
    return [
        Problem("final_secondary", "warning", value=wording.clean(basis, 200),
                params={"rows": locale.number(count, 0, lang)})
        for basis, count in sorted(counts.items())
    ]  # fmt: skip


def _drafts(runs: Sequence[Run]) -> list[Problem]:
    return [
        Problem("final_not_frozen", file=str(run.folder), value=wording.clean(run.name))
        for run in runs
        if not run.manifest.get("frozen")
    ]


def _resting(runs: Sequence[Run]) -> dict[str, int]:
    """Return how many rows of the printed tables rest on each token of ``rests_on``."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in PRINTED:
            table = run.table(name)
            if "rests_on" in table.columns:
                for cell, rows in table["rests_on"].dropna().value_counts().items():
                    for token in str(cell).split("; "):
                        counts[token] = counts.get(token, 0) + int(rows)
    return counts


def _illustrative(runs: Sequence[Run], lang: str) -> list[Problem]:
    counts = _resting(runs)
    layers = {str(name) for run in runs for name in run.manifest.get("illustrative_layers", ())}
    files: dict[str, str] = {}
    for run in runs:
        sources = run.table("sources")
        layers |= {str(n) for n in sources.loc[sources["illustrative"].fillna(value=False).astype(bool), "layer"]}
        files |= {str(layer): str(file) for layer, file in zip(sources["layer"], sources["file"], strict=True)}
    return [
        Problem("final_illustrative", file=files.get(layer, ""), layer=layer,
                value=wording.layer_label(layer, lang, runs),
                params={"rows": locale.number(counts.get(f"layer:{layer}", 0), 0, lang)})
        for layer in sorted(layers)
    ]  # fmt: skip


def _unconfirmed(runs: Sequence[Run], lang: str) -> list[Problem]:
    counts = _resting(runs)
    rows = pd.concat([run.table("assumptions") for run in runs]).drop_duplicates("assumption_id")
    rows = rows[rows["certainty"].isin(list(UNCONFIRMED))].sort_values(["certainty", "assumption_id"], ascending=False)
    return [
        Problem(key, file=str(row["place"] or ""),
                feature=str(row["assumption_id"]),
                value=wording.clean(locale.render(row["statement"], lang), 120),
                params={"number": str(wording.scalar(row["number"]) or "–"), "basis": str(row["legal_basis"] or "–"),
                        "rows": locale.number(counts.get(f"assumption:{row['assumption_id']}", 0), 0, lang)})
        for row, key in zip(rows.to_dict("records"), rows["certainty"].map(UNCONFIRMED), strict=True)
    ]  # fmt: skip
