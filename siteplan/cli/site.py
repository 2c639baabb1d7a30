"""One site of a run: its page."""

from __future__ import annotations

from typing import Annotated

import typer

from siteplan.cli.session import (
    CatalogOption,
    OutOption,
    Session,
    in_session,
    words,
)


@in_session
def show(
    now: Session,
    site: Annotated[str, typer.Argument(help=words("site.site"))],
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    catalog: CatalogOption = None,
    out: OutOption = None,
) -> None:
    """Write the page of a site: picture, figures, evidence, points; print what it says in short."""
    from siteplan.cli.views import PAPERS, found_runs, style_of
    from siteplan.outputs.reason_words import reason_lines
    from siteplan.outputs.run_words import printable_evidence
    from siteplan.outputs.site_sheet import find_site, verdict_lines, write_site_sheet
    from siteplan.outputs.summary import names_by_code

    place = now.workspace()
    (found,) = found_runs([run] if run else None, place, catalog, None)
    row = find_site(found, site)
    commune = names_by_code(found).get(row["commune_code"], row["commune_code"])
    now.line("site.title", site=row["site_id"], label=row["label"], commune=commune, run=found.name)
    for line in verdict_lines(row, now.lang):
        now.plain(f"  {line}")
    findings = printable_evidence(found, now.lang)
    own = findings[findings["site_id"] == row["site_id"]].to_dict("records")
    for line in reason_lines(row["reasons"], own, now.lang):
        now.plain(f"  - {line}")
    folder = out or found.folder / PAPERS / "vi_tri"
    now.line("site.written", path=str(write_site_sheet(found, row["site_id"], folder, style_of(place), now.lang)))
