"""How much better one model is than another on pairs without truth (torch).

Source: Pang et al., Recorrupted-to-Recorrupted, CVPR 2021. To a frame ``y = x + n``, whose noise n
has the covariance S, noise z of the same covariance is added once more: ``y + a z`` is restored,
``y - z / a`` is what the result is compared with. The noise of the two is uncorrelated, since
``S - S = 0``, so that

    E |f(y + a z) - (y - z / a)|^2 = E |f(y + a z) - x|^2 + (1 + 1 / a^2) trace(S)

and the last term is the same for every model f. This estimates the true squared error,
albeit at noise that is ``sqrt(1 + a^2)`` times as strong. Squares are taken in linear light, where
noise has no mean, and weighted by the squared slope of the encoding at the brightness of the long
frame, which knows nothing of n and z: near enough the error in the range that networks work in.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pairfix.backends import OpenModel
from pairfix.calibration import CameraProfile, Setting
from pairfix.image import AlignedPair, Frame, Planes
from pairfix.light import encoding_slope
from pairfix.stages.fuse import fuse
from pairfix.synth.draw import Draw
from pairfix.synth.noise.calibrated import LinearNoise

__all__ = ["Gain", "estimate_gain", "is_comparable", "middle", "setting_of"]

Floats = NDArray[np.float32]

_AGAIN = 0.5
"""The factor a."""
_SIDE = 768
"""Longest side, in the planes' pixels, of what is looked at of a pair."""
_BLOCK = 32
"""Side of the squares whose errors count as independent."""
_BRIGHT = 0.8
"""Share of saturation above which clipping would spoil the comparison."""
_SMOOTHING = 5
_HALF_A_STOP = 0.5
_LEAST = 0.02
"""Share of the noise's variance below which no error is believed."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What a new model gains over an old one."""

    before: float
    """Estimated PSNR of the old model's results in the network's range, in dB."""
    after: float
    """The same of the new one's."""
    error: float
    """Standard error of the gain, in dB."""

    @property
    def decibels(self) -> float:
        """The gain."""
        return self.after - self.before

    def __str__(self) -> str:
        return f"{self.decibels:+.2f} dB (standard error {self.error:.2f})"

    def convinces(self, least: float) -> bool:
        """Whether the gain is significant, and at least `least` dB."""
        return self.decibels >= max(least, 2 * self.error)


def estimate_gain(
    pairs: Sequence[AlignedPair],
    profile: CameraProfile,
    models: tuple[OpenModel, OpenModel],
    *,
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Gain:
    """Compare an old and a new model on pairs that neither was trained with.

    Args:
        pairs: Cleaned, comparable; of the profile's camera, at settings that it holds. Their
            `middle` will do.
        profile: The camera's noise.
        models: The old and the new one.
        draws: How often noise is added.
        seed: Of the noise.
        progress: Called with the comparisons done and those in all.

    Raises:
        ValueError: The profile does not hold the noise of a pair.
    """
    draw = Draw(torch.Generator().manual_seed(seed))
    progress(0, len(pairs) * draws)
    found: list[Floats] = []
    seen: list[float] = []
    for number, pair in enumerate(map(middle, pairs)):
        errors: list[Floats] = []
        for again in range(draws):
            trial = _Trial.of(pair, profile, draw)
            both = (trial.errors(opened) for opened in models)
            errors.append(np.stack([*both, trial.noise()]))
            progress(number * draws + again + 1, len(pairs) * draws)
        found.append(np.mean(errors, axis=0))
        seen.append(trial.seen())
    old, new, noise = np.concatenate(found, axis=1)
    return _gain(old, new, noise, float(np.mean(seen)))


@dataclass(frozen=True, slots=True)
class _Trial:
    """One pair with noise added once more."""

    noisier: AlignedPair
    target: Planes
    weight: Floats
    """0 where nothing can be said."""
    variance: Floats
    """Of the target's noise."""

    @classmethod
    def of(cls, pair: AlignedPair, profile: CameraProfile, draw: Draw) -> "_Trial":
        short = pair.short
        white, level = _white(pair), _level(pair)
        noise = LinearNoise.of(
            [_setting(profile, short)],
            "short",
            torch.zeros(1, dtype=torch.long),
            torch.full((1, 1, 1, 1), pair.match.short_gain),
        )
        light = torch.from_numpy(level / white)[None]
        again = noise.draw(light, draw)[0].numpy() * white
        planes = pair.short_planes
        offset = noise.offset[0].numpy() * white
        # Black is where a restored photo should have it: the target's own is not the scene's.
        target = planes - again / np.float32(_AGAIN) - offset
        noisier = planes + again * np.float32(_AGAIN)
        variance = noise.variance(light)[0].numpy() * white**2 * (1 + 1 / _AGAIN**2)
        weight = encoding_slope(np.clip(level, 0, 1), profile.domain) ** 2 * _unclipped(pair, level)
        return cls(
            noisier=replace(
                pair,
                short=_noisier_frame(short),
                short_planes=noisier.astype(np.float32),
            ),
            target=target,
            weight=weight.astype(np.float32),
            variance=variance.astype(np.float32),
        )

    def errors(self, opened: OpenModel) -> Floats:
        """A model's weighted squared errors, the target's noise among them, block by block."""
        fused, _ = fuse(self.noisier, opened)
        return _blocks(self.weight * (fused.planes - self.target) ** 2)

    def noise(self) -> Floats:
        """What of it is the target's noise."""
        return _blocks(self.weight * self.variance)

    def seen(self) -> float:
        """Share of the samples that count."""
        return float((self.weight > 0).mean())


def is_comparable(pair: AlignedPair) -> bool:
    """Whether anything in the pair's `middle` is dark enough to be compared."""
    cut = middle(pair)
    return bool(_unclipped(cut, _level(cut)).any())


def _white(pair: AlignedPair) -> Floats:
    """Levels of white of the planes, ``C x 1 x 1``."""
    gains = pair.short.bayer.gains if pair.short.bayer else (1.0,) * 3
    return np.array(gains, np.float32)[:, None, None]


def _level(pair: AlignedPair) -> Floats:
    """Local brightness, by the long frame."""
    return np.stack([cv2.blur(plane, (_SMOOTHING,) * 2) for plane in pair.long_planes])


def _unclipped(pair: AlignedPair, level: Floats) -> NDArray[np.bool_]:
    """Where no plane is so bright that noise would clip, ``h x w``."""
    limit = _BRIGHT * np.minimum(_white(pair) * pair.match.short_gain, 1)
    return np.asarray((level < limit).all(axis=0))


def _gain(old: Floats, new: Floats, noise: Floats, seen: float) -> Gain:
    """From blocks' errors under both models, and the noise in them."""
    least = _LEAST * float(noise.mean())
    before = max(float((old - noise).mean()), least)
    after = max(before - float((old - new).mean()), least)
    error = float((old - new).std()) / np.sqrt(len(old))
    return Gain(
        before=_decibels(before / seen),
        after=_decibels(after / seen),
        error=float(10 / np.log(10) * error / after),
    )


def _decibels(square: float) -> float:
    return float(-10 * np.log10(square))


def _blocks(errors: Floats) -> Floats:
    """Means of squares of all planes."""
    size = tuple(max(side // _BLOCK, 1) for side in errors.shape[:0:-1])
    return cv2.resize(errors.mean(axis=0), size, interpolation=cv2.INTER_AREA).ravel()


def setting_of(profile: CameraProfile, iso: float | None) -> Setting | None:
    """The setting whose ISO is nearest, at most half a stop away; None if there is none.

    Photos without an ISO, or with 0, match settings without one.
    """
    fitting = (each for each in profile.settings if are_alike(each.iso, iso))
    return min(fitting, key=lambda each: _stops(each.iso, iso), default=None)


def are_alike(iso: float | None, other: float | None) -> bool:
    """Whether the noise at one ISO says something about that at another; None and 0 are no ISO."""
    return bool(iso) == bool(other) and _stops(iso, other) <= _HALF_A_STOP


def _stops(iso: float | None, other: float | None) -> float:
    return abs(math.log2((iso or 1) / (other or 1)))


def _setting(profile: CameraProfile, frame: Frame) -> Setting:
    iso = frame.exposure.iso
    if setting := setting_of(profile, iso):
        return setting
    raise ValueError(f"the noise at ISO {iso} is not known")


def _noisier_frame(frame: Frame) -> Frame:
    if frame.noise_profile is None:
        return frame
    more = 1 + _AGAIN**2
    red, green, blue = ((shot * more, read * more) for shot, read in frame.noise_profile)
    return replace(frame, noise_profile=(red, green, blue))


def middle(pair: AlignedPair) -> AlignedPair:
    """The middle of a pair, copied: all that the estimate looks at."""
    _, height, width = pair.long_planes.shape
    rows, columns = (
        slice((side - min(side, _SIDE)) // 2, (side + min(side, _SIDE)) // 2)
        for side in (height, width)
    )
    return replace(
        pair,
        short_planes=pair.short_planes[:, rows, columns].copy(),
        long_planes=pair.long_planes[:, rows, columns].copy(),
    )
