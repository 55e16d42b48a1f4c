"""Noise maps: the standard deviation of the noise at every pixel of an exposure.

It is a curve over brightness, both in the range that networks work in
(`pairfix.light.encode_planes`). A raw's curve comes from the noise profile that the file states;
where there is none, and for RGB, it is measured in the pair itself: the short frame minus the long
one leaves noise where the scene is flat and still, and the long frame alone shows its own.
"""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Domain, Planes, Role, Scene
from pairfix.light import CELL, decode_planes, encode_planes, encoding_slope

__all__ = [
    "LEVELS",
    "SMOOTHING",
    "affine_curve",
    "measured_curve",
    "noise_curve",
    "noise_map",
    "noise_planes",
    "noise_variances",
    "stated_noise",
]

Curve = NDArray[np.float32]
"""``C x K``: standard deviation at `LEVELS`, in encoded units."""

Plane = NDArray[np.float32]

LEVELS = np.linspace(0, 1, 17, dtype=np.float32)
"""The encoded levels, K of them, at which a curve is given."""
SMOOTHING = 5
"""Side in pixels of the square whose mean is taken as the brightness under the noise."""

_BLOCK = 8
"""Side of a block, in 2 x 2 cells, whose variance is one measurement."""
_FLAT_SHARE = 0.25
"""Share of the blocks of one brightness that are taken to show only noise."""
_FLAT_BIAS = 0.877
"""Lower quartile of the variance of 64 normal samples, relative to its expectation."""
_FEWEST_BLOCKS = 24
_SATURATED = 0.98
"""Encoded level of a mosaic from which noise is lost to clipping."""
_LEAST = 1e-4
_STEPS = 4096
"""How finely curves are tabulated."""


def noise_map(scene: Scene, encoded: Mapping[str, Planes], domain: Domain, *, role: Role) -> Planes:
    """The standard deviation of the noise at every pixel of one exposure.

    Args:
        scene: What is to be restored.
        encoded: The scene's planes by role, in the network's range.
        domain: The network's domain.
        role: Which exposure.

    Returns:
        ``C x h x w`` in encoded units.
    """
    return noise_planes(encoded[role], noise_curve(scene, encoded, domain, role=role))


def noise_curve(
    scene: Scene, encoded: Mapping[str, Planes], domain: Domain, *, role: Role
) -> Curve:
    """The curve of one exposure's noise: stated by its file, else measured in the pair.

    Args:
        scene: What is to be restored.
        encoded: The scene's planes by role, in the network's range.
        domain: The network's domain.
        role: Which exposure.
    """
    stated = stated_noise(scene, role)
    if stated is not None:
        return affine_curve(*stated, domain)
    photo, witness = encoded[role], encoded.get("long", encoded[role])
    usable = _unclipped(photo, domain) & _unclipped(witness, domain)
    own = measured_curve(witness, witness, usable)
    if witness is photo:
        return own
    both = measured_curve(photo - witness, witness, usable)
    return np.sqrt(np.maximum(both**2 - own**2, _LEAST**2))


def noise_variances(scene: Scene, level: Planes) -> dict[Role, Planes]:
    """Variance of each exposure's noise in linear light, at given brightnesses.

    Args:
        scene: What is to be restored.
        level: Linear light, ``C x h x w`` of any h and w.

    Returns:
        As large as `level`, for planes as they were brightened.
    """
    domain = scene.reference.domain
    stated = all(stated_noise(scene, role) for role in scene.frames)
    sources = {} if stated else scene.sources
    encoded = {str(role): encode_planes(planes, domain) for role, planes in sources.items()}
    light = decode_planes(LEVELS, domain)
    variances: dict[Role, Planes] = {}
    for role in scene.frames:
        curve = noise_curve(scene, encoded, domain, role=role)
        squared = (curve / encoding_slope(light, domain)) ** 2
        channels = zip(level, squared, strict=True)
        variances[role] = np.stack(
            [np.interp(place, light, channel) for place, channel in channels]
        ).astype(np.float32)
    return variances


def stated_noise(
    scene: Scene, role: Role
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Shot and read noise of an exposure's planes, by its file's noise profile.

    Args:
        scene: What is to be restored.
        role: Which exposure.

    Returns:
        ``C`` each, for planes as they were brightened: a level x of linear light has variance
        ``shot x + read``. None if the file states no profile.
    """
    frame, gain = scene.frames[role], scene.gains[role]
    if not (frame.noise_profile and frame.bayer):
        return None
    shot, read = np.array(frame.noise_profile)[[0, 1, 1, 2]].T
    gains = np.array(frame.bayer.gains) * gain
    return gains * shot, gains**2 * read


def affine_curve(shot: NDArray[np.floating], read: NDArray[np.floating], domain: Domain) -> Curve:
    """The curve of noise whose variance is affine in linear light.

    To first order: the noise ``sqrt(shot x + read)`` times the slope of the encoding at x.

    Args:
        shot: ``C``, variance per unit of linear light.
        read: ``C``, variance in the dark.
        domain: The domain whose encoding is meant.
    """
    light = decode_planes(LEVELS, domain)
    noise = np.sqrt(np.outer(shot, light) + read[:, None])
    return (noise * encoding_slope(light, domain)).astype(np.float32)


def measured_curve(difference: Planes, level: Planes, usable: NDArray[np.bool_]) -> Curve:
    """The curve of the noise that a difference shows where the scene is flat.

    The finest diagonal detail, ``(a - b - c + d) / 2`` in cells of 2 x 2, has the variance of
    white noise and next to nothing of a smooth scene. Of the blocks of like brightness the lower
    quartile is taken, since texture only adds.

    Args:
        difference: ``C x h x w``, in encoded units.
        level: ``C x h x w``, the encoded brightness of the scene.
        usable: ``C x h x w``, where neither is clipped.
    """
    channels = zip(difference, level, usable, strict=True)
    return np.stack([_quartiles(*_measure(*channel)) for channel in channels])


def noise_planes(photo: Planes, curve: Curve) -> Planes:
    """The noise at every pixel: the curve at the local brightness.

    Args:
        photo: ``C x h x w``, encoded.
        curve: ``C x K``.
    """
    size = (SMOOTHING, SMOOTHING)
    noise = np.empty_like(photo)
    for plane, deviation, out in zip(photo, curve, noise, strict=True):
        brightness = cv2.blur(plane, size, borderType=cv2.BORDER_REFLECT_101)
        table = np.interp(np.linspace(0, 1, _STEPS + 1), LEVELS, deviation).astype(np.float32)
        place = np.clip(brightness, 0, 1) * _STEPS + 0.5
        np.take(table, place.astype(np.uint16), out=out)
    return noise


def _unclipped(photo: Planes, domain: Domain) -> NDArray[np.bool_]:
    """Where noise is not cut off; RGB's counts although clipped, as it does in training."""
    return photo < (_SATURATED if domain == "raw" else np.inf)


def _measure(difference: Plane, level: Plane, usable: NDArray[np.bool_]) -> tuple[Plane, Plane]:
    """Mean level and noise variance of each block of one channel that is usable throughout."""
    height, width = (side // (2 * _BLOCK) * _BLOCK for side in difference.shape)
    shape = height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK

    def averaged(cells: Plane) -> Plane:
        return cells.reshape(shape).mean(axis=(1, 3)).ravel()

    a, b, c, d = _corners(difference, height, width)
    variance = averaged(((a - b - c + d) / 2) ** 2)
    brightness = averaged(np.mean(_corners(level, height, width), axis=0))
    whole = averaged(np.minimum.reduce(_corners(usable, height, width)).astype(np.float32)) == 1
    return brightness[whole], variance[whole]


def _corners(plane: NDArray[Any], height: int, width: int) -> list[NDArray[Any]]:
    """The four samples of every 2 x 2 cell, each ``height x width``."""
    cut = plane[: 2 * height, : 2 * width]
    return [cut[row::2, column::2] for row, column in CELL]


def _quartiles(level: Plane, variance: Plane) -> Plane:
    """Standard deviation at `LEVELS` from the measured blocks; flat where nothing was measured."""
    width = LEVELS[1]
    found: dict[float, float] = {}
    for centre in LEVELS:
        near = variance[np.abs(level - centre) <= width / 2]
        if len(near) >= _FEWEST_BLOCKS:
            found[float(centre)] = float(np.quantile(near, _FLAT_SHARE))
    if not found:
        found[0] = float(np.quantile(variance, _FLAT_SHARE)) if len(variance) else 0.0
    variances = np.interp(LEVELS, list(found), list(found.values()))
    return np.sqrt(variances / _FLAT_BIAS).astype(np.float32)
