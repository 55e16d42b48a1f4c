"""Pairs from high-speed video: the long exposure is the mean of consecutive frames.

The protocol of GOPRO (Nah et al. 2017, Section 3) for a pair as D2HNet takes it: frames averaged
in linear light, a gap, and the sharp frame after it. Frames count as sRGB-encoded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from pairfix.errors import InputError
from pairfix.formats import decode
from pairfix.image import Frame, Planes
from pairfix.light import planes_from_frame
from pairfix.synth.film import NO_VIDEO, film_frames
from pairfix.synth.synth_recipe import VideoRecipe

__all__ = ["Shot", "shots"]

_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One long exposure and the sharp frame after it."""

    long: Planes
    """``3 x H x W``, linear light, 0 to 1."""
    sharp: Planes
    first: int
    """Index of the first frame that was averaged."""
    frames: int
    gap: int


def shots(path: Path, recipe: VideoRecipe, rng: np.random.Generator) -> Iterator[Shot]:
    """Cut a video into shots that follow each other and share no frames.

    Args:
        path: A video file, or a folder of frames in the order of their names (2 before 10).
        recipe: Ranges of the frames that make a shot.
        rng: Draws the numbers of frames.

    Raises:
        InputError: It is missing or not a video, its frames differ in size, or it is too short
            for a single shot.
        MissingExtraError: It is a video, and PyAV is not installed.
    """
    first = 0
    frames = _light(path)
    while True:
        count = int(rng.integers(*recipe.frames, endpoint=True))
        gap = int(rng.integers(*recipe.gap, endpoint=True))
        long = _mean(frames, count)
        sharp = next(islice(frames, gap, None), None)
        if long is None or sharp is None:
            break
        yield Shot(long, sharp, first, count, gap)
        first += count + gap + 1
    if not first:
        raise InputError(f"{path} has too few frames for a pair", "average fewer frames")


def _mean(frames: Iterator[Planes], count: int) -> Planes | None:
    """The mean of the next `count` frames; None if there are not so many."""
    total, number = None, 0
    for number, frame in enumerate(islice(frames, count), 1):  # noqa: B007  (counted afterwards)
        total = frame if total is None else total + frame
    return total / np.float32(count) if total is not None and number == count else None


def _light(path: Path) -> Iterator[Planes]:
    """The frames in linear light, all of one size."""
    size: tuple[int, int] | None = None
    for frame in _folder(path) if path.is_dir() else film_frames(path):
        if size not in (None, frame.size):
            raise InputError(f"{frame.path} differs in size from the frames before it")
        size = frame.size
        yield planes_from_frame(frame)


def _folder(path: Path) -> Iterator[Frame]:
    names = [each for each in path.iterdir() if each.suffix.lower() in _PICTURES]
    if not names:
        raise InputError(f"{path} holds no frames", NO_VIDEO)
    for each in sorted(names, key=_counted):
        yield decode(each)


def _counted(path: Path) -> list[tuple[int, str]]:
    """A sort key by which numbers in a name count by value."""
    pieces = re.split(r"(\d+)", path.name)
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]
