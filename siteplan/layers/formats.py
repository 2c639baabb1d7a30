"""What a file is, by its first bytes rather than its name; unpacking of archives within limits; hashes.

GDAL is only handed a file whose content is what its name says, so that nothing is opened that names other files.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from siteplan.errors import InputError, Problem

# suffix -> (kind, drivers of GDAL that may read it)
VECTOR_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".shp": ("shapefile", ("ESRI Shapefile",)),
    ".gpkg": ("geopackage", ("GPKG",)),
    ".geojson": ("geojson", ("GeoJSON",)),
    ".json": ("geojson", ("GeoJSON",)),
    ".gdb": ("filegdb", ("OpenFileGDB",)),
    ".kml": ("kml", ("KML", "LIBKML")),
    ".tab": ("mapinfo", ("MapInfo File",)),
    ".mif": ("mapinfo", ("MapInfo File",)),
    ".dxf": ("dxf", ("DXF",)),
    ".dgn": ("dgn", ("DGN",)),
}
TABLE_SUFFIXES = (".csv", ".xlsx", ".xlsm", ".txt", ".tsv")
RASTER_SUFFIXES = (".tif", ".tiff")
ARCHIVE_SUFFIXES = (".zip", ".kmz")

HEAD_BYTES = 65_536
MAX_ARCHIVE_FILES = 2_000
MAX_UNPACKED_BYTES = 4 * 1024**3
# a real layer shrinks to a tenth at best; only large members are judged
MAX_RATIO = 200
RATIO_FROM_BYTES = 50 * 1024**2

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SQLITE = b"SQLite format 3\x00"
_SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".shp.xml")
_MAPINFO_PARTS = {".tab": (".dat", ".map", ".id", ".ind"), ".mif": (".mid",)}


@dataclass(frozen=True)
class Source:
    """A file that may be opened: where it stands, what it is, and which files belong to it."""

    path: Path
    kind: str
    drivers: tuple[str, ...]
    parts: tuple[Path, ...]


def _beside(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Files beside `path` with its stem and one of the suffixes, whatever their case."""
    wanted = {f"{path.stem}{suffix}".lower() for suffix in suffixes}
    wanted |= {f"{path.name}{suffix}".lower() for suffix in (".xml",)}
    return sorted(p for p in path.parent.iterdir() if p.name.lower() in wanted and p.is_file() and p != path)


def parts_of(path: Path) -> tuple[Path, ...]:
    """All files that make up a layer's file: the file, its sidecars, or the files of a folder; sorted."""
    if path.is_dir():
        return tuple(sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() != ".lock"))
    suffix = path.suffix.lower()
    if suffix == ".shp":
        return (path, *_beside(path, _SIDECARS))
    if suffix in _MAPINFO_PARTS:
        return (path, *_beside(path, _MAPINFO_PARTS[suffix]))
    if suffix in RASTER_SUFFIXES:
        return (path, *_beside(path, (".tfw", ".prj", ".tif.aux.xml")))
    return (path,)


_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def no_geotiff(path: Path) -> str | None:
    """Key of the problem of a path that is plainly something else than a GeoTIFF; None for what may be one."""
    if path.is_dir():
        return "raster_is_folder"
    suffix = path.suffix.lower()
    if suffix in RASTER_SUFFIXES or _head(path).startswith(_TIFF):
        return None
    if suffix == ".vrt":
        return "raster_is_list"
    return "raster_is_vector" if suffix in (*VECTOR_KINDS, *TABLE_SUFFIXES) else "raster_is_other"


def digest_of(parts: dict[str, str]) -> str:
    """One digest for several files: that of the file where there is one, else that of the list "digest  name"."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(parts.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(Problem("file_unreadable", file=str(path), value=str(error))) from None


def _refused(path: Path, head: bytes) -> Problem | None:
    """Return the problem of a format that no driver here reads, with what to convert it to."""
    suffix = path.suffix.lower()
    if suffix == ".dwg" or re.match(rb"AC10\d\d\x00", head):
        return Problem("format_dwg", file=str(path))
    if suffix == ".dgn" and head.startswith(_OLE):
        return Problem("format_dgn8", file=str(path))
    if b"<OGRVRTDataSource" in head or b"<VRTDataset" in head or b"gdal_streamed_alg" in head:
        return Problem("format_refers", file=str(path))
    return None


def _is_what_it_says(kind: str, head: bytes, path: Path) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if kind == "geojson":
        return text.startswith((b"{", b"\xff\xfe", b"\xfe\xff"))
    tests = {
        "shapefile": head[:4] == b"\x00\x00\x27\x0a",
        "geopackage": head.startswith(_SQLITE),
        "filegdb": path.is_dir(),
        "kml": b"<kml" in head,
        "mapinfo": text[:8].lower().startswith((b"!table", b"version")),
        "dxf": b"SECTION" in head or head.startswith(b"AutoCAD Binary DXF"),
        # type and level of the first element of a design file: 8 or 9 with the complex bit off
        "dgn": head[:2] in (b"\x08\x09", b"\xc8\x09", b"\x08\x05", b"\x88\x09"),
    }
    return tests[kind]


def identify(path: Path) -> Source:
    """Tell what a vector file is.

    Raises
    ------
    InputError
        Where the file is missing, empty, incomplete, of a format that is not read (with what to convert it to), or
        not what its name says.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise InputError(Problem("file_missing", file=str(path)))
    if path.is_dir() and suffix != ".gdb":
        raise InputError(Problem("format_folder", file=str(path)))
    head = b"" if path.is_dir() else _head(path)
    if not path.is_dir() and not head:
        raise InputError(Problem("file_empty", file=str(path)))
    if problem := _refused(path, head):
        raise InputError(problem)
    if suffix not in VECTOR_KINDS:
        known = ", ".join((*VECTOR_KINDS, *TABLE_SUFFIXES[:2], *ARCHIVE_SUFFIXES))
        raise InputError(Problem("format_unknown", file=str(path), value=suffix, params={"known": known}))
    kind, drivers = VECTOR_KINDS[suffix]
    if not _is_what_it_says(kind, head, path):
        raise InputError(Problem("format_not_what_it_says", file=str(path), value=suffix))
    parts = parts_of(path)
    if kind == "shapefile":
        there = {part.suffix.lower() for part in parts}
        absent = [name for name in (".shx", ".dbf") if name not in there]
        if absent:
            raise InputError(*(Problem("shapefile_part_missing", file=str(path), value=name) for name in absent))
    return Source(path, kind, drivers, parts)


def _safe_name(name: str) -> bool:
    pure = PurePosixPath(name.replace("\\", "/"))
    return not pure.is_absolute() and ".." not in pure.parts and ":" not in name and "\x00" not in name


@contextmanager
def unpacked_folder(path: Path) -> Iterator[Path]:
    """Unpack an archive into a temporary folder and yield the folder.

    Raises
    ------
    InputError
        Where it is no archive, is encrypted, reaches outside its folder, or is too large.
    """
    with TemporaryDirectory(prefix="siteplan-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, folder, path)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise InputError(Problem("archive_unreadable", file=str(path), value=str(error)[:120])) from None
        yield folder


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack an archive into a temporary folder and yield the one layer file in it.

    Raises
    ------
    InputError
        Where it is no archive, is encrypted, reaches outside its folder, is too large, or holds no layer or several.
    """
    with unpacked_folder(path) as folder:
        found = sorted(
            p for p in folder.rglob("*")
            if p.suffix.lower() in VECTOR_KINDS and not (p.is_file() and p.suffix.lower() == ".gdb")
            and not any(parent.suffix.lower() == ".gdb" for parent in p.relative_to(folder).parents)
        )  # fmt: skip
        if len(found) != 1:
            names = ", ".join(str(p.relative_to(folder).as_posix()) for p in found[:5])
            raise InputError(Problem("archive_layers", file=str(path), value=names, params={"count": len(found)}))
        yield found[0]


def _extract(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    members = [m for m in archive.infolist() if not m.is_dir()]
    bad = next((m.filename for m in members if not _safe_name(m.filename)), None)
    if bad is not None:
        raise InputError(Problem("archive_escapes", file=str(path), value=bad[:120]))
    total = sum(m.file_size for m in members)
    bomb = any(m.file_size > RATIO_FROM_BYTES and m.file_size > MAX_RATIO * max(m.compress_size, 1) for m in members)
    if len(members) > MAX_ARCHIVE_FILES or total > MAX_UNPACKED_BYTES or bomb:
        raise InputError(Problem("archive_too_large", file=str(path), value=f"{total / 1024**2:.0f} MB"))
    for member in members:
        target = folder.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        left = member.file_size
        with archive.open(member) as source, target.open("wb") as sink:
            while chunk := source.read(min(1 << 20, left + 1)):
                left -= len(chunk)
                if left < 0:  # the directory of the archive lied about the size
                    raise InputError(Problem("archive_too_large", file=str(path), value=member.filename))
                sink.write(chunk)
