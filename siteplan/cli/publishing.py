"""Results into the department's database."""

from __future__ import annotations

from typing import Annotated

import typer

from siteplan.cli.session import Session, in_session, words


@in_session
def publish(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    to: Annotated[str, typer.Option("--to", help=words("publish.to"), show_default=False)] = "",
) -> None:
    """Write the results of a run into a PostGIS database."""
    from siteplan.database import shown
    from siteplan.errors import Problem, UsageError
    from siteplan.outputs.publish import publish as write
    from siteplan.runs import find_run

    if not to:
        raise UsageError(Problem("publish_to_missing"))
    done = write(find_run(run, now.workspace().runs), to)
    key = "publish.there" if done.there else "publish.done"
    now.line(key, tables=done.tables, rows=done.rows, schema=done.schema, address=shown(to))
    now.line("publish.views", schema=done.views)
