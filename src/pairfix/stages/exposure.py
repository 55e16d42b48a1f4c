"""Bring the two frames to one brightness, in linear light.

The darker frame is brightened, the brighter one is left alone: darkening a frame would turn its
clipped highlights grey, or magenta where the channels clip at different levels. Planes are
white-balanced before they are compared, both with the short frame's white balance.
"""

from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import PairError
from pairfix.image import ExposureMatch, Frame, MatchedPair, Pixels, Planes
from pairfix.light import is_grey, mean_light, planes_from_frame
from pairfix.progress import Stage
from pairfix.stages.signal import check_signal
from pairfix.threads import in_threads

__all__ = ["MATCH", "match_exposure"]

MATCH = Stage("match", "Matching the exposure")

_MEDIAN = 5
"""Side in pixels of the median filter that RGB is measured through."""
_BLOCKS = 32
"""Blocks along the longer side; coarse, since the frames are not aligned yet."""
_FEWEST_BLOCKS = 16
_SATURATED = 0.95
"""Share of the saturation level above which a sample may no longer be linear."""
_CLIPPED_SHARE = 0.002
"""Share of saturated samples above which a block's mean is wrong."""
_FAINTEST = 1e-4
"""Mean brightness below which a block depends more on the black level than on the light."""
_FAINTEST_OVER_NOISE = 5.0
"""The same in standard errors of the block's mean."""
_FEWEST_COMMON = 0.3
"""Share of the blocks usable in either frame from which on those usable in both speak for all.
Fewer may be just those that noise, or the lack of blur, makes bright enough in the darker frame."""
_WIDEST_SPREAD = 1.0
"""Median deviation of the blocks' ratios, in stops, beyond which they mean nothing."""
_SAME_BRIGHTNESS = 0.1
"""Difference in stops that the measurement cannot distinguish from none."""
_REPORTED_DISAGREEMENT = 1.0
"""Stops between the recorded and the measured ratio above which a note says so."""
_TELLING = (0.02, 0.9)
"""Light between which a photo in colour is not grey, neither rounded to it nor clipped."""
_FEWEST_TELLING = 0.01
"""Share of such pixels, all of them grey, that a black-and-white photo has at least."""
_NOISIER = 1.25
"""How much noisier the short frame must be to be recognised without EXIF."""


def match_exposure(long: Frame, short: Frame) -> MatchedPair:
    """Order the frames, measure how much brighter one is, and brighten the other.

    Args:
        long: The frame given as the long exposure.
        short: The frame given as the short exposure; swapped with `long` if they are the wrong
            way round, with a note.

    Returns:
        The pair at equal brightness.

    Raises:
        PairError: The frames cannot be a pair, or one of them shows nothing.
    """
    _check_pair(long, short)
    pair = _Measured.of(long, short)
    in_threads(check_signal, [pair.short, pair.long], [pair.short_planes, pair.long_planes])
    _check_colours(pair)
    notes: list[str] = []
    if _wrong_way_round(pair):
        pair = _Measured.of(short, long)
        notes.append(
            f"{pair.short.path.name} is the short exposure: the order of the two photos was swapped"
        )
    ratio = _choose_ratio(pair, notes)
    short_gain, long_gain = max(ratio, 1.0), max(1 / ratio, 1.0)
    if pair.short.orientation != pair.long.orientation:
        notes.append("the photos' orientation tags differ: the short one's is used")
    if pair.long.camera and pair.short.camera and pair.long.camera != pair.short.camera:
        notes.append(
            f"the photos come from different cameras: {pair.long.camera} and {pair.short.camera}"
        )
    return MatchedPair(
        short=pair.short,
        long=pair.long,
        short_planes=_scaled(pair.short_planes, short_gain),
        long_planes=_scaled(pair.long_planes, long_gain),
        match=ExposureMatch(
            short_gain=short_gain,
            long_gain=long_gain,
            measured_ratio=pair.ratio,
            recorded_ratio=pair.long.exposure.over(pair.short.exposure),
            notes=tuple(notes),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    long: Frame
    short: Frame
    long_planes: Planes
    short_planes: Planes
    ratio: float | None
    sure: bool
    """Whether enough was compared to contradict the camera's settings."""

    @classmethod
    def of(cls, long: Frame, short: Frame) -> "_Measured":
        if long.bayer is not None and short.bayer is not None:
            white_balance = short.bayer.white_balance
            long = replace(long, bayer=replace(long.bayer, white_balance=white_balance))
        long_planes, short_planes = in_threads(planes_from_frame, [long, short])
        blocks = (
            _blocks(_denoised(long_planes, long), long),
            _blocks(_denoised(short_planes, short), short),
        )
        in_long, in_short = map(np.isfinite, blocks)
        common, either = np.sum(in_long & in_short), np.sum(in_long | in_short)
        sure = bool(common >= _FEWEST_COMMON * either)
        return cls(long, short, long_planes, short_planes, _measure_ratio(*blocks), sure)


def _check_pair(long: Frame, short: Frame) -> None:
    names = f"{long.path} and {short.path}"
    if long.size != short.size:
        (lh, lw), (sh, sw) = long.size, short.size
        rotated = " (one of them is rotated)" if (lh, lw) == (sw, sh) else ""
        raise PairError(
            f"{names} differ in size: {lw} x {lh} and {sw} x {sh} pixels{rotated}",
            "both photos must come from the same camera at the same resolution, uncropped",
        )
    if long.domain != short.domain:
        raise PairError(f"{names}: one is raw and one is not", "give two photos of one kind")
    if (
        long.domain == "raw"
        and None not in (long.camera, short.camera)
        and long.camera != short.camera
    ):
        raise PairError(
            f"{names} come from different cameras: {long.camera} and {short.camera}",
            "a raw pair must come from one camera",
        )
    if long.domain == "srgb" and long.profile != short.profile:
        raise PairError(
            f"{names} are in different colour spaces", "convert the frames to the same profile"
        )
    if np.array_equal(long.pixels, short.pixels):
        raise PairError(
            f"{names} hold the same picture", "give the long exposure first, then the short one"
        )


def _check_colours(pair: _Measured) -> None:
    grey = is_grey(pair.long_planes), is_grey(pair.short_planes)
    if grey[0] == grey[1]:
        return
    planes = pair.long_planes if grey[0] else pair.short_planes
    low, high = _TELLING
    if np.mean((planes[0] > low) & (planes[0] < high)) > _FEWEST_TELLING:
        one, other = (pair.long, pair.short) if grey[0] else (pair.short, pair.long)
        raise PairError(
            f"{one.path} is black and white, {other.path} is in colour",
            "give two photos of one kind",
        )


def _blocks(planes: Planes, frame: Frame) -> NDArray[np.float32]:
    """Mean light of blocks; NaN where it says nothing about the exposure.

    That is where noise dominates a block, or where it or a neighbour holds saturated samples, since
    blur spreads clipped light.
    """
    limits = frame.bayer.gains if frame.bayer else (1.0, 1.0, 1.0)
    saturated = np.zeros(planes.shape[1:], np.bool_)
    for plane, limit in zip(planes, limits, strict=True):
        saturated |= plane >= _SATURATED * limit
    height, width = planes.shape[1:]
    scale = _BLOCKS / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    means = cv2.resize(mean_light(planes), size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(saturated.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    touched = (share > _CLIPPED_SHARE).astype(np.uint8)
    spread = cv2.dilate(touched, np.ones((3, 3), np.uint8))
    enough = np.count_nonzero(spread == 0) >= _FEWEST_BLOCKS
    faint = _FAINTEST_OVER_NOISE * _noise(planes) / np.sqrt(height * width / means.size)
    unusable = (spread if enough else touched).astype(bool) | (means < max(faint, _FAINTEST))
    return np.where(unusable, np.nan, means).astype(np.float32)


def _denoised(planes: Planes, frame: Frame) -> Planes:
    """The planes to measure brightness in: those of RGB without most of their noise.

    A mosaic's noise has zero mean in linear light. That of RGB may have zero mean in linear light
    or in display values, which differ by a curve; a median is the same under either.
    """
    if frame.bayer is not None:
        return planes
    denoised = cast("Pixels", cv2.medianBlur(frame.pixels, _MEDIAN))
    return planes_from_frame(replace(frame, pixels=denoised))


def _measure_ratio(long: NDArray[np.float32], short: NDArray[np.float32]) -> float | None:
    """Weighted median of the blocks' brightness ratios, long over short; None if unreliable."""
    usable = np.isfinite(long) & np.isfinite(short)
    if np.count_nonzero(usable) < _FEWEST_BLOCKS:
        return None
    stops = np.log2(long[usable] / short[usable])
    weights = np.sqrt(long[usable] * short[usable])
    centre = _weighted_median(stops, weights)
    if _weighted_median(np.abs(stops - centre), weights) > _WIDEST_SPREAD:
        return None
    return float(2.0**centre)


def _weighted_median(values: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def _choose_ratio(pair: _Measured, notes: list[str]) -> float:
    recorded = pair.long.exposure.over(pair.short.exposure)
    if pair.ratio is None:
        source = "taken as equal" if recorded is None else "taken from the camera's settings"
        notes.append(f"the photos' brightness could not be compared: {source}")
        return recorded or 1.0
    ratio = pair.ratio
    if recorded is not None and abs(np.log2(ratio / recorded)) > _REPORTED_DISAGREEMENT:
        unsure = "little could be measured, so that these are used"
        used = "the measurement is used" if pair.sure else unsure
        notes.append(
            f"compared with the short photo, the long one is {_in_words(ratio)}, not "
            f"{_in_words(recorded)} as the camera's settings say: {used}"
        )
    if recorded is not None and not pair.sure:
        ratio = recorded
    return ratio if abs(np.log2(ratio)) >= _SAME_BRIGHTNESS else 1.0


def _in_words(ratio: float) -> str:
    stops = round(float(np.log2(ratio)), 1)
    if not stops:
        return "equally bright"
    unit = "stop" if abs(stops) == 1 else "stops"
    return f"{abs(stops)} {unit} {'brighter' if stops > 0 else 'darker'}"


def _wrong_way_round(pair: _Measured) -> bool:
    """By exposure time where both files have it, else by noise at equal brightness."""
    long_time, short_time = pair.long.exposure.shutter, pair.short.exposure.shutter
    if long_time and short_time and long_time != short_time:
        return long_time < short_time
    ratio = pair.ratio or 1.0
    return _noise(pair.long_planes) > _NOISIER * _noise(pair.short_planes) * ratio


def _noise(planes: Planes) -> float:
    """Mean magnitude of the finest diagonal detail, in the planes' units."""
    light = np.minimum(planes[1], 1.0)
    height, width = (side // 2 * 2 for side in light.shape)
    if not height * width:
        return 0.0
    light = light[:height, :width]
    diagonal = light[::2, ::2] - light[1::2, ::2] - light[::2, 1::2] + light[1::2, 1::2]
    return float(np.mean(np.abs(diagonal))) / 2


def _scaled(planes: Planes, gain: float) -> Planes:
    if gain != 1:
        planes *= np.float32(gain)
    return planes
