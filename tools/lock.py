"""Write requirements.lock and requirements-dev.lock from pyproject.toml.

One version of each package serves Python 3.11 to 3.14 on Linux and Windows. The files hold names, versions, markers
and hashes only. Both locks agree: the second is resolved under the first, and holds the extras too. Afterwards a wheel
is looked for on every version and system. Needs uv; a name given as argument is upgraded, without arguments nothing
moves that need not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("x86_64-manylinux_2_28", "x86_64-pc-windows-msvc")


def compile_lock(name: str, group: str, extra: list[str]) -> None:
    """Resolve the run dependencies with one dependency group into the lock `name`."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--group", group, "--output-file", name]
    command += ["--universal", "--fork-strategy", "fewest", "--python-version", VERSIONS[0]]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", *extra]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def missing_wheels(name: str) -> list[str]:
    """Return what uv says of each version and system on which `name` cannot be installed from wheels."""
    failures = []
    for system in SYSTEMS:
        for version in VERSIONS:
            command = ["uv", "pip", "install", "--dry-run", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
            command += ["--python-platform", system, "--python-version", version, "--target", "build/none", "-r", name]
            done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, encoding="utf-8")
            if done.returncode:
                failures.append(f"{name}, Python {version}, {system}:\n{done.stderr}")
    return failures


def main() -> int:
    """Resolve both locks, check the wheels, and return 1 where one is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("upgrade", nargs="*", help="packages to upgrade; 'all' for every one")
    wanted = parser.parse_args().upgrade
    upgrade = ["--upgrade"] if "all" in wanted else [f"--upgrade-package={name}" for name in wanted]
    compile_lock("requirements.lock", "build", upgrade)
    compile_lock("requirements-dev.lock", "dev", ["--all-extras", "--constraint", "requirements.lock", *upgrade])
    failures = missing_wheels("requirements.lock") + missing_wheels("requirements-dev.lock")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
