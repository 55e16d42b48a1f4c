"""Mosaics: the colour filter array, the sensor's readout, and demosaicing (torch)."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.light import CELL
from pairfix.synth.draw import Draw
from pairfix.synth.noise.models import FrameNoise
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Readout", "bin_colours", "demosaic", "filter_colours", "packed_gains", "unbin"]

_COLOURS = (0, 1, 1, 2)
"""Channels that the planes R, G1, G2, B sample."""

_GREEN_AT_OTHERS = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
_BESIDE_IN_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_DIAGONAL = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)
_EIGHTHS = 8
"""The three kernels above are in eighths (Malvar et al. 2004, Fig. 2)."""

_MOST_ROW_NOISE = 0.6
"""Strongest row noise over the read noise; most is weak, as after its removal."""
_HOT_SHARE = (1e-5, 5e-4)
_DEPTHS = (10, 12, 14)
_BLACK = 1 / 16
"""Black level over the largest number."""


def filter_colours(rgb: Tensor) -> Tensor:
    """What a sensor under an RGGB array samples, packed as `pairfix.light` packs mosaics.

    Plane i samples its own sub-pixel position. Other phases of the array need no
    special case: pairfix shifts every mosaic so that R is in the cell's corner, and to a network
    they differ only in where the cells lie on the scene, which the crops' random places cover.

    Args:
        rgb: ``N x 3 x H x W``, H and W even.

    Returns:
        ``N x 4 x H/2 x W/2``: R, G1, G2, B.
    """
    planes = [
        rgb[:, colour, row::2, column::2]
        for colour, (row, column) in zip(_COLOURS, CELL, strict=True)
    ]
    return torch.stack(planes, dim=1)


def bin_colours(rgb: Tensor) -> Tensor:
    """What the cells of a sensor with twice the picture's resolution sample.

    Args:
        rgb: ``N x 3 x H x W``, the light of each cell.

    Returns:
        ``N x 4 x H x W``: R, G1, G2, B.
    """
    return rgb[:, list(_COLOURS)]


def unbin(planes: Tensor) -> Tensor:
    """A picture with a pixel for each cell: ``N x 4 x H x W`` to ``N x 3 x H x W``."""
    return torch.stack([planes[:, 0], planes[:, 1:3].mean(dim=1), planes[:, 3]], dim=1)


def packed_gains(gains: Tensor) -> Tensor:
    """``N x 3 x 1 x 1`` per colour to ``N x 4 x 1 x 1`` per plane."""
    return gains[:, list(_COLOURS)]


@dataclass(frozen=True, slots=True)
class Readout:
    """The electronics of N sensors; each field is ``N x 1 x 1 x 1``."""

    row_noise: Tensor
    """Standard deviation of the offset common to a row, over the read noise's."""
    hot_share: Tensor
    """Share of pixels that are hot."""
    white: Tensor
    """Steps from black to white."""
    black: Tensor
    """Steps from the lowest number to black."""

    @classmethod
    def draw(cls, count: int, recipe: SynthRecipe, draw: Draw) -> "Readout":
        """Draw electronics for each of `count` pairs."""
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
        """A noisy frame as a raw file holds it; black is 0, and clipping is well below that.

        Args:
            light: ``N x 4 x h x w``, packed, before white balance; may exceed 1.
            noise: In the same units.
            draw: On the light's device.
            saturation: Level of the file's white; above 1 for a dark frame that is brightened.
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


def demosaic(planes: Tensor) -> Tensor:
    """Gradient-corrected linear interpolation (Malvar, He and Cutler, ICASSP 2004).

    Args:
        planes: ``N x 4 x h x w`` as from `filter_colours`, white-balanced.

    Returns:
        ``N x 3 x 2h x 2w``, not clipped.
    """
    padded = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    return functional.pixel_shuffle(functional.conv2d(padded, _interpolation(planes.device)), 2)


@cache
def _interpolation(device: torch.device) -> Tensor:
    """Malvar's 5 x 5 kernels as one convolution of packed planes.

    Returns:
        ``12 x 4 x 3 x 3``: colour by position in the cell, from each plane and its neighbours.
    """
    weights = torch.zeros(3, len(CELL), len(CELL), 3, 3)
    planes = {place: plane for plane, place in enumerate(CELL)}
    for colour in range(3):
        for position, (row, column) in enumerate(CELL):
            for i, taps in enumerate(_kernel(colour, position)):
                for j, tap in enumerate(taps):
                    y, x = row + i - 2, column + j - 2
                    plane = planes[y % 2, x % 2]
                    weights[colour, position, plane, y // 2 + 1, x // 2 + 1] += tap
    return weights.flatten(0, 1).to(device)


def _kernel(colour: int, position: int) -> list[list[float]]:
    """The 5 x 5 kernel that interpolates `colour` at the cell's `position`."""
    own = _COLOURS[position]
    if own == colour:
        kernel = torch.zeros(5, 5)
        kernel[2, 2] = 1
    elif colour == 1:
        kernel = torch.tensor(_GREEN_AT_OTHERS) / _EIGHTHS
    elif own == 1:
        beside = torch.tensor(_BESIDE_IN_ROW) / _EIGHTHS
        in_row = CELL[position][0] == CELL[_COLOURS.index(colour)][0]
        kernel = beside if in_row else beside.T
    else:
        kernel = torch.tensor(_DIAGONAL) / _EIGHTHS
    rows: list[list[float]] = kernel.tolist()
    return rows
