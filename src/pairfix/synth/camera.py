"""From a photo's light to a camera's colours and back (torch).

After Brooks et al., "Unprocessing Images for Learned Raw Denoising" (CVPR 2019), in short Brooks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.draw import Draw

__all__ = ["Camera", "tone", "untone"]

_XYZ_TO_CAMERA = (
    ((1.0234, -0.2969, -0.2266), (-0.5625, 1.6328, -0.0469), (-0.0703, 0.2188, 0.6406)),
    ((0.4913, -0.0541, -0.0202), (-0.6130, 1.3513, 0.2906), (-0.1564, 0.2151, 0.7183)),
    ((0.8380, -0.2630, -0.0639), (-0.2887, 1.0725, 0.2496), (-0.0627, 0.1427, 0.5438)),
    ((0.6596, -0.2079, -0.0562), (-0.4782, 1.3016, 0.1933), (-0.0970, 0.1581, 0.5181)),
)
"""Colour matrices of four cameras, a mixture of which Brooks draws (their released code)."""
_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to CIE XYZ under D65 (IEC 61966-2-1)."""
_TONED = 0.5
"""Probability that a camera gives a well exposed picture a tone curve."""
_WELL_EXPOSED = 0.4
"""Exposure above which a tone curve's contrast does not hide the picture."""
_RED = (2.4, 1.3)
"""White balance of red from daylight to lamps; Brooks and D2HNet: 1.9 to 2.4."""
_BLUE = (1.5, 2.6)
"""White balance of blue from daylight to lamps; Brooks and D2HNet: 1.5 to 1.9."""
_TINT = 0.1
"""Largest deviation of either from the line between these."""
_EXPOSURE = (0.1, 1.2)
"""Level of display white over the sensor's: night scenes are dark."""


def tone(light: Tensor) -> Tensor:
    """The smoothstep that stands for a camera's tone curve (Brooks, Section 3.1); clips."""
    clipped = light.clamp(0, 1)
    return clipped * clipped * (3 - 2 * clipped)


def untone(light: Tensor) -> Tensor:
    """Undo `tone` (Brooks, Eq. 2); light sources above 1 stay as they are."""
    curve = 0.5 - torch.sin(torch.asin(1 - 2 * light.clamp(0, 1)) / 3)
    return torch.where(light > 1, light, curve)


@dataclass(frozen=True, slots=True)
class Camera:
    """Colours and brightness of N photos, each with a camera of its own."""

    matrix: Tensor
    """``N x 3 x 3`` from linear sRGB to white-balanced camera colours; rows sum to 1."""
    gains: Tensor
    """``N x 3 x 1 x 1``: white balance of R, G, B, G's being 1 and none less."""
    exposure: Tensor
    """``N x 1 x 1 x 1``: level of display white."""
    toned: Tensor
    """``N x 1 x 1 x 1``, boolean: whether it gives its pictures a tone curve."""

    @classmethod
    def draw(
        cls, count: int, draw: Draw, white_balances: Sequence[Sequence[float]] = ()
    ) -> "Camera":
        """Draw a camera for each of `count` photos.

        Args:
            count: How many.
            draw: Randomness.
            white_balances: Multipliers of R, G and B to choose from; empty for any.
        """
        exposure = draw.log_uniform(count, 1, 1, 1, low=_EXPOSURE[0], high=_EXPOSURE[1])
        toned = draw.happens(count, 1, 1, 1, probability=_TONED) > 0
        return cls(
            matrix=_matrix(count, draw),
            gains=_chosen(white_balances, count, draw) if white_balances else _gains(count, draw),
            exposure=exposure,
            toned=toned & (exposure > _WELL_EXPOSED),
        )

    def see(self, light: Tensor) -> Tensor:
        """Linear sRGB to white-balanced camera colours, both ``N x 3 x H x W``; not clipped above.

        Colours that the camera's primaries cannot mix become 0 there: no sensor reads less.
        """
        return _mixed(self.matrix * self.exposure[:, 0], light).clamp_min(0)

    @property
    def from_xyz(self) -> Tensor:
        """``N x 3 x 3`` from CIE XYZ under D65 to colours before white balance, as DNGs state it.

        A photo's white is D65, so that the camera sees it as its neutral.
        """
        to_rgb = torch.linalg.inv(torch.tensor(_RGB_TO_XYZ).to(self.matrix))
        return self.matrix @ to_rgb / self.gains.squeeze(-1)

    def develop(self, colours: Tensor, *, toned: Tensor) -> Tensor:
        """White-balanced camera colours to linear sRGB (or toned), 0 to 1; ``N x 3 x H x W``.

        Highlights are clipped where the first channel is, so that they stay neutral. The exposure
        is kept.

        Args:
            colours: Not clipped.
            toned: ``N x 1 x 1 x 1``, boolean: which pictures get a tone curve.
        """
        inverse = torch.linalg.inv_ex(self.matrix).inverse
        light = _mixed(inverse, colours.clamp_max(1)).clamp(0, 1)
        return torch.where(toned, tone(light), light)


def _matrix(count: int, draw: Draw) -> Tensor:
    weights = draw.uniform(count, len(_XYZ_TO_CAMERA))
    known = torch.tensor(_XYZ_TO_CAMERA, device=weights.device)
    mixture = torch.einsum("nm,mij->nij", weights / weights.sum(dim=1, keepdim=True), known)
    matrix = mixture @ torch.tensor(_RGB_TO_XYZ, device=weights.device)
    return matrix / matrix.sum(dim=2, keepdim=True)


def _chosen(white_balances: Sequence[Sequence[float]], count: int, draw: Draw) -> Tensor:
    index = (draw.uniform(count) * len(white_balances)).long()
    return torch.tensor(white_balances, device=index.device)[index][..., None, None]


def _gains(count: int, draw: Draw) -> Tensor:
    warmth = draw.uniform(count)
    red, blue = (
        first + (last - first) * warmth + draw.uniform(count, low=-_TINT, high=_TINT)
        for first, last in (_RED, _BLUE)
    )
    return torch.stack([red, torch.ones_like(red), blue], dim=1)[:, :, None, None]


def _mixed(matrix: Tensor, colours: Tensor) -> Tensor:
    """``N x 3 x 3`` applied to every pixel of ``N x 3 x H x W``."""
    return torch.bmm(matrix, colours.flatten(2)).view_as(colours)
