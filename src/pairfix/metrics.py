"""How close a picture is to the truth: PSNR and SSIM.

Pictures are ``H x W x C`` float32 from 0 to 1, in any encoding, which the figures then refer to.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["WINDOW", "psnr", "ssim"]

Floats = NDArray[np.float32]

WINDOW = 11
"""Side of SSIM's window in pixels, and the least side of a picture (Wang et al. 2004, III.C)."""
_SIGMA = 1.5
_LUMINANCE_FLOOR = 0.01**2
_CONTRAST_FLOOR = 0.03**2
"""``C1 = (K1 L)^2`` and ``C2 = (K2 L)^2`` of the paper, for L = 1."""


def psnr(result: Floats, truth: Floats) -> float:
    """Peak signal-to-noise ratio in dB, over all pixels and channels; infinite if all are equal.

    Raises:
        ValueError: The pictures differ in shape.
    """
    _check_shapes(result, truth)
    squared = np.square(result - truth)
    error = float(np.mean(squared, dtype=np.float64))
    return float(-10 * np.log10(error)) if error else float("inf")


def ssim(result: Floats, truth: Floats) -> float:
    """Structural similarity, -1 to 1, averaged over the channels.

    The window is a Gaussian of 11 x 11 pixels and sigma 1.5, and only places where it lies entirely
    within the picture count (Wang et al., Image Quality Assessment: From Error Visibility to
    Structural Similarity, IEEE TIP 2004, equation 13). Each channel is measured by itself:
    treating colours as a grey volume's third axis yields higher values (Nah et al., Clean Images
    are Hard to Reblur, 2022, section S1).

    Raises:
        ValueError: The pictures differ in shape, or a side is shorter than `WINDOW`.
    """
    _check_shapes(result, truth)
    if min(result.shape[:2]) < WINDOW:
        raise ValueError(f"SSIM needs {WINDOW} x {WINDOW} pixels, not {result.shape[:2]}")
    channels = range(result.shape[2])
    return float(np.mean([_channel_ssim(result[..., c], truth[..., c]) for c in channels]))


def _check_shapes(result: Floats, truth: Floats) -> None:
    if result.shape != truth.shape:
        raise ValueError(f"pictures of {result.shape} and {truth.shape} cannot be compared")


def _channel_ssim(result: Floats, truth: Floats) -> float:
    x, y = result.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    variances = _local_mean(x * x + y * y) - mean_x**2 - mean_y**2
    covariance = _local_mean(x * y) - mean_x * mean_y
    similarity = (2 * mean_x * mean_y + _LUMINANCE_FLOOR) * (2 * covariance + _CONTRAST_FLOOR)
    similarity /= (mean_x**2 + mean_y**2 + _LUMINANCE_FLOOR) * (variances + _CONTRAST_FLOOR)
    return float(similarity.mean())


def _local_mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean under the window, where it lies entirely within the plane."""
    margin = WINDOW // 2
    blurred = np.empty_like(plane)
    cv2.GaussianBlur(plane, (WINDOW, WINDOW), _SIGMA, dst=blurred)
    return blurred[margin:-margin, margin:-margin]
