"""The command line: exit codes, words instead of tracebacks, any console, any folder."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest


def call(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "siteplan", *words], cwd=cwd, capture_output=True, check=False, timeout=120,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200", **environment},
    )  # fmt: skip


def test_help_is_vietnamese_and_english_on_request(repo_root):
    assert "lập kế hoạch" in call("--help", cwd=repo_root).stdout.decode()
    assert "planning of commune" in call("--help", cwd=repo_root, SITEPLAN_LANG="en").stdout.decode()


@pytest.mark.parametrize("words", [("--help",), ("layers",), ("run", "--help"), ("site", "show", "--help")])
def test_no_english_word_stands_in_a_help_text(repo_root, words):
    done = call(*words, cwd=repo_root)
    told = done.stdout.decode() + done.stderr.decode()
    assert "Cách dùng: " in told
    assert "Hiện hướng dẫn này rồi thoát." in told
    for english in (
        "Usage",
        "Options",
        "Commands",
        "Arguments",
        "OPTIONS",
        "ARGS",
        "Show this",
        "required",
        "default:",
    ):
        assert english not in told, english
    kept = call(*words, cwd=repo_root, SITEPLAN_LANG="en")
    assert "Usage: " in kept.stdout.decode() + kept.stderr.decode()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "no-such.toml"), 1),
        (("map", "no-such-run"), 2),
        (("no-such-command",), 2),
        (("run",), 2),
        (("run", "x.toml", "--jobs", "-1"), 2),
        (("check", "--catalog", "no-such.toml"), 1),
        (("freeze", "x"), 2),
        (("template", "x"), 2),
    ],
)
def test_exit_codes_without_traceback(repo_root, tmp_path, words, code):
    init = call("init", "w", cwd=tmp_path)
    assert init.returncode == 0, init.stderr.decode()
    done = call(*words, cwd=tmp_path / "w")
    assert done.returncode == code, done.stderr.decode()
    told = done.stdout.decode() + done.stderr.decode()
    assert "Traceback" not in told
    assert told.strip()


def test_outside_a_workspace(tmp_path):
    done = call("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "siteplan init" in done.stderr.decode()


def test_debug_shows_the_traceback(tmp_path):
    assert b"Traceback" in call("check", "--debug", cwd=tmp_path).stderr


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp1258"])
def test_a_console_without_vietnamese_letters_shows_them_without_accents(tmp_path, encoding):
    done = call("check", cwd=tmp_path, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.returncode == 2
    told = done.stderr.decode(encoding)
    assert re.search(r"th[ưu] m[ụu]c", told, re.IGNORECASE)
    assert "Traceback" not in told


def test_the_doctor_finds_everything_here(repo_root):
    done = call("doctor", cwd=repo_root)
    assert done.returncode == 0, done.stdout.decode()
    with (repo_root / "pyproject.toml").open("rb") as file:
        asked = tomllib.load(file)["project"]["dependencies"]
    told = done.stdout.decode().lower()
    assert [line for line in asked if re.split("[>=]", line)[0].lower() not in told] == []


def test_templates_are_written_and_never_over_an_old_file(tmp_path):
    for what, name in (("scenario", "kich_ban.toml"), ("catalog", "catalog.toml")):
        assert call("template", what, cwd=tmp_path).returncode == 0
        assert (tmp_path / name).stat().st_size > 500
        assert call("template", what, cwd=tmp_path).returncode == 2


def test_a_map_style_that_cannot_be_read_is_told_before_the_run(tmp_path):
    assert call("init", "w", cwd=tmp_path).returncode == 0
    work = tmp_path / "w"
    (work / "maps" / "style.toml").write_text("not = [toml", encoding="utf-8")
    done = call("run", "scenarios/phuong_an_1.toml", cwd=work, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 1, done.stderr.decode()
    told = done.stdout.decode() + done.stderr.decode()
    assert "style.toml" in told
    assert "Traceback" not in told
    assert not (work / "runs" / "phuong_an_1").exists()
    assert not list((tmp_path / "cache").rglob("*.gpkg"))  # nothing was generated either


def test_check_says_at_its_end_that_features_were_left_out(tmp_path):
    call("init", "w", cwd=tmp_path)
    place = tmp_path / "w"
    square = {"type": "Polygon", "coordinates": [[[106.7, 21.8], [106.71, 21.8], [106.71, 21.81], [106.7, 21.8]]]}
    rows = [{"type": "Feature", "properties": {"LOAI": kind, "MUC": "cao"}, "geometry": square}
            for kind in ("Sạt lở", "Điểm đen")]  # fmt: skip
    (place / "layers" / "sat_lo.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    with (place / "layers" / "catalog.toml").open("a", encoding="utf-8") as catalog:
        catalog.write('\n[layers.sat_lo]\nrole = "hazards"\npath = "sat_lo.geojson"\nsource = "x"\n')
    done = call("check", cwd=place)
    told = done.stdout.decode()
    assert done.returncode == 0, told
    assert "1 đối tượng bị bỏ ra vì có giá trị lạ: Điểm đen" in told
    assert "nhưng 1 đối tượng bị BỎ RA" in told.splitlines()[-1]
