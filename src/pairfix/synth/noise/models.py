"""Noise of sensors and of display values, as papers describe it (torch).

Each function named in `pairfix.synth.noise.NOISES` is a `NoiseModel.draw`. With a shutter r times
as fast and ISO r times as high the short frame is as bright as the long one, from r times fewer
photons: its shot noise is r times the long one's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = [
    "FrameNoise",
    "PairNoise",
    "gaussian",
    "gaussian_noise",
    "gopro2_noise",
    "physical_noise",
    "poisson",
    "poisson_and_tukey",
    "poisson_noise",
    "sensor_noise",
    "tukey_quantile",
    "tukey_variance",
]

Sampler = Callable[[Tensor, Tensor, Tensor, Draw], Tensor]
"""From a clean frame, shot and read noise to a noisy frame; neither is clipped."""

_TUKEY_SHAPE = 0.09
"""Shape (lambda) of D2HNet's read noise; the normal distribution's is about 0.14."""
_FEWEST_ELECTRONS = 1e-6
"""Shot noise below which counting photons makes no difference."""
_OPEN_END = 2.0**-24
"""Keeps probabilities between 0 and 1, both excluded."""

_SHOT = (3e-4, 3e-2)
"""Shot noise of the short frame, white being 3,300 to 33 photons; Brooks: 1e-4 to 1.2e-2."""
_READ_SLOPE = 2.18
_READ_OFFSET = 1.20
_READ_SPREAD = 0.26
"""Read noise by shot noise: a line in logarithms, and its deviation (Brooks, Eq. 3)."""
_READ_EXCESS = (1.0, 6.0)
"""Read noise (variance) over Brooks' line, which is a quiet sensor's, of 1 to 1.5 electrons."""
_READ_BY_RATIO = (1.0, 2.0)
"""Power of the exposure ratio by which the long frame's read noise (variance) is less: 2 where
read noise is made before the amplifier, 1 where much of it comes after."""
_UNDEREXPOSED = 0.5
"""Probability that ISO makes up for only part of the faster shutter, or for none of it."""
_SAME_ISO = 0.5
"""Probability of the latter among these: photos that differ in nothing but the shutter."""

_ISO_SHORT = (6400.0, 12800.0)
_ISO_LONG = (1000.0, 4000.0)
_WHITE = 1023.0
"""White of the 10-bit scale of D2HNet's calibration."""
_GAIN_RED = (0.51866798, -4.55091212, 10.04344718)
_GAIN_GREEN = (0.60948693, -5.27886693, 11.51749064)
_GAIN_BLUE = (0.6151894, -5.38666882, 11.86832215)
"""Photo-electrons per level as polynomials of log10 ISO (Xiaomi Mi Note 10)."""
_PLANE_GAINS = (_GAIN_RED, _GAIN_GREEN, _GAIN_GREEN, _GAIN_BLUE)
_SCALE_SLOPE = -0.888
_SCALE_OFFSET = 0.116
_SCALE_DIVISOR = 0.9375
"""Scale of the read noise by the logarithm of blue's gain."""

_PHOTONS = (5.0, 50.0)
"""SelfIR's lambda: photons at white."""
_LONG_SIGMA = (0.0, 2 / 255)
"""Faint noise of the long frame, which in SelfIR's synthetic pairs has none."""

_SCALE = (0.3, 0.8)
"""Brightness of DeblurMerger's short frame as stored, in display values."""
_SHOT_BELOW = 0.55
"""Scale below which shot noise dominates: the middle, since the paper does not say."""
_READOUT = (0.05, 0.1)
"""Standard deviation of readout noise (sigma_r)."""
_INTENSITIES = 256


@dataclass(frozen=True, slots=True)
class FrameNoise:
    """Noise of N frames: a level x of 0 to 1 has variance ``shot x + read``.

    `shot` and `read` are ``N x 1 x 1 x 1``, or ``N x C x 1 x 1`` where channels differ.
    """

    shot: Tensor
    read: Tensor
    sampler: Sampler
    stated: tuple[Tensor, Tensor] | None = None
    """Shot and read noise for the noise maps, where the camera's files state other values."""

    def add(self, clean: Tensor, draw: Draw) -> Tensor:
        """A noisy version of ``N x C x H x W``, which may exceed 1; nothing is clipped."""
        return self.sampler(clean, self.shot, self.read, draw)


@dataclass(frozen=True, slots=True)
class PairNoise:
    """Noise of N pairs, both frames at the brightness that exposure matching gives them."""

    short: FrameNoise
    long: FrameNoise
    brightening: Tensor
    """``N x 1 x 1 x 1``: factor, 1 or more, by which the short frame is stored too dark."""


def sensor_noise(clean: Tensor, ratio: Tensor, _recipe: SynthRecipe, draw: Draw) -> PairNoise:
    """Normal shot and read noise (Brooks, Section 3.5)."""
    shape = (len(clean), 1, 1, 1)
    shot = draw.log_uniform(*shape, low=_SHOT[0], high=_SHOT[1])
    read = _read_noise(shot, draw)
    power = draw.uniform(*shape, low=_READ_BY_RATIO[0], high=_READ_BY_RATIO[1])
    return PairNoise(
        short=FrameNoise(shot, read, gaussian),
        long=FrameNoise(shot / ratio, read / ratio**power, gaussian),
        brightening=_brightening(ratio, draw),
    )


def physical_noise(clean: Tensor, _ratio: Tensor, _recipe: SynthRecipe, draw: Draw) -> PairNoise:
    """Photon counts and Tukey-lambda read noise of a phone (D2HNet).

    The ISO values of both frames are the paper's, and with them the exposure ratio; the frames are
    equally bright.
    """
    shape = (len(clean), 1, 1, 1)
    short, long = (
        _phone_noise(draw.uniform(*shape, low=low, high=high).log10())
        for low, high in (_ISO_SHORT, _ISO_LONG)
    )
    return PairNoise(short=short, long=long, brightening=torch.ones(shape, device=clean.device))


def gaussian_noise(clean: Tensor, _ratio: Tensor, recipe: SynthRecipe, draw: Draw) -> PairNoise:
    """White noise whose standard deviation, in display values, is drawn from the recipe's range."""
    shape = (len(clean), 1, 1, 1)
    sigma = draw.uniform(*shape, low=recipe.sigma[0], high=recipe.sigma[1])
    short = FrameNoise(torch.zeros_like(sigma), sigma**2, gaussian)
    return PairNoise(short, _faint(shape, draw), brightening=torch.ones_like(sigma))


def poisson_noise(clean: Tensor, _ratio: Tensor, _recipe: SynthRecipe, draw: Draw) -> PairNoise:
    """``Poisson(lambda x) / lambda`` with lambda 5 to 50 (SelfIR)."""
    shape = (len(clean), 1, 1, 1)
    shot = 1 / draw.uniform(*shape, low=_PHOTONS[0], high=_PHOTONS[1])
    short = FrameNoise(shot, torch.zeros_like(shot), poisson)
    return PairNoise(short, _faint(shape, draw), brightening=torch.ones_like(shot))


def gopro2_noise(clean: Tensor, ratio: Tensor, _recipe: SynthRecipe, draw: Draw) -> PairNoise:
    """Shot or readout noise of a darkened frame (DeblurMerger, Eq. 8).

    The short frame is scaled by 0.3 to 0.8 and brightened again after the noise. The long frame
    has readout noise, averaged over as many moments as it is longer than the short one.
    """
    shape = (len(clean), 1, 1, 1)
    scale = draw.uniform(*shape, low=_SCALE[0], high=_SCALE[1])
    variance = draw.uniform(*shape, low=_READOUT[0], high=_READOUT[1]) ** 2
    dark = scale < _SHOT_BELOW
    short = FrameNoise(
        shot=dark / (_intensities(clean) * scale), read=~dark * variance / scale**2, sampler=poisson
    )
    long = FrameNoise(torch.zeros_like(scale), variance / ratio, gaussian)
    return PairNoise(short, long, brightening=1 / scale)


def gaussian(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Normal noise of variance ``shot x + read`` (Foi et al. 2008; Brooks et al. 2019, Eq. 1)."""
    deviation = (shot * clean.clamp_min(0) + read).sqrt()
    return clean + deviation * draw.normal(*clean.shape)


def poisson(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Photons, ``1 / shot`` of which make white, and normal read noise."""
    return _photons(clean, shot, draw) + read.sqrt() * draw.normal(*clean.shape)


def poisson_and_tukey(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Photons and read noise of Tukey's lambda distribution, heavier in its tails (D2HNet)."""
    uniform = draw.uniform(*clean.shape)
    quantile = tukey_quantile(uniform.clamp(_OPEN_END, 1 - _OPEN_END))
    scale = (read / tukey_variance()).sqrt()
    return _photons(clean, shot, draw) + scale * quantile


def tukey_quantile(probability: Tensor) -> Tensor:
    """Quantiles of Tukey's lambda distribution of scale 1."""
    upper = probability**_TUKEY_SHAPE
    return (upper - (1 - probability) ** _TUKEY_SHAPE) / _TUKEY_SHAPE


def tukey_variance() -> float:
    """Variance of Tukey's lambda distribution of scale 1."""
    shape = _TUKEY_SHAPE
    product = math.gamma(shape + 1) ** 2 / math.gamma(2 * shape + 2)
    return 2 / shape**2 * (1 / (1 + 2 * shape) - product)


def _photons(clean: Tensor, shot: Tensor, draw: Draw) -> Tensor:
    step = shot.clamp_min(_FEWEST_ELECTRONS)
    return torch.poisson(clean.clamp_min(0) / step, generator=draw.generator) * step


def _read_noise(shot: Tensor, draw: Draw) -> Tensor:
    line = _READ_SLOPE * shot.log() + _READ_OFFSET
    spread = draw.normal(*shot.shape, deviation=_READ_SPREAD)
    excess = draw.log_uniform(*shot.shape, low=_READ_EXCESS[0], high=_READ_EXCESS[1])
    return (line + spread).exp() * excess


def _brightening(ratio: Tensor, draw: Draw) -> Tensor:
    underexposed = draw.happens(*ratio.shape, probability=_UNDEREXPOSED)
    same_iso = draw.happens(*ratio.shape, probability=_SAME_ISO)
    return ratio ** (underexposed * torch.maximum(same_iso, draw.uniform(*ratio.shape)))


def _phone_noise(log_iso: Tensor) -> FrameNoise:
    gains = torch.cat([_polynomial(each, log_iso) for each in _PLANE_GAINS], dim=1)
    blue = gains[:, -1:]
    scale = (_SCALE_SLOPE * blue.log() + _SCALE_OFFSET).exp() / _SCALE_DIVISOR / _WHITE
    return FrameNoise(
        shot=1 / (gains * _WHITE), read=scale**2 * tukey_variance(), sampler=poisson_and_tukey
    )


def _polynomial(coefficients: tuple[float, float, float], x: Tensor) -> Tensor:
    square, slope, offset = coefficients
    return (square * x + slope) * x + offset


def _faint(shape: tuple[int, ...], draw: Draw) -> FrameNoise:
    sigma = draw.uniform(*shape, low=_LONG_SIGMA[0], high=_LONG_SIGMA[1])
    return FrameNoise(torch.zeros_like(sigma), sigma**2, gaussian)


def _intensities(clean: Tensor) -> Tensor:
    """sigma_s: number of unique intensities of each 8-bit picture, ``N x 1 x 1 x 1``."""
    levels = (clean.flatten(1).clamp(0, 1) * (_INTENSITIES - 1)).round().long()
    seen = clean.new_zeros(len(clean), _INTENSITIES).scatter_(1, levels, 1)
    return seen.sum(dim=1)[:, None, None, None]
