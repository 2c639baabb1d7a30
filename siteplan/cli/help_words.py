"""The words that Typer itself puts around a help text, in the language of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteplan.cli.session import LANG, words
from siteplan.locale import DEFAULT_LANGUAGE, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

# constants of typer.rich_utils and the words for them, below ``cli.help_words.``
_FIXED = {
    "ARGUMENTS_PANEL_TITLE": "arguments", "OPTIONS_PANEL_TITLE": "options", "COMMANDS_PANEL_TITLE": "commands",
    "ERRORS_PANEL_TITLE": "error", "REQUIRED_LONG_STRING": "required", "DEFAULT_STRING": "default",
    "ABORTED_TEXT": "aborted", "RICH_HELP": "try_help",
}  # fmt: skip
_ASKS_HELP = "--help"


def asks_help(arguments: Sequence[str]) -> bool:
    """Whether a call ends with a help text: it asks for one, or names a group of commands and nothing else."""
    return _ASKS_HELP in arguments or len(arguments) < 2


def in_own_words(command: Any) -> Any:
    """Put our words into a tree of commands and into Typer's fixed strings; returns the command."""
    if LANG != DEFAULT_LANGUAGE:
        return command
    from typer import rich_utils

    for name, key in _FIXED.items():
        setattr(rich_utils, name, catalogue(LANG)[f"cli.help_words.{key}"])  # with the places Typer fills
    _translate(command)
    return command


def _translate(command: Any) -> None:
    kept = command.context_class
    formatter = kept.formatter_class

    class OwnFormatter(formatter):  # type: ignore[misc, valid-type]
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            """Write the line on usage with our own first word."""
            super().write_usage(prog, args, prefix or words("help_words.usage"))

    class OwnContext(kept):  # type: ignore[misc, valid-type]
        formatter_class = OwnFormatter

    command.context_class = OwnContext
    command.options_metavar = words("help_words.options_metavar")
    plain = command.get_help_option

    def get_help_option(ctx: Any) -> Any:
        option = plain(ctx)
        if option is not None:
            option.help = words("help_words.show_help")
        return option

    command.get_help_option = get_help_option
    if getattr(command, "commands", None) is not None:
        command.subcommand_metavar = words("help_words.command_metavar")
        for inner in command.commands.values():
            _translate(inner)
