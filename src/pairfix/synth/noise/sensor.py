"""Noise that arises on the sensor: Brooks' and D2HNet's models (torch).

With a shutter r times as fast and ISO r times as high the short frame is as bright as the long
one, from r times fewer photons: its shot noise is r times the long one's.
"""

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.noise.model import FrameNoise, PairNoise
from pairfix.synth.noise.samplers import gaussian, poisson_and_tukey, tukey_variance

__all__ = ["physical_noise", "sensor_noise"]

_SHOT = (3e-4, 3e-2)
"""Shot noise of the short frame, white being 3,300 to 33 photons; Brooks: 1e-4 to 1.2e-2."""
_READ_SLOPE = 2.18
_READ_OFFSET = 1.20
_READ_SPREAD = 0.26
"""Read noise by shot noise: a line in logarithms, and its deviation (Brooks, Eq. 3)."""
_READ_EXCESS = (1.0, 6.0)
"""Read noise (variance) over Brooks' line: theirs is a quiet sensor's, of 1
to 1.5 electrons."""
_READ_BY_RATIO = (1.0, 2.0)
"""Power of the exposure ratio by which the long frame's read noise (variance) is less: 2 where
read noise is made before the amplifier, 1 where much of it comes after."""
_UNDEREXPOSED = 0.25
"""Probability that ISO makes up for only part of the faster shutter, or for none of it."""

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


def sensor_noise(clean: Tensor, ratio: Tensor, draw: Draw) -> PairNoise:
    """Normal shot and read noise (Brooks, Section 3.5); see `NoiseModel.draw`."""
    shape = (len(clean), 1, 1, 1)
    shot = draw.log_uniform(*shape, low=_SHOT[0], high=_SHOT[1])
    read = _read_noise(shot, draw)
    power = draw.uniform(*shape, low=_READ_BY_RATIO[0], high=_READ_BY_RATIO[1])
    return PairNoise(
        short=FrameNoise(shot, read, gaussian),
        long=FrameNoise(shot / ratio, read / ratio**power, gaussian),
        brightening=_brightening(ratio, draw),
    )


def physical_noise(clean: Tensor, _ratio: Tensor, draw: Draw) -> PairNoise:
    """Photon counts and Tukey-lambda read noise of a phone (D2HNet); see `NoiseModel.draw`.

    The ISO values of both frames are the paper's, and with them the exposure ratio; the frames are
    equally bright.
    """
    shape = (len(clean), 1, 1, 1)
    short, long = (
        _calibrated(draw.uniform(*shape, low=low, high=high).log10())
        for low, high in (_ISO_SHORT, _ISO_LONG)
    )
    return PairNoise(short=short, long=long, brightening=torch.ones(shape, device=clean.device))


def _read_noise(shot: Tensor, draw: Draw) -> Tensor:
    line = _READ_SLOPE * shot.log() + _READ_OFFSET
    spread = draw.normal(*shot.shape, deviation=_READ_SPREAD)
    excess = draw.log_uniform(*shot.shape, low=_READ_EXCESS[0], high=_READ_EXCESS[1])
    return (line + spread).exp() * excess


def _brightening(ratio: Tensor, draw: Draw) -> Tensor:
    underexposed = draw.happens(*ratio.shape, probability=_UNDEREXPOSED)
    return ratio ** (underexposed * draw.uniform(*ratio.shape))


def _calibrated(log_iso: Tensor) -> FrameNoise:
    gains = torch.cat([_polynomial(each, log_iso) for each in _PLANE_GAINS], dim=1)
    blue = gains[:, -1:]
    scale = (_SCALE_SLOPE * blue.log() + _SCALE_OFFSET).exp() / _SCALE_DIVISOR / _WHITE
    return FrameNoise(
        shot=1 / (gains * _WHITE), read=scale**2 * tukey_variance(), sampler=poisson_and_tukey
    )


def _polynomial(coefficients: tuple[float, float, float], x: Tensor) -> Tensor:
    square, slope, offset = coefficients
    return (square * x + slope) * x + offset
