"""How to read a raw file's mosaic: its filters, levels and white balance."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import rawpy
from numpy.typing import NDArray

from pairfix.formats.black import stated_black
from pairfix.formats.dng_stated import states_white_point
from pairfix.image import Bayer

__all__ = ["bayer_of", "filter_cell", "with_stated_black"]

_PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
_LARGEST_BALANCE = 64.0
"""Six stops: more than any light that a camera balances for; beyond it, the file is wrong."""


def bayer_of(path: Path, raw: rawpy.RawPy) -> tuple[Bayer | None, tuple[str, ...]]:
    """How to read the mosaic, and notes; None if it is not a plain 2x2 Bayer mosaic."""
    indices = filter_cell(raw)
    if indices is None:
        return None, ()
    pattern = _pattern(raw, indices)
    black = _black(raw, indices, pattern)
    balance, notes = _white_balance(path, raw)
    white = float(raw.white_level)
    if white <= max(black):
        white = float(max(int(raw.raw_image_visible.max()), int(max(black)) + 1))
        notes += ("the file's white level is implausible: the brightest pixel is used instead",)
    return Bayer(pattern, black, white, balance), notes


def with_stated_black(
    path: Path, bayer: Bayer, pixels: NDArray[np.uint16]
) -> tuple[Bayer, NDArray[np.uint16]]:
    """The mosaic with the black that a DNG states, of which LibRaw knows whole levels.

    Levels that are far from LibRaw's, which is one of the pattern's, are not of what it decoded.
    """
    height, width = pixels.shape
    stated = stated_black(path, (height, width))
    if stated is None:
        return bayer, pixels
    if abs(stated.cell.mean() - np.mean(bayer.black)) > 1 + stated.spread:
        return bayer, pixels
    white = int(bayer.white)
    finer = stated.fineness(white)
    black = _by_filter(bayer.pattern, (finer * stated.cell).ravel().tolist())
    mosaic = stated.without_deviation(pixels, white)
    return replace(bayer, black=black, white=float(finer * white)), mosaic


def filter_cell(raw: rawpy.RawPy) -> list[int] | None:
    """LibRaw's colour indices of the four filters row by row; None without a plain Bayer array."""
    cells = raw.raw_pattern if raw.raw_type == rawpy.RawType.Flat else None
    if cells is None or cells.shape != (2, 2) or _is_rotated(raw):
        return None
    indices = [int(index) for index in cells.ravel()]
    return indices if _pattern(raw, indices) in _PATTERNS else None


def _pattern(raw: rawpy.RawPy, indices: list[int]) -> str:
    return "".join(chr(raw.color_desc[index]) for index in indices)


def _black(raw: rawpy.RawPy, indices: list[int], pattern: str) -> tuple[float, float, float, float]:
    """Black levels of R, G1 (in R's row), G2 and B, by their place in the cell."""
    levels = raw.black_level_per_channel
    return _by_filter(pattern, [float(levels[index]) for index in indices])


def _by_filter(pattern: str, cell: Sequence[float]) -> tuple[float, float, float, float]:
    """Numbers of a cell's places, row by row, as those of R, G1, G2 and B."""
    red = pattern.index("R")
    return cell[red], cell[red ^ 1], cell[red ^ 2], cell[red ^ 3]


def _is_rotated(raw: rawpy.RawPy) -> bool:
    """Whether the photosites are diagonal (Fuji SuperCCD), so that LibRaw rotates them."""
    sizes = raw.sizes
    return {sizes.iheight, sizes.iwidth} != {sizes.height, sizes.width}


def _white_balance(
    path: Path, raw: rawpy.RawPy
) -> tuple[tuple[float, float, float], tuple[str, ...]]:
    """Multipliers with green = 1, and a note if they are not the camera's.

    If a DNG states the light's chromaticity, LibRaw's daylight is that light.
    """
    assumed = ("no white balance in the file: daylight is assumed",)
    for multipliers, notes in (
        (raw.camera_whitebalance, ()),
        (raw.daylight_whitebalance, () if states_white_point(path) else assumed),
    ):
        red, green, blue = (float(value) for value in multipliers[:3])
        if all(np.isfinite(value) and value > 0 for value in (red, green, blue)):
            balance = red / green, 1.0, blue / green
            if all(1 / _LARGEST_BALANCE <= value <= _LARGEST_BALANCE for value in balance):
                return balance, notes
    return (1.0, 1.0, 1.0), ("no white balance in the file: colours may be off",)
