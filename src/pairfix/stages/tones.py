"""Match the tones of a short RGB frame to the long one's, channel by channel.

A camera's JPEGs differ by more than a factor. Noise that was cut off at black lifts the mean of
dark areas, ``E[max(0, x + n)] > x``, in each channel by another amount; brightened, that is a grey
or magenta veil. ISO, tone curve and white balance were chosen for each photo by itself. The long
frame has the right tones. Means over blocks, in linear light, hold next to no noise, and blur
changes little of them; so a curve through the blocks' levels tells what to change.

Only the local brightness follows the curve. Noise and fine detail on top of it keep their amplitude
in display values: a curve that undoes the lifting is steep in the dark, and would amplify them.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair
from pairfix.light import linear_to_srgb, srgb_to_linear
from pairfix.progress import Stage

__all__ = ["TONES", "match_tones"]

TONES = Stage("tones", "Matching the tones")

_BLOCKS = 48
"""Blocks along the longer side, of large photos."""
_LEAST_SIDE = 24
"""Side in samples of a block, at least: noise and blur hardly count. Blocks of 8 samples were too
noisy for crops of 384; 16 to 32 did alike."""
_FEWEST_BLOCKS = 64
_SATURATED = 0.9
"""Share of the saturation level from which a sample may have lost light."""
_CLIPPED_SHARE = 0.002
"""Share of saturated samples from which a block's mean is wrong."""
_LEVEL = np.float32(1 / 255)
"""One level of an 8-bit picture, in display values of 0 to 1."""
_ENDS = 0.01, 0.995
"""Quantiles of the blocks' levels between which the curve is fitted."""
_FIRST_STEP, _GROWTH = 3.0, 1.6
"""Distance of the two darkest knots in levels, and how much further apart each next one is: noise
that was cut off bends the curve in the dark."""
_SLOPES = 0.25, 4.0
"""Slopes that the curve may have."""
_STIFFNESS = 0.3
"""Weight, beside that of one block, of straight curves of slope 1, which few blocks yield to."""
_OUTLIER = 2.0
"""Deviations from which a block counts little, since something moved there."""
_REWEIGHTINGS = 10
"""Of the blocks, until outliers are settled."""
_SWEEPS = 60
"""Of coordinate descent, between them; each begins where the last one ended."""
_SAME = 2.0
"""Mean change in levels, in the channel that needs the most, up to which frames agree."""
_BRIGHTENED = 2.0
"""Brightening from which the lifting of dark areas is to be seen."""
_CLEAR = 1.5
"""Mean change, in standard deviations of the blocks from the curve, that frames of more similar
exposure must need: networks know a little lifting from training."""
_REGION = 5
"""Side in blocks of the square over which deviations are averaged, noise with them."""
_IRRECONCILABLE = 6.0
"""Deviation of regions from the curve, in levels, mean of the channels, beyond which one curve does
not do: measured 8.8 on a street under local tone mapping, 1 to 3 on camera JPEGs with other tone
curves, 5 on a real pair four stops apart."""
_WINDOW = 17
"""Side in samples of the square over which the local brightness is taken."""
_FLAT_VARIANCE = 2.0
"""Local variance over its lower quartile up to which it is taken for noise."""
_TINY = np.float32(1e-12)

_MATCHED = "the short photo took its tones and colours from the long one"
_DIFFERENT = (
    "the photos' tones differ from place to place, as after local tone mapping: no curve matches "
    "them everywhere"
)

Floats = NDArray[np.floating]
Plane = NDArray[np.float32]


def match_tones(pair: AlignedPair) -> AlignedPair:
    """Bring each channel of a short RGB frame onto the long one's levels.

    Args:
        pair: At equal brightness. Where its alignment is not sure, blocks are compared by rank.

    Returns:
        The pair with other short planes, and a note in its match. Frames that agree or do not tell,
        and raws, whose noise is not cut off, are returned as they are; so are frames whose tones
        differ from place to place, with a note.
    """
    if pair.short.bayer is not None:
        return pair
    curves = [
        _fit(short, long, pair.match.short_gain, in_place=pair.alignment.sure)
        for short, long in zip(pair.short_planes, pair.long_planes, strict=True)
    ]
    found = [curve for curve in curves if curve is not None]
    if len(found) < len(curves):
        return pair
    if np.mean([curve.regional for curve in found]) > _IRRECONCILABLE:
        return _noted(pair, _DIFFERENT)
    brightened = pair.match.short_gain >= _BRIGHTENED
    if not any(curve.needed(brightened=brightened) for curve in found):
        return pair
    matched = np.empty_like(pair.short_planes)
    for plane, curve, out in zip(pair.short_planes, found, matched, strict=True):
        out[:] = _moved(plane, curve)
    return _noted(replace(pair, short_planes=matched), _MATCHED)


def _noted(pair: AlignedPair, note: str) -> AlignedPair:
    return replace(pair, match=replace(pair.match, notes=(*pair.match.notes, note)))


@dataclass(frozen=True, slots=True)
class _Curve:
    """From a channel's display values to those that it should have."""

    knots: Floats
    values: Floats
    change: float
    """Mean over the blocks, in levels."""
    spread: float
    """Standard deviation of the blocks from the curve, in levels."""
    regional: float
    """The same of regions, in which noise is averaged; 0 where places cannot be compared."""

    def needed(self, *, brightened: bool) -> bool:
        """Whether frames differ so much that this is to be seen."""
        return self.change >= max(_SAME, 0 if brightened else _CLEAR * self.spread)

    def shift(self, display: Plane) -> Plane:
        """What to add: below the knots the same as at the darkest, at saturation nothing."""
        return np.interp(display, self.knots, self.values - self.knots).astype(np.float32)


def _fit(short: Plane, long: Plane, gain: float, *, in_place: bool) -> _Curve | None:
    """The curve of one channel; None where too few blocks tell.

    Args:
        short: Linear light, ``h x w``, brightened.
        long: The same scene.
        gain: By which the short frame was brightened.
        in_place: Whether the frames' blocks show the same parts of the scene.
    """
    usable = _unsaturated(long, 1) & _unsaturated(short, gain)
    if np.count_nonzero(usable) < _FEWEST_BLOCKS:
        return None
    levels, wanted = (linear_to_srgb(_means(each)[usable]) / _LEVEL for each in (short, long))
    if not in_place:
        levels, wanted = np.sort(levels), np.sort(wanted)
    knots = _knots(levels)
    if len(knots) < 2:  # noqa: PLR2004  (a line needs two)
        return None
    steps = np.diff(knots)
    basis = np.stack([np.ones_like(levels), *_rises(levels, knots)], axis=1)
    start, slopes, spread = _solve(basis, wanted, steps)
    values = start + np.concatenate([[0], np.cumsum(slopes * steps)])
    matched = np.interp(levels, knots, values)
    saturation = max(_level_of(gain), knots[-1] + 1)
    return _Curve(
        np.append(knots, saturation) * _LEVEL,
        np.append(np.minimum(values, saturation), saturation) * _LEVEL,
        change=float(np.mean(np.abs(matched - levels))),
        spread=spread,
        regional=_regional(matched - wanted, usable) if in_place else 0.0,
    )


def _level_of(light: float) -> float:
    return float(linear_to_srgb(np.array([light], np.float32))[0] / _LEVEL)


def _regional(errors: Floats, usable: NDArray[np.bool_]) -> float:
    """Deviation of regions, of which only some blocks tell."""
    known = usable.astype(np.float32)
    placed = np.zeros_like(known)
    placed[usable] = errors
    sums, counts = (_boxed(each, _REGION) for each in (placed, known))
    return _deviation(sums[usable] / counts[usable])


def _deviation(errors: Floats) -> float:
    """Standard deviation of mostly normal values of mean 0."""
    return float(1.4826 * np.median(np.abs(errors)))


def _unsaturated(plane: Plane, top: float) -> NDArray[np.bool_]:
    """Blocks that saturation leaves alone, and their neighbours', since blur spreads light."""
    share = _means((plane >= _SATURATED * top).astype(np.float32))
    touched = (share > _CLIPPED_SHARE).astype(np.uint8)
    return cv2.dilate(touched, np.ones((3, 3), np.uint8)) == 0


def _means(plane: Plane) -> Plane:
    """Means of blocks."""
    height, width = plane.shape
    scale = min(_BLOCKS / max(height, width), 1 / _LEAST_SIDE)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _knots(levels: Floats) -> Floats:
    """The levels at which the curve may bend, closer to each other in the dark."""
    lowest, highest = np.quantile(levels, _ENDS)
    knots, step = [float(lowest)], _FIRST_STEP
    while knots[-1] + 1.5 * step < highest:
        knots.append(knots[-1] + step)
        step *= _GROWTH
    return np.array([*knots, highest] if highest > knots[-1] else knots)


def _rises(levels: Floats, knots: Floats) -> list[Floats]:
    """How far each level has come from each knot to the next."""
    return [np.clip(levels, low, high) - low for low, high in pairwise(knots)]


def _solve(basis: Floats, wanted: Floats, steps: Floats) -> tuple[float, Floats, float]:
    """Least squares with bounded slopes, reweighted (Cauchy) so that outliers hardly count.

    Args:
        basis: ``blocks x (1 + slopes)``.
        wanted: The long frame's levels.
        steps: Distances of the knots.

    Returns:
        The value at the first knot, the slopes, and the blocks' deviation from the curve.
    """
    count = len(steps)
    bends = (np.eye(count, count + 1, 2) - np.eye(count, count + 1, 1))[: count - 1]
    bends *= np.sqrt(steps[:-1] * steps[1:])[:, None]
    straight = np.eye(count, count + 1, 1) * steps[:, None]
    prior = _STIFFNESS * np.concatenate([bends, straight])
    told = _STIFFNESS * np.concatenate([np.zeros(len(bends)), steps])
    low = np.array([-np.inf, *[_SLOPES[0]] * count])
    high = np.array([np.inf, *[_SLOPES[1]] * count])
    solution = np.ones(count + 1)
    solution[0] = np.median(wanted - basis[:, 1:].sum(axis=1))
    weights, spread = np.ones(len(wanted)), 0.0
    for _ in range(_REWEIGHTINGS):
        weighted = basis * weights[:, None]
        normal = weighted.T @ basis + prior.T @ prior
        right = weighted.T @ wanted + prior.T @ told
        for _ in range(_SWEEPS):
            for index in range(count + 1):
                step = (right[index] - normal[index] @ solution) / normal[index, index]
                solution[index] = np.clip(solution[index] + step, low[index], high[index])
        errors = basis @ solution - wanted
        spread = _deviation(errors)
        weights = 1 / (1 + (errors / (_OUTLIER * spread + 1)) ** 2)
    return float(solution[0]), solution[1:], spread


def _moved(plane: Plane, curve: _Curve) -> Plane:
    """The plane with its local brightness moved along the curve."""
    base = linear_to_srgb(np.maximum(_local_brightness(plane), 0))
    return srgb_to_linear(linear_to_srgb(plane) + curve.shift(base))


def _local_brightness(plane: Plane) -> Plane:
    """A guided filter (K. He, J. Sun and X. Tang, IEEE Trans. PAMI 35(6), 2013), its own guide.

    Flat areas are averaged; edges, which vary by more than the noise, are followed.
    """
    mean = _boxed(plane)
    variance = np.maximum(_boxed(plane * plane) - mean * mean, _TINY)
    noise = np.float32(_FLAT_VARIANCE * np.quantile(variance, 0.25))
    follow: Plane = np.maximum(1 - noise / variance, np.float32(0))
    return _boxed(follow) * plane + _boxed(mean - follow * mean)


def _boxed(plane: Plane, side: int = _WINDOW) -> Plane:
    """Mean over the square around each sample."""
    width, height = (min(side, length) for length in plane.shape[::-1])
    blurred = cv2.blur(plane, (width, height), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)
