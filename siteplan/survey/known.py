"""What is known of a commune before it is asked, in the shape of the survey's sheets.

Figures of illustrative layers are made up: nobody is asked to confirm them. Of such a facility only its identity is
filled in (id, name, former unit), because it is taken from the list of former units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from siteplan.survey.questions import TOPICS, Topic, topic_of

# topic -> row id -> question -> value; a sheet of single questions has the question's key as the row id
Answers = dict[str, dict[str, dict[str, Any]]]
Records = list[dict[Any, Any]]

_IDENTITY = ("facility_name", "former_unit_code", "former_level")
_OF_TOPIC: Mapping[str, tuple[str, str]] = {
    "facilities": ("facilities", "facility_id"),
    "buildings": ("facility_buildings", "building_id"),
    "proposals": ("proposals", "proposal_id"),
}
_KEYS: Mapping[str, str] = {"facility_buildings": "facility_id", "commune_facts": "code"}
_OWN_ID = re.compile(r"KS-\d{5}-([A-Z])(\d+)")


@dataclass(frozen=True)
class Known:
    """The layers that fill the forms in, one table a role, geometry in the province's CRS."""

    tables: Mapping[str, Any] = field(default_factory=dict)
    _grouped: dict[str, dict[str, Records]] = field(default_factory=dict, compare=False)

    def rows(self, role: str, of: str) -> Records:
        """Rows of a commune, of buildings those of a facility."""
        if role not in self._grouped:
            groups: dict[str, Records] = {}
            table = self.tables.get(role)
            key = _KEYS.get(role, "commune_code")
            for record in table.to_dict("records") if table is not None and len(table) else []:
                groups.setdefault(str(record[key]), []).append(record)
            self._grouped[role] = groups
        return self._grouped[role].get(of, [])

    def of(self, code: str) -> Answers:
        """Return what is known of a commune."""
        answers: Answers = {topic.key: {} for topic in TOPICS}
        for topic in TOPICS:
            if not topic.is_list:
                self._single(topic, code, answers)
        self._things("facilities", self.rows("facilities", code), answers)
        for number, facility in enumerate(list(answers["facilities"]), start=1):
            buildings = self.rows("facility_buildings", facility)
            self._things("buildings", buildings, answers)
            for building in buildings:
                if (row := answers["buildings"].get(str(building["building_id"]))) is not None:
                    row["of_facility"] = number
        self._things("proposals", self.rows("proposals", code), answers)
        return answers

    def _single(self, topic: Topic, code: str, answers: Answers) -> None:
        for question in topic.questions:
            # a commune that has reported nothing yet is asked about the population that is known of it
            of_facts = question.key == "population" and all(map(_made_up, self.rows(question.role, code)))
            rows = self.rows("commune_facts" if of_facts else question.role, code)
            if rows and not _made_up(rows[0]):
                value = _plain(rows[0].get(question.column))
                if value is not None:
                    answers[topic.key][question.key] = {question.key: value}

    def _things(self, topic_key: str, rows: Records, answers: Answers) -> None:
        topic = topic_of(topic_key)
        _, id_column = _OF_TOPIC[topic_key]
        for record in sorted(rows, key=lambda row: str(row[id_column])):
            made_up = _made_up(record)
            if made_up and topic_key != "facilities":
                continue
            values: dict[str, Any] = {}
            for question in topic.questions:
                if made_up and question.key not in _IDENTITY:
                    continue
                value = _plain(record.get(question.column)) if question.role else None
                if value is not None:
                    values[question.key] = value
            geometry = record.get("geometry")
            if geometry is not None and not made_up and record.get("position_assumed") is not True:
                point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
                values |= {"crs": "vn2000", "x_north": round(point.y, 3), "y_east": round(point.x, 3)}
            answers[topic_key][str(record[id_column])] = values


def _made_up(record: Any) -> bool:
    return bool(record.get("illustrative", False))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def new_row_ids(topic: Topic, code: str, known: Mapping[str, Any]) -> list[str]:
    """Ids of the spare rows of a sheet: they go on after those that earlier answers used."""
    used = [int(m.group(2)) for m in map(_OWN_ID.fullmatch, known) if m and m.group(1) == topic.mark]
    first = max(used, default=0) + 1
    return [f"KS-{code}-{topic.mark}{n:02d}" for n in range(first, first + topic.spare)]
