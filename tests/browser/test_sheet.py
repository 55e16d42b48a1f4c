"""The contact sheet of 200 pairs in a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from pairfix.output.html import Card, Sheet, render_sheet, thumbnail
from pairfix.output.html.facts import Fact
from tests.browser.test_page import CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAIRS = 200
Schemes = Literal["light", "dark"]


@pytest.fixture(scope="module")
def sheet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    cards = [Card("bad/<b>pair</b>", "", {}, error="a_long.dng is damaged; copy it again")]
    for number in range(PAIRS):
        pixels = rng.integers(0, 255, (200, 300 if number % 3 else 120, 3), np.uint8)
        views = {"before": thumbnail(pixels), "after": thumbnail(pixels // 2)}
        facts = [Fact("long", "1/4 s · f/1.8 · ISO 100"), Fact("model", "selfir-raw")]
        name = f"night/{'IMG_' * 20}{number}"
        cards.append(Card(name, f"{name}.png", views, facts, ["a note"]))
    page = render_sheet(Sheet("shoot", "200 restored, 1 failed", cards, [Fact("x.jpg", "no pair")]))
    path = tmp_path_factory.mktemp("sheet") / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["light", "dark"])
def page(chromium: "Browser", sheet_file: Path, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """The sheet; any complaint of the browser, and anything that is fetched, is an error."""
    scheme: Schemes = request.param
    context = chromium.new_context(color_scheme=scheme)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request",
        lambda asked: (
            complaints.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
        ),
    )
    opened.goto(sheet_file.as_uri())
    yield opened
    context.close()
    assert not complaints


def test_every_pair_is_there_with_its_pictures(page: "Page") -> None:
    assert page.locator(".card").count() == PAIRS
    last = page.locator(".card").last
    last.scroll_into_view_if_needed()
    assert last.locator("img").last.evaluate("image => image.decode().then(() => image.width)") > 0
    link = last.locator("a.views").get_attribute("href")
    assert link is not None
    assert link.endswith("199.png")
    assert page.get_by_text("bad/<b>pair</b>").count() == 1


@pytest.mark.parametrize("width", [320, 800, 1600])
def test_nothing_overflows_sideways(page: "Page", width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_text_can_be_read(page: "Page") -> None:
    faint = {text: ratio for text, ratio in page.evaluate(CONTRAST).items() if ratio < 4.5}
    assert not faint
