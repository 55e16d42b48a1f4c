"""Noise maps: the standard deviation of the noise at every pixel of an exposure.

It is a curve over brightness, both in the range that networks work in
(`pairfix.light.encode_planes`). A raw's curve comes from the noise profile that the file states;
where there is none, and for RGB, it is measured in the pair itself: the short frame minus the long
one leaves noise where the scene is flat and still. A mosaic's noise is independent from sample to
sample (`detail`); that of RGB photos is not (`flat`).
"""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Domain, Planes, Role, Scene, SingleFrame
from pairfix.light import CELL, decode_planes, encode_planes, encoding_slope
from pairfix.noise.blocks import BLOCK
from pairfix.noise.curve import LEVELS, Curve
from pairfix.noise.detail import detail_curve
from pairfix.noise.flat import LEAST, pair_curves, single_curve

__all__ = [
    "LEVELS",
    "SMOOTHING",
    "Curve",
    "affine_curve",
    "noise_curve",
    "noise_planes",
    "noise_variances",
    "stated_noise",
]

SMOOTHING = 5
"""Side in pixels of the square whose mean is taken as the brightness under the noise."""

_SATURATED = 0.98
"""Encoded level of a mosaic from which noise is lost to clipping."""
_STEPS = 4096
"""How finely curves are tabulated."""


def noise_curve(
    scene: Scene, encoded: Mapping[str, Planes], domain: Domain, *, role: Role
) -> Curve:
    """The curve of one exposure's noise: stated by its file, else measured in the pair.

    Args:
        scene: What is to be restored.
        encoded: The scene's planes by role, in the network's range; not needed for stated noise.
        domain: The network's domain.
        role: Which exposure.
    """
    stated = stated_noise(scene, role)
    if stated is not None:
        return affine_curve(*stated, domain)
    if domain == "raw":
        return _white_curve(encoded, domain, role)
    if isinstance(scene, SingleFrame):
        return single_curve(encoded[role])
    long = encoded["long"]
    short_curve, long_curve = pair_curves(encoded["short"], long, _known(scene, long.shape[1:]))
    return short_curve if role == "short" else long_curve


def noise_variances(scene: Scene, level: Planes) -> dict[Role, Planes]:
    """Variance of each exposure's noise in linear light, at given brightnesses.

    That of RGB is what its finest detail tells. `pairfix.stages.sharplong` corrects it upwards in
    each band by what it sees there, but could not know a value that texture made too high.

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
        known = stated_noise(scene, role)
        curve = affine_curve(*known, domain) if known else _white_curve(encoded, domain, role)
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


def noise_planes(photo: Planes, curve: Curve) -> Planes:
    """The noise at every pixel: the curve at the local brightness.

    Args:
        photo: ``C x h x w``, encoded.
        curve: ``C x K``.

    Returns:
        As large as the photo, in encoded units.
    """
    size = (SMOOTHING, SMOOTHING)
    noise = np.empty_like(photo)
    for plane, deviation, out in zip(photo, curve, noise, strict=True):
        brightness = cv2.blur(plane, size, borderType=cv2.BORDER_REFLECT_101)
        table = np.interp(np.linspace(0, 1, _STEPS + 1), LEVELS, deviation).astype(np.float32)
        place = (brightness * _STEPS + 0.5).astype(np.int16)
        np.take(table, place, out=out, mode="clip")
    return noise


def _white_curve(encoded: Mapping[str, Planes], domain: Domain, role: Role) -> Curve:
    """The noise in the finest detail; RGB's counts although clipped, as it does in training."""
    photo, witness = encoded[role], encoded.get("long", encoded[role])
    white = _SATURATED if domain == "raw" else np.inf
    usable = (photo < white) & (witness < white)
    own = detail_curve(witness, witness, usable)
    if witness is photo:
        return own
    channels = zip(photo, witness, strict=True)
    both = detail_curve((one - other for one, other in channels), witness, usable)
    return np.sqrt(np.maximum(both**2 - own**2, LEAST**2))


def _known(pair: AlignedPair, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """The blocks in which the long frame shows the scene; elsewhere, the short one stands in.

    All of them if it shows it in none.
    """
    rows, columns = (side // BLOCK for side in size)
    down, across = np.mgrid[:rows, :columns] * float(BLOCK)
    known = np.ones((rows, columns), np.bool_)
    for row, column in CELL:
        corner = np.stack([across + column * BLOCK, down + row * BLOCK, np.ones_like(down)])
        x, y, scale = np.tensordot(pair.alignment.matrix, corner, 1)
        height, width = pair.long.size
        known &= (x >= 0) & (y >= 0) & (x <= width * scale) & (y <= height * scale)
    return known if known.any() else ~known
