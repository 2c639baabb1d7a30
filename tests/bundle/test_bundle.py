"""The zip for a Windows PC without internet."""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

PYTHON = "3.13"
WINDOWS_TAGS = {
    *cpython_tags((3, 13), platforms=["win_amd64"]),
    *compatible_tags((3, 13), interpreter="cp313", platforms=["win_amd64"]),
}


@pytest.fixture(scope="module")
def bundle(repo_root, require, tmp_path_factory):
    """Name inside the top folder -> content."""
    require("registry")
    out = tmp_path_factory.mktemp("gói cài đặt (thử)")
    command = [sys.executable, str(repo_root / "tools" / "bundle.py"), "--out", str(out), "--python", PYTHON]
    done = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8", errors="replace")
    assert done.returncode == 0, done.stderr
    [target] = out.iterdir()
    with zipfile.ZipFile(target) as archive:
        prefix = target.stem + "/"
        assert all(name.startswith(prefix) for name in archive.namelist())
        return {name.removeprefix(prefix): archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheels(bundle):
    """Name -> (version, tags)."""
    found = {}
    for name in bundle:
        if name.startswith("wheels/"):
            package, version, _, tags = parse_wheel_filename(name.removeprefix("wheels/"))
            assert package not in found, f"{package} twice"
            found[package] = (str(version), tags)
    return found


def locked_on_windows(repo_root):
    """Read the lock with packaging's own grammar, not with the reader of tools/bundle.py."""
    text = (repo_root / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    environment = {
        "sys_platform": "win32",
        "platform_system": "Windows",
        "os_name": "nt",
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.0",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    for line in text.splitlines():
        requirement = Requirement(line.split(" --hash")[0])
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield canonicalize_name(requirement.name), str(requirement.specifier).removeprefix("==")


@pytest.mark.timeout(900)
def test_every_locked_package_of_windows_is_in_it(bundle, wheels, repo_root):
    expected = dict(locked_on_windows(repo_root))
    assert "colorama" in expected, "the marker of a package for Windows alone was not judged for Windows"
    missing = {name: version for name, version in expected.items() if wheels.get(name, ("",))[0] != version}
    assert not missing
    assert set(wheels) == {*expected, "siteplan"}


@pytest.mark.timeout(900)
def test_every_wheel_installs_on_windows(wheels):
    assert [name for name, (_, tags) in wheels.items() if not tags & WINDOWS_TAGS] == []


@pytest.mark.timeout(900)
def test_the_workspace_and_the_texts_are_in_it(bundle):
    expected = {
        "cai-dat.bat",
        "chay.bat",
        "DOC-TRUOC.txt",
        "LICH-SU.md",
        "huong-dan.md",
        "requirements.lock",
        "layers/catalog.toml",
        "layers/province.toml",
        "scenarios/co_so.toml",
        "scenarios/phuong_an_1.toml",
        "scenarios/phuong_an_2.toml",
        "maps/style.toml",
    }
    assert expected - set(bundle) == set()
    assert [name for name in bundle if name.startswith(("layers/open/", "runs/")) or "__pycache__" in name] == []
    assert [name for name in bundle if name.startswith("maps/")] == ["maps/style.toml"]


@pytest.mark.timeout(900)
def test_the_lock_in_it_is_the_lock(bundle, repo_root):
    assert bundle["requirements.lock"] == (repo_root / "requirements.lock").read_bytes()


@pytest.mark.timeout(900)
def test_the_projects_wheel_carries_package_template_and_entry_point(bundle, repo_root):
    [name] = [name for name in bundle if name.startswith("wheels/siteplan-")]
    with zipfile.ZipFile(io.BytesIO(bundle[name])) as wheel:
        inside = set(wheel.namelist())
        [metadata] = [entry for entry in inside if entry.endswith(".dist-info/entry_points.txt")]
        assert "siteplan = siteplan.cli:main" in wheel.read(metadata).decode()
    sources = {
        path.relative_to(repo_root).as_posix()
        for path in (repo_root / "siteplan").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert sources - inside == set(), "modules or their js, css and toml files are missing"
    for entry in ("layers/catalog.toml", "layers/province.toml", "scenarios/co_so.toml", "maps/style.toml"):
        assert f"siteplan/_template/{entry}" in inside
    assert [entry for entry in inside if "/layers/open/" in entry] == []
    assert {entry.split("/")[0] for entry in inside} == {"siteplan", metadata.split("/")[0]}


@pytest.fixture(scope="module")
def templates(repo_root):
    """tools/bundle.py as a module: its texts need no registry."""
    spec = importlib.util.spec_from_file_location("bundle_tool", repo_root / "tools" / "bundle.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bundle_tool"] = module
    spec.loader.exec_module(module)
    version = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return dict(module.texts(version, [PYTHON, "3.12"]))


@pytest.mark.parametrize("name", ["cai-dat.bat", "chay.bat"])
class TestBatchFiles:
    """What cmd.exe trips over, checked on the text: there is no Windows here."""

    def test_line_ends_and_letters(self, templates, name):
        content = templates[name]
        assert content.count(b"\n") == content.count(b"\r\n") > 10
        content.decode("ascii")
        assert b"@VERSION" not in content

    def test_every_path_of_the_folder_is_quoted(self, templates, name):
        lines = templates[name].decode().splitlines()
        assert 'pushd "%~dp0"' in lines, "a folder on a share has no drive letter: cd /d fails there"
        assert [line for line in lines if "%~dp0" in line.replace('"%~dp0"', "")] == []
        assert [line for line in lines if re.search(r'(?<!")\.venv\\', line)] == []

    def test_no_command_stands_in_brackets(self, templates, name):
        """A bracket in the folder's name would close the block: `if ... (` is not used, jumps are."""
        lines = [line for line in templates[name].decode().splitlines() if not line.startswith(("rem ", "echo "))]
        assert [line for line in lines if line.rstrip().endswith("(") or line.strip().startswith(")")] == []

    def test_every_jump_has_its_label(self, templates, name):
        text = templates[name].decode()
        targets = set(re.findall(r"(?:goto|call) :?([a-z]+)", text)) - {"eof"}
        assert targets <= set(re.findall(r"^:([a-z]+)\r?$", text, flags=re.MULTILINE))


def test_installing_asks_no_network(templates):
    lines = [line for line in templates["cai-dat.bat"].decode().splitlines() if " pip install" in line]
    assert len(lines) == 2
    assert all("--no-index" in line and "--find-links wheels" in line for line in lines)
    assert "--require-hashes" in lines[0]


def test_the_page_to_read_first_opens_in_notepad(templates):
    content = templates["DOC-TRUOC.txt"]
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert "3.13 3.12" in content.decode("utf-8-sig")
