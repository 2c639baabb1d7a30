"""What is told of a returned form: rows of words for the console, and the workbook that goes back to the commune."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siteplan import locale
from siteplan.errors import Problem
from siteplan.survey.importing import Result
from siteplan.survey.overview import Sheet, write_book
from siteplan.survey.questions import TOPICS, WHOLE, Question, topic_of
from siteplan.survey.readback import number_words
from siteplan.survey.store import Difference


def question_words(key: str, lang: str) -> str:
    """Return the words of a question; nothing for what is none."""
    return locale.text(f"survey.question.{key}", lang).lstrip("– ") if key and _is_question(key) else key


def _is_question(key: str) -> bool:
    return any(question.key == key for topic in TOPICS for question in topic.questions)


def problem_words(problem: Problem, lang: str) -> dict[str, str]:
    """Return a problem in words: severity, file, sheet, cell, question, value, what, cause, remedy."""
    params = dict(problem.params)
    for key in ("low", "high", "added_m2", "stated_m2", "land_m2", "most_m2", "floor_m2"):
        if isinstance(params.get(key), int | float):
            params[key] = _number_of(problem.column, float(params[key]), lang)
    if "tokens" in params:
        column = str(params.get("column_of", ""))
        params["tokens"] = "; ".join(locale.value_text(column, t, lang) for t in str(params["tokens"]).split("; "))
    if "kind_of" in params:
        params["kind_of"] = locale.text(f"survey.kind.{params['kind_of']}", lang)
    row = locale.problem_row(
        Problem(problem.key, problem.severity, problem.file, problem.layer, problem.feature,
                question_words(problem.column, lang), problem.value, params), lang,
    )  # fmt: skip
    return {
        "severity": row["severity"], "file": row["file"], "sheet": row["layer"], "cell": row["feature"],
        "question": row["column"], "value": row["value"], "what": row["what"], "cause": row["cause"],
        "remedy": row["remedy"],
    }  # fmt: skip


def _number_of(key: str, value: float, lang: str) -> str:
    """Write a limit of a question: a year is a year, not one thousand and some."""
    question = next((q for topic in TOPICS for q in topic.questions if q.key == key), None)
    if question is not None and question.kind in ("year", "number_of"):
        return f"{value:.0f}"
    words = locale.number(value, 2, lang)
    return words[:-3] if words[-3:] in (",00", ".00") else words


def _value_words(question: Question | None, value: Any, lang: str) -> str:
    if value is None:
        return "–"
    if question is not None and question.kind == "list":
        return locale.value_text(question.token_column, value, lang)
    if question is not None and question.kind == "date":
        return "/".join(reversed(str(value).split("-")))
    if question is not None and question.kind in WHOLE and isinstance(value, int | float):
        return number_words(value, question, lang)
    if isinstance(value, float):
        decimals = 3 if question is not None and question.kind == "coordinate" else 2
        return locale.number(value, decimals, lang)
    return str(value)


def difference_words(difference: Difference, lang: str) -> list[str]:
    """Return a difference in words: sheet, row, question, before, now."""
    topic = topic_of(difference.topic)
    question = next((q for q in topic.questions if q.key == difference.question), None)
    return [
        locale.text(f"survey.sheet.{difference.topic}", lang),
        "" if difference.row_id == difference.question else difference.row_id,
        question_words(difference.question, lang),
        _value_words(question, difference.old, lang),
        _value_words(question, difference.new, lang),
    ]


def reply_name(result: Result) -> str:
    """Name of the workbook that goes back."""
    return f"{result.path.stem} - phan hoi.xlsx"


def write_reply(result: Result, folder: Path, lang: str) -> Path:
    """Write the workbook that goes back to a commune: what was found, and what changed since last time."""

    def text(key: str, **params: Any) -> str:
        return locale.text(f"survey.reply.{key}", lang, **params)

    widths = {"severity": 11.0, "sheet": 19.0, "cell": 8.0, "question": 26.0, "value": 20.0, "what": 48.0,
              "cause": 38.0, "remedy": 48.0}  # fmt: skip
    rows = [problem_words(problem, lang) for problem in result.problems]
    summary = text(
        "summary", file=result.path.name, outcome=locale.value_text("survey_outcome", result.outcome, lang),
        taken=result.rows_taken, bad=result.rows_bad, problems=len(rows),
    )  # fmt: skip
    headings = [(text(f"heading.{key}"), width) for key, width in widths.items()]
    sheets = [
        Sheet(text("problems"), text("title"), headings, [[row[key] for key in widths] for row in rows],
              [summary, text("how")])
    ]  # fmt: skip
    if result.differences:
        columns = [(text(f"heading.{key}"), width) for key, width in
                   (("sheet", 22.0), ("row", 18.0), ("question", 34.0), ("before", 34.0), ("now", 34.0))]  # fmt: skip
        changed = [difference_words(d, lang) for d in result.differences]
        sheets.append(Sheet(text("differences"), text("differences_title"), columns, changed))
    return write_book(folder / reply_name(result), text("title"), sheets)


def write_replies(results: Sequence[Result], folder: Path, lang: str) -> list[Path]:
    """Write a workbook for each file that has something to be told."""
    return [write_reply(r, folder, lang) for r in results if (r.problems or r.differences) and r.outcome != "same"]
