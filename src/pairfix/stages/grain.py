"""Leave some of the short exposure's noise: grain, and fine detail that a network takes for it."""

from dataclasses import replace

import numpy as np

from pairfix.image import AlignedPair, Fused
from pairfix.progress import Stage

__all__ = ["GRAIN", "leave_grain"]

GRAIN = Stage("grain", "Leaving some noise")


def leave_grain(pair: AlignedPair, fused: Fused, strength: float) -> Fused:
    """Mix the short frame into the restored photo, in linear light.

    Args:
        pair: What was restored; flicker and row noise that were taken out of it stay out.
        fused: The restored photo, in the short frame's geometry. Its planes are changed in place.
        strength: Share of the restored photo, 0 to 1; the rest is the short frame's.

    Returns:
        The photo, of which accordingly less comes from the sharp long frame.
    """
    restored, noisy = np.float32(strength), np.float32(1 - strength)
    for plane, short in zip(fused.planes, pair.short_planes, strict=True):
        plane *= restored
        plane += noisy * short
    share = fused.long_share
    return fused if share is None else replace(fused, long_share=share * restored)
