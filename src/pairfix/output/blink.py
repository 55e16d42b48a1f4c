"""Moving comparisons: short, long and result take turns at one place, at 100 %."""

import math
from collections.abc import Mapping
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import cv2
import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairfix.crops import cut, differing_places
from pairfix.errors import MissingExtraError
from pairfix.formats.atomic import check_target
from pairfix.image import Picture

__all__ = ["LARGEST", "MOVING", "blink", "check_blinking", "is_blinking"]

LARGEST = 2_000_000
"""Bytes of a file, as of a page (`pairfix.output.html`): it can be mailed."""

_SIDE = 640
"""Side in pixels of the place that is shown, if no crop was asked for."""
_MOST_SIDE, _LEAST_SIDE = 1600, 64
"""Longest sides up to which a crop is tried at all, and from which nothing more is left out."""
_SMALLER = 0.8
"""Factor on the sides, at most, while a file is too large."""
_QUALITIES = {".gif": (256, 128, 64), ".webp": (90, 75, 60), ".mp4": (18, 23, 28)}
"""Number of colours, Pillow's quality, or x264's constant rate factor, the best first."""
MOVING = tuple(_QUALITIES)
"""Extensions of the formats in which pictures take turns."""
_SECONDS = 1
"""How long each picture is shown."""
_FPS = 2
_ROUNDS = 5
"""How often a video shows both: unlike the others, it cannot ask to be repeated."""
_CODEC: Final = "libx264"
_X264 = "ref=8:bframes=0:scenecut=0"
"""Frames may refer to the round before, so that the other rounds take no space."""
_LABEL = 26
"""Height of the labels in pixels."""
_INK, _BACKGROUND = (230, 230, 230), (24, 24, 24)

Pixels8 = NDArray[np.uint8]


def is_blinking(path: Path) -> bool:
    """Whether a file's name is that of a moving comparison."""
    return path.suffix.lower() in MOVING


def check_blinking(path: Path, *, overwrite: bool) -> None:
    """Check before a long computation that a moving comparison can be written.

    Raises:
        OutputError: As `pairfix.formats.atomic.check_target`.
        MissingExtraError: It is a video, and PyAV is not installed.
    """
    check_target(path, overwrite=overwrite)
    if path.suffix.lower() == ".mp4" and not _has_x264():
        raise MissingExtraError(
            f"{path}: videos need PyAV", "pip install 'pairfix[video]', or write a .gif or .webp"
        )


def blink(
    pictures: Mapping[str, Picture], suffix: str, *, whole: bool = False, largest: int = LARGEST
) -> bytes:
    """A file in which the pictures take turns, under their names.

    If it would be too large, first its quality is lowered, then only the middle is shown; pixels
    are never scaled.

    Args:
        pictures: By name, two or more of one scene and of one size; the last two are the long
            photo, if there is one, and the result.
        suffix: The file's extension, .gif, .webp or .mp4.
        whole: Whether to show all of the pictures, instead of the place where the last two differ
            most.
        largest: Bytes; exceeded only where little more than the names is left.

    Returns:
        The file's content.
    """
    place = _place(pictures, whole=whole)
    factor = min(1.0, _MOST_SIDE / max(next(iter(place.values())).shape))
    while True:
        frames = [_labelled(name, _middle(pixels, factor)) for name, pixels in place.items()]
        for quality in _QUALITIES[suffix]:
            data = _encoded(frames, suffix, quality)
            if len(data) <= largest:
                return data
        longest = max(frames[0].shape)
        if longest <= _LEAST_SIDE:
            return data
        factor *= max(min(_SMALLER, math.sqrt(largest / len(data))), _LEAST_SIDE / longest)


def _has_x264() -> bool:
    """PyAV that was built without it cannot write videos that all browsers play."""
    if find_spec("av") is None:
        return False
    import av  # noqa: PLC0415  (an extra)

    return _CODEC in av.codecs_available


def _place(pictures: Mapping[str, Picture], *, whole: bool) -> dict[str, Pixels8]:
    """What is shown, 8 bits."""
    *_, source, result = pictures.values()
    side = min(_SIDE, *result.pixels.shape[:2])
    crops = {name: each.pixels for name, each in pictures.items()}
    if not whole:
        (place,) = differing_places(source, result, side, 1)
        crops = {name: cut(each, place, side) for name, each in pictures.items()}
    return {name: np.rint(each / 257).astype(np.uint8) for name, each in crops.items()}


def _middle(pixels: Pixels8, factor: float) -> Pixels8:
    height, width = pixels.shape[:2]
    rows, columns = (max(round(factor * side), 1) for side in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[top : top + rows, left : left + columns]


def _labelled(name: str, pixels: Pixels8) -> Pixels8:
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.6
    (width, _), _ = cv2.getTextSize(name, font, scale, 1)
    labelled = np.ascontiguousarray(pixels).copy()
    cv2.rectangle(labelled, (0, 0), (width + 12, _LABEL), _BACKGROUND, cv2.FILLED)
    cv2.putText(labelled, name, (6, _LABEL - 8), font, scale, _INK, 1, cv2.LINE_AA)
    return labelled


def _encoded(frames: list[Pixels8], suffix: str, quality: int) -> bytes:
    if suffix == ".mp4":
        return _video(frames, quality)
    options: dict[str, Any] = {"loop": 0, "duration": 1000 * _SECONDS}
    if suffix == ".gif":
        frames = _few_colours(frames, quality)
    else:
        options["quality"] = quality
    return iio.imwrite("<bytes>", np.stack(frames), extension=suffix, plugin="pillow", **options)


def _few_colours(frames: list[Pixels8], count: int) -> list[Pixels8]:
    """The frames dithered in one palette: with one for each, colours would seem to change."""
    palette = Image.fromarray(np.concatenate(frames)).quantize(count)
    dithered = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        for frame in frames
    )
    return [np.asarray(each.convert("RGB")) for each in dithered]


def _video(frames: list[Pixels8], rate_factor: int) -> bytes:
    """H.264 with chroma at half size, which all browsers play, and so of even sides.

    imageio would write it, too, but with x264's own idea of quality, which takes noise away.
    """
    import av  # noqa: PLC0415  (an extra)

    height, width = frames[0].shape[:2]
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    shown = [
        np.pad(frame, padding, mode="edge") for frame in frames for _ in range(_FPS * _SECONDS)
    ]
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"crf": str(rate_factor), "x264-params": _X264}
        stream = container.add_stream(_CODEC, _FPS, options=options)
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in shown * _ROUNDS:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
        container.mux(stream.encode())
    return file.getvalue()
