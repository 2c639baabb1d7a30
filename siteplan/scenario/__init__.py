"""The typed model of a scenario file: one option, with its date, norms, criteria, phases and money.

Keys are English, unknown ones are errors that suggest the nearest known key; ``extends`` names a file whose values are
taken first (tables are merged key by key, lists are replaced). The file's own values are what a run writes into its
manifest as resolved.
"""

from siteplan.scenario.model import Scenario, extended_files, load_scenario, standing
from siteplan.scenario.settings import (
    Checks,
    CostSettings,
    Criterion,
    EligibilitySettings,
    Fund,
    GridSettings,
    Levels,
    Lock,
    NeedSettings,
    Phase,
    PilotNeed,
    ProgrammeSettings,
    SiteSettings,
    SupplementSettings,
    ToleranceSettings,
    ValueFunction,
    Weighting,
)
from siteplan.scenario.standing import Standing

__all__ = [
    "Checks", "CostSettings", "Criterion", "EligibilitySettings", "Fund", "GridSettings", "Levels", "Lock",
    "NeedSettings", "Phase", "PilotNeed", "ProgrammeSettings", "Scenario", "SiteSettings", "Standing",
    "SupplementSettings", "ToleranceSettings", "ValueFunction", "Weighting", "extended_files", "load_scenario",
    "standing",
]  # fmt: skip
