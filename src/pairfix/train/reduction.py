"""Pairs made small by factors of their own, as photos are for a network's first graph (torch).

`pairfix.networks.Reduction` brings every photo to one size at most, so that the factor depends on
the photo: it is fractional as a rule, and not the same for both sides. Here every pair of a batch
has a factor for each side, and all have the same size all the same: what lies beyond a pair's
edge repeats its last pixels. No size depends on what was drawn, so that nothing waits for the
device.
"""

import math

import torch
from torch import Tensor

__all__ = ["DrawnReduction", "draw_factors"]

_LARGEST = 4.0
"""What brings 4032 px, the longer side of a 12 MP photo, to D2HNet's 1024."""
_ASPECT = 4 / 3
"""By how much one side of such a photo is reduced more than the other."""
_LEAST_SHARE = 0.5
"""Share of the pairs with the least factor for both sides: that of all photos small enough."""
_SLIVER = 1e-3
"""Part of a reduced pixel that counts for nothing."""


def draw_factors(count: int, least: float, generator: torch.Generator) -> Tensor:
    """Draw factors for the heights and the widths of a batch.

    Half the pairs have the least factor. Of the others the logarithm of the factor is uniform, up
    to 4 or the least if that is more; the sides' factors differ by up to 4/3.

    Args:
        count: Pairs of the batch.
        least: Least factor, 1 or more.
        generator: Where the factors come from.

    Returns:
        ``count x 2`` on the generator's device.
    """
    spread, tilt, share = torch.rand(3, count, generator=generator, device=generator.device)
    common = math.log(least) + spread * math.log(max(_LARGEST / least, 1))
    lean = (tilt - 0.5) * math.log(_ASPECT)
    factors = torch.stack([common + lean, common - lean], 1).exp().clamp(min=least)
    return torch.where((share < _LEAST_SHARE)[:, None], least, factors)


class DrawnReduction:
    """Averaging a batch down by given factors, and bringing it back."""

    def __init__(self, factors: Tensor, size: tuple[int, int], least: float, multiple: int) -> None:
        """Prepare for pairs of one size.

        Args:
            factors: ``N x 2``, for heights and widths, as `draw_factors` gives them.
            size: Height and width of the pairs.
            least: Least of all possible factors.
            multiple: What the reduced sides are multiples of.
        """
        self._sides = []
        for factor, old in zip(factors.float().unbind(1), size, strict=True):
            new = math.ceil(old / least / multiple) * multiple
            self._sides.append(_Side(factor, old, new))

    def down(self, x: Tensor) -> Tensor:
        """Average ``N x C x H x W`` over areas, fractions of pixels included, in float32."""
        rows, columns = (side.down for side in self._sides)
        return _resample(x, rows, columns)

    def up(self, x: Tensor) -> Tensor:
        """Bring ``N x C x h x w`` back to the pairs' size, bilinearly (corners not aligned)."""
        rows, columns = (side.up for side in self._sides)
        return _resample(x, rows, columns)

    @property
    def inside(self) -> Tensor:
        """``N x 1 x h x w``: 1 for reduced pixels that lie in the pair as a whole, else 0."""
        rows, columns = (side.inside for side in self._sides)
        return (rows[:, None, :, None] & columns[:, None, None, :]).float()


class _Side:
    """What averages one side down, ``N x new x old``, and brings it back, ``N x old x new``."""

    def __init__(self, factor: Tensor, old: int, new: int) -> None:
        device = factor.device
        factor = factor[:, None, None]
        pixels, cells = (torch.arange(n, device=device).float() for n in (old, new))
        last = (old / factor - _SLIVER).ceil() - 1
        start = torch.minimum(cells[:, None], last) * factor
        ends = torch.minimum(start + factor, pixels + 1)
        covered = (ends - torch.maximum(start, pixels)).clamp(min=0)
        self.down = covered / covered.sum(2, keepdim=True)
        place = torch.minimum(((pixels[:, None] + 0.5) / factor - 0.5).clamp(min=0), last)
        self.up = (1 - (place - cells).abs()).clamp(min=0)
        self.inside = (cells + 1) * factor[:, 0] <= old + _SLIVER


def _resample(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return rows[:, None] @ x.float() @ columns[:, None].transpose(2, 3)
