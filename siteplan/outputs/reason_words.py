"""Reasons of a site in words, with the function of the zone a plan is named for: one plan may come twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from siteplan import locale
from siteplan.outputs import run_words, wording
from siteplan.outputs.land_words import code_words

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
    """Title of a finding in the reader's language, with the function of its zone behind it."""
    function, own = zone_function(finding, lang), _in_language(finding, title, lang)
    return f"{own}: {function}" if function else own


def _in_language(finding: Mapping[Any, Any], title: str, lang: str) -> str:
    """Title of a finding with the name of its rule or land use in a language; names of data stay as they are."""
    if lang == locale.DEFAULT_LANGUAGE or not finding:
        return title
    rule, name = str(finding.get("zone_id")).partition(":")[0], wording.scalar(finding.get("rule_name"))
    if isinstance(name, str) and title.startswith(name) and locale.has_text(f"value.rule.{rule}", lang):
        return locale.value_text("rule", rule, lang) + title.removeprefix(name)
    function = wording.scalar(finding.get("function"))
    of_land = finding.get("source") == "land_use" and isinstance(function, str)
    return code_words(str(function), lang) if of_land else title


def reason_lines(messages: Any, findings: Iterable[Mapping[Any, Any]], lang: str) -> list[str]:
    """Write the reasons of a site; what is cited is named in the language, a plan with the function of the zone too.

    Parameters
    ----------
    messages
        Cell of messages of the site.
    findings
        Rows of ``conflicts`` of the site.
    """
    cited = list(findings)
    told = []
    for key, params in locale.decode(messages):
        if key in _OF_PLANS:
            alike = (f for f in cited if f["title"] == params["title"] and _same(f["area_m2"], params["area"]))
            named = {**params, "title": titled(next(alike, {}), str(params["title"]), lang)}
            told.append(locale.text(key, lang, **named))
        else:
            told.append(locale.text(key, lang, **params))
    return told


def reasons_of_sites(run: Run, sites: Any, lang: str) -> list[list[str]]:
    """Write the reasons of each site of a run (:func:`reason_lines`); `sites` has ``site_id, reasons``."""
    evidence = pd.DataFrame(run_words.printable_evidence(run, lang)).drop(columns="geometry", errors="ignore")
    if lang == locale.DEFAULT_LANGUAGE:
        evidence = evidence[evidence["source"] == "plan"]
    of_site: dict[Any, list[dict[Any, Any]]] = {}
    for finding in evidence.to_dict("records"):
        of_site.setdefault(finding["site_id"], []).append(finding)
    pairs = zip(sites["site_id"], sites["reasons"], strict=True)
    return [reason_lines(cell, of_site.get(site, ()), lang) for site, cell in pairs]


def _same(one: Any, other: Any) -> bool:
    return one is not None and other is not None and abs(float(one) - float(other)) <= _SAME_M2
