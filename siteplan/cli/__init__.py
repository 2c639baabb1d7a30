"""The command line: thin commands over the program. Heavy modules are imported when a command needs them."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the ``siteplan`` command."""
    from siteplan.cli.app import call
    from siteplan.work import collect_less

    collect_less()
    sys.exit(call(sys.argv[1:]))
