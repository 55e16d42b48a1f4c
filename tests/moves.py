"""Pairs whose cameras moved by known homographies."""

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import ExposureMatch, Frame, MatchedPair
from pairfix.light import planes_from_frame
from pairfix.stages.align.warp import Matrix, transform, warp_planes
from tests.scenes import raw_frame, rgb_frame

HEIGHT, WIDTH = 384, 512
MARGIN = 64
FLOATS = NDArray[np.float32]


def about_centre(motion: Matrix, size: tuple[int, int]) -> Matrix:
    """The motion with the frame's centre as its origin."""
    to_centre = np.array([[1, 0, -(size[1] - 1) / 2], [0, 1, -(size[0] - 1) / 2], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(to_centre) @ motion @ to_centre)


def random_motion(rng: np.random.Generator, size: tuple[int, int]) -> Matrix:
    """Up to 5 % of the width, 3 degrees and 2 % of scale about the centre, slight perspective."""
    width = size[1]
    angle, scale = math.radians(rng.uniform(-3, 3)), rng.uniform(0.98, 1.02)
    shift = rng.uniform(-0.05, 0.05, 2) * width
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    motion = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]], [0, 0, 1.0]])
    motion[2, :2] = rng.uniform(-0.01, 0.01, 2) / width
    return about_centre(motion, size)


def distance(found: Matrix, expected: Matrix, size: tuple[int, int]) -> float:
    """Mean distance of where the two homographies send the frame's pixels."""
    columns, rows = np.meshgrid(np.linspace(0, size[1] - 1, 21), np.linspace(0, size[0] - 1, 21))
    points = np.stack([columns.ravel(), rows.ravel()], axis=1)
    gaps = transform(found, points) - transform(expected, points)
    return float(np.linalg.norm(gaps, axis=1).mean())


def texture(seed: int = 0) -> FLOATS:
    """Structure from coarse to fine, with a margin around the frame; linear RGB, 0.02 to 0.6."""
    size = (HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN)
    rng = np.random.default_rng(seed)
    total = np.zeros((3, *size), np.float32)
    for sigma in (2, 6, 18):
        noise = [cv2.GaussianBlur(rng.random(size, np.float32), (0, 0), sigma) for _ in "RGB"]
        total += np.stack([plane / plane.std() for plane in noise])
    low, high = np.quantile(total, (0.001, 0.999))
    light: FLOATS = np.clip(0.02 + 0.58 * (total - low) / (high - low), 0.02, 1)
    return light.astype(np.float32)


def shake(light: FLOATS, pixels: int = 9) -> FLOATS:
    """Blur along a diagonal, centred."""
    kernel = np.eye(pixels, dtype=np.float32) / pixels
    return np.stack([cv2.filter2D(plane, -1, kernel) for plane in light])


def seen_from(light: FLOATS, motion: Matrix) -> FLOATS:
    """What a camera moved by `motion` sees of a scene with a margin."""
    margin = np.array([[1, 0, MARGIN], [0, 1, MARGIN], [0, 0, 1.0]])
    view = margin @ np.linalg.inv(motion)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    views = [cv2.warpPerspective(plane, view, (WIDTH, HEIGHT), flags=flags) for plane in light]
    return np.asarray(np.clip(np.stack(views), 0, 1), np.float32)


def matched(short: Frame, long: Frame) -> MatchedPair:
    planes = planes_from_frame(short), planes_from_frame(long)
    return MatchedPair(short, long, *planes, ExposureMatch(1.0, 1.0, None, None))


def synthetic_pair(
    motion: Matrix,
    patterns: tuple[str, str] | None = ("RGGB", "RGGB"),
    *,
    moving: bool = False,
    blur: int = 9,
) -> MatchedPair:
    """A noisy short frame and a long one shaken over `blur` pixels; RGB without patterns."""
    sharp = texture()
    blurred = shake(sharp, blur)
    if moving:
        thing = texture(seed=9)[:, :110, :110]
        sharp[:, 200:310, 250:360] = thing
        blurred[:, 200:310, 300:410] = thing
    short, long = seen_from(sharp, np.eye(3)), seen_from(blurred, motion)
    if patterns is None:
        return matched(rgb_frame(short, noise=0.05), rgb_frame(long, name="long.png"))
    ours, theirs = patterns
    return matched(
        raw_frame(short, pattern=ours, noise=0.05),
        raw_frame(long, pattern=theirs, name="long.dng"),
    )


def moved_further(pair: MatchedPair, motion: Matrix) -> MatchedPair:
    """The pair with its long frame moved by a known motion, from long to longer pixels."""
    itself = replace(pair, short=pair.long, short_planes=pair.long_planes)
    return replace(
        pair, long_planes=warp_planes(itself, np.asarray(np.linalg.inv(motion), np.float64))
    )
