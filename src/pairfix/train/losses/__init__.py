"""The losses of the papers (torch).

They compute in float32 also where the networks are trained in half precision.
"""

from pairfix.train.losses.adversarial import discriminator_loss, generator_loss
from pairfix.train.losses.pixel import (
    PIXEL_LOSSES,
    PixelLoss,
    PixelLossName,
    charbonnier,
    l1,
    l2,
)
from pairfix.train.losses.similarity import ssim_map
from pairfix.train.losses.structure import (
    dark_channel,
    dark_channel_loss,
    gradient_loss,
    sobel,
)

__all__ = [
    "PIXEL_LOSSES",
    "PixelLoss",
    "PixelLossName",
    "charbonnier",
    "dark_channel",
    "dark_channel_loss",
    "discriminator_loss",
    "generator_loss",
    "gradient_loss",
    "l1",
    "l2",
    "sobel",
    "ssim_map",
]
