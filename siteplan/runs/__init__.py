"""A run folder: written as a whole or not at all, archived, frozen, and read back."""

from siteplan.runs.archive import finish_swaps, swap_in
from siteplan.runs.files import UNREADABLE, read_geotiff, read_table, write_geopackage, write_geotiff, write_problems
from siteplan.runs.run import ARCHIVE, MANIFEST, Run, find_run
from siteplan.runs.write import RunContent, freeze, replace_table, write_background, write_run, write_what_ifs

__all__ = [
    "ARCHIVE",
    "MANIFEST",
    "UNREADABLE",
    "Run",
    "RunContent",
    "find_run",
    "finish_swaps",
    "freeze",
    "read_geotiff",
    "read_table",
    "replace_table",
    "swap_in",
    "write_background",
    "write_geopackage",
    "write_geotiff",
    "write_problems",
    "write_run",
    "write_what_ifs",
]
