"""The commands about plans, gathered: `siteplan plans ...`, `siteplan opinion ...`."""

from __future__ import annotations

import typer

from siteplan.cli import agencies, drawings, evidence, opinions, plans, proposal
from siteplan.cli.session import words

plans_app = typer.Typer(help=words("plans.help"), no_args_is_help=True)
plans_app.command("list", help=words("plans.list"))(plans.plans_list)
plans_app.command("show", help=words("plans.show"))(plans.plans_show)
plans_app.command("check", help=words("plans.check"))(plans.plans_check)
plans_app.command("diff", help=words("plans_diff.help"))(evidence.plans_diff)
plans_app.command("import-dxf", help=words("plans.import_dxf"))(drawings.plans_import_dxf)
plans_app.command("opinions", help=words("plans.opinions"))(agencies.plans_opinions)
plans_app.command("proposal", help=words("plans.proposal"))(proposal.plans_proposal)

opinion_app = typer.Typer(help=words("opinion.help"), no_args_is_help=True)
opinion_app.command("add", help=words("opinion.add"))(opinions.opinion_add)
opinion_app.command("list", help=words("opinion.list"))(opinions.opinion_list)
