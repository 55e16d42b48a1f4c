"""How weights lie in a file: as floats, or as int8 with a scale for each output channel.

The weight ``NAME`` of a convolution may be stored as int8, with its scale beside it as
``NAME.scale``: float32, as long as the weight along the output channels and 1 long along every
other dimension. The weight is the product of the two.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.model.config import DAMAGED

__all__ = ["SCALE", "pack", "scale_by_output", "unpack"]

Array = NDArray[Any]
Floats = NDArray[np.float32]

SCALE = ".scale"
"""What the name of a weight's scale has after the weight's."""

_GREATEST = 127
"""Greatest int8 value whose negative is one as well."""
_SMALLEST = 16384
"""Elements of the smallest weight that is stored as int8.

The smaller ones, mostly at full resolution, are 2 % of d2hnet-s-raw and matter most: as int8, like
the others, they cost it 0.04 dB on one pair (benchmarks/int8_storage.py).
"""


def pack(
    tensors: Mapping[str, NDArray[np.floating]], transposed: Collection[str]
) -> dict[str, Array]:
    """Store the large weights of convolutions as int8, all other tensors as they are.

    An output channel's scale is its greatest magnitude / 127, and values are rounded to the
    nearest: none changes by more than half the scale.

    Args:
        tensors: Finite weights by name.
        transposed: Those of transposed convolutions, ``inputs x outputs x rows x columns``; all
            others are ``outputs x inputs x rows x columns``.

    Returns:
        Tensors by name, for `unpack`.
    """
    packed: dict[str, Array] = {}
    for name, value in tensors.items():
        if value.ndim > 1 and value.size >= _SMALLEST:
            weight = value.astype(np.float32)
            scale = scale_by_output(weight, output=1 if name in transposed else 0)
            packed[name] = np.rint(weight / scale).astype(np.int8)
            packed[name + SCALE] = scale
        else:
            packed[name] = value
    return packed


def unpack(source: str, stored: Mapping[str, Array]) -> dict[str, Floats]:
    """The weights as float32, by name.

    Args:
        source: The file, for messages.
        stored: All its tensors by name.

    Raises:
        ModelError: A tensor is neither of floats nor int8, or an int8 one lacks a scale that fits.
    """
    scales = {name + SCALE for name, value in stored.items() if value.dtype == np.int8}
    tensors: dict[str, Floats] = {}
    for name, value in stored.items():
        if name in scales:
            continue
        if value.dtype == np.int8:
            scale = _stored_scale(source, name, stored)
            with np.errstate(over="ignore"):  # what is not finite is refused later
                tensors[name] = value * scale
        elif np.issubdtype(value.dtype, np.floating):
            with np.errstate(over="ignore"):
                tensors[name] = value.astype(np.float32)
        else:
            raise ModelError(f"{source}: {name} is {value.dtype}, neither floats nor int8", DAMAGED)
    return tensors


def scale_by_output(weight: Floats, *, output: int) -> Floats:
    """The scale of each output channel: its greatest magnitude / 127, or 1 if it is all zeros.

    Args:
        weight: Of a convolution.
        output: The axis of the output channels.

    Returns:
        As many dimensions as the weight, 1 long but for the output channels.
    """
    others = tuple(axis for axis in range(weight.ndim) if axis != output)
    scale: Floats = np.abs(weight).max(axis=others, keepdims=True) / np.float32(_GREATEST)
    scale[scale == 0] = 1
    return scale


def _stored_scale(source: str, name: str, stored: Mapping[str, Array]) -> Floats:
    scale, shape = stored.get(name + SCALE), stored[name].shape
    if scale is None:
        raise ModelError(f"{source}: {name} is int8, but {name + SCALE} is missing", DAMAGED)
    if scale.dtype != np.float32:
        raise ModelError(f"{source}: {name + SCALE} is {scale.dtype}, not float32", DAMAGED)
    if scale.shape not in (_along(0, shape), _along(1, shape)):
        raise ModelError(
            f"{source}: {name + SCALE} is {scale.shape}, which does not fit {name}, {shape}",
            DAMAGED,
        )
    if not (np.isfinite(scale) & (scale > 0)).all():
        raise ModelError(f"{source}: {name + SCALE} is not finite and positive", DAMAGED)
    return scale


def _along(axis: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a tensor's scale with one value for each place along an axis."""
    return tuple(length if i == axis else 1 for i, length in enumerate(shape))
