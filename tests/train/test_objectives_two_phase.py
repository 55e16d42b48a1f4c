"""Pairs reduced by factors of their own, and D2HNet's two phases over them."""

from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.train.fusion import average_areas  # noqa: E402
from pairfix.train.losses import l1  # noqa: E402
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings  # noqa: E402
from pairfix.train.objectives.two_phase import (  # noqa: E402
    DrawnReduction,
    draw_factors,
)
from tests.train.fakes import small_fusion, smooth_pairs  # noqa: E402

if TYPE_CHECKING:
    from torch import Generator, Tensor


def generator(seed: int = 0) -> "Generator":
    return torch.Generator().manual_seed(seed)


def reduction(*factors: tuple[float, float], least: float = 2, multiple: int = 4) -> DrawnReduction:
    return DrawnReduction(torch.tensor(factors), (48, 64), least, multiple)


def picture(count: int = 1) -> "Tensor":
    return torch.rand(count, 4, 48, 64, generator=generator(1))


def test_half_the_factors_are_the_least_and_the_others_reach_to_four() -> None:
    factors = draw_factors(4000, 2, generator())
    least = (factors == 2).all(dim=1)
    assert least.float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert factors.min() == 2
    assert 3.9 < factors[~least].amin(dim=1).max() <= 4
    ratios = factors[:, 0] / factors[:, 1]
    assert 1.3 < ratios.max() <= 4 / 3
    assert 0.75 <= ratios.min() < 0.77


def test_factors_stay_at_the_least_where_that_is_more_than_four() -> None:
    factors = draw_factors(100, 6, generator())
    assert factors.min() == 6
    assert factors.max() <= 6 * (4 / 3) ** 0.5 + 1e-3


def test_whole_factors_average_whole_pixels() -> None:
    x = picture(2)
    drawn = reduction((2, 2), (4, 2))
    small = drawn.down(x)
    assert small.shape == (2, 4, 24, 32)
    assert torch.allclose(small[0], functional.avg_pool2d(x[0], 2), atol=1e-6)
    assert torch.allclose(small[1, :, :12], functional.avg_pool2d(x[1], (4, 2)), atol=1e-6)
    assert drawn.inside[0].all()
    assert drawn.inside[1, 0, :12].all()
    assert not drawn.inside[1, 0, 12:].any()


def test_fractional_factors_average_like_the_photo_that_is_restored() -> None:
    x = picture()
    drawn = reduction((48 / 20, 64 / 25))
    expected = average_areas(x, (20, 25))
    assert torch.allclose(drawn.down(x)[..., :20, :25], expected, atol=1e-5)
    assert drawn.inside.sum() == 20 * 25
    up = functional.interpolate(expected, (48, 64), mode="bilinear")
    assert torch.allclose(drawn.up(drawn.down(x)), up, atol=1e-5)


def test_the_last_pixels_are_repeated_beyond_the_edge() -> None:
    small = reduction((3.7, 2)).down(picture())
    last = -(-48 // 3.7) - 1
    beyond = small[..., int(last) :, :]
    assert torch.allclose(beyond, beyond[..., :1, :].expand_as(beyond), atol=1e-6)


def test_reduced_sides_are_multiples() -> None:
    small = reduction((2, 2), multiple=16).down(picture())
    assert small.shape == (1, 4, 32, 32)
    assert small.isfinite().all()


def test_averaging_stays_exact_under_autocast() -> None:
    drawn, x = reduction((2.5, 3.1)), picture()
    with torch.autocast("cpu", torch.bfloat16):
        inside = drawn.up(drawn.down(x))
    assert torch.equal(inside, drawn.up(drawn.down(x)))


def test_both_phases_compare_what_they_train_with_the_truth() -> None:
    network = NETWORKS["d2hnet"]
    config = network.config(**network.small, resolution=(16, 16), reduction=2)
    fusion = small_fusion("d2hnet", resolution=(16, 16), reduction=2)
    settings = ObjectiveSettings()
    first, second = OBJECTIVES["two-phase"].build(fusion, network, config, settings, generator())
    assert (first.name, first.learning_rate, first.betas) == ("deblur", 1e-4, (0.5, 0.999))
    assert (second.name, second.learning_rate, second.betas) == ("enhance", 5e-5, (0.5, 0.999))
    batch = smooth_pairs(generator(1), crop=32)
    at_least = next(seed for seed in range(100) if (draw_factors(2, 2, generator(seed)) == 2).all())
    deblur = fusion.modules_by_graph["deblur"]
    small = [functional.avg_pool2d(x, 2) for x in (batch.short, batch.long, batch.truth)]
    expected = 100 * l1(deblur(*small[:2]), small[2])
    loss = first.objective.losses("deblur", batch, generator(at_least))["deblur"]
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    expected = 100 * l1(fusion(batch.sources), batch.truth)
    loss = second.objective.losses("enhance", batch, generator(at_least))["enhance"]
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
