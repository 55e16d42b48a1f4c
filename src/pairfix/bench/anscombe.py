"""The generalised Anscombe transform: Poisson-Gaussian noise becomes noise of unit variance.

For a level x of variance ``shot x + read`` (both per unit of linear light), the electron count of
the literature is ``x / shot`` and its Gaussian variance is ``read / shot^2``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Planes
from pairfix.light import decode_planes, encode_planes, encoding_slope
from pairfix.noise import stated_noise
from pairfix.stages.inputs import network_inputs

__all__ = ["AffineNoise", "expand", "noise_of_short", "stabilise"]

Doubles = NDArray[np.float64]

_LEAST_SHOT = 1e-6
"""Shot noise of a million electrons at white: less than any sensor's."""
_STRIDE = 4
"""Rows and columns are sampled this far apart: enough to fit noise against light."""


@dataclass(frozen=True, slots=True)
class AffineNoise:
    """Variance ``shot x + read`` of a channel at linear level x."""

    shot: float
    read: float


def stabilise(plane: NDArray[np.floating], noise: AffineNoise) -> Doubles:
    """Transform a plane of linear light so that its noise has variance 1.

    Starck, Murtagh and Bijaoui, Image Processing and Data Analysis, 1998.
    """
    electrons = plane.astype(np.float64) / noise.shot
    return 2 * np.sqrt(np.maximum(electrons + 3 / 8 + noise.read / noise.shot**2, 0))


def expand(stabilised: Doubles, noise: AffineNoise) -> Doubles:
    """Transform a denoised plane back to linear light, without the bias of the algebraic inverse.

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
    """The noise of the short exposure's planes, after brightening.

    From the file's noise profile; otherwise, a line fitted to what `pairfix.noise` measures in the
    pair.
    """
    stated = stated_noise(pair, "short")
    if stated is not None:
        return tuple(_affine(*channel) for channel in zip(*stated, strict=True))
    return _measured(pair.reference_planes, pair)


def _measured(planes: Planes, pair: AlignedPair) -> tuple[AffineNoise, ...]:
    domain = pair.reference.domain
    deviation = network_inputs(pair, ["short_noise"], domain).encoded()["short_noise"]
    deviation = deviation[:, ::_STRIDE, ::_STRIDE]
    encoded = np.clip(encode_planes(planes[:, ::_STRIDE, ::_STRIDE], domain), 0, 1)
    light = decode_planes(encoded, domain)
    variance = (deviation / encoding_slope(light, domain)) ** 2
    return tuple(_line(*channel) for channel in zip(light, variance, strict=True))


def _line(light: NDArray[np.float32], variance: NDArray[np.float32]) -> AffineNoise:
    """The line of variance against light that has the least relative error."""
    x, y = light.ravel().astype(np.float64), variance.ravel().astype(np.float64)
    weight = 1 / np.maximum(y, np.finfo(np.float32).tiny)
    terms = np.stack([x, np.ones_like(x)], axis=1) * weight[:, None]
    (shot, read), *_ = np.linalg.lstsq(terms, y * weight)
    return _affine(shot, read)


def _affine(shot: float, read: float) -> AffineNoise:
    return AffineNoise(max(float(shot), _LEAST_SHOT), max(float(read), 0.0))
