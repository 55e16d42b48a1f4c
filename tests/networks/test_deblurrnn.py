"""What only DeblurRNN promises."""

from typing import TYPE_CHECKING, cast

import pytest

from pairfix.networks import NETWORKS

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from pairfix.networks.deblurrnn.architecture import DeblurRNN

RNN = NETWORKS["deblurrnn"]


@pytest.fixture
def network() -> "DeblurRNN":
    torch.manual_seed(0)
    module = RNN.modules(RNN.config(channels=3, **RNN.small))["fusion"].eval()
    return cast("DeblurRNN", module)


@pytest.mark.parametrize(("width", "parameters"), [(32, 19_513_894), (64, 78_013_510)])
def test_size(width: int, parameters: int) -> None:
    with torch.device("meta"):
        module = RNN.modules(RNN.config(channels=3, width=width))["fusion"]
    assert sum(value.numel() for value in module.parameters()) == parameters


@pytest.mark.parametrize("part", [0, 1], ids=["hidden", "cell"])
def test_each_part_of_the_state_reaches_the_deblurring_net(network: "DeblurRNN", part: int) -> None:
    short, long, other = torch.rand(3, 1, 3, 16, 16)
    with torch.inference_mode():
        denoised, state = network.denoise(short)
        _, other_state = network.denoise(other)
        mixed = (other_state[0], state[1]) if part == 0 else (state[0], other_state[1])
        assert not torch.equal(
            network.deblur(denoised, long, mixed), network.deblur(denoised, long, state)
        )


def test_the_whole_network_is_denoising_then_deblurring(network: "DeblurRNN") -> None:
    short, long = torch.rand(2, 1, 3, 16, 16)
    with torch.inference_mode():
        denoised, state = network.denoise(short)
        assert denoised.shape == short.shape
        assert torch.equal(network(short, long), network.deblur(denoised, long, state))


def test_first_step_is_the_general_one_from_zeros() -> None:
    from pairfix.networks.deblurrnn.architecture import _ConvLSTM, _FirstConvLSTM  # noqa: PLC0415

    first, general = _FirstConvLSTM(4), _ConvLSTM(4)
    without_forgetting = [0, 1, 2, 3, *range(8, 16)]
    weight, bias = general.state_dict().values()
    first.load_state_dict(
        {
            "gates.weight": weight[without_forgetting, :4],
            "gates.bias": bias[without_forgetting],
        }
    )
    x, zeros = torch.rand(1, 4, 5, 6), torch.zeros(1, 4, 5, 6)
    torch.testing.assert_close(first(x), general(x, (zeros, zeros)))
