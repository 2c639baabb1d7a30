"""The room that reads: what layers there are, what is in them, what is wrong with them.

Files of any kind and CRS go in, tables of :data:`siteplan.tables.INPUTS` in the province's CRS come out, together with
every problem found on the way.
"""

from __future__ import annotations
