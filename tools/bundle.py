"""Build the zip for a Windows PC without internet.

It holds a wheel of every locked package whose marker holds on Windows, the project's own wheel, the workspace
(layers without open data, scenarios, style), `cai-dat.bat` that installs and `chay.bat` that runs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.markers import Marker

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "tools" / "windows"
DEFAULT_PYTHON = "3.13"
LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*\\?$")
# A fixed date: the same files give the same zip.
DATE = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class LockedPackage:
    """One entry of a lock: name, version, marker (empty where it always holds) and hashes."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def holds_on_windows(self, python: str) -> bool:
        """Tell whether the package is installed on 64-bit Windows with this Python, for example "3.13"."""
        environment = {
            "implementation_name": "cpython",
            "os_name": "nt",
            "platform_machine": "AMD64",
            "platform_python_implementation": "CPython",
            "platform_system": "Windows",
            "python_full_version": f"{python}.0",
            "python_version": python,
            "sys_platform": "win32",
        }
        return not self.marker or Marker(self.marker).evaluate(environment)


def read_lock(path: Path) -> list[LockedPackage]:
    """Read a lock that `tools/lock.py` wrote."""
    packages: list[LockedPackage] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := LOCKED.match(line):
            packages.append(LockedPackage(found["name"], found["version"], found["marker"] or "", ()))
        elif found := re.match(r"^\s+--hash=(\S+)", line):
            last = packages[-1]
            packages[-1] = LockedPackage(last.name, last.version, last.marker, (*last.hashes, found[1]))
        elif line.strip() and not line.startswith("#"):
            message = f"{path.name}: a line that is no locked package: {line!r}"
            raise ValueError(message)
    return packages


def pip(*arguments: str) -> None:
    """Run pip of this environment and stop where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


def download_wheels(packages: list[LockedPackage], python: str, folder: Path) -> None:
    """Download the Windows wheel of every package whose marker holds there.

    Markers are judged here and left out of the list that pip is given: pip would judge them by the machine it runs on.
    """
    lines = [
        " ".join([f"{package.name}=={package.version}", *(f"--hash={value}" for value in package.hashes)])
        for package in packages
        if package.holds_on_windows(python)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "windows.txt"
        wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
        target = ["--platform", "win_amd64", "--python-version", python, "--implementation", "cp"]
        pinned = ["--only-binary", ":all:", "--no-deps", "--require-hashes"]
        pip("download", *target, *pinned, "--dest", str(folder), "--requirement", str(wanted))


def build_wheel(folder: Path) -> None:
    """Build the project's own wheel."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), ".")


def workspace_files() -> Iterator[tuple[str, Path]]:
    """Yield name in the zip and file for layers (without open data), scenarios and style."""
    for top in ("layers", "scenarios"):
        for path in sorted((ROOT / top).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and not name.startswith("layers/open/") and "__pycache__" not in name:
                yield name, path
    yield "maps/style.toml", ROOT / "maps" / "style.toml"


def windows_text(text: str, *, bom: bool = False) -> bytes:
    """Return text with Windows line ends; with a byte-order mark where Notepad shall see that it is UTF-8."""
    lines = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return lines.encode("utf-8-sig" if bom else "utf-8")


def texts(version: str, pythons: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the batch files and of what people read."""
    for name in ("cai-dat.bat", "chay.bat", "DOC-TRUOC.txt"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        text = text.replace("@VERSIONS@", " ".join(pythons)).replace("@VERSION@", version)
        yield name, windows_text(text, bom=name.endswith(".txt"))
    for name, source in (("LICH-SU.md", "CHANGELOG.md"), ("huong-dan.md", "docs/huong-dan.md")):
        path = ROOT / source
        if path.is_file():
            yield name, windows_text(path.read_text(encoding="utf-8"), bom=True)
    yield "LICENSE.txt", windows_text((ROOT / "LICENSE").read_text(encoding="utf-8"))
    yield "requirements.lock", (ROOT / "requirements.lock").read_bytes()


def write_zip(target: Path, entries: dict[str, bytes | Path]) -> None:
    """Write the entries under one top folder, sorted and with a fixed date."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".tmp")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            content = entries[name]
            info = zipfile.ZipInfo(f"{target.stem}/{name}", DATE)
            # Wheels are compressed already.
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content.read_bytes() if isinstance(content, Path) else content)
    half.replace(target)


def build(out: Path, pythons: list[str]) -> Path:
    """Build the bundle for the given Python versions into `out` and return the zip."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    packages = read_lock(ROOT / "requirements.lock")
    target = out / f"siteplan-{version}-windows-py{'-'.join(python.replace('.', '') for python in pythons)}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        wheels = Path(scratch)
        for python in pythons:
            download_wheels(packages, python, wheels)
        build_wheel(wheels)
        entries: dict[str, bytes | Path] = {f"wheels/{wheel.name}": wheel for wheel in wheels.glob("*.whl")}
        entries.update(workspace_files())
        entries.update(texts(version, pythons))
        write_zip(target, entries)
    return target


def main() -> int:
    """Build the bundle and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--python", action="append", help=f"Python of the PC, may be repeated (default {DEFAULT_PYTHON})"
    )
    arguments = parser.parse_args()
    target = build(arguments.out, arguments.python or [DEFAULT_PYTHON])
    print(f"{target}  {target.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
