"""The generalised Anscombe transform: Poisson-Gaussian noise becomes noise of one strength.

For a level x of variance ``shot x + read`` (both per unit of linear light), the electrons of the
literature are ``x / shot`` and its Gaussian variance is ``read / shot^2``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Planes
from pairfix.light import decode_planes, encode_planes, encoding_slope
from pairfix.stages.inputs import network_inputs

__all__ = ["AffineNoise", "expand", "noise_of_short", "stabilise"]

Doubles = NDArray[np.float64]

_LEAST_SHOT = 1e-6
"""Shot noise of a million electrons at white: less than any sensor has."""
_STRIDE = 4
"""Every so manieth row and column is enough for a line through noise over light."""


@dataclass(frozen=True, slots=True)
class AffineNoise:
    """Variance ``shot x + read`` of a channel at the linear level x."""

    shot: float
    read: float


def stabilise(plane: NDArray[np.floating], noise: AffineNoise) -> Doubles:
    """Give a plane of linear light noise of variance 1.

    Starck, Murtagh and Bijaoui, Image Processing and Data Analysis, 1998.
    """
    electrons = plane.astype(np.float64) / noise.shot
    return 2 * np.sqrt(np.maximum(electrons + 3 / 8 + noise.read / noise.shot**2, 0))


def expand(stabilised: Doubles, noise: AffineNoise) -> Doubles:
    """Bring a denoised plane back to linear light, without the bias of the algebraic inverse.

    The closed form of Mäkitalo and Foi, Optimal Inversion of the Generalized Anscombe
    Transformation for Poisson-Gaussian Noise, IEEE TIP 2013.
    """
    gaussian = noise.read / noise.shot**2
    level = np.maximum(stabilised, 2 * np.sqrt(3 / 8 + gaussian))
    electrons = (
        level**2 / 4
        + np.sqrt(3 / 2) / 4 / level
        - 11 / 8 / level**2
        + 5 / 8 * np.sqrt(3 / 2) / level**3
        - 1 / 8
        - gaussian
    )
    return np.maximum(electrons, 0) * noise.shot


def noise_of_short(pair: AlignedPair) -> tuple[AffineNoise, ...]:
    """The noise of the short exposure's planes, as they were brightened.

    From the noise profile that the file states; else a line through what `pairfix.noise` measures
    in the pair.
    """
    frame = pair.short
    if frame.bayer and frame.noise_profile:
        profile = (frame.noise_profile[channel] for channel in (0, 1, 1, 2))
        gains = (gain * pair.match.short_gain for gain in frame.bayer.gains)
        return tuple(
            _affine(gain * shot, gain**2 * read)
            for gain, (shot, read) in zip(gains, profile, strict=True)
        )
    return _measured(pair.short_planes, pair)


def _measured(planes: Planes, pair: AlignedPair) -> tuple[AffineNoise, ...]:
    domain = pair.reference.domain
    sources = network_inputs(pair, ["short_noise"], domain).planes
    noise = sources["short_noise"][:, ::_STRIDE, ::_STRIDE]
    encoded = np.clip(encode_planes(planes[:, ::_STRIDE, ::_STRIDE], domain), 0, 1)
    light = decode_planes(encoded, domain)
    variance = (noise / encoding_slope(light, domain)) ** 2
    return tuple(_line(*channel) for channel in zip(light, variance, strict=True))


def _line(light: NDArray[np.float32], variance: NDArray[np.float32]) -> AffineNoise:
    """The line through variance over light whose relative error is least."""
    x, y = light.ravel().astype(np.float64), variance.ravel().astype(np.float64)
    weight = 1 / np.maximum(y, np.finfo(np.float32).tiny)
    terms = np.stack([x, np.ones_like(x)], axis=1) * weight[:, None]
    (shot, read), *_ = np.linalg.lstsq(terms, y * weight)
    return _affine(float(shot), float(read))


def _affine(shot: float, read: float) -> AffineNoise:
    return AffineNoise(max(shot, _LEAST_SHOT), max(read, 0.0))
