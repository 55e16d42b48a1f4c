"""Noise on display values, where SelfIR and DeblurMerger put it (torch)."""

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.noise.model import FrameNoise, NoiseModel, PairNoise
from pairfix.synth.noise.samplers import gaussian, poisson

__all__ = ["gaussian_noise", "gopro2_noise", "poisson_noise"]

_PHOTONS = (5.0, 50.0)
"""lambda: photons at white."""
_LONG_SIGMA = (0.0, 2 / 255)
"""Faint noise of the long frame, which in SelfIR's synthetic pairs has none."""

_SCALE = (0.3, 0.8)
"""Brightness of the short frame as stored, in display values."""
_SHOT_BELOW = 0.55
"""Scale below which shot noise rules; the paper does not say, this is the middle."""
_READOUT = (0.05, 0.1)
"""Standard deviation of readout noise (sigma_r)."""
_INTENSITIES = 256


def gaussian_noise(lowest: float, highest: float) -> NoiseModel:
    """White noise whose standard deviation, in display values, is drawn from a range."""

    def draw_noise(clean: Tensor, _ratio: Tensor, draw: Draw) -> PairNoise:
        shape = (len(clean), 1, 1, 1)
        sigma = draw.uniform(*shape, low=lowest, high=highest)
        short = FrameNoise(torch.zeros_like(sigma), sigma**2, gaussian)
        return PairNoise(short, _faint(shape, draw), brightening=torch.ones_like(sigma))

    return NoiseModel(
        title="white noise of any strength on display values",
        source="SelfIR, Section 4.1",
        stage="display",
        draw=draw_noise,
    )


def poisson_noise(clean: Tensor, _ratio: Tensor, draw: Draw) -> PairNoise:
    """``Poisson(lambda x) / lambda`` with lambda 5 to 50 (SelfIR); see `NoiseModel.draw`."""
    shape = (len(clean), 1, 1, 1)
    shot = 1 / draw.uniform(*shape, low=_PHOTONS[0], high=_PHOTONS[1])
    short = FrameNoise(shot, torch.zeros_like(shot), poisson)
    return PairNoise(short, _faint(shape, draw), brightening=torch.ones_like(shot))


def gopro2_noise(clean: Tensor, ratio: Tensor, draw: Draw) -> PairNoise:
    """Shot or readout noise of a darkened frame (DeblurMerger, Eq. 8); see `NoiseModel.draw`.

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


def _faint(shape: tuple[int, ...], draw: Draw) -> FrameNoise:
    sigma = draw.uniform(*shape, low=_LONG_SIGMA[0], high=_LONG_SIGMA[1])
    return FrameNoise(torch.zeros_like(sigma), sigma**2, gaussian)


def _intensities(clean: Tensor) -> Tensor:
    """sigma_s: number of unique intensities of each 8-bit picture, ``N x 1 x 1 x 1``."""
    levels = (clean.flatten(1).clamp(0, 1) * (_INTENSITIES - 1)).round().long()
    seen = clean.new_zeros(len(clean), _INTENSITIES).scatter_(1, levels, 1)
    return seen.sum(dim=1)[:, None, None, None]
