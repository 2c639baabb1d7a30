"""The repository itself: locks, sizes, paths."""

from __future__ import annotations

import re
import subprocess
import tomllib

import folium
import pytest
import xstatic.pkg.leaflet
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKS = ["requirements.lock", "requirements-dev.lock"]
ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][0-9a-z.]*)(?: ; (?P<marker>[^\\]+))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def entries(path):
    """Name -> (version, number of hashes); fails on any line that is neither."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := ENTRY.match(line):
            assert match["name"] not in found, f"{match['name']} has two versions"
            last = match["name"]
            found[last] = [match["version"], 0]
        else:
            assert HASH.match(line), f"neither package nor hash: {line!r}"
            found[last][1] += 1
    return found


@pytest.fixture(scope="module")
def project(repo_root):
    return tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_one_version_with_hashes_and_nothing_else(repo_root, name):
    """Names, versions, markers, hashes: so no address and no path either."""
    found = entries(repo_root / name)
    assert len(found) > 40
    assert [package for package, (_, hashes) in found.items() if not hashes] == []
    text = (repo_root / name).read_text(encoding="utf-8")
    assert not re.search(r"://|file:|--index|--find-links|\s/", text)


def test_both_locks_agree(repo_root):
    run, dev = (entries(repo_root / name) for name in LOCKS)
    assert {name: version for name, (version, _) in run.items() if dev.get(name, [""])[0] != version} == {}


def requirements_of(project, group):
    for item in project["dependency-groups"][group]:
        if isinstance(item, dict):
            yield from requirements_of(project, item["include-group"])
        else:
            yield item


def test_every_dependency_is_locked_within_its_bounds(repo_root, project):
    run, dev = (entries(repo_root / name) for name in LOCKS)
    wanted = [(item, run) for item in project["project"]["dependencies"]]
    wanted += [(item, run) for item in project["build-system"]["requires"]]
    wanted += [(item, dev) for item in requirements_of(project, "dev")]
    for item, lock in wanted:
        requirement = Requirement(item)
        name = canonicalize_name(requirement.name)
        assert name in lock, f"{name} is not locked"
        assert requirement.specifier.contains(lock[name][0]), f"{item}, but the lock has {lock[name][0]}"


def test_dependencies_have_lower_bounds_only(project):
    for item in project["project"]["dependencies"]:
        assert {part.operator for part in Requirement(item).specifier} == {">="}, item


@pytest.mark.parametrize("unwanted", ["fiona", "duckdb", "pickle5"])
def test_what_the_design_rules_out_is_not_locked(repo_root, unwanted):
    assert unwanted not in entries(repo_root / "requirements-dev.lock")


def test_leaflet_is_the_version_folium_expects():
    expected = re.search(r"leaflet@([0-9.]+)/", dict(folium.Map.default_js)["leaflet"])
    assert Version(xstatic.pkg.leaflet.VERSION) == Version(expected[1])


@pytest.fixture(scope="module")
def tracked(repo_root):
    if not (repo_root / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=repo_root, check=True, capture_output=True)
    paths = [repo_root / name for name in done.stdout.decode("utf-8").split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_tracked_file_is_over_one_megabyte(tracked):
    assert [path.name for path in tracked if path.stat().st_size > 1_000_000] == []


def test_no_tracked_file_names_a_place_of_one_machine(repo_root, tracked):
    """Neither a person's folder nor a working folder, on any system, nor an address of this machine's network."""
    place = re.compile(
        r"(?<![\w.:/}-])/(?:home|root|work|Users|builds?)/[\w.-]"
        r"|[A-Za-z]:\\Users\\[\w.]+"
        r"|\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?:\d{2,5}\b"
    )
    found = []
    for path in tracked:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(repo_root)}: {match.group()}" for match in place.finditer(text)]
    assert found == []


def test_what_a_run_writes_is_not_tracked(repo_root, tracked):
    names = [path.relative_to(repo_root).as_posix() for path in tracked]
    assert [name for name in names if name.startswith(("runs/", "layers/open/", ".venv/", "dist/"))] == []
    assert {name for name in names if name.startswith("maps/")} <= {"maps/style.toml"}


def test_makefile_and_ci_call_each_other(repo_root):
    """CI runs what the README tells people to run."""
    script = (repo_root / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("make check\nmake test")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script


@pytest.mark.parametrize(
    ("named", "outcome"),
    [("", pytest.skip.Exception), ("chromium, gdal", pytest.skip.Exception), ("gdal,postgis", pytest.fail.Exception)],
)
def test_a_missing_tool_skips_and_fails_where_it_is_required(require, monkeypatch, named, outcome):
    monkeypatch.setitem(require.__globals__["PROBES"], "postgis", (lambda: False, "no server of that kind"))
    monkeypatch.setenv("SITEPLAN_REQUIRE", named)
    with pytest.raises(outcome, match="no server of that kind"):
        require("postgis")


def test_no_module_knows_a_province_by_name(repo_root):
    """Name, code of its CRS and box are data: neither its name nor its CRS stands in code or in texts."""
    own = tomllib.loads((repo_root / "layers" / "province.toml").read_text(encoding="utf-8"))
    plain = own["name"].replace("ạ", "a").replace("ơ", "o")
    named = re.compile(
        "|".join(re.escape(word) for word in (own["name"], plain, plain.replace(" ", "_").lower())), re.IGNORECASE
    )
    sources = [*(repo_root / "siteplan").rglob("*.py"), *(repo_root / "siteplan").rglob("*.toml")]
    assert len(sources) > 200
    found = [path.relative_to(repo_root).as_posix() for path in sources if named.search(path.read_text("utf-8"))]
    assert found == []
