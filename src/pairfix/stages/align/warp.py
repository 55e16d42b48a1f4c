"""Resample the long frame's planes with a homography of the whole photo.

A homography here maps (x, y, 1) of the short frame's stored pixels to the long frame's; x grows
to the right, y downwards, and pixel centres lie at integers. Each packed plane of a mosaic samples
its own place in the 2x2 cell, so each is warped with the homography as seen from that place.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Frame, MatchedPair, Planes
from pairfix.light import CELL
from pairfix.stages.align.demosaic import Demosaiced, decode_root, demosaic, encode_root

__all__ = ["Matrix", "green_to_pixels", "plane_to_pixels", "resampled", "transform", "warp_planes"]

Matrix = NDArray[np.float64]

Floats = NDArray[np.float32]

_SURROUNDINGS = 5
"""Side of the square of samples of one plane whose range a warped value must not leave."""

_COARSE = 8
"""Side in samples of the squares whose mean light is compared before and after the warp."""
_FEWEST_SQUARES = 64
"""Squares that are needed for that."""
_GREENS = (1, 2)
"""Planes of a mosaic."""
_OUTSIDE = -np.inf
"""Stands for light beyond the frame."""

_FILL_SHRINK = 4
"""How much the short frame is averaged down, then blurred, where the long one does not reach.

Enough to remove most of the short frame's noise and to look as soft as a long exposure does. In
restored borders of wheel, street and neon this gave 0.5, 0.3 and -0.1 dB over the long frame
reflected, 0.5, 0.2 and -0.8 dB over its edge repeated, and 0.9, 0.2 and 1.8 dB over the short
frame as it is; neon's border is black. Factors of 2 and 8 were much the same.
"""


def plane_to_pixels(frame: Frame, plane: int) -> Matrix:
    """Maps (x, y, 1) of samples of one plane to the frame's stored pixels, 3 x 3."""
    if frame.bayer is None:
        return np.eye(3)
    top, left = frame.bayer.red_at
    row, column = CELL[plane]
    return np.array([[2.0, 0.0, column - left], [0.0, 2.0, row - top], [0.0, 0.0, 1.0]])


def green_to_pixels(frame: Frame) -> list[Matrix]:
    """`plane_to_pixels` of G1 and G2, or of G: planes from 1 on."""
    planes = (1,) if frame.bayer is None else _GREENS
    return [plane_to_pixels(frame, plane) for plane in planes]


def transform(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Apply a homography to ``n x 2`` points (x, y)."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def resampled(
    source: Floats,
    to_source: Matrix,
    size: tuple[int, int],
    interpolation: int = cv2.INTER_CUBIC,
    border: int = cv2.BORDER_REFLECT_101,
) -> Floats:
    """The source as seen through a homography.

    Args:
        source: ``h x w``.
        to_source: 3 x 3, from the pixels of what is returned to the source's.
        size: Width and height of what is returned.
        interpolation: OpenCV's.
        border: OpenCV's; constant borders are minus infinity.
    """
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpPerspective(
            source, to_source, size, flags=flags, borderMode=border, borderValue=_OUTSIDE
        ),
        np.float32,
    )


def warp_planes(pair: MatchedPair, matrix: Matrix) -> Planes:
    """The long frame's planes in the short frame's geometry.

    A mosaic is warped as what the camera saw: interpolated to full size, and sampled again where
    the short frame's filters are (`pairfix.stages.align.demosaic`).

    Where the long frame does not reach, the short one stands in, blurred: clean and soft as a
    long exposure, and in its right place, so that the border shows no ghosts.

    Args:
        pair: Two frames in the same domain; their planes may differ in size.
        matrix: 3 x 3, from the short frame's stored pixels to the long frame's.

    Returns:
        As large as the short frame's planes, and within the range of the long frame's; of a mosaic,
        within that of the samples around each place, so that nothing rings beside lamps. The long
        planes themselves if nothing moves.
    """
    if _coincide(pair, matrix):
        return pair.long_planes
    return (_warp_colours if pair.short.bayer is None else _warp_mosaic)(pair, matrix)


def _warp_colours(pair: MatchedPair, matrix: Matrix) -> Planes:
    warped = np.empty_like(pair.short_planes)
    for source, plane, target in zip(pair.long_planes, pair.short_planes, warped, strict=True):
        _stand_in(plane, target)
        cv2.warpPerspective(
            source,
            matrix,
            target.shape[::-1],
            dst=target,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        np.clip(target, source.min(), source.max(), out=target)
    return warped


def _warp_mosaic(pair: MatchedPair, matrix: Matrix) -> Planes:
    warped = np.empty_like(pair.short_planes)
    long, offset = _demosaiced(pair.long_planes)
    for index in (*long.excesses, *_GREENS):  # so that memory holds no excess for long
        _stand_in(pair.short_planes[index], warped[index])
        _warp_plane(pair, matrix, index, long, offset, warped[index])
    return warped


def _warp_plane(
    pair: MatchedPair, matrix: Matrix, index: int, long: Demosaiced, offset: float, target: Floats
) -> None:
    """Write one plane where the long frame reaches; its excess over green is used up."""
    source, size = pair.long_planes[index], target.shape[::-1]
    to_green = np.diag([2.0, 2.0, 1.0]) @ np.linalg.inv(plane_to_pixels(pair.long, 0)) @ matrix
    place = plane_to_pixels(pair.short, index)
    to_source = np.linalg.inv(plane_to_pixels(pair.long, index)) @ matrix @ place
    seen = resampled(long.green, to_green @ place, size)
    if index in long.excesses:
        seen += resampled(long.excesses.pop(index), to_source, size)
    decode_root(seen, offset)
    seen += _lost_light(source, seen, to_source)
    np.minimum(seen, _extreme(cv2.dilate, source, to_source, size), out=seen)
    lowest = _extreme(cv2.erode, source, to_source, size)
    np.maximum(seen, lowest, out=seen)
    np.copyto(target, seen, where=lowest != _OUTSIDE)


def _lost_light(source: Floats, seen: Floats, to_source: Matrix) -> np.float32:
    """What interpolating square roots of a noisy plane took off its light, the same everywhere."""
    shrink = np.diag([1 / _COARSE, 1 / _COARSE, 1.0])
    shrink[:2, 2] = (1 - _COARSE) / (2 * _COARSE)
    coarse, expected = (_coarse(each) for each in (seen, source))
    to_coarse = shrink @ to_source @ np.linalg.inv(shrink)
    if coarse.size < _FEWEST_SQUARES:
        return np.float32(0)
    return np.float32(np.median(resampled(expected, to_coarse, coarse.shape[::-1]) - coarse))


def _coarse(plane: Floats) -> Floats:
    """Averages over squares; what fills no square is left out."""
    height, width = (max(side // _COARSE, 1) for side in plane.shape)
    whole = plane[: height * _COARSE, : width * _COARSE]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _demosaiced(planes: Planes) -> tuple[Demosaiced, float]:
    encoded, offset = encode_root(planes)
    return demosaic(encoded), offset


def _extreme(
    morph: Callable[..., Any], source: Floats, to_source: Matrix, size: tuple[int, int]
) -> Floats:
    """The least or the largest sample around each warped one; `_OUTSIDE` beyond the source.

    Args:
        morph: ``cv2.erode`` or ``cv2.dilate``.
        source: ``h x w``.
        to_source: As for `resampled`.
        size: As for `resampled`.
    """
    around = np.ones((_SURROUNDINGS, _SURROUNDINGS), np.uint8)
    found = np.asarray(morph(source, around), np.float32)
    return resampled(found, to_source, size, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)


def _stand_in(plane: NDArray[np.float32], target: NDArray[np.float32]) -> None:
    """Write a soft copy of the short frame's plane into `target`."""
    height, width = (max(1, side // _FILL_SHRINK) for side in plane.shape)
    small = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1.0)
    cv2.resize(soft, target.shape[::-1], dst=target, interpolation=cv2.INTER_LINEAR)


def _coincide(pair: MatchedPair, matrix: Matrix) -> bool:
    """Whether every sample of the long frame already lies on the short frame's."""
    return (
        pair.short_planes.shape == pair.long_planes.shape
        and np.array_equal(plane_to_pixels(pair.short, 0), plane_to_pixels(pair.long, 0))
        and np.array_equal(matrix, np.eye(3))
    )
