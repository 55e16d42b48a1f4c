"""A headless Chromium, if one is installed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest

from pairfix.output.html import render_page
from tests.pages import pictures, restoration

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
SIZE = (720, 1080)

Open: TypeAlias = "Callable[..., Page]"


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The browser, with a fresh profile."""
    playwright = pytest.importorskip("playwright.sync_api")
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair's page with hostile file names."""
    made = restoration(short="<script>alert(1)<b>.dng", output="a \"long\" & 'quoted' name.png")
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render_page(pictures(SIZE), made), encoding="utf-8")
    return path


@pytest.fixture
def open_page(chromium: "Browser", page_file: Path) -> Iterator[Open]:
    """Opens the page in a fresh context; any error in it fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(
        width: int = 1280,
        height: int = 900,
        *,
        color_scheme: Literal["light", "dark"] = "light",
        phone: bool = False,
    ) -> "Page":
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,
            has_touch=phone,
            is_mobile=phone,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: _note_foreign(request.url, complaints))
        page.goto(page_file.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints


def _note_foreign(url: str, complaints: list[str]) -> None:
    if not url.startswith(("file:", "data:")):
        complaints.append(f"request of {url}")
