"""Give a picture the histogram of another."""

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes

__all__ = ["match_histograms"]

_MAGNITUDE = 0x7FFFFFFF
"""All bits of a float32 but its sign; flipped, negative numbers sort as integers do."""
_INDEX = 0xFFFFFFFF
"""The lower half of 64 bits."""


def match_histograms(planes: Planes, reference: Planes) -> None:
    """Give each channel exactly the values of another picture's, by their ranks (Algorithm 1).

    The darkest pixel gets the darkest value of the reference, and so on. Of pixels that are
    equal, the one that is darker in the reference counts as the darker one. Any encoding that
    keeps the order gives the same. Besides the pictures it takes 28 bytes a pixel of one channel.

    Args:
        planes: ``C x h x w``, changed in place.
        reference: The same shape.
    """
    for channel, wanted in zip(planes, reference, strict=True):
        _match(channel.reshape(-1), wanted.reshape(-1))


def _match(values: NDArray[np.float32], wanted: NDArray[np.float32]) -> None:
    ascending = _ascending(wanted)
    order = ascending[_ascending(values[ascending])]
    values[order] = wanted[ascending]


def _ascending(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices that sort, equal values by their index.

    One integer holds value and index: numpy sorts those three times as fast as it finds indices.
    """
    bits = values.view(np.int32)
    keys = (bits ^ (bits >> 31 & _MAGNITUDE)).astype(np.int64)
    keys <<= 32
    keys |= np.arange(len(keys))
    keys.sort()
    keys &= _INDEX
    return keys
