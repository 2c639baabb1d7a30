"""TOML files that people write by hand."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siteplan.errors import InputError, Problem

_CONTROL = re.compile("[\x08\x0c\t]")


def _has_control(node: Any) -> bool:
    if isinstance(node, str):
        return bool(_CONTROL.search(node))
    if isinstance(node, Mapping):
        return any(_has_control(value) for value in node.values())
    return isinstance(node, list) and any(_has_control(value) for value in node)


def day_of(value: Any) -> Any:
    """Day of a moment that was written where a date is asked for; anything else as it is."""
    return value.date() if isinstance(value, dt.datetime) else value


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file that a person wrote; a byte-order mark is accepted, a backslash in a path is explained.

    Raises
    ------
    InputError
        Where the file is missing, cannot be read, is not UTF-8 or not TOML (with the line).
    """
    try:
        content = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError(Problem("file_missing", file=str(path))) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem("file_not_utf8", file=str(path), value=str(error.start))) from None
    except OSError as error:
        raise InputError(Problem("file_unreadable", file=str(path), value=str(error))) from None
    try:
        found = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else 0
        lines = content.splitlines()
        words = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        key = "toml_backslash" if '"' in words and "\\" in words else "toml_invalid"
        params = {"line": number, "words": words, "detail": str(error), "mended": words.replace("\\", "/")}
        raise InputError(Problem(key, file=str(path), feature=str(number), value=words, params=params)) from None
    if _has_control(found):
        # "C:\temp\bien.toml" is good TOML: its backslashes silently became a tab and a backspace
        number, words = next(
            ((n, line.strip()) for n, line in enumerate(content.splitlines(), 1) if re.search(r"\\[btf]", line)),
            (0, ""),
        )
        params = {"line": number, "words": words, "detail": "", "mended": words.replace("\\", "/")}
        raise InputError(Problem("toml_backslash", file=str(path), feature=str(number), value=words, params=params))
    return found
