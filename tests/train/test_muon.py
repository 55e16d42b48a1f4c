from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from pairfix.train.loop import Loop  # noqa: E402
from pairfix.train.muon import Muon, takes  # noqa: E402
from tests.train.fakes import small_loop, small_recipe  # noqa: E402

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter


def run(loop: Loop, stop_after: int | None = None) -> None:
    loop.run(stop=lambda: loop.step == stop_after, report=lambda _: None, review=lambda: None)


def weight(*shape: int, seed: int = 0) -> "Parameter":
    generator = torch.Generator().manual_seed(seed)
    parameter = torch.nn.Parameter(torch.zeros(shape))
    parameter.grad = torch.randn(shape, generator=generator)
    return parameter


def step(parameter: "Parameter", rate: float = 1.0) -> "Tensor":
    optimiser = Muon([parameter])
    optimiser.param_groups[0]["lr"] = rate
    optimiser.step()
    return parameter.detach()


@pytest.mark.parametrize("shape", [(24, 16, 3, 3), (160, 16, 3, 3), (32, 48, 1, 1)])
def test_all_directions_of_a_convolution_move_about_equally(shape: tuple[int, ...]) -> None:
    moved = step(weight(*shape)).flatten(1)
    values = torch.linalg.svdvals(moved / (0.2 * max(moved.shape) ** 0.5))
    assert values.min() > 0.5
    assert values.max() < 1.3


@pytest.mark.parametrize("shape", [(24, 16, 3, 3), (160, 16, 3, 3)])
def test_the_update_is_as_large_as_one_of_adam(shape: tuple[int, ...]) -> None:
    moved = step(weight(*shape), rate=1e-3)
    assert moved.square().mean().sqrt() == pytest.approx(0.2e-3, rel=0.25)


def test_the_loss_falls_along_the_step() -> None:
    parameter = weight(24, 16, 3, 3)
    gradient = parameter.grad
    assert gradient is not None
    assert (step(parameter) * gradient).sum() < 0


def test_memory_order_changes_nothing() -> None:
    plain, last = weight(24, 16, 3, 3), weight(24, 16, 3, 3)
    last.data = last.data.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(step(last), step(plain))


def test_a_step_that_is_not_finite_leaves_weights_and_momentum_alone() -> None:
    parameter = weight(24, 16, 3, 3)
    optimiser = Muon([parameter])
    optimiser.param_groups[0]["lr"] = 1.0
    optimiser.step()
    before = parameter.detach().clone()
    momentum = optimiser.state[parameter]["momentum"].clone()
    parameter.grad = torch.full_like(parameter, torch.nan)
    optimiser.found_inf = torch.ones(())
    optimiser.step()
    assert torch.equal(parameter, before)
    assert torch.equal(optimiser.state[parameter]["momentum"], momentum)


def test_it_takes_wide_convolutions_only() -> None:
    assert takes(weight(16, 16, 1, 1))
    assert not takes(weight(16, 1, 3, 3))
    assert not takes(weight(8, 64, 3, 3))
    assert not takes(weight(64, 64))


def test_training_with_it_learns_and_goes_on_to_the_bit() -> None:
    recipe = small_recipe(steps=8, learning_rate=5e-3, optimiser="muon")
    whole, first, second = (small_loop(recipe, width=16) for _ in range(3))
    run(whole)
    run(first, stop_after=4)
    second.load_state_dict(first.state_dict())
    run(second)
    losses = [each.losses["network/supervised"] for each in whole.losses]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    expected, found = whole.fusion.state_dict(), second.fusion.state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
