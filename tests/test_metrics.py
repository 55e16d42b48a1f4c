import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.metrics import WINDOW, psnr, ssim

Floats = NDArray[np.float32]


def picture(height: int = 24, width: int = 31, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


@pytest.mark.parametrize(("error", "decibels"), [(0.1, 20.0), (0.01, 40.0), (1.0, 0.0)])
def test_psnr_of_a_uniform_error(error: float, decibels: float) -> None:
    truth = np.zeros((5, 7, 3), np.float32)
    assert psnr(truth + np.float32(error), truth) == pytest.approx(decibels, abs=1e-4)


def test_equal_pictures_are_infinitely_close() -> None:
    assert psnr(picture(), picture()) == float("inf")
    assert ssim(picture(), picture()) == pytest.approx(1)


def test_ssim_is_the_papers_equation_window_by_window() -> None:
    result, truth = picture(seed=1), picture(seed=2)
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    expected = []
    for channel in range(3):
        for top in range(result.shape[0] - WINDOW + 1):
            for left in range(result.shape[1] - WINDOW + 1):
                place = slice(top, top + WINDOW), slice(left, left + WINDOW), channel
                expected.append(one_window(window, result[place], truth[place]))
    assert ssim(result, truth) == pytest.approx(np.mean(expected), abs=1e-9)


def one_window(weights: NDArray[np.float64], x: Floats, y: Floats) -> float:
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    variances = (weights * (x - mean_x) ** 2).sum() + (weights * (y - mean_y) ** 2).sum()
    covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
    luminance = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    return float(luminance * (2 * covariance + 9e-4) / (variances + 9e-4))


def test_ssim_falls_with_the_noise() -> None:
    truth = picture(40, 40)
    noise = picture(40, 40, seed=1) - np.float32(0.5)
    little, much = ssim(truth + noise / np.float32(20), truth), ssim(truth + noise, truth)
    assert 1 > little > much > 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        psnr(picture(), picture(width=30))
    with pytest.raises(ValueError, match="needs 11 x 11"):
        ssim(picture(height=10), picture(height=10))
