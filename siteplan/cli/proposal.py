"""The table for the adjustment of the provincial plan: `plans proposal`."""

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
def plans_proposal(
    now: Session,
    run: Annotated[str | None, typer.Argument(help=words("argument.run"), show_default=False)] = None,
    out: OutOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Write the table handed in for the adjustment of the provincial plan, as a workbook and as an annex in Word."""
    from siteplan.cli.views import PAPERS, found_runs
    from siteplan.layers.catalog import load_catalog
    from siteplan.outputs import proposal

    place = now.workspace(catalog)
    (found,) = found_runs([run] if run else None, place, catalog, None)
    quota = load_catalog(catalog or place.catalog).province.tsc_quota
    made = proposal.propose(found, quota)
    folder = out or found.folder / PAPERS
    stem = f"de_nghi_dieu_chinh_quy_hoach_{found.name}"
    for file in (
        proposal.write_workbook(found, made, folder / f"{stem}.xlsx", now.lang),
        proposal.write_annex(found, made, folder / f"{stem}.docx", now.lang),
    ):
        now.line("written", file=str(file))
    now.out.print(proposal.quota_line(made, now.lang), markup=False)
