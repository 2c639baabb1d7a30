"""One call of the command line: language, console, progress, and how errors are told."""

from __future__ import annotations

import codecs
import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from siteplan.errors import Problem, SiteplanError
from siteplan.locale import DEFAULT_LANGUAGE, LANGUAGES, fold, problem_row, text, value_text
from siteplan.report import SILENT, Reporter
from siteplan.workspace import Workspace, open_workspace

SHOWN_PROBLEMS = 40


def asked_language(arguments: Sequence[str] | None = None) -> str:
    """Language of help texts and errors: ``--lang`` of the call, else ``SITEPLAN_LANG``, else Vietnamese."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for here, following in zip(words, [*words[1:], ""], strict=False):  # an empty call has no first word
        if here == "--lang" and following in LANGUAGES:
            return following
        if here.startswith("--lang=") and here[7:] in LANGUAGES:
            return here[7:]
    named = os.environ.get("SITEPLAN_LANG", DEFAULT_LANGUAGE)
    return named if named in LANGUAGES else DEFAULT_LANGUAGE


LANG = asked_language()


def words(key: str) -> str:
    """Text of the command line itself."""
    return text(f"cli.{key}", LANG)


WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", help=words("option.workspace"), show_default=False)
]
CatalogOption = Annotated[Path | None, typer.Option("--catalog", help=words("option.catalog"), show_default=False)]
OutOption = Annotated[Path | None, typer.Option("--out", help=words("option.out"), show_default=False)]
LangOption = Annotated[str, typer.Option("--lang", help=words("option.lang"), show_default=False)]
QuietOption = Annotated[bool, typer.Option("--quiet", help=words("option.quiet"))]
DebugOption = Annotated[bool, typer.Option("--debug", help=words("option.debug"))]
JobsOption = Annotated[int, typer.Option("--jobs", min=0, max=64, help=words("option.jobs"))]
RestrictedOption = Annotated[bool, typer.Option("--include-restricted", help=words("option.restricted"))]


def _fold_error(error: UnicodeError) -> tuple[str, int]:
    """Write letters that a console cannot show without their accents rather than fail."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    broken = error.object[error.start : error.end]
    plain = fold(broken) if broken.islower() else fold(broken).upper()
    return "".join(c if ord(c) < 128 else "?" for c in plain) or "?", error.end


codecs.register_error("siteplan_fold", _fold_error)


def _console(stream: Any, quiet: bool = False) -> Console:
    if hasattr(stream, "reconfigure") and (stream.encoding or "").lower().replace("-", "") != "utf8":
        stream.reconfigure(errors="siteplan_fold")
    return Console(file=stream, quiet=quiet, highlight=False, safe_box=True, soft_wrap=not stream.isatty())


class RichReporter(Reporter):
    """Draws progress on the error stream, and lines above it."""

    def __init__(self, console: Console, lang: str) -> None:
        self.console = console
        self.lang = lang
        columns = (
            SpinnerColumn("line"),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.progress = Progress(*columns, console=console, transient=True)
        self._tasks: list[Any] = []

    def say(self, key: str, **params: Any) -> None:
        """Print one line."""
        self.console.print(escape(text(key, self.lang, **params)))

    def start(self, key: str, total: int | None = None, **params: Any) -> None:
        """Add a bar."""
        if not self._tasks:
            self.progress.start()
        self._tasks.append(self.progress.add_task(escape(text(key, self.lang, **params)), total=total))

    def advance(self, steps: int = 1) -> None:
        """Move the newest bar."""
        if self._tasks:
            self.progress.advance(self._tasks[-1], steps)

    def finish(self) -> None:
        """Take the newest bar away."""
        if self._tasks:
            self.progress.remove_task(self._tasks.pop())
        if not self._tasks:
            self.progress.stop()


@dataclass
class Session:
    """What a command works with."""

    workspace_folder: Path | None = None
    lang: str = DEFAULT_LANGUAGE
    quiet: bool = False
    debug: bool = False
    out: Console = field(init=False)
    err: Console = field(init=False)

    def __post_init__(self) -> None:
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr, self.quiet)

    @property
    def reporter(self) -> Reporter:
        """Reporter of this call: silent with ``--quiet``."""
        return SILENT if self.quiet else RichReporter(self.err, self.lang)

    def workspace(self, near: Path | None = None) -> Workspace:
        """Return the workspace named, or that of the current folder, or the one `near` lies in."""
        if self.workspace_folder is not None:
            return open_workspace(self.workspace_folder)
        try:
            return open_workspace()
        except SiteplanError:
            if near is None:
                raise
            return open_workspace(near if near.is_dir() else near.parent)

    def line(self, key: str, **params: Any) -> None:
        """Print one line of result."""
        self.out.print(escape(text(f"cli.{key}", self.lang, **params)))

    def plain(self, words: str) -> None:
        """Print words as they are."""
        self.out.print(escape(words))

    def table(self, title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
        """Print a table: columns are (heading, justify)."""
        drawn = Table(title=escape(title) if title else None, title_justify="left")
        for heading, justify in columns:
            drawn.add_column(escape(heading), justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            drawn.add_row(*(escape(cell) for cell in row))
        self.out.print(drawn)

    def problems(self, problems: Sequence[Problem], stream: Console | None = None) -> None:
        """Print a problem list: what, where, likely cause, what to do; counts at the end."""
        console = stream or self.out
        for problem in problems[:SHOWN_PROBLEMS]:
            row = problem_row(problem, self.lang)
            place = " · ".join(
                part
                for part in (
                    row["file"],
                    f"{text('cli.place.layer', self.lang)} {row['layer']}" if row["layer"] else "",
                    f"{text('cli.place.feature', self.lang)} {row['feature']}" if row["feature"] else "",
                    f"{text('cli.place.column', self.lang)} {row['column']}" if row["column"] else "",
                )
                if part
            )
            console.print(f"[bold]{escape(row['severity'])}[/bold]: {escape(row['what'])}")
            if place:
                console.print(f"  {escape(text('cli.place.where', self.lang))}: {escape(place)}")
            for part in ("cause", "remedy"):
                if row[part] and not row[part].startswith("problem."):
                    console.print(f"  {escape(text(f'cli.place.{part}', self.lang))}: {escape(row[part])}")
        if len(problems) > SHOWN_PROBLEMS:
            console.print(escape(text("cli.more_problems", self.lang, count=len(problems) - SHOWN_PROBLEMS)))
        counts = {s: sum(p.severity == s for p in problems) for s in ("error", "excluded", "warning")}
        summary = ", ".join(f"{n} {value_text('severity', s, self.lang).lower()}" for s, n in counts.items() if n)
        if summary:
            console.print(escape(text("cli.problem_count", self.lang, summary=summary)))


@contextmanager
def session(workspace: Path | None, lang: str, quiet: bool, debug: bool) -> Iterator[Session]:
    """Frame a command: errors are told in words and become exit codes; a traceback only with ``--debug``."""
    lang = lang if lang in LANGUAGES else DEFAULT_LANGUAGE
    now = Session(workspace, lang, quiet, debug)
    try:
        yield now
    except SiteplanError as error:
        now.err.quiet = False
        now.problems(error.problems, now.err)
        if debug:
            raise
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        now.err.print(escape(text("cli.interrupted", lang)))
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except OSError as error:
        if debug:
            raise
        now.err.quiet = False
        now.err.print(escape(text("cli.system_error", lang, detail=str(error))))
        raise typer.Exit(3) from None
    except Exception as error:
        if debug:
            raise
        now.err.quiet = False
        now.err.print(escape(text("cli.internal_error", lang, detail=f"{type(error).__name__}: {error}")))
        raise typer.Exit(3) from None


# options that every command of a workspace has, in the order in which the help lists them
_COMMON = {
    "workspace": (WorkspaceOption, None),
    "lang": (LangOption, DEFAULT_LANGUAGE),
    "quiet": (QuietOption, False),
    "debug": (DebugOption, False),
}


def in_session(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function whose first parameter is its session.

    The command has the function's other parameters, and the options all commands share.
    """
    own = inspect.signature(command, eval_str=True)
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _COMMON.items()
    ]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own.parameters.values()][1:]] + common

    @functools.wraps(command)
    def framed(**given: Any) -> None:
        shared = {name: given.pop(name, default) for name, (_, default) in _COMMON.items()}
        with session(**shared) as now:
            command(now, **given)

    framed.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    framed.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    return framed
