"""What pydantic says against a scenario file, in words of the file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from siteplan.errors import Problem
from siteplan.scenario.standing import Standing


def _nearest(key: str, known: list[str]) -> str:
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return found[0] if found else ""


def _model_at(model: Any, location: tuple[Any, ...]) -> type[BaseModel] | None:
    """Return the model that holds the key a pydantic error points at, to suggest its nearest key."""
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        fields = getattr(model, "model_fields", {})
        if step not in fields:
            return None
        annotation = fields[step].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
        if model is None:
            return None
    return model if isinstance(model, type) else None


# beginning of a pydantic error type -> what was expected, as the texts name it (value.toml_type.<token>)
_EXPECTED: Mapping[str, str] = {
    "float": "number",
    "finite": "number",
    "int": "integer",
    "bool": "bool",
    "string": "text",
    "date": "date",
    "tuple": "list",
    "too": "list",
    "model": "table",
    "mapping": "table",
    "dict": "table",
}
_RELATIONS = {"greater_than": ">", "greater_than_equal": "≥", "less_than": "<", "less_than_equal": "≤"}


def _place(location: tuple[Any, ...]) -> str:
    """Return where a key stands: names by dots, entries of a list counted from 1."""
    words = ""
    for step in location:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if words else str(step)
    return words


def _entry_name(raw: Any, location: tuple[Any, ...]) -> str:
    """Return how the list entry that holds an error calls itself: its key, name, source or commune."""
    name = ""
    for step in location:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, int) and isinstance(raw, Mapping):
            name = next((str(raw[k]) for k in ("key", "name", "source", "commune") if k in raw), name)
    return name


def problems_of(
    error: ValidationError, model: type[BaseModel], standing: Standing, raw: Mapping[str, Any]
) -> list[Problem]:
    """Return a problem for each fault, with its file, the name of the list entry and the key nearest to an unknown."""
    problems = []
    for item in error.errors():
        location = tuple(item["loc"])
        kind = item["type"]
        context = item.get("ctx", {})
        value = str(context.get("shown", repr(item.get("input"))))[:60]
        params: dict[str, Any] = {}
        if kind == "extra_forbidden":
            held = _model_at(model, location)
            near = _nearest(str(location[-1]), list(held.model_fields)) if held else ""
            key, value, params = ("scenario_key_unknown_near" if near else "scenario_key_unknown"), "", {"near": near}
        elif kind == "missing" and not isinstance(location[-1], int):
            key, value = "scenario_key_missing", ""
        elif kind == "literal_error":
            key, params = "scenario_value_choice", {"expected": context.get("expected", "").replace(" or ", ", ")}
        elif kind in _RELATIONS:
            limit = next((context[k] for k in ("gt", "ge", "lt", "le") if k in context), "")
            key, params = "scenario_value_range", {"limit": f"{_RELATIONS[kind]} {limit:g}"}
        elif kind == "string_pattern_mismatch":
            key = "scenario_value_name"
        elif kind.startswith("scenario_"):
            key = kind
        elif kind == "missing" or kind.partition("_")[0] in _EXPECTED:
            expected = "list" if kind == "missing" else _EXPECTED[kind.partition("_")[0]]
            key, params = "scenario_value_type", {"expected": expected}
        else:
            key, params = "scenario_value", {"detail": item["msg"]}
        feature = _entry_name(raw, location)
        file, column = standing.file_of(*location), _place(location)
        problems.append(Problem(key, file=file, feature=feature, column=column, value=value, params=params))
    return problems
