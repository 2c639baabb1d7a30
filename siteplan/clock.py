"""Today: what only warnings and forms may depend on, never a table of a run."""

from __future__ import annotations

import datetime as dt


def today() -> dt.date:
    """Return the day it is here."""
    return dt.date.today()
