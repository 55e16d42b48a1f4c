"""The losses of the papers (torch).

They compute in float32 also where the networks are trained in half precision.
"""

from pairfix.train.losses.pixel import (
    PIXEL_LOSSES,
    PixelLoss,
    PixelLossName,
    charbonnier,
    l1,
    l2,
)

__all__ = [
    "PIXEL_LOSSES",
    "PixelLoss",
    "PixelLossName",
    "charbonnier",
    "l1",
    "l2",
]
