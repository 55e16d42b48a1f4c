"""The page: its content, and its template filled in."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from pairfix._version import __version__
from pairfix.crops import differing_places
from pairfix.errors import OutputError, printable
from pairfix.formats.atomic import check_target
from pairfix.image import Picture
from pairfix.output.html.facts import (
    Fact,
    alignment_facts,
    exposure_facts,
    frame_facts,
    result_facts,
    settings_of,
    sharp_long_facts,
    stops,
)
from pairfix.output.html.images import (
    DECADES,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    Image,
    ImageSet,
    Tones,
    draw_map,
    fit_images,
    measure_tones,
)
from pairfix.output.html.scores import Score
from pairfix.output.report import Restoration

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["RESULT", "asset", "check_page", "digest", "environment", "render_page"]

RESULT = "result"
"""Name of the restored photo among the pictures."""

_CROP = 320
"""Side of the crops in pixels: the width of a phone's page."""
_CROPS = 3
_SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class Photo:
    """One of the photos, or the result."""

    name: str
    """short, long or result, as the stylesheet and the script refer to it."""
    file: str
    settings: str
    """Shutter, aperture and ISO of an exposure; empty if unknown."""
    treatment: str
    """What was done to it before display."""
    image: Image
    thumbnail: Image
    facts: Sequence[Fact]
    tones: Tones


@dataclass(frozen=True, slots=True)
class Crop:
    """One place in every photo at 100 %."""

    left: int
    top: int
    images: Mapping[str, Image]


@dataclass(frozen=True, slots=True)
class Table:
    """Facts under a heading."""

    title: str
    facts: Sequence[Fact]
    explanation: str
    map: Image | None = None


@dataclass(frozen=True, slots=True)
class View:
    """The page's content."""

    title: str
    photos: Sequence[Photo]
    """The exposures, then the result."""
    size: tuple[int, int]
    """Width and height of the upright photos in pixels."""
    crop_side: int
    crops: Sequence[Crop]
    tables: Sequence[Table]
    seconds: Mapping[str, float]
    """By stage, in order."""
    notes: Sequence[str]
    scores: Sequence[Score]
    version: str = __version__

    @property
    def sources(self) -> Sequence[Photo]:
        """The exposures without the result."""
        return self.photos[:-1]

    @property
    def result(self) -> Photo:
        """The restored photo."""
        return self.photos[-1]


def check_page(path: Path, *, overwrite: bool) -> None:
    """Check before a long computation that a page can be written.

    Raises:
        OutputError: Its name does not end in .html, or as `pairfix.formats.atomic.check_target`.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise OutputError(f"{path} does not have the name of a web page", "end it in .html")
    check_target(path, overwrite=overwrite)


def render_page(
    pictures: Mapping[str, Picture],
    restoration: Restoration,
    scores: Sequence[Score] = (),
    long_share: NDArray[np.float32] | None = None,
) -> str:
    """Show a restoration on a page of at most 2 MB that loads nothing from elsewhere.

    Its Content-Security-Policy allows only the page's own style and script. Files are named without
    their folders.

    Args:
        pictures: Of one scene, upright, of one size: the exposures by role, at the brightness at
            which they were restored, then "result".
        restoration: What was done.
        scores: Scores of the pictures, if any.
        long_share: How much of every place is the sharp long photo's own, as `Fused` has it.

    Returns:
        HTML, to be written as UTF-8.
    """
    style, script = asset("page.css"), asset("page.js")
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            view=_view(pictures, restoration, scores, long_share),
            plot=(PLOT_WIDTH, PLOT_HEIGHT),
            decades=DECADES,
            style=Markup(style),  # noqa: S704  (our own file)
            style_hash=digest(style),
            script=Markup(script),  # noqa: S704
            script_hash=digest(script),
        )
    )


def _view(
    pictures: Mapping[str, Picture],
    restoration: Restoration,
    scores: Sequence[Score],
    long_share: NDArray[np.float32] | None,
) -> View:
    """The page's content."""
    *_, source, result = pictures.values()
    height, width = result.pixels.shape[:2]
    side = min(_CROP, height, width)
    places = differing_places(source, result, side, _CROPS)
    images = fit_images(pictures, places, side)
    return View(
        title=printable(_result_name(restoration)),
        photos=[_photo(name, picture, images, restoration) for name, picture in pictures.items()],
        size=(width, height),
        crop_side=side,
        crops=[
            Crop(left, top, crops) for (top, left), crops in zip(places, images.crops, strict=True)
        ],
        tables=[*_tables(restoration), *_sharp_long(restoration, long_share)],
        seconds=dict(restoration.seconds),
        notes=[printable(note) for note in restoration.notes],
        scores=scores,
    )


def _photo(name: str, picture: Picture, images: ImageSet, restoration: Restoration) -> Photo:
    frame = {str(role): each for role, each in restoration.scene.frames.items()}.get(name)
    height, width = picture.pixels.shape[:2]
    return Photo(
        name=name,
        file=printable(frame.path.name if frame else _result_name(restoration)),
        settings=settings_of(frame.exposure) if frame else "",
        treatment=_treatment(name, restoration) if frame else "restored",
        image=images.whole[name],
        thumbnail=images.thumbnails[name],
        facts=frame_facts(frame) if frame else result_facts(restoration, (width, height)),
        tones=measure_tones(picture),
    )


def _result_name(restoration: Restoration) -> str:
    return restoration.output.name if restoration.output else RESULT


def _treatment(role: str, restoration: Restoration) -> str:
    """How an exposure as shown differs from its file."""
    match, alignment = restoration.scene.match, restoration.scene.alignment
    if match is None or alignment is None:
        return "as taken"
    gain = match.short_gain if role == "short" else match.long_gain
    parts = [f"brightened by {stops(gain)}"] if gain > 1 else []
    if role == "long" and alignment.kind != "none":
        parts.append("aligned")
    return " and ".join(parts) or "as taken"


def _tables(restoration: Restoration) -> list[Table]:
    scene = restoration.scene
    if scene.match is None or scene.alignment is None:
        return []
    return [
        Table(
            "Exposure",
            exposure_facts(scene.match),
            "Measured in linear light, away from clipped highlights.",
        ),
        Table(
            "Alignment",
            alignment_facts(scene.alignment, scene.frames["short"].size),
            "Agreement is the correlation of the two photos: 1 is perfect.",
        ),
    ]


def _sharp_long(restoration: Restoration, long_share: NDArray[np.float32] | None) -> list[Table]:
    if long_share is None or restoration.long_share is None or restoration.strength == 0:
        return []
    used = bool(long_share.any())
    orientation = restoration.scene.frames["short"].orientation
    return [
        Table(
            "Sharp long photo",
            sharp_long_facts(restoration.long_share),
            "The lighter a place, the more of it is the long photo's own."
            if used
            else "It is not sharp, or does not agree with the short one.",
            draw_map(long_share, orientation) if used else None,
        )
    ]


@cache
def environment() -> "Environment":
    """Where the templates are."""
    import jinja2  # noqa: PLC0415  (most runs make no page)

    return jinja2.Environment(
        loader=jinja2.PackageLoader("pairfix.output.html", "assets"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str) -> str:
    """The text of a style or script."""
    return (files("pairfix.output.html") / "assets" / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """An inline style's or script's hash, as Content-Security-Policy states it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
