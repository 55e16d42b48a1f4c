"""The configuration, encoder and decoder of DeblurMerger and DeblurRNN."""

from typing import Any

import pytest

from pairfix.networks import NETWORKS, Network
from pairfix.networks.strided_unet import StridedUNetConfig

both_networks = pytest.mark.parametrize(
    "network", [NETWORKS["deblurmerger"], NETWORKS["deblurrnn"]], ids=lambda network: network.name
)


def test_widths_double_up_to_eightfold() -> None:
    assert StridedUNetConfig().widths == (32, 64, 128, 256, 256)
    assert StridedUNetConfig(width=8, depth=2).widths == (8, 16)


@pytest.mark.parametrize(
    "wrong", [{"channels": 1}, {"width": 0}, {"depth": 0}, {"dropout": 1.0}, {"dropout": -0.1}]
)
def test_configuration_refuses_nonsense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        StridedUNetConfig(**wrong)


def test_features_halve_and_the_picture_is_as_large_as_the_input() -> None:
    torch = pytest.importorskip("torch")
    from pairfix.networks.strided_unet_layers import Decoder, Encoder  # noqa: PLC0415

    config = StridedUNetConfig(channels=3, width=4, depth=3)
    *skips, smallest = Encoder(6, config)(torch.rand(1, 6, 16, 40))
    assert [tuple(x.shape) for x in skips] == [(1, 4, 8, 20), (1, 8, 4, 10)]
    assert tuple(smallest.shape) == (1, 16, 2, 5)
    assert Decoder(16, 1, config)(smallest, skips).shape == (1, 3, 16, 40)


@both_networks
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_overlap_is_the_receptive_field(network: Network, depth: int) -> None:
    torch = pytest.importorskip("torch")
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
    torch = pytest.importorskip("torch")
    module = network.modules(network.config(channels=3, **network.small))["fusion"]
    pair = torch.rand(2, 1, 3, 16, 16)
    with torch.no_grad():
        assert not torch.equal(module.train()(*pair), module(*pair))
        assert torch.equal(module.eval()(*pair), module(*pair))
