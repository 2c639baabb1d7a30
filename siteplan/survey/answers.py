"""Who has answered, how completely, and what is missing: counted from what is in force, by the questions asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from siteplan import locale
from siteplan.survey.overview import Line
from siteplan.survey.questions import TOPICS, Topic
from siteplan.survey.store import InForce, Record, Refusal, Store
from siteplan.survey.telling import problem_words, question_words

SHOWN_BLOCKS = 12
AREAS = ("existing_floor", "existing_land", "extension_floor", "extension_land", "new_floor", "new_land")


def shortened(blocking: Sequence[str], lang: str) -> str:
    """Return the first of what could not be taken, and how many more there are; for where there is little room."""
    more = len(blocking) - SHOWN_BLOCKS
    shown = list(blocking[:SHOWN_BLOCKS])
    return "; ".join([*shown, locale.text("survey.lacking.more", lang, count=more)] if more > 0 else shown)


def areas_state(answers: InForce) -> str:
    """Say as the results do: ``answered`` with all six areas, ``partly`` with anything of a report, ``none``."""
    needs = answers.get("needs", {})
    if all(key in needs for key in AREAS):
        return "answered"
    asked = [(t.key, q.key) for t in TOPICS if not t.is_list for q in t.questions if q.role == "commune_reports"]
    return "partly" if any(key in answers.get(topic, {}) for topic, key in asked) else "none"


def line_of(
    commune: Mapping[str, Any], records: Sequence[Record], answers: InForce, lang: str, refusal: Refusal | None = None
) -> Line:
    """Return the state of one commune's answer.

    Complete is an answer in which every needed question has one, for each facility, building and site that is named,
    and in which nothing of the last submission had to be left out.
    """
    who = (str(commune["code"]), str(commune["kind"]), str(commune["name"]))
    if not records:
        if refusal is not None:
            return Line(*who, state="refused", lacking=[_refused(refusal, lang)])
        return Line(*who, lacking=[locale.text("survey.lacking.everything", lang)])
    asked, given = 0, 0
    lacking: list[str] = []
    for topic in TOPICS:
        rows = answers.get(topic.key, {})
        there, wanted, missing = _of_list(topic, rows, lang) if topic.is_list else _of_single(topic, rows, lang)
        given, asked = given + there, asked + wanted
        lacking += missing
    new_land = answers.get("needs", {}).get("new_land", {}).get("new_land")
    if new_land and not answers.get("proposals"):
        asked += 1
        lacking.append(locale.text("survey.lacking.proposals", lang))
    last = records[-1]
    blocking = [f"{p.layer} {p.feature}".strip() for p in last.told() if p.severity == "error"]
    if refusal is not None and refusal.received > last.received:
        blocking.insert(0, _refused(refusal, lang))
    report = answers.get("unit", {})

    def said(key: str) -> str:
        return str(report.get(key, {}).get(key) or "")

    return Line(
        *who,
        state="complete" if not lacking and not blocking else "partial",
        areas=areas_state(answers),
        percent=100.0 * given / asked if asked else 0.0,
        lacking=lacking,
        blocking=blocking,
        report_no=said("report_no"),
        report_date=said("report_date"),
        reporter=said("reporter"),
        received=last.received[:16].replace("T", " "),
        submissions=len(records),
    )


def _refused(refusal: Refusal, lang: str) -> str:
    reason = "; ".join(problem_words(problem, lang)["what"] for problem in refusal.told())
    day = "/".join(reversed(refusal.received[:10].split("-")))
    return locale.text("survey.lacking.refused", lang, day=day, reason=reason)


def _of_single(topic: Topic, rows: Mapping[str, Any], lang: str) -> tuple[int, int, list[str]]:
    needed = [q for q in topic.questions if q.needed]
    missing = [q for q in needed if q.key not in rows]
    return len(needed) - len(missing), len(needed), [question_words(q.key, lang) for q in missing]


def _of_list(topic: Topic, rows: Mapping[str, Mapping[str, Any]], lang: str) -> tuple[int, int, list[str]]:
    sheet = locale.text(f"survey.sheet.{topic.key}", lang)
    if topic.key == "facilities" and not rows:
        return 0, 1, [locale.text("survey.lacking.facilities", lang)]
    there, wanted, missing = 0, 0, []
    for question in topic.questions:
        if question.needed and rows:
            have = sum(question.key in row for row in rows.values())
            there, wanted = there + have, wanted + len(rows)
            if have < len(rows):
                missing.append(
                    locale.text("survey.lacking.rows", lang, sheet=sheet, question=question_words(question.key, lang),
                                count=len(rows) - have, total=len(rows))
                )  # fmt: skip
    return there, wanted, missing


def lines_of(communes: Sequence[Mapping[str, Any]], store: Store, lang: str) -> list[Line]:
    """Return the state of every commune's answer, in the order given."""
    return [
        line_of(
            commune,
            store.records(str(commune["code"])),
            store.in_force(str(commune["code"])),
            lang,
            store.refusal(str(commune["code"])),
        )
        for commune in communes
    ]
