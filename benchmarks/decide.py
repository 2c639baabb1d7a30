"""Measure the decisions: 65 communes with 10 sites each under 10,000 draws, and programmes of 65 communes to proof.

``python -m benchmarks.decide`` prints the figures. Timings are told, never tested.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pandas as pd

from siteplan.decide.allocation import best_phases
from siteplan.decide.case import Case, Limit
from siteplan.decide.stability import site_stability

COMMUNES, SITES, CRITERIA, DRAWS = 65, 10, 12, 10_000
PHASES, TYPES, PROGRAMMES = 3, 3, 15


def stability_seconds() -> float:
    """Seconds for the shares, ranks and swaps of all sites."""
    rng = np.random.default_rng(0)
    codes = np.repeat([f"{n:05d}" for n in range(COMMUNES)], SITES)
    ids = [f"{code}-{n}" for n, code in enumerate(codes)]
    sites = pd.DataFrame(
        {"commune_code": codes, "site_id": ids, "eligible": True, "check_result": "clear", "score": 1.0}
    )
    sites["rank"] = sites.groupby("commune_code").cumcount() + 1
    scores = pd.DataFrame(
        {
            "of": "site",
            "subject_id": np.repeat(ids, CRITERIA),
            "criterion": [f"c{n}" for n in range(CRITERIA)] * len(ids),
            "scaled": rng.random(len(ids) * CRITERIA),
            "weight": 100 / CRITERIA,
        }
    )
    started = time.perf_counter()
    site_stability(scores, sites, draws=DRAWS)
    return time.perf_counter() - started


def programme_seconds(seed: int) -> tuple[float, bool]:
    """Seconds to the best programme of 3 phases x 3 build types under a cap of money a phase, and whether proved."""
    rng = np.random.default_rng(seed)
    shape = (COMMUNES, PHASES * TYPES)
    phase_of_slot = np.repeat(np.arange(PHASES), TYPES)
    costs = rng.integers(60, 400, COMMUNES)[:, np.newaxis] * np.tile([1.0, 0.6, 0.25], PHASES)
    uses = np.ceil(costs)
    caps = uses[:, 0].sum() * np.array([0.1, 0.25, 0.3])
    limits = tuple(
        Limit("phase_money", str(n), uses * (phase_of_slot == n), float(np.floor(caps[n]))) for n in range(PHASES)
    )
    case = Case(phase_of_slot, np.ones(shape, dtype=bool), np.zeros(COMMUNES, dtype=bool), limits)
    started = time.perf_counter()
    found = best_phases(case, rng.integers(10, 100, COMMUNES), nested=False)
    return time.perf_counter() - started, found is not None and found.proved


def figures() -> list[tuple[str, str]]:
    """Return what was measured, as rows of words: what, and how long."""
    rows = [(f"stability, {COMMUNES} x {SITES} sites x {DRAWS} draws", f"{stability_seconds():.2f} s")]
    found = [programme_seconds(seed) for seed in range(PROGRAMMES)]
    median = statistics.median(seconds for seconds, _ in found)
    proved = sum(done for _, done in found)
    size = f"programme, {COMMUNES} x {PHASES} phases x {TYPES} build types, to proof"
    return [*rows, (size, f"median {median:.2f} s, {proved} of {PROGRAMMES} proved")]


def main() -> None:
    """Print what was measured."""
    for label, words in figures():
        print(f"{label}: {words}")


if __name__ == "__main__":
    main()
