"""The page in a browser: it fetches nothing, reports no errors, and can be operated."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

pytestmark = pytest.mark.browser

CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const luminance = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => {
      const level = value / 255;
      return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "white";
  };
  const contrasts = {};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("svg, script, .stage, .choice legend")) continue;
    const [a, b] = [getComputedStyle(element).color, background(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    contrasts[`${element.tagName} ${element.textContent.trim().slice(0, 30)}`] = ratio;
  }
  return contrasts;
}
"""
"""WCAG 2.2 contrast ratios of all text to the nearest background behind it."""
CLIPPED = "element => getComputedStyle(element).clipPath"


def slider(page: "Page") -> "Locator":
    return page.get_by_role("slider")


def box(place: "Locator") -> "FloatRect":
    found = place.bounding_box()
    assert found is not None
    return found


def photo_box(page: "Page") -> "FloatRect":
    return box(page.locator(".after img"))


def shown_before(page: "Page", role: str = "short") -> float:
    """Share of the width, from the left, in which the exposure hides the result."""
    clip = page.locator(f".before.{role}").evaluate(CLIPPED)
    cut = re.fullmatch(r"inset\(0px(?: ([\d.]+)% 0px 0px)?\)", clip)
    assert cut, clip
    return 1 - float(cut[1] or 0) / 100


@pytest.mark.parametrize(("width", "height"), [(360, 640), (390, 844), (1280, 900)])
def test_nothing_overflows_sideways(open_page: Open, width: int, height: int) -> None:
    page = open_page(width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    photo = photo_box(page)
    assert photo["x"] >= 0
    assert photo["x"] + photo["width"] <= width
    assert photo["height"] <= 0.85 * height


def test_the_line_starts_in_the_middle(open_page: Open) -> None:
    page = open_page()
    assert shown_before(page) == 0.5
    assert slider(page).get_attribute("aria-valuetext") == "50 % of the result shown"


@pytest.mark.parametrize(
    ("key", "share"),
    [("ArrowRight", 0.51), ("ArrowLeft", 0.49), ("PageUp", 0.6), ("Home", 0.0), ("End", 1.0)],
)
def test_keys_move_the_line(open_page: Open, key: str, share: float) -> None:
    page = open_page()
    slider(page).focus()
    page.keyboard.press(key)
    assert shown_before(page) == pytest.approx(share)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("share", [0.02, 0.25, 0.9])
def test_the_line_follows_the_mouse(open_page: Open, width: int, share: float) -> None:
    page = open_page(width)
    photo = photo_box(page)
    middle = photo["y"] + photo["height"] / 2
    page.mouse.move(photo["x"] + photo["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(photo["x"] + photo["width"] * share, middle, steps=4)
    page.mouse.up()
    assert shown_before(page) == pytest.approx(share, abs=0.01)
    handle = box(page.locator(".handle"))
    line = handle["x"] + handle["width"] / 2
    assert line == pytest.approx(photo["x"] + photo["width"] * share, abs=0.01 * photo["width"])


def test_a_touch_moves_the_line(open_page: Open) -> None:
    page = open_page(390, 844, phone=True)
    photo = photo_box(page)
    page.touchscreen.tap(photo["x"] + photo["width"] * 0.8, photo["y"] + photo["height"] / 2)
    assert shown_before(page) == pytest.approx(0.8, abs=0.01)


def test_moving_the_line_reveals_the_other_photo(open_page: Open) -> None:
    page = open_page()
    slider(page).focus()
    shots = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        shots.append(page.locator(".stage").screenshot())
    assert shots[0] != shots[1]


def test_the_long_photo_can_be_compared_as_well(open_page: Open) -> None:
    page = open_page()
    visible = [page.locator(f".before.{role}").is_visible() for role in ("short", "long")]
    assert visible == [True, False]
    page.get_by_role("radio", name="short photo").focus()
    page.keyboard.press("ArrowRight")
    visible = [page.locator(f".before.{role}").is_visible() for role in ("short", "long")]
    assert visible == [False, True]
    assert shown_before(page, "long") == 0.5


@pytest.mark.parametrize("width", [360, 1280])
def test_crops_are_shown_pixel_for_pixel(open_page: Open, width: int) -> None:
    page = open_page(width)
    sizes = page.locator(".crop img").evaluate_all(
        "crops => crops.map(crop => "
        "[crop.naturalWidth, crop.clientWidth, crop.naturalHeight, crop.clientHeight])"
    )
    assert len(sizes) >= 3
    assert all(size == [320] * 4 for size in sizes)


def test_short_long_and_result_stand_in_columns(open_page: Open) -> None:
    page = open_page()
    crops = page.locator(".strip").first.locator("img").all()
    places = [(box(crop)["x"], box(crop)["y"]) for crop in crops]
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert len({y for _, y in places}) == 1
    assert page.locator(".strip").first.locator("figcaption").all_inner_texts() == [
        "Short\nPlace 1",
        "Long",
        "Result",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(open_page: Open, scheme: str) -> None:
    contrasts = open_page(color_scheme=scheme).evaluate(CONTRAST)
    assert len(contrasts) > 40
    assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}


def test_the_dark_scheme_is_dark(open_page: Open) -> None:
    page = open_page(color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(level) for level in background[4:-1].split(",")) < 40


def test_on_paper_all_photos_stand_side_by_side(open_page: Open) -> None:
    page = open_page()
    page.emulate_media(media="print")
    places = page.locator(".layer").evaluate_all(
        "layers => layers.map(layer => [layer.getBoundingClientRect().x,"
        " getComputedStyle(layer).clipPath, getComputedStyle(layer).visibility])"
    )
    assert len({x for x, _, _ in places}) == 3
    assert {(clip, visibility) for _, clip, visibility in places} == {("none", "visible")}


def test_names_are_shown_as_they_are(open_page: Open) -> None:
    page = open_page()
    assert page.locator("h1").inner_text() == "a \"long\" & 'quoted' name.png"
    assert "<script>alert(1)<b>.dng" in page.locator("header").inner_text()
