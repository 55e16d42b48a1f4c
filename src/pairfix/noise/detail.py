"""White noise, measured in the finest detail of mosaics' planes.

The finest diagonal detail, ``(a - b - c + d) / 2`` in cells of 2 x 2, has the variance of white
noise and next to nothing of a smooth scene.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes
from pairfix.light import CELL
from pairfix.noise.curve import LEVELS, Curve, interpolated, near

__all__ = ["detail_curve"]

Plane = NDArray[np.float32]

_BLOCK = 8
"""Side of a block, in 2 x 2 cells, whose variance is one measurement."""
_FLAT_SHARE = 0.25
"""Share of the blocks of one brightness that are taken to show only noise."""
_FLAT_BIAS = 0.877
"""Lower quartile of the variance of 64 normal samples, relative to its expectation."""
_FEWEST_BLOCKS = 24


def detail_curve(
    difference: Iterable[Plane], level: Planes, usable: NDArray[np.bool_] | None = None
) -> Curve:
    """The curve of the white noise that a difference shows where the scene is flat.

    Of the blocks of like brightness the lower quartile is taken, since texture only adds.

    Args:
        difference: C channels ``h x w``, in encoded units.
        level: ``C x h x w``, the encoded brightness of the scene.
        usable: ``C x h x w``, where neither is clipped; None for everywhere.
    """
    if usable is None:
        usable = np.ones(level.shape, np.bool_)
    channels = zip(difference, level, usable, strict=True)
    return np.stack([_quartiles(*_measure(*channel)) for channel in channels])


def _measure(difference: Plane, level: Plane, usable: NDArray[np.bool_]) -> tuple[Plane, Plane]:
    """Mean level and noise variance of each block of one channel that is usable throughout."""
    height, width = (side // (2 * _BLOCK) * _BLOCK for side in difference.shape)
    shape = height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK

    def averaged(cells: Plane) -> Plane:
        return cells.reshape(shape).mean(axis=(1, 3)).ravel()

    a, b, c, d = _corners(difference, height, width)
    variance = averaged(((a - b - c + d) / 2) ** 2)
    brightness = averaged(np.mean(_corners(level, height, width), axis=0))
    whole = averaged(np.minimum.reduce(_corners(usable, height, width)).astype(np.float32)) == 1
    return brightness[whole], variance[whole]


def _corners(plane: NDArray[Any], height: int, width: int) -> list[NDArray[Any]]:
    """The four samples of every 2 x 2 cell, each ``height x width``."""
    cut = plane[: 2 * height, : 2 * width]
    return [cut[row::2, column::2] for row, column in CELL]


def _quartiles(level: Plane, variance: Plane) -> Plane:
    """Standard deviation at `LEVELS` from the measured blocks; flat where nothing was measured."""
    found: dict[float, float] = {}
    for centre in LEVELS:
        alike = variance[near(level, centre)]
        if len(alike) >= _FEWEST_BLOCKS:
            found[float(centre)] = float(np.quantile(alike, _FLAT_SHARE))
    if not found:
        found[0] = float(np.quantile(variance, _FLAT_SHARE)) if len(variance) else 0.0
    return np.sqrt(interpolated(found) / _FLAT_BIAS).astype(np.float32)
