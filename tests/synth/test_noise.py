import math
from collections.abc import Callable
from statistics import NormalDist

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.noise import NOISES  # noqa: E402
from pairfix.synth.noise.models import (  # noqa: E402
    gaussian,
    poisson,
    poisson_and_tukey,
    tukey_quantile,
    tukey_variance,
)
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

PIXELS = 40_000
PAIRS = 200


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


def column(*values: float) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


@pytest.mark.parametrize("sampler", [gaussian, poisson, poisson_and_tukey])
def test_variance_is_affine_in_the_level(sampler: Callable[..., Tensor]) -> None:
    levels = torch.tensor([0.0, 0.05, 0.2, 0.5, 1.0])
    clean = levels.view(1, -1, 1, 1).expand(2, -1, 200, PIXELS // 200)
    shot, read = column(0.004, 0.03), column(1e-4, 1e-3)
    difference = sampler(clean, shot, read, draw()) - clean
    expected = (shot * levels.view(1, -1, 1, 1) + read).flatten(1)
    torch.testing.assert_close(difference.var(dim=(2, 3)), expected, rtol=0.05, atol=0)
    bias = difference.mean(dim=(2, 3)).abs() / (expected / PIXELS).sqrt()
    assert bias.max() < 4


def test_poisson_noise_counts_photons() -> None:
    noisy = poisson(torch.full((1, 1, 50, 50), 0.4), column(0.1), column(0.0), draw())
    torch.testing.assert_close(noisy * 10, (noisy * 10).round())


def test_frames_without_shot_noise_are_left_without() -> None:
    clean = torch.full((1, 1, 50, 50), 0.4)
    noisy = poisson(clean, column(0.0), column(0.0), draw())
    torch.testing.assert_close(noisy, clean, atol=0.005, rtol=0)


def test_tukey_quantiles() -> None:
    assert tukey_quantile(torch.tensor(0.5)) == 0
    upper, shape = 0.975, 0.09
    expected = (upper**shape - (1 - upper) ** shape) / shape
    quantiles = tukey_quantile(torch.tensor([upper, 1 - upper]))
    torch.testing.assert_close(quantiles, torch.tensor([expected, -expected]))
    heavier = tukey_quantile(torch.tensor(0.9999)) / math.sqrt(tukey_variance())
    assert heavier > NormalDist().inv_cdf(0.9999)


def test_shot_noise_of_the_short_frame_is_the_ratio_times_the_long_ones() -> None:
    ratio = draw(1).log_uniform(PAIRS, 1, 1, 1, low=2, high=16)
    noise = NOISES["sensor"].draw(torch.zeros(PAIRS, 4, 1, 1), ratio, SynthRecipe(), draw())
    torch.testing.assert_close(noise.short.shot / noise.long.shot, ratio)
    quieter = noise.short.read / noise.long.read
    assert torch.all((quieter > 0.999 * ratio) & (quieter < 1.001 * ratio**2))
    assert torch.all((noise.brightening >= 1) & (noise.brightening <= ratio * 1.001))
    assert 0.35 < (noise.brightening > 1).float().mean() < 0.65
    unraised = (noise.brightening - ratio).abs() < 0.001 * ratio
    assert 0.1 < unraised.float().mean() < 0.4


def test_physical_noise_is_that_of_its_calibration() -> None:
    """At ISO 6400 to 12800 the polynomials give green 0.12 to 0.26 photo-electrons per level."""
    noise = NOISES["physical"].draw(
        torch.zeros(PAIRS, 4, 1, 1), torch.full((PAIRS, 1, 1, 1), 8.0), SynthRecipe(), draw()
    )
    green = 1 / (1023 * noise.short.shot[:, 1])
    assert 0.117 < green.min() < 0.13
    assert 0.24 < green.max() < 0.256
    assert torch.all(noise.short.shot > noise.long.shot)
    assert torch.all(noise.short.read > noise.long.read)
    assert torch.all(noise.short.shot[:, 1] == noise.short.shot[:, 2])


def test_gopro2_has_shot_noise_in_the_dark_and_readout_noise_elsewhere() -> None:
    clean = torch.linspace(0, 1, 100).view(1, 1, 10, 10).expand(PAIRS, 3, 10, 10)
    noise = NOISES["gopro2"].draw(clean, torch.full((PAIRS, 1, 1, 1), 4.0), SynthRecipe(), draw())
    dark = noise.brightening > 1 / 0.55
    assert torch.equal(noise.short.shot > 0, dark)
    assert torch.equal(noise.short.read > 0, ~dark)
    torch.testing.assert_close(noise.short.shot[dark], noise.brightening[dark] / 100)
    readout = (noise.short.read[~dark] / noise.brightening[~dark] ** 2).sqrt()
    assert torch.all((readout > 0.0499) & (readout < 0.1001))
    assert torch.all(noise.long.read * 4 < 0.1001**2)


def test_selfir_ranges() -> None:
    ratio = torch.ones(PAIRS, 1, 1, 1)
    clean = torch.zeros(PAIRS, 3, 1, 1)
    sigma = NOISES["gaussian"].draw(clean, ratio, SynthRecipe(), draw()).short.read.sqrt() * 255
    assert 5 <= sigma.min() < 7
    assert 48 < sigma.max() <= 50.001
    photons = 1 / NOISES["poisson"].draw(clean, ratio, SynthRecipe(), draw()).short.shot
    assert 4.999 <= photons.min() < 7
    assert 48 < photons.max() <= 50.001
