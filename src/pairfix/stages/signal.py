"""Refuse a frame that shows nothing: black, blown out, or one even tone.

Brightness must not come from nothing: the settings of the camera would brighten a black frame's
noise, or darken nothing but white. What counts is signal over noise, not brightness: the darkest
night frame with a few lamps or stars is a photo.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import PairError
from pairfix.image import Frame, Planes
from pairfix.light import CELL, mean_light

__all__ = ["check_signal"]

_SATURATED = 0.95
"""Share of the saturation level above which a sample may no longer be linear."""
_BLOWN = 0.99
"""Share of saturated samples from which nothing is left to see."""
_SAMPLED = 512
"""Samples along the longer side that medians are taken of."""
_BLACK = 1e-3
"""Linear light that black levels and the rounding of 8-bit pictures leave in doubt."""
_SIGMA_PER_MAD = 1.4826
"""Standard deviation of normal noise over its median absolute deviation."""
_BLOCKS = 32
"""Blocks along the longer side, of at least 2 cells, whose means show structure."""
_BY_CHANCE = 5.0
"""Correlation of two halves, in standard deviations of that of noise, beyond chance."""
_STAR = 4.0
"""Standard deviations that three of a cell's four samples exceed only under light."""

_HINT = "use the other photo as it is, or take the pair again"

Floats = NDArray[np.float32]


def check_signal(frame: Frame, planes: Planes) -> None:
    """Require that a frame shows something.

    Args:
        frame: The frame, for its name and its filters.
        planes: Its planes, ``C x h x w``, not brightened.

    Raises:
        PairError: It is black, blown out, or one even tone.
    """
    limits = frame.bayer.gains if frame.bayer else (1.0, 1.0, 1.0)
    saturated = [_share(each >= _SATURATED * top) for each, top in zip(planes, limits, strict=True)]
    if np.mean(saturated) >= _BLOWN:
        raise PairError(f"{frame.path} is blown out: all of it is saturated", _HINT)
    if not (_is_bright(planes) or _is_structured(planes)):
        raise PairError(f"{frame.path} is black: it holds no light above its noise", _HINT)
    if all(each.min() == each.max() for each in planes):
        raise PairError(f"{frame.path} is one even tone: it shows nothing", _HINT)


def _share(mask: NDArray[np.bool_]) -> float:
    return np.count_nonzero(mask) / mask.size


def _is_bright(planes: Planes) -> bool:
    """Whether most of a channel is brighter than its noise and than black may be."""
    step = max(1, max(planes.shape[1:]) // _SAMPLED)
    here, there = planes[:, ::step, ::step], planes[:, 1::step, 1::step]
    height, width = there.shape[1:]
    for some, others in zip(here, there, strict=True):
        level = np.median(some)
        if level > _BLACK and level > _noise(some[:height, :width], others):
            return True
    return False


def _noise(here: Floats, there: Floats) -> float:
    """Standard deviation of the noise, by neighbours."""
    return _deviation(here - there) / np.sqrt(2) if here.size else 0.0


def _is_structured(planes: Planes) -> bool:
    """Whether noise that is independent from pixel to pixel cannot explain the frame.

    Two samples of every cell that share neither row nor column, so neither row noise nor a column's
    offset, rise and fall together; or somewhere a whole cell stands out, not one hot pixel.
    """
    cells = _cells(planes)
    if not cells.size:
        return False
    _, one, other, _ = cells
    return _correlated(one, other) or _has_stars(cells)


def _cells(planes: Planes) -> Floats:
    """The four samples of every cell, ``4 x h x w``: a mosaic's planes, or RGB's mean."""
    if len(planes) == len(CELL):
        return planes
    light = mean_light(planes)
    height, width = (side // 2 * 2 for side in light.shape)
    return np.stack([light[row:height:2, column:width:2] for row, column in CELL])


def _correlated(one: Floats, other: Floats) -> bool:
    """Whether block means of two samplings agree beyond chance; rows and columns aside."""
    height, width = one.shape
    scale = min(_BLOCKS / max(height, width), 0.5)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    first, second = (_block_means(each, size) for each in (one, other))
    power = np.sqrt(np.sum(first**2) * np.sum(second**2))
    return bool(np.sum(first * second) * np.sqrt(first.size) > _BY_CHANCE * power)


def _block_means(samples: Floats, size: tuple[int, int]) -> Floats:
    """Means of blocks without those of their rows and columns, along which sensors drift."""
    means = np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_AREA), np.float32)
    means -= means.mean(axis=0)
    means -= means.mean(axis=1, keepdims=True)
    return means


def _has_stars(cells: Floats) -> bool:
    """Whether three of the four samples of any cell stand out of the dark."""
    excess = np.stack([each - np.median(each) - _STAR * _deviation(each) for each in cells])
    return bool(np.partition(excess, 1, axis=0)[1].max() > 2 * _BLACK)


def _deviation(values: Floats) -> float:
    """Standard deviation of mostly normal values."""
    return _SIGMA_PER_MAD * float(np.median(np.abs(values - np.median(values))))
