import math
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from pairfix.train.losses import (  # noqa: E402
    PIXEL_LOSSES,
    dark_channel,
    dark_channel_loss,
    discriminator_loss,
    generator_loss,
    gradient_loss,
    l2,
    sobel,
    ssim_map,
)

if TYPE_CHECKING:
    from torch import Tensor

    from pairfix.train.objectives import PixelLossName


def noise(*shape: int, seed: int = 0) -> "Tensor":
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("l1", 0.5), ("l2", 0.25), ("charbonnier", math.hypot(0.5, 0.001))],
)
def test_pixel_losses_of_a_constant_difference(name: "PixelLossName", expected: float) -> None:
    target = noise(2, 3, 4, 5)
    assert PIXEL_LOSSES[name](target + 0.5, target).item() == pytest.approx(expected, rel=1e-5)


def test_losses_of_half_precision_pictures_are_exact() -> None:
    first, second = noise(1, 3, 8, 8).bfloat16(), noise(1, 3, 8, 8, seed=1).bfloat16()
    for loss in (*PIXEL_LOSSES.values(), gradient_loss, dark_channel_loss):
        assert torch.equal(loss(first, second), loss(first.float(), second.float()))


def test_weights_say_what_each_square_counts() -> None:
    difference = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2)
    weight = torch.tensor([1.0, 0.0, 0.5, 0.25]).view(1, 1, 2, 2)
    expected = (1 * 1 + 0 * 4 + 0.5 * 9 + 0.25 * 16) / 4
    assert l2(difference, torch.zeros(1), weight).item() == pytest.approx(expected)


def test_sobel_of_a_step_and_of_ramps() -> None:
    step = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(3, 1).view(1, 1, 3, 4)
    horizontal, vertical = sobel(step)
    assert horizontal.flatten().tolist() == [4, 4]
    assert vertical.flatten().tolist() == [0, 0]
    rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(6.0), indexing="ij")
    horizontal, vertical = sobel((3 * columns - 2 * rows)[None, None])
    assert torch.equal(horizontal, torch.full((1, 1, 3, 4), 24.0))
    assert torch.equal(vertical, torch.full((1, 1, 3, 4), -16.0))


def test_gradient_loss_adds_both_directions_and_ignores_brightness() -> None:
    target = noise(2, 4, 6, 7)
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(7.0), indexing="ij")
    assert gradient_loss(target + 0.3, target).item() == pytest.approx(0, abs=1e-6)
    ramps = 0.5 * columns - 0.25 * rows
    assert gradient_loss(target + ramps, target).item() == pytest.approx(8 * 0.75, rel=1e-5)


def test_dark_channel_by_hand() -> None:
    picture = torch.ones(1, 4, 5, 5)
    picture[0, 2, 0, 0] = 0.25
    picture[0, 1, 3, 4] = 0.5
    expected = torch.ones(5, 5)
    expected[2:, 3:] = 0.5
    expected[:2, :2] = 0.25
    assert torch.equal(dark_channel(picture, 3)[0, 0], expected)


def test_dark_channel_loss_is_the_mean_square_of_what_the_darkest_planes_differ_by() -> None:
    target = torch.full((1, 3, 20, 20), 0.5)
    restored = target.clone()
    restored[:, 0] += 0.25
    assert dark_channel_loss(restored, target).item() == 0
    restored -= 0.125
    assert dark_channel_loss(restored, target).item() == pytest.approx(0.125**2)


def test_ssim_is_that_of_the_definition() -> None:
    first, second = noise(1, 1, 11, 11), noise(1, 1, 11, 11, seed=1)
    offsets = torch.arange(11.0) - 5
    window = torch.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    x, y = first[0, 0], second[0, 0]
    mean_x, mean_y = (window * x).sum(), (window * y).sum()
    variance_x = (window * (x - mean_x) ** 2).sum()
    variance_y = (window * (y - mean_y) ** 2).sum()
    covariance = (window * (x - mean_x) * (y - mean_y)).sum()
    expected = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    expected *= (2 * covariance + 9e-4) / (variance_x + variance_y + 9e-4)
    assert ssim_map(first, second).item() == pytest.approx(expected.item(), abs=1e-5)


def test_ssim_of_a_picture_with_itself_is_one() -> None:
    picture = noise(2, 3, 16, 20)
    assert torch.allclose(ssim_map(picture, picture), torch.ones(2, 3, 6, 10))


def test_ssim_is_exact_under_autocast() -> None:
    first, second = noise(1, 1, 24, 24), noise(1, 1, 24, 24, seed=1)
    with torch.autocast("cpu", torch.bfloat16):
        inside = ssim_map(first, second)
    assert torch.equal(inside, ssim_map(first, second))


def test_adversarial_losses_are_those_of_the_paper() -> None:
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])
    d_real, d_fake = real.sigmoid(), fake.sigmoid()
    expected = -(d_real.log().mean() + (1 - d_fake).log().mean())
    assert discriminator_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-5)
    assert generator_loss(fake).item() == pytest.approx((1 - d_fake).log().mean().item(), rel=1e-5)


def test_adversarial_losses_stay_finite_where_the_discriminator_is_sure() -> None:
    sure = torch.tensor([1e4])
    assert discriminator_loss(-sure, sure).isfinite()
    assert generator_loss(sure).isfinite()
