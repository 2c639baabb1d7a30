"""Reasons of a site in words, with the function of the zone a plan is named for: one plan may come twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import run_words, wording

if TYPE_CHECKING:
    from siteplan.runs import Run

_OF_PLANS = ("sites.reason.blocks_plan", "sites.reason.condition_plan", "sites.reason.supports_plan",
             "sites.reason.blocks", "sites.reason.condition", "sites.reason.supports")  # fmt: skip
_SAME_M2 = 0.01


def zone_function(finding: Mapping[Any, Any], lang: str) -> str:
    """Write the function of the plan zone a finding is about; empty for what is no zone of a plan."""
    token = wording.scalar(finding.get("function"))
    if finding.get("source") != "plan" or not isinstance(token, str) or not token:
        return ""
    return wording.clean(wording.function_of_rule(token, finding.get("rule_name"), lang))


def titled(finding: Mapping[Any, Any], title: str, lang: str) -> str:
    """Title of a finding, with the function of its zone behind it."""
    function = zone_function(finding, lang)
    return f"{title}: {function}" if function else title


def reason_lines(messages: Any, findings: Iterable[Mapping[Any, Any]], lang: str) -> list[str]:
    """Write the reasons of a site; one that names a plan names the function of the zone too.

    Parameters
    ----------
    messages
        Cell of messages of the site.
    findings
        Rows of ``conflicts`` of the site.
    """
    zones = [f for f in findings if zone_function(f, lang)]
    told = []
    for key, params in locale.decode(messages):
        if key in _OF_PLANS:
            alike = (f for f in zones if f["title"] == params["title"] and _same(f["area_m2"], params["area"]))
            named = {**params, "title": titled(next(alike, {}), str(params["title"]), lang)}
            told.append(locale.text(key, lang, **named))
        else:
            told.append(locale.text(key, lang, **params))
    return told


def reasons_of_sites(run: Run, sites: Any, lang: str) -> list[list[str]]:
    """Write the reasons of each site of a run (:func:`reason_lines`); `sites` has ``site_id, reasons``."""
    evidence = run_words.printable_evidence(run, lang)
    of_site: dict[Any, list[dict[Any, Any]]] = {}
    for finding in evidence[evidence["source"] == "plan"].drop(columns="geometry", errors="ignore").to_dict("records"):
        of_site.setdefault(finding["site_id"], []).append(finding)
    pairs = zip(sites["site_id"], sites["reasons"], strict=True)
    return [reason_lines(cell, of_site.get(site, ()), lang) for site, cell in pairs]


def _same(one: Any, other: Any) -> bool:
    return one is not None and other is not None and abs(float(one) - float(other)) <= _SAME_M2
