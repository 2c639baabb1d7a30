"""The commands, by name."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from siteplan.cli import evidence, inputs, need, planning, publishing, returned, road, views, why
from siteplan.cli import site as one_site
from siteplan.cli import survey as survey_commands
from siteplan.cli.help_words import asks_help, in_own_words
from siteplan.cli.session import words

app = typer.Typer(
    name="siteplan", help=words("help"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command("run", help=words("run.help"))(road.run)
app.command("compare", help=words("compare.help"))(road.compare)
app.command("why", help=words("why.help"))(why.why)
app.command("freeze", help=words("freeze.help"))(road.freeze)
app.command("map", help=words("map.help"))(views.draw_map)
app.command("workbook", help=words("workbook.help"))(views.workbook)
app.command("dossier", help=words("dossier.help"))(views.dossier)
app.command("export", help=words("export.help"))(views.export)
app.command("publish", help=words("publish.help"))(publishing.publish)
app.command("check", help=words("check.help"))(inputs.check)
app.command("status", help=words("status.help"))(inputs.status)
app.command("template", help=words("template.help"))(inputs.template)
app.command("init", help=words("init.help"))(inputs.init)
app.command("check-site", help=words("check_site.help"))(evidence.check_site)
app.command("doctor", help=words("doctor.help"))(inputs.doctor)

layers = typer.Typer(help=words("layers.help"), no_args_is_help=True)
layers.command("add", help=words("layers.add"))(inputs.layers_add)
layers.command("import", help=words("layers.import"))(returned.layers_import)
app.add_typer(layers, name="layers")

open_data = typer.Typer(help=words("data.help"), no_args_is_help=True)
open_data.command("pull", help=words("data.pull"))(inputs.data_pull)
app.add_typer(open_data, name="data")

needs = typer.Typer(help=words("need.help"), no_args_is_help=True)
needs.command("explain", help=words("need.explain"))(need.explain)
app.add_typer(needs, name="need")

sites = typer.Typer(help=words("site.help"), no_args_is_help=True)
sites.command("show", help=words("site.show"))(one_site.show)
app.add_typer(sites, name="site")

survey = typer.Typer(help=words("survey.help"), no_args_is_help=True)
survey.command("new", help=words("survey.new"))(survey_commands.new)
survey.command("import", help=words("survey.import"))(survey_commands.import_forms)
survey.command("status", help=words("survey.status"))(survey_commands.status)
survey.command("remind", help=words("survey.remind"))(survey_commands.remind)
app.add_typer(survey, name="survey")

app.add_typer(planning.plans_app, name="plans")
app.add_typer(planning.opinion_app, name="opinion")


def call(arguments: Sequence[str]) -> int:
    """Run the command line; return its exit code (0 done, 1 inputs, 2 usage, 3 internal, 130 interrupted)."""
    try:
        # Typer's own words are only met in a help text; a call without one does not pay for them
        run = in_own_words(typer.main.get_command(app)) if asks_help(arguments) else app
        run(list(arguments))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0
