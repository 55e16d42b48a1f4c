"""Pictures of the patches that SelfIR's auxiliary loss takes for sharp (torch)."""

import cv2
import numpy as np
from torch import Tensor

from pairfix.image import Domain
from pairfix.train.losses.selfir import PATCH, sharp_patches
from pairfix.train.validate import show

__all__ = ["mask_picture"]

_DIMMED = 0.4
"""Brightness left to what counts as blurred."""
_INK = (0.0, 1.0, 0.0)


def mask_picture(long: Tensor, restored: Tensor, domain: Domain, patch: int = PATCH) -> bytes:
    """A PNG of the long exposure: sharp patches as they are in a green frame, the rest dimmed.

    Training judges what the sub-sampler took, and what the network made of that
    (`pairfix.train.subsampling.pick`); given these, the picture shows what the loss counted.

    Args:
        long: ``C x h x w``, in the network's range; at least 11 pixels to a side.
        restored: The same shape.
        domain: Of the planes.
        patch: As `pairfix.train.losses.selfir.sharp_patches` takes it.

    Returns:
        A PNG of 8 bits, ``h x w``; a mosaic's in the camera's colours.
    """
    mask = sharp_patches(long.detach()[None], restored.detach()[None], patch)[0].cpu().numpy()
    picture = show(long[None], domain)[0]
    side = min(patch, *picture.shape[:2])
    overlaid = np.ascontiguousarray(_DIMMED * picture)
    for top, left in side * np.argwhere(mask > 0):
        bottom, right = top + side, left + side
        overlaid[top:bottom, left:right] = picture[top:bottom, left:right]
        cv2.rectangle(overlaid, (left, top), (right - 1, bottom - 1), _INK)
    pixels = np.rint(overlaid[:, :, ::-1] * 255).astype(np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()
