"""Plans: which are in force on a date, what their zones mean for an office, and what that says of each site.

Only approved or adjusted plans within their period bind, unless another plan in force supersedes them or they exist
on paper only. Drafts and submitted plans are shown and never block; plans whose period is over are listed as
information until another replaces them; cancelled ones are left out; paper plans warn and never clear.
"""

from siteplan.sites.plans.conformity import conformity_table, disagreements
from siteplan.sites.plans.covering import plan_coverage, zones_cover
from siteplan.sites.plans.pairs import evidence
from siteplan.sites.plans.validity import Precedence, Ruling, in_force, lapsed, standing, told_standing
from siteplan.sites.plans.withheld import unconfirmed, withheld_kinds
from siteplan.sites.plans.zones import join_zones, judge

__all__ = [
    "Precedence",
    "Ruling",
    "conformity_table",
    "disagreements",
    "evidence",
    "in_force",
    "join_zones",
    "judge",
    "lapsed",
    "plan_coverage",
    "standing",
    "told_standing",
    "unconfirmed",
    "withheld_kinds",
    "zones_cover",
]
