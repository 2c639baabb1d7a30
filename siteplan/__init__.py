"""siteplan: where the administrative centres of a province's communes shall stand, which first, with which money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan import drivers

if TYPE_CHECKING:
    from siteplan.outputs.compare import Comparison, compare_runs
    from siteplan.pipeline import run_scenario
    from siteplan.runs import Run
    from siteplan.workspace import Workspace, open_workspace

__version__ = "0.1.0"

__all__ = ["Comparison", "Run", "Workspace", "__version__", "compare_runs", "open_workspace", "run_scenario"]

# before anything imports pyogrio, rasterio or numpy
drivers.switch_off()
drivers.one_thread()

_HOMES = {
    "Comparison": "siteplan.outputs.compare",
    "compare_runs": "siteplan.outputs.compare",
    "Run": "siteplan.runs",
    "run_scenario": "siteplan.pipeline",
    "Workspace": "siteplan.workspace",
    "open_workspace": "siteplan.workspace",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are asked for, so that ``siteplan --help`` answers at once."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(name)
