"""DeblurMerger and DeblurRNN, their configuration, encoder and decoder."""

import pytest

from pairfix.networks import NETWORKS, Network

torch = pytest.importorskip("torch")

from pairfix.networks.strided_unet import StridedUNetConfig  # noqa: E402
from pairfix.networks.strided_unet.architecture import (  # noqa: E402
    DeblurRNN,
    Decoder,
    Encoder,
    _ConvLSTM,
    _FirstConvLSTM,
)

MERGER, RNN = NETWORKS["deblurmerger"], NETWORKS["deblurrnn"]

both_networks = pytest.mark.parametrize("network", [MERGER, RNN], ids=lambda network: network.name)


@pytest.fixture
def rnn() -> DeblurRNN:
    torch.manual_seed(0)
    module = RNN.modules(RNN.config(channels=3, **RNN.small))["fusion"].eval()
    assert isinstance(module, DeblurRNN)
    return module


@pytest.mark.parametrize(
    ("network", "width", "parameters"),
    [
        (MERGER, 32, 11_943_555),
        (MERGER, 64, 47_746_307),
        (RNN, 32, 19_513_894),
        (RNN, 64, 78_013_510),
    ],
)
def test_size(network: Network, width: int, parameters: int) -> None:
    with torch.device("meta"):
        module = network.modules(network.config(channels=3, width=width))["fusion"]
    assert sum(value.numel() for value in module.parameters()) == parameters


def test_widths_double_up_to_eightfold() -> None:
    assert StridedUNetConfig().widths == (32, 64, 128, 256, 256)
    assert StridedUNetConfig(width=8, depth=2).widths == (8, 16)


def test_features_halve_and_the_picture_is_as_large_as_the_input() -> None:
    config = StridedUNetConfig(channels=3, width=4, depth=3)
    *skips, smallest = Encoder(6, config)(torch.rand(1, 6, 16, 40))
    assert [tuple(x.shape) for x in skips] == [(1, 4, 8, 20), (1, 8, 4, 10)]
    assert tuple(smallest.shape) == (1, 16, 2, 5)
    assert Decoder(16, 1, config)(smallest, skips).shape == (1, 3, 16, 40)


@both_networks
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_overlap_is_the_receptive_field(network: Network, depth: int) -> None:
    config = network.config(channels=3, width=2, depth=depth)
    (graph,) = network.graphs(config)
    module = network.modules(config)["fusion"].eval()
    middle = (graph.overlap // graph.multiple + 1) * graph.multiple
    pair = torch.rand(2, 1, 3, 2 * graph.multiple, 2 * middle, requires_grad=True)
    output = module(*pair)

    reach = 0
    for column in range(middle - graph.multiple, middle):
        (gradient,) = torch.autograd.grad(output[..., column].sum(), pair, retain_graph=True)
        seen = gradient.abs().sum((0, 1, 2, 3)).nonzero()
        reach = max(reach, column - int(seen.min()), int(seen.max()) - column)

    assert graph.overlap - graph.multiple < reach <= graph.overlap


@both_networks
def test_dropout_acts_in_training_only(network: Network) -> None:
    module = network.modules(network.config(channels=3, **network.small))["fusion"]
    pair = torch.rand(2, 1, 3, 16, 16)
    with torch.no_grad():
        assert not torch.equal(module.train()(*pair), module(*pair))
        assert torch.equal(module.eval()(*pair), module(*pair))


@pytest.mark.parametrize("encoder", ["short_encoder", "long_encoder"])
def test_features_of_both_exposures_skip_to_the_decoder(encoder: str) -> None:
    torch.manual_seed(0)
    module = MERGER.modules(MERGER.config(channels=3, **MERGER.small))["fusion"].eval()
    pair = torch.rand(2, 1, 3, 16, 16)
    with torch.inference_mode():
        before = module(*pair)
        module.get_parameter(f"{encoder}.blocks.2.conv.weight").zero_()
        bottleneck_cut = module(*pair)
        module.get_parameter(f"{encoder}.blocks.0.conv.weight").zero_()
        skips_cut = module(*pair)
    assert not torch.equal(before, bottleneck_cut)
    assert not torch.equal(bottleneck_cut, skips_cut)


@pytest.mark.parametrize("part", [0, 1], ids=["hidden", "cell"])
def test_each_part_of_the_state_reaches_the_deblurring_net(rnn: DeblurRNN, part: int) -> None:
    short, long, other = torch.rand(3, 1, 3, 16, 16)
    with torch.inference_mode():
        denoised, state = rnn.denoise(short)
        _, other_state = rnn.denoise(other)
        mixed = (other_state[0], state[1]) if part == 0 else (state[0], other_state[1])
        assert not torch.equal(rnn.deblur(denoised, long, mixed), rnn.deblur(denoised, long, state))


def test_first_step_is_the_general_one_from_zeros() -> None:
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
