import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.errors import OutputError
from pairfix.image import Alignment, Exposure, Picture
from pairfix.output.html import Score, check_page, render_page, score_pictures, scores
from pairfix.output.html.facts import alignment_facts, frame_facts, settings_of, stops
from pairfix.output.html.images import (
    BUDGET,
    PLOT_HEIGHT,
    Image,
    draw_map,
    fit_images,
    measure_tones,
)
from pairfix.score import DEFAULT_METRICS, Metric, Scores
from pairfix.score.sampling import REDUCED
from tests.pages import frames, pictures, restoration, single

MAILABLE = 2_000_000
NASTY = "<script>alert('1')<img src=x onerror=1>\"&.dng"


class Outline(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag == "dd" else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of_pair(short: str = "short.dng", long: str = "long.dng", output: str = "out.png") -> str:
    return render_page(pictures(), restoration(short, long, output))


def words(page: str) -> str:
    return " ".join(Outline(page).text.split())


def decoded(image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    data = base64.b64decode(image.uri.removeprefix("data:image/jpeg;base64,"))
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels is not None
    return pixels


def noise(size: tuple[int, int]) -> Picture:
    rng = np.random.default_rng(0)
    return Picture(rng.integers(0, 65536, (*size, 3), dtype=np.uint16), b"")


def test_the_page_refers_to_nothing_outside_itself() -> None:
    page = Outline(page_of_pair())
    sources = [attributes["src"] or "" for attributes in page.all("img")]
    assert len(sources) == 3 + 3 + 3
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not page.all("link")
    assert not page.all("a")
    assert not any("style" in attributes for _, attributes in page.elements)


def test_the_policy_allows_the_style_and_the_script_of_the_page_alone() -> None:
    page = page_of_pair()
    policy = Outline(page).all("meta")[1]["content"] or ""
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("place", ["short", "long", "output"])
def test_file_names_are_plain_text(place: str) -> None:
    page = Outline(page_of_pair(**{place: NASTY}))
    assert len(page.all("script")) == 1
    assert NASTY in page.text


def test_notes_are_plain_text() -> None:
    page = Outline(render_page(pictures(), restoration(remarks=(f"look at {NASTY}",))))
    assert len(page.all("script")) == 1
    assert f"look at {NASTY}" in page.text


def test_a_map_shows_where_the_long_photo_was_used() -> None:
    share = np.zeros((45, 60), np.float32)
    share[:, :20] = 0.6
    used = replace(restoration(), long_share=0.2)
    page = render_page(pictures(), used, (), share)
    assert "Sharp long photo Share of the result 20 %" in words(page)
    (drawn,) = (each for each in Outline(page).all("img") if each["alt"] == "Map: Sharp long photo")
    assert (drawn["width"], drawn["height"]) == ("480", "360")
    upright = decoded(draw_map(share, 6))
    assert upright.shape[:2] == (480, 360)
    assert upright[:100].mean() == pytest.approx(0.6 * 255, abs=5)
    assert upright[-100:].mean() < 5


def test_a_blurred_long_photo_has_no_map() -> None:
    page = render_page(
        pictures(), replace(restoration(), long_share=0.0), (), np.zeros((45, 60), np.float32)
    )
    assert "Share of the result 0 %" in words(page)
    assert "Map: Sharp long photo" not in page


def test_the_short_photo_alone_says_nothing_of_a_sharp_long_one() -> None:
    untouched = replace(restoration(), long_share=0.0, strength=0.0)
    page = render_page(pictures(), untouched, (), np.zeros((45, 60), np.float32))
    assert "Sharp long photo" not in page


def test_names_that_cannot_be_encoded_are_shown_escaped() -> None:
    page = page_of_pair(short="a\udcff\x1b[31m\n.dng")
    page.encode()
    assert "a\\udcff\\x1b[31m\\n.dng" in words(page)


def test_folders_stay_private() -> None:
    assert "secret" not in page_of_pair(short="/home/secret/short.dng")


def test_the_page_says_what_was_done() -> None:
    text = words(page_of_pair())
    for fact in (
        "short.dng (1/60 s · f/1.8 · ISO 6400)",
        "long.dng (2.5 s · f/1.8 · ISO 100)",
        "Short, brightened by +4.00 EV",
        "Long, aligned",
        "Long over short, measured +4.00 EV (16 ×)",
        "As the camera recorded it +1.23 EV (2.34 ×)",
        "Motion translation",
        "Shift at the centre 5.0 px",
        "Size 480 × 360",
        "Model mine",
        "Ran on CPU (ONNX Runtime, fp32)",
        "Fuse 2.50 s",
        "Total 3.00 s",
    ):
        assert fact in text


def test_a_single_photo_is_compared_with_its_result() -> None:
    both = pictures()
    page = render_page({"long": both["long"], "result": both["result"]}, single())
    outline = Outline(page)
    assert len(outline.all("img")) == 2 + 2 + 2
    assert not [each for each in outline.all("input") if each["type"] == "radio"]
    assert "Long, as taken" in words(page)
    assert "Alignment" not in words(page)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 900)])
def test_tiny_photos_have_a_page(size: tuple[int, int]) -> None:
    page = Outline(render_page(pictures(size), restoration()))
    assert page.all("img")[0]["width"] == str(size[1])


def test_the_best_score_of_a_row_is_bold() -> None:
    values = {"short": 9.0, "long": 7.0, "result": 4.5}
    both = [Score("niqe", lower_is_better=True, values=values)]
    both += [Score("nrqm", lower_is_better=False, values=values)]
    page = render_page(pictures(), restoration(), both)
    assert re.findall(r"<b>(.*?)</b>", page) == ["4.500", "9.000"]
    assert "Scores" not in words(page_of_pair())


def test_a_page_of_large_noisy_photos_can_be_mailed() -> None:
    picture = noise((1500, 2000))
    page = render_page(dict.fromkeys(["short", "long", "result"], picture), restoration())
    assert len(page.encode()) < MAILABLE


@pytest.mark.slow
def test_a_page_of_twelve_megapixels_can_be_mailed() -> None:
    photos = pictures((3024, 4032))
    page = render_page(photos, restoration())
    assert MAILABLE / 4 < len(page.encode()) < MAILABLE


def test_crops_keep_the_photos_own_pixels() -> None:
    photos = pictures()
    images = fit_images(photos, [(20, 30)], 320, BUDGET)
    crop = decoded(images.crops[0]["result"])
    expected = photos["result"].pixels[20:340, 30:350] // 257
    assert crop.shape == (320, 320, 3)
    assert np.abs(crop.astype(int) - expected).mean() < 1.5


def test_photos_are_never_enlarged() -> None:
    images = fit_images(pictures(), [(0, 0)], 320)
    assert (images.whole["long"].width, images.whole["long"].height) == (480, 360)


def test_what_does_not_fit_is_made_smaller() -> None:
    photos = {"result": noise((1200, 1600))}
    generous, thrifty = (fit_images(photos, [(0, 0)], 320, budget) for budget in (10**7, 10**6))
    assert generous.size > 10**6 > thrifty.size
    assert thrifty.whole["result"].width < generous.whole["result"].width == 1600


def test_tones_of_one_level_are_one_step() -> None:
    tones = measure_tones(Picture(np.full((8, 8, 3), 0, np.uint16), b""))
    assert (tones.black, tones.white, tones.mean) == (1.0, 0.0, 0.0)
    assert tones.path.startswith(f"M0,{PLOT_HEIGHT}V-0.0H2V{PLOT_HEIGHT}.0H4")


def test_white_is_the_brightest_level() -> None:
    pixels = np.zeros((2, 2, 3), np.uint16)
    pixels[0, 0] = 65535
    tones = measure_tones(Picture(pixels, b""))
    assert (tones.black, tones.white, tones.mean) == (0.75, 0.25, 255 / 4)


@pytest.mark.parametrize(
    ("exposure", "text"),
    [
        (Exposure(), ""),
        (Exposure(1 / 8000), "1/8000 s"),
        (Exposure(0.25, 100), "1/4 s · ISO 100"),
        (Exposure(0.4, 100, 2.8), "0.4 s · f/2.8 · ISO 100"),
        (Exposure(30, 64, 11), "30 s · f/11 · ISO 64"),
    ],
)
def test_settings_read_as_photographers_write_them(exposure: Exposure, text: str) -> None:
    assert settings_of(exposure) == text


@pytest.mark.parametrize(("ratio", "text"), [(4, "+2.00 EV"), (0.5, "−1.00 EV"), (1.001, "0 EV")])
def test_ratios_are_shown_in_stops(ratio: float, text: str) -> None:
    assert stops(ratio) == text


def test_what_a_file_does_not_state_is_left_out() -> None:
    frame, _ = frames()
    labels = [fact.label for fact in frame_facts(frame.facts)]
    assert labels == ["Camera", "Shutter", "Aperture", "ISO", "Stored"]


def test_an_unaligned_pair_has_no_shift() -> None:
    still = Alignment("none", np.eye(3), 0.6, 0.6, sure=False, notes=("not aligned",))
    facts = {fact.label: fact.value for fact in alignment_facts(still, (400, 600))}
    assert facts["Motion"] == "none applied"
    assert facts["Verdict"] == "not sure: check the result"
    assert "Shift at the centre" not in facts


def test_a_page_needs_a_name_that_browsers_open(tmp_path: Path) -> None:
    check_page(tmp_path / "a.HTML", overwrite=False)
    with pytest.raises(OutputError, match=r"end it in \.html"):
        check_page(tmp_path / "a.pdf", overwrite=False)


def test_a_page_is_not_overwritten_unasked(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.touch()
    check_page(page, overwrite=True)
    with pytest.raises(OutputError, match="exists already"):
        check_page(page, overwrite=False)


METRICS = {
    name: Metric(name, name != "nrqm", "", REDUCED, needs_weights=True, is_large=False)
    for name in DEFAULT_METRICS
}


def test_scores_are_given_by_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def score_all(photos: list[Picture], *_: object, **__: object) -> list[Scores]:
        return [Scores({name: photo.pixels.mean() for name in METRICS}) for photo in photos]

    monkeypatch.setattr(scores, "find_metric", METRICS.get)
    monkeypatch.setattr(scores, "score_all", score_all)
    photos = pictures()
    found = score_pictures(photos)
    assert [score.metric for score in found] == list(DEFAULT_METRICS)
    assert found[0].values == {name: photo.pixels.mean() for name, photo in photos.items()}
    assert found[0].best == min(found[0].values.values())
    assert found[1].best == max(found[1].values.values())


def test_a_metric_without_a_value_says_why_but_names_no_folder(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    error = OutputError("<niqe.mat> is not here", "save it in /home/secret")
    failures = dict.fromkeys(METRICS, error)
    monkeypatch.setattr(scores, "find_metric", METRICS.get)
    monkeypatch.setattr(scores, "score_all", lambda *_, **__: [Scores(failures=failures)] * 3)
    photos = pictures()
    page = render_page(photos, restoration(), score_pictures(photos))
    assert page.count("&lt;niqe.mat&gt; is not here") == 3
    assert "secret" not in page
    assert "save it in /home/secret" in caplog.text
