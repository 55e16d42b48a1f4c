"""Everything that the page shows, ready to be filled into its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pairfix._version import __version__
from pairfix.crops import differing_places
from pairfix.errors import printable
from pairfix.image import Picture
from pairfix.output.html.facts import (
    Fact,
    alignment_facts,
    exposure_facts,
    frame_facts,
    result_facts,
    settings_of,
    stops,
)
from pairfix.output.html.histogram import Tones, measure_tones
from pairfix.output.html.images import Image, ImageSet, fit_images
from pairfix.output.html.scores import Score
from pairfix.output.report import Restoration

__all__ = ["RESULT", "View", "make_view"]

RESULT = "result"
"""Name of the restored photo among the pictures."""

_CROP = 320
"""Side of the crops in pixels: as wide as a phone's page."""
_CROPS = 3


@dataclass(frozen=True, slots=True)
class Photo:
    """One of the photos, or the result."""

    name: str
    """short, long or result; stylesheet and script know it by this."""
    file: str
    settings: str
    """Shutter, aperture and ISO of an exposure; empty if unknown."""
    treatment: str
    """What was done to it before it is shown."""
    image: Image
    thumbnail: Image
    facts: Sequence[Fact]
    tones: Tones


@dataclass(frozen=True, slots=True)
class Crop:
    """One place, as every photo shows it at 100 %."""

    left: int
    top: int
    images: Mapping[str, Image]


@dataclass(frozen=True, slots=True)
class Table:
    """Facts under a heading."""

    title: str
    facts: Sequence[Fact]
    explanation: str


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


def make_view(
    pictures: Mapping[str, Picture], restoration: Restoration, scores: Sequence[Score]
) -> View:
    """Gather the page's content; see `pairfix.output.html.render_page`."""
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
        tables=_tables(restoration),
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
    """How an exposure differs from its file."""
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
