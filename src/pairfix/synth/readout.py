"""What a sensor's electronics make of light: row noise, hot pixels, clipping, numbers (torch)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.noise.models import FrameNoise
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Readout"]

_MOST_ROW_NOISE = 0.6
"""Strongest row noise in parts of the read noise; most is weak, as its removal leaves it."""
_HOT_SHARE = (1e-5, 5e-4)
_DEPTHS = (10, 12, 14)
_BLACK = 1 / 16
"""Black level in parts of the largest number."""


@dataclass(frozen=True, slots=True)
class Readout:
    """The electronics of N sensors; each field is ``N x 1 x 1 x 1``."""

    row_noise: Tensor
    """Standard deviation of the offset common to a row, in parts of the read noise's."""
    hot_share: Tensor
    """Share of pixels that are hot; 0 where none is."""
    white: Tensor
    """Steps from black to white."""
    black: Tensor
    """Steps from the lowest number to black."""

    @classmethod
    def draw(cls, count: int, recipe: SynthRecipe, draw: Draw) -> "Readout":
        """Electronics for each of `count` pairs."""
        shape = (count, 1, 1, 1)
        rows = draw.happens(*shape, probability=recipe.row_noise)
        hot = draw.happens(*shape, probability=recipe.hot_pixels)
        choice = (draw.uniform(*shape) * len(_DEPTHS)).long()
        depths = torch.tensor(_DEPTHS, device=choice.device, dtype=torch.float32)
        largest = 2 ** depths[choice] - 1
        black = (largest * _BLACK).round()
        return cls(
            row_noise=rows * _MOST_ROW_NOISE * draw.uniform(*shape) ** 2,
            hot_share=hot * draw.log_uniform(*shape, low=_HOT_SHARE[0], high=_HOT_SHARE[1]),
            white=largest - black,
            black=black,
        )

    def read(
        self,
        light: Tensor,
        noise: FrameNoise,
        draw: Draw,
        *,
        saturation: Tensor | float = 1.0,
        heat: Tensor | float = 1.0,
    ) -> Tensor:
        """A noisy frame as a raw file has it, black being 0: not clipped there, but far below.

        Args:
            light: ``N x 4 x h x w``, packed, before white balance; may exceed 1.
            noise: In the same units.
            draw: On the light's device.
            saturation: Level of the file's white: above 1 if the frame will have been brightened.
            heat: Level of the hottest pixels over saturation.
        """
        noisy = noise.add(light, draw)
        noisy += self._rows(noisy, noise.read, draw)
        noisy += saturation * heat * self._hot(noisy, draw)
        step = saturation / self.white
        return (noisy / step).round_().clamp(-self.black, self.white) * step

    def _rows(self, planes: Tensor, read: Tensor, draw: Draw) -> Tensor:
        """Offsets of the sensor's rows: one for R and G1, the next for G2 and B; N x 4 x h x 1."""
        offsets = draw.normal(len(planes), 2, planes.shape[2], 1)
        deviation = self.row_noise * read.mean(dim=1, keepdim=True).sqrt()
        return (offsets * deviation).repeat_interleave(2, dim=1)

    def _hot(self, planes: Tensor, draw: Draw) -> Tensor:
        """Excess light of hot pixels, evenly spread from 0 to 1, and 0 at all others."""
        place = draw.uniform(*planes.shape)
        hot = place < self.hot_share
        return torch.where(hot, 1 - place / self.hot_share, 0)
