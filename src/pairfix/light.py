"""Between a file's pixels, planes of linear light, and the range that networks work in.

Mosaics are packed into R, G1, G2, B planes of half size. The colour filter array's phase is
normalised by shifting, not by reordering: a reflected row and/or column is prepended where R
is not in the cell's corner, so that plane i always samples the same sub-pixel position.
"""

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Bayer, Domain, Frame, Planes

__all__ = [
    "CELL",
    "decode_planes",
    "encode_planes",
    "encoding_slope",
    "is_grey",
    "linear_to_srgb",
    "mean_light",
    "mosaic_from_planes",
    "planes_from_frame",
    "planes_from_mosaic",
    "srgb_to_linear",
]

Floats = NDArray[np.float32]

_SRGB_KNEE = 0.04045
_LINEAR_KNEE = 0.0031308
_COMPANDING = np.float32(0.05)
"""Linear level around which the raw domain turns from linear to logarithmic."""
_BEYOND_LIGHT = np.float32(2)
"""Companded level, 40 times white, that only a diverged network exceeds."""
CELL = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Row and column of R, G1, G2, B within a cell."""


def srgb_to_linear(encoded: Floats) -> Floats:
    """Undo the sRGB transfer function (IEC 61966-2-1); any shape, 0 to 1."""
    safe = np.maximum(encoded, _SRGB_KNEE, dtype=np.float32)
    curve = ((safe + 0.055) / 1.055) ** np.float32(2.4)
    return np.where(encoded <= _SRGB_KNEE, encoded / np.float32(12.92), curve)


def linear_to_srgb(linear: Floats) -> Floats:
    """Apply the sRGB transfer function (IEC 61966-2-1); any shape, 0 to 1."""
    safe = np.maximum(linear, _LINEAR_KNEE, dtype=np.float32)
    curve = np.float32(1.055) * safe ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(linear <= _LINEAR_KNEE, linear * np.float32(12.92), curve)


def planes_from_frame(frame: Frame) -> Planes:
    """The frame in linear light: 4 half-size planes of a mosaic, else 3 of full size."""
    if frame.bayer is not None:
        return planes_from_mosaic(frame.pixels, frame.bayer)
    peak = np.iinfo(frame.pixels.dtype).max
    levels = np.arange(peak + 1, dtype=np.float32) / np.float32(peak)
    return np.ascontiguousarray(srgb_to_linear(levels)[frame.pixels].transpose(2, 0, 1))


def planes_from_mosaic(mosaic: NDArray[np.number], bayer: Bayer) -> Planes:
    """Pack an ``H x W`` mosaic: black subtracted, white = 1, white-balanced, nothing clipped.

    Returns:
        ``4 x ceil((H + dy) / 2) x ceil((W + dx) / 2)``, (dy, dx) being R's place in the cell.
    """
    padded = np.pad(mosaic, _padding(mosaic.shape, bayer), mode="reflect")
    planes = np.empty((4, padded.shape[0] // 2, padded.shape[1] // 2), np.float32)
    for plane, (row, column), black, gain in zip(
        planes, CELL, bayer.black, bayer.gains, strict=True
    ):
        scale = np.float32(gain / (bayer.white - black))
        np.subtract(padded[row::2, column::2], np.float32(black), out=plane, dtype=np.float32)
        plane *= scale
    return planes


def mosaic_from_planes(planes: Planes, bayer: Bayer, size: tuple[int, int]) -> Floats:
    """Undo `planes_from_mosaic`, but for the levels: an ``H x W`` mosaic, black = 0, white = 1."""
    _, height, width = planes.shape
    padded = np.empty((2 * height, 2 * width), np.float32)
    for plane, (row, column), gain in zip(planes, CELL, bayer.gains, strict=True):
        np.multiply(plane, np.float32(1 / gain), out=padded[row::2, column::2])
    top, left = bayer.red_at
    return padded[top : top + size[0], left : left + size[1]]


def encode_planes(planes: Planes, domain: Domain) -> Planes:
    """Linear light to the network's range: companded (raw) or sRGB-encoded (srgb).

    raw: ``asinh(min(x, 1) / 0.05) / asinh(20)``; noise below black stays, since clipping it would
    tint the shadows. srgb: clipped to 0 ... 1.
    """
    if domain == "srgb":
        return linear_to_srgb(np.clip(planes, 0, 1))
    scaled = np.minimum(planes, np.float32(1))
    scaled /= _COMPANDING
    np.arcsinh(scaled, out=scaled)
    scaled /= np.arcsinh(1 / _COMPANDING)
    return scaled


def decode_planes(planes: Planes, domain: Domain) -> Planes:
    """Undo `encode_planes`."""
    if domain == "srgb":
        return srgb_to_linear(np.clip(planes, 0, 1))
    expanded = np.clip(planes, -_BEYOND_LIGHT, _BEYOND_LIGHT)
    expanded *= np.arcsinh(1 / _COMPANDING)
    np.sinh(expanded, out=expanded)
    expanded *= _COMPANDING
    return expanded


def encoding_slope(light: Floats, domain: Domain) -> Floats:
    """Derivative of `encode_planes` by linear light of 0 to 1; any shape."""
    if domain == "srgb":
        curve = np.float32(1.055 / 2.4) * np.maximum(light, _LINEAR_KNEE) ** np.float32(1 / 2.4 - 1)
        return np.where(light <= _LINEAR_KNEE, np.float32(12.92), curve)
    return 1 / (np.hypot(light, _COMPANDING) * np.arcsinh(1 / _COMPANDING))


def mean_light(planes: Planes) -> Floats:
    """Brightness for measuring and aligning, ``h x w``: the mean of R, G and B, linear."""
    if len(planes) == len(CELL):
        return (planes[0] + (planes[1] + planes[2]) / 2 + planes[3]) / 3
    return (planes[0] + planes[1] + planes[2]) / 3


def is_grey(planes: Planes) -> bool:
    """Whether they are those of a black-and-white picture; a mosaic's never are."""
    return len(planes) == len("RGB") and all(np.array_equal(planes[0], each) for each in planes[1:])


def _padding(size: tuple[int, ...], bayer: Bayer) -> tuple[tuple[int, int], tuple[int, int]]:
    top, left = bayer.red_at
    return (top, (size[0] + top) % 2), (left, (size[1] + left) % 2)
