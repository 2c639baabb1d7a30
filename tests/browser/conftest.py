"""A browser with no network, and the maps of a small run in it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from siteplan.outputs import webmap
from siteplan.outputs.style import Style, load_style

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip


def load_map_run() -> ModuleType:
    spec = importlib.util.spec_from_file_location("map_run", Path(__file__).with_name("map_run.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["map_run"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def map_run() -> ModuleType:
    return load_map_run()


@pytest.fixture(scope="session")
def style(repo_root) -> Style:
    return load_style(repo_root / "maps" / "style.toml")


@pytest.fixture(scope="session")
def map_file(map_run, style, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("Đề án (bản cuối)")
    return webmap.write_map(map_run.build(folder), folder / "maps" / "phuong_an_1.html", style)


@pytest.fixture(scope="session")
def comparison_file(map_run, style, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("so sánh")
    runs = [map_run.build(folder), map_run.build(folder, "phuong_an_2", late=True)]
    return webmap.write_comparison(runs, None, folder / "so_sanh.html", style)


@pytest.fixture(scope="session")
def browser(chromium_path) -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=chromium_path, args=list(ARGUMENTS))
        yield launched
        launched.close()


class Watched:
    """A page, and all it complained of or asked a network for."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("dialog", lambda d: (self.complaints.append(f"dialog {d.message}"), d.dismiss()))
        page.on("request", lambda r: self.asked.append(r.url) if not r.url.startswith(("file:", "data:")) else None)

    def open(self, file: Path, fragment: str = ""):
        self.page.goto(file.as_uri() + fragment)
        self.page.locator(".app.ready").wait_for(timeout=20_000)
        return self.page


@pytest.fixture
def open_map(browser) -> Iterator:
    contexts = []
    watched: list[Watched] = []

    def opener(file: Path, width: int = 1366, height: int = 768, fragment: str = "", **more):
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        context.route(
            "**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort()
        )
        context.set_offline(True)
        contexts.append(context)
        watched.append(Watched(context.new_page()))
        return watched[-1].open(file, fragment)

    yield opener
    for context in contexts:
        context.close()
    for page in watched:
        assert page.complaints == []
        assert page.asked == []


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until an expression holds in a page, asked from outside: the page itself forbids eval."""

    def until(page, expression: str, seconds: float = 20.0) -> None:
        for _ in range(round(seconds / 0.05)):
            if page.evaluate(f"!!({expression})"):
                return
            page.wait_for_timeout(50)
        raise AssertionError(expression)

    return until
