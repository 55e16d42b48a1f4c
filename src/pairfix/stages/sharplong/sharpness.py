"""Whether the long frame is sharp, asked without knowing the noise.

Noise is never known quite well enough, and a long frame that is blurred in one direction agrees
with the short one in all that it kept. So this is asked first: is the fine structure that the
network found there in the long frame too, in full? Motion blur takes most of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairfix.image import Domain
from pairfix.stages.sharplong.evidence import Cells, Channel, averaged, box
from pairfix.stages.sharplong.pyramid import finest

__all__ = ["sharpness"]

_WINDOW = 3
"""Side in cells of the square in which structure is told from noise."""
_NEIGHBOURHOODS = (32, 8)
"""Sides in cells of the squares whose structure is compared, the wide one standing in for the
narrow one where that has none."""
_FAINT = 0.01
"""Structure over the photo's mean at which the two count alike."""
_STRUCTURED = 1.0
"""Power over the noise's from which cells count as structure."""
_FEWEST_STRUCTURED = 0.02
"""Share of the cells that count at least, the most structured ones."""
_SHARP = {"raw": (0.65, 0.75), "srgb": (0.4, 0.55)}
"""Structure in the long frame over that in the restored photo at which the long frame begins to
count as sharp, and surely is. Of eleven tripod pairs, raws had 0.9 to 1.05, camera JPEGs 0.45 to
1, since cameras sharpen and smooth a noisy frame unlike a clean one; hand-held ones up to 0.65 and
0.45, most of them below 0.2."""
_TINY = 1e-20


def sharpness(channels: Sequence[Channel], domain: Domain) -> Cells:
    """How surely the long frame is sharp, 0 to 1 in each of the finest band's cells.

    Args:
        channels: Those that structure is looked for in.
        domain: Of the photos.
    """
    structures = [_structure(each) for each in channels]
    common = box(np.mean([each.common for each in structures], axis=0), _WINDOW)
    power = box(np.mean([each.power for each in structures], axis=0), _WINDOW)
    structured = power >= min(_STRUCTURED, float(np.quantile(power, 1 - _FEWEST_STRUCTURED)))
    common, power = common * structured, power * structured
    faint = _FAINT * float(power.sum() / structured.sum()) + _TINY
    share = common.sum() / (power.sum() + _TINY) * np.ones_like(common)
    for side in _NEIGHBOURHOODS:
        share = (box(common, side) + faint * share) / (box(power, side) + faint)
    low, high = _SHARP[domain]
    return np.clip((share - low) / (high - low), 0, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Structure:
    """How the finest band of the long frame follows the restored photo's, over the noise's power.

    Noise is what the network took out of the short frame.
    """

    common: Cells
    """Product of the two."""
    power: Cells
    """Of the restored photo's."""


def _structure(channel: Channel) -> _Structure:
    usable = channel.usable
    restored = finest(channel.restored) * usable
    long = restored - finest(channel.less_long(channel.restored))
    removed = finest(np.where(usable, channel.short - channel.restored, np.float32(0)))
    noise = box(averaged(removed * removed), _NEIGHBOURHOODS[-1]) + _TINY
    return _Structure(averaged(restored * long) / noise, averaged(restored * restored) / noise)
