"""Refine a motion to a tenth of a sample where both frames are sharp.

The guides are a few hundred pixels wide, so that blur and noise do not matter. Where the long frame
is as sharp as the short one, its finest detail tells more. In windows all over the frame, the short
frame's detail less the long one's is explained by the long one's gradient and second derivatives
(B. D. Lucas and T. Kanade, "An iterative image registration technique with an application to stereo
vision", IJCAI 1981). The gradient's share is a displacement; that of the second derivatives is how
much more the long frame is blurred, as a variance. If there is hardly any blur, a homography is
fitted to the displacements, and windows that disagree with it lose their weight.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import MatchedPair
from pairfix.stages.align.estimate import MotionKind
from pairfix.stages.align.warp import Matrix, transform
from pairfix.stages.align.windows import MARGIN, NARROW, Windows

__all__ = ["refine"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.floating]

_SHARP = 0.5
"""Variance in squared samples up to which the long frame is as sharp as the short one.

Sharp pairs had up to 0.15, pairs blurred over 2 samples 0.5, over 4 samples 1.9. Of those blurred
more, which the model does not describe, one of three values was always far off.
"""
_INDEPENDENT = 4 * np.pi * NARROW**2
"""Samples that share one independent value of white noise after the narrow filter."""
_UNKNOWN = 1e-6
"""Information, per squared sample, that a window without any structure is given."""
_EXPECTED = 0.5
"""Standard deviation in samples of what the coarse alignment left at the frame's edge: what few
windows do not determine stays as it was."""
_FLOOR = 0.01
"""Error in samples of a window's displacement that does not come from noise."""
_OUTLYING = 3.0
"""Standard deviations at which a window has lost three quarters of its weight."""
_ROUNDS = 8
"""Of weighting the windows."""
_STILL = 0.05
"""Mean motion over the frame, in samples, that is none. Refined motions of frames that did not
move had 0.03 at most, but for one of a nearly black scene."""
_POINTS = 9
"""Along each side of the frame, where motion is measured."""
_TINY = 1e-12

_FREE = {"homography": slice(None), "translation": slice(0, 2)}
"""Parameters that are fitted: the shift comes first."""


def refine(pair: MatchedPair, matrix: Matrix, kind: MotionKind) -> Matrix | None:
    """Find a more exact motion.

    Args:
        pair: Two frames at equal brightness.
        matrix: The motion, 3 x 3, from the short frame's stored pixels to the long frame's.
        kind: What may be corrected.

    Returns:
        As `matrix`; exactly the identity if hardly anything moves. None if the frames are not
        both sharp, or agree no better.
    """
    windows = Windows.of(pair, matrix)
    if windows is None:
        return None
    before = _compare(windows, matrix)
    if not before.sharp:
        return None
    closer = matrix @ _correction(windows, before, kind)
    closer = closer @ _correction(windows, _compare(windows, closer), kind)
    refined = np.eye(3) if _still(windows, closer) else closer / closer[2, 2]
    return refined if _compare(windows, refined).agreement > before.agreement else None


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What n windows say about a motion."""

    displacement: Numbers
    """What is missing, ``n x 2`` (x, y) in samples."""
    information: Numbers
    """Inverse covariance of the displacement, ``n x 2 x 2``."""
    sharp: bool
    agreement: float
    """Correlation of the two frames' detail."""


def _compare(windows: Windows, matrix: Matrix) -> _Comparison:
    short, long = windows.detail, windows.long_detail(matrix)
    terms = _inner(_derivatives(long)).astype(np.float64)
    ours, theirs = (_inner(each[None])[:, 0] for each in (short, long))
    rest = (ours - theirs).astype(np.float64)
    normal = terms @ terms.transpose(0, 2, 1)
    shares = np.linalg.solve(normal + _TINY * np.eye(len(normal[0])), terms @ rest[..., None])
    rest -= (shares.transpose(0, 2, 1) @ terms)[:, 0]
    noise = _INDEPENDENT * np.square(rest).mean(axis=1) + _TINY
    covariance = np.linalg.inv(normal / noise[:, None, None] + _UNKNOWN * np.eye(len(normal[0])))
    return _Comparison(
        displacement=shares[:, :2, 0],
        information=np.linalg.inv(covariance[:, :2, :2] + _FLOOR**2 * np.eye(2)),
        sharp=_is_sharp(_blur(shares[..., 0]), 4 * covariance.diagonal(axis1=1, axis2=2)[:, 2:]),
        agreement=_correlation(ours, theirs),
    )


def _correlation(ours: Floats, theirs: Floats) -> float:
    power = float(np.sum(ours**2)) * float(np.sum(theirs**2))
    return float(np.sum(ours * theirs)) / np.sqrt(power + _TINY)


def _derivatives(detail: Floats) -> Floats:
    """By x, y, xx, yy and xy; ``5 x n x side x side``."""
    tall = detail.reshape(-1, detail.shape[2])

    def derived(picture: Floats, x: int, y: int) -> Floats:
        return np.asarray(cv2.Sobel(picture, -1, x, y, ksize=1, scale=0.5), np.float32)

    by_x, by_y = derived(tall, 1, 0), derived(tall, 0, 1)
    second = derived(by_x, 1, 0), derived(by_y, 0, 1), derived(by_x, 0, 1)
    return np.stack([by_x, by_y, *second]).reshape(-1, *detail.shape)


def _inner(pictures: Floats) -> Floats:
    """``k x n x side x side`` to ``n x k x samples``, without the margin."""
    inner = pictures[..., MARGIN:-MARGIN, MARGIN:-MARGIN].swapaxes(0, 1)
    return inner.reshape(*inner.shape[:2], -1)


def _blur(shares: Numbers) -> Numbers:
    """Variances and covariance of each window's blur, ``n x 3``: by x, y and both.

    To second order, a blur of variance v along x takes away ``v / 2`` of the second derivative, and
    a displacement d adds ``d^2 / 2``.
    """
    x, y = shares[:, :2].T
    return np.stack([x * x, y * y, 2 * x * y], axis=1) - 2 * shares[:, 2:]


def _is_sharp(blur: Numbers, variance: Numbers) -> bool:
    """Whether the windows' blur is surely small, by its weighted median in each direction."""
    for values, weights in zip(blur.T, 1 / variance.T, strict=True):
        order = np.argsort(values)
        cumulated = np.cumsum(weights[order])
        median = values[order][np.searchsorted(cumulated, cumulated[-1] / 2)]
        if abs(median) + 2 / np.sqrt(cumulated[-1]) > _SHARP:
            return False
    return True


def _correction(windows: Windows, found: _Comparison, kind: MotionKind) -> Matrix:
    """A homography of the short frame's stored pixels that moves the windows as they want."""
    height, width = windows.size
    unit = max(height, width) / 2
    to_samples = np.array(
        [[unit, 0, (width - 1) / 2], [0, unit, (height - 1) / 2], [0, 0, 1]], np.float64
    )
    places = (windows.centres - to_samples[:2, 2]) / unit
    design = _design(places)[:, :, _FREE[kind]]
    expected = np.eye(design.shape[2]) / _EXPECTED**2
    weights = np.ones(len(places))
    for _ in range(_ROUNDS):
        weighted = weights[:, None, None] * design.transpose(0, 2, 1) @ found.information
        normal = (weighted @ design).sum(axis=0) + expected
        motion = np.linalg.solve(normal, (weighted @ found.displacement[..., None]).sum(axis=0))
        gap = found.displacement[..., None] - design @ motion
        distance = (gap.transpose(0, 2, 1) @ found.information @ gap).ravel()
        weights = 1 / (1 + distance / _OUTLYING**2) ** 2
    shift_x, shift_y, xx, xy, yx, yy, tilt_x, tilt_y = np.pad(
        motion.ravel() / unit, (0, 8 - len(motion))
    )
    local = np.array(
        [[1 + xx, xy, shift_x], [yx, 1 + yy, shift_y], [-tilt_x, -tilt_y, 1]], np.float64
    )
    base = windows.to_pixels @ to_samples
    return np.asarray(base @ local @ np.linalg.inv(base))


def _design(places: Numbers) -> Numbers:
    """Displacement by each parameter of a small homography, ``n x 2 x 8``.

    Args:
        places: ``n x 2`` (x, y), -1 to 1.
    """
    x, y = places.T
    one, zero = np.ones_like(x), np.zeros_like(x)
    across = [one, zero, x, y, zero, zero, x * x, x * y]
    down = [zero, one, zero, zero, x, y, x * y, y * y]
    return np.array([across, down]).transpose(2, 0, 1)


def _still(windows: Windows, matrix: Matrix) -> bool:
    height, width = windows.size
    x, y = np.meshgrid(np.linspace(0, width - 1, _POINTS), np.linspace(0, height - 1, _POINTS))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    to_pixels = windows.to_pixels
    local = np.asarray(np.linalg.inv(to_pixels) @ matrix @ to_pixels, np.float64)
    moved = transform(local, points)
    return float(np.linalg.norm(moved - points, axis=1).mean()) <= _STILL
