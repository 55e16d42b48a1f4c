"""What cameras do to a developed picture before they store it (torch).

Noise reduction, stronger in colour than in brightness, then sharpening; the noise that is left is
correlated from pixel to pixel. Each filter is OpenCV's of the same name.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.draw import Draw

__all__ = ["Processing", "bilateral", "blurred", "from_luma_and_chroma", "luma_and_chroma"]

_USED = 0.75
"""Probability of each step in a picture that is processed."""
_CHROMA_SIGMA = (0.5, 2.5)
"""Standard deviation in pixels of the Gaussian that smooths chroma."""
_LUMA_RANGE = (0.01, 0.06)
"""Difference of display values up to which luma is averaged."""
_LUMA_SIGMA = 1.2
"""Standard deviation in pixels of the luma filter."""
_SHARPENING = (0.1, 0.8)
"""Share of the finest detail that is added."""
_SHARPENED_SIGMA = (0.7, 1.5)
"""Standard deviation in pixels of the Gaussian whose complement is that detail."""

_LUMA = (0.299, 0.587, 0.114)
_RED_DIFFERENCE, _BLUE_DIFFERENCE = 0.713, 0.564
"""Y, Cr and Cb (ITU-R BT.601)."""
_REACH = 4.0
"""Radius of a Gaussian kernel in standard deviations."""
_BILATERAL_RADIUS = 2
_NO_SIGMA, _NO_RANGE = 1e-3, 1e-6
"""Stand for 0 where a filter divides by them: too small to mix two pixels."""


@dataclass(frozen=True, slots=True)
class Processing:
    """How N pictures are processed; each field is ``N x 1 x 1 x 1``, and 0 leaves a step out."""

    chroma_sigma: Tensor
    luma_range: Tensor
    sharpening: Tensor
    sharpened_sigma: Tensor

    @classmethod
    def draw(cls, processed: Tensor, draw: Draw) -> "Processing":
        """Draw what is done to each picture.

        Args:
            processed: ``N x 1 x 1 x 1``, 1 for pictures that a camera processed, else 0.
            draw: Randomness.
        """
        shape = tuple(processed.shape)

        def strength(limits: tuple[float, float]) -> Tensor:
            used = processed * draw.happens(*shape, probability=_USED)
            return used * draw.uniform(*shape, low=limits[0], high=limits[1])

        return cls(
            chroma_sigma=strength(_CHROMA_SIGMA),
            luma_range=strength(_LUMA_RANGE),
            sharpening=strength(_SHARPENING),
            sharpened_sigma=draw.uniform(*shape, low=_SHARPENED_SIGMA[0], high=_SHARPENED_SIGMA[1]),
        )

    def of(self, pictures: Tensor) -> Tensor:
        """Process display values of 0 to 1, ``N x 3 x H x W``; the result may exceed them."""
        affected = (self.chroma_sigma + self.luma_range + self.sharpening > 0).flatten()
        if not affected.any():
            return pictures
        done = pictures.clone()
        done[affected] = self._only(affected)._filtered(pictures[affected])  # noqa: SLF001
        return done

    def _only(self, chosen: Tensor) -> "Processing":
        return Processing(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})

    def _filtered(self, pictures: Tensor) -> Tensor:
        luma, chroma = luma_and_chroma(pictures)
        calmed = bilateral(luma, self.luma_range, _LUMA_SIGMA)
        smoothed = blurred(chroma, self.chroma_sigma, _CHROMA_SIGMA[1])
        picture = from_luma_and_chroma(calmed, smoothed)
        smooth = blurred(picture, self.sharpened_sigma, _SHARPENED_SIGMA[1])
        return picture + self.sharpening * (picture - smooth)


def luma_and_chroma(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """RGB to Y, ``N x 1 x H x W``, and Cr and Cb, ``N x 2 x H x W``, around 0."""
    red, green, blue = pictures.unbind(1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    chroma = torch.stack([(red - luma) * _RED_DIFFERENCE, (blue - luma) * _BLUE_DIFFERENCE], dim=1)
    return luma[:, None], chroma


def from_luma_and_chroma(luma: Tensor, chroma: Tensor) -> Tensor:
    """The inverse of `luma_and_chroma`."""
    red = luma[:, 0] + chroma[:, 0] / _RED_DIFFERENCE
    blue = luma[:, 0] + chroma[:, 1] / _BLUE_DIFFERENCE
    green = (luma[:, 0] - _LUMA[0] * red - _LUMA[2] * blue) / _LUMA[1]
    return torch.stack([red, green, blue], dim=1)


def blurred(pictures: Tensor, sigma: Tensor, most: float) -> Tensor:
    """Gaussian blur.

    Args:
        pictures: ``N x C x H x W``; H and W larger than 4 times `most`.
        sigma: ``N x 1 x 1 x 1``, standard deviation in pixels; 0 for none.
        most: The largest that occurs.
    """
    radius = round(_REACH * most)
    count, channels, height, width = pictures.shape
    place = torch.arange(-radius, radius + 1, device=pictures.device)
    spread = sigma.flatten()[:, None].clamp_min(_NO_SIGMA)
    kernel = (-(place**2) / (2 * spread**2)).exp() * (place.abs() <= _REACH * spread + 0.5)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)
    padded = functional.pad(pictures, (radius,) * 4, mode="reflect")
    flat = padded.reshape(1, count * channels, height + 2 * radius, width + 2 * radius)
    rows = functional.conv2d(flat, kernel[:, None, None, :], groups=len(kernel))
    columns = functional.conv2d(rows, kernel[:, None, :, None], groups=len(kernel))
    return columns.view_as(pictures)


def bilateral(luma: Tensor, limit: Tensor, sigma: float) -> Tensor:
    """Bilateral filter in a disc of 5 px (Tomasi and Manduchi 1998).

    Args:
        luma: ``N x 1 x H x W``.
        limit: ``N x 1 x 1 x 1``, standard deviation of the values that are averaged; 0 for none.
        sigma: Standard deviation in pixels.
    """
    radius = _BILATERAL_RADIUS
    height, width = luma.shape[2:]
    padded = functional.pad(luma, (radius,) * 4, mode="reflect")
    scale = 0.5 / limit.clamp_min(_NO_RANGE) ** 2
    total, weights = luma.clone(), torch.ones_like(luma)
    for row in range(-radius, radius + 1):
        for column in range(-radius, radius + 1):
            distance = row**2 + column**2
            if not 0 < distance <= radius**2:
                continue
            top, left = radius + row, radius + column
            shifted = padded[..., top : top + height, left : left + width]
            weight = (-((shifted - luma) ** 2) * scale - distance / (2 * sigma**2)).exp()
            total += weight * shifted
            weights += weight
    return total / weights
