from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import re
import threading
from pathlib import Path

import pytest

from siteplan.errors import InputError
from siteplan.layers.open_data import load_sources, pull
from siteplan.report import Recorder, Reporter
from siteplan.workspace import Workspace

CONTENT = {"a.gpkg": bytes(range(256)) * 40, "b.tif": b"second file" * 100}


def write_sources(workspace: Workspace, **changes) -> None:
    parts = []
    for name, content in CONTENT.items():
        entry = {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "licence": "MIT",
                 "attribution": "nguồn", "ask": "Sở Xây dựng", **changes.get(name.replace(".", "_"), {})}  # fmt: skip
        parts.append(
            "[[file]]\n" + "\n".join(f"{k} = {v if isinstance(v, int) else repr(v)}" for k, v in entry.items())
        )
    workspace.layers.mkdir(parents=True, exist_ok=True)
    (workspace.layers / "sources.toml").write_text("\n\n".join(parts), "utf-8")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    made = Workspace(tmp_path / "chỗ làm việc")
    write_sources(made)
    return made


@pytest.fixture
def mirror(tmp_path) -> Path:
    folder = tmp_path / "bản sao"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with byte ranges, and a redirect to a local file."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        if self.path.startswith("/away/"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        begin = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(begin.group(1)) if begin else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asks may hang up: too large a file is not read to its end
            self.wfile.write(content[start:])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(mirror):
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(mirror)))
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_fills_from_a_folder_and_verifies(workspace, mirror):
    recorder = Recorder(Reporter())
    assert pull(workspace, str(mirror), recorder) == []
    for name, content in CONTENT.items():
        assert (workspace.layers / "open" / name).read_bytes() == content
    assert [key for key, _ in recorder.lines] == ["data.pulling", "data.pulled", "data.pulled"]
    assert not list((workspace.layers / "open").glob("*.part"))


def test_what_is_there_is_not_fetched_again(workspace, server):
    pull(workspace, address(server))
    asked = len(server.asked)
    assert pull(workspace, address(server)) == []
    assert len(server.asked) == asked == 2


def test_goes_on_where_it_was_broken_off(workspace, server):
    part = workspace.layers / "open" / "a.gpkg.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT["a.gpkg"][:4000])
    assert pull(workspace, address(server)) == []
    assert ("/a.gpkg", "bytes=4000-") in server.asked
    assert (workspace.layers / "open" / "a.gpkg").read_bytes() == CONTENT["a.gpkg"]


@pytest.mark.parametrize("source", ["folder", "address"])
def test_a_beginning_that_is_wrong_does_not_survive(source, workspace, mirror, server):
    part = workspace.layers / "open" / "a.gpkg.part"
    part.parent.mkdir()
    part.write_bytes(b"something else entirely")
    where = str(mirror) if source == "folder" else address(server)
    found = pull(workspace, where)
    # from a folder it is seen at once; from an address only the digest tells, and the next time is clean
    assert [p.key for p in found] == ([] if source == "folder" else ["open_data_wrong"])
    assert pull(workspace, where) == []


def test_wrong_content_is_dropped_and_told(workspace, mirror):
    (mirror / "b.tif").write_bytes(b"x" * len(CONTENT["b.tif"]))
    (problem,) = pull(workspace, str(mirror))
    assert (problem.key, problem.severity, problem.file) == ("open_data_wrong", "error", "open/b.tif")
    assert not (workspace.layers / "open" / "b.tif").exists()
    assert (workspace.layers / "open" / "a.gpkg").exists()


def test_cut_off_is_kept_for_the_next_time(workspace, mirror):
    (mirror / "b.tif").write_bytes(CONTENT["b.tif"][:500])
    assert [p.key for p in pull(workspace, str(mirror))] == ["open_data_cut_off"]
    (mirror / "b.tif").write_bytes(CONTENT["b.tif"])
    assert pull(workspace, str(mirror)) == []


def test_more_than_was_promised_is_not_taken(workspace, server, mirror):
    (mirror / "b.tif").write_bytes(CONTENT["b.tif"] + b"y" * 10_000_000)
    assert [p.key for p in pull(workspace, address(server))] == ["open_data_wrong"]


def test_without_a_mirror_each_file_says_where_to_ask(workspace):
    found = pull(workspace, None)
    assert [(p.key, p.severity, p.params["ask"]) for p in found] == [
        ("open_data_no_address", "error", "Sở Xây dựng")
    ] * 2


def test_missing_file_dead_server_and_redirect_to_a_local_file_are_problems(workspace, mirror, server):
    (mirror / "a.gpkg").unlink()
    assert [p.key for p in pull(workspace, str(mirror))] == ["open_data_not_in_mirror"]
    assert [p.key for p in pull(workspace, address(server))] == ["open_data_not_fetched"]
    (workspace.layers / "open" / "b.tif").unlink()
    assert [p.key for p in pull(workspace, address(server) + "/away")] == ["open_data_not_fetched"] * 2
    assert [p.key for p in pull(workspace, "http://127.0.0.1:9")] == ["open_data_not_fetched"] * 2


@pytest.mark.parametrize("source", ["ftp://example.invalid/x", "file:///etc", "/không/có/đâu"])
def test_mirror_must_be_a_folder_or_a_web_address(source, workspace):
    with pytest.raises(InputError) as caught:
        pull(workspace, source)
    assert caught.value.problems[0].key == "open_data_mirror_unknown"


@pytest.mark.parametrize(
    "change",
    [{"name": "../a.gpkg"}, {"sha256": "12"}, {"size": 0}, {"address": "ftp://x/y"}, {"unknown": "key"}],
)
def test_faulty_list_is_told(change, workspace):
    write_sources(workspace, a_gpkg=change)
    with pytest.raises(InputError) as caught:
        load_sources(workspace.layers / "sources.toml")
    assert {p.key for p in caught.value.problems} == {"source_entry_invalid"}


def test_the_list_of_this_repository_is_sound(repo_root):
    files = load_sources(repo_root / "layers" / "sources.toml")
    assert len({f.name for f in files}) == len(files) == 7
    assert all(f.ask and f.attribution and f.licence for f in files)
