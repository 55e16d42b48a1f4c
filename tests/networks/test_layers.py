"""Layers that networks share, and the norms that are folded away for use."""

from typing import TYPE_CHECKING

import pytest

from pairfix.networks import NETWORKS

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pairfix.networks.layers import (  # noqa: E402
    ConvBlock,
    add_norms,
    convolve_exactly,
    fold_norms,
)

if TYPE_CHECKING:
    from torch import Tensor

normalised_networks = pytest.mark.parametrize("name", ["deblurmerger", "deblurrnn"])


def small_network(name: str) -> nn.Module:
    network = NETWORKS[name]
    return network.modules(network.config(channels=3, **network.small))["fusion"]


def train_a_little(trainable: nn.Module, inputs: list["Tensor"]) -> None:
    """Move weights, singular vectors and running statistics away from where they began."""
    optimiser = torch.optim.SGD(trainable.parameters(), 0.01)
    for _ in range(5):
        optimiser.zero_grad()
        trainable(*inputs).square().mean().backward()
        optimiser.step()


@normalised_networks
def test_folded_network_computes_what_the_trained_one_does(name: str) -> None:
    torch.manual_seed(0)
    plain = small_network(name)
    inputs = [torch.rand(2, 3, 32, 48) for _ in range(2)]
    trained = add_norms(plain)
    train_a_little(trained, inputs)

    plain.eval().load_state_dict(fold_norms(trained))

    with torch.inference_mode():
        torch.testing.assert_close(plain(*inputs), trained.eval()(*inputs), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["Conv2d", "ConvTranspose2d"])
def test_folded_convolution_computes_what_the_trained_one_does(kind: str) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(ConvBlock(getattr(nn, kind)(3, 5, 5, stride=2)))
    x = torch.randn(4, 3, 16, 16)
    trained = add_norms(plain)
    train_a_little(trained, [x])
    with torch.inference_mode():
        untrained = plain.eval()(x)

    plain.load_state_dict(fold_norms(trained))

    with torch.inference_mode():
        expected = trained.eval()(x)
        torch.testing.assert_close(plain(x), expected, atol=1e-5, rtol=0)
    assert (untrained - expected).abs().max() > 0.1


def test_folding_leaves_the_trained_network_as_it_is() -> None:
    trained = add_norms(nn.Sequential(ConvBlock(nn.Conv2d(3, 5, 5))))
    before = {key: value.clone() for key, value in trained.state_dict().items()}
    fold_norms(trained)
    assert trained.training
    torch.testing.assert_close(dict(trained.state_dict()), before)


@normalised_networks
def test_every_block_but_an_encoder_s_first_is_normalised(name: str) -> None:
    plain = small_network(name)
    for path, module in add_norms(plain).named_modules():
        if path.endswith(".norm"):
            first = path.endswith("encoder.blocks.0.norm")
            assert isinstance(module, nn.Identity if first else nn.BatchNorm2d)


def test_norms_are_added_to_a_copy() -> None:
    block = nn.Sequential(ConvBlock(nn.Conv2d(3, 5, 5))).eval()
    keys = set(block.state_dict())
    assert keys == {"0.conv.weight", "0.conv.bias"}
    assert add_norms(block).state_dict().keys() > {"0.conv.bias", "0.norm.weight"}
    assert set(block.state_dict()) == keys
    assert not block.training


@pytest.mark.parametrize("autocast", [False, True])
def test_the_layer_that_makes_the_picture_computes_in_float32(autocast: bool) -> None:  # noqa: FBT001
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 3, 3, padding=1)
    x = torch.rand(1, 4, 16, 16)
    with torch.inference_mode():
        expected = conv(x)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            output = convolve_exactly(x.bfloat16() if autocast else x, conv)
    assert output.dtype == torch.float32
    torch.testing.assert_close(output, expected, atol=1e-2 if autocast else 1e-6, rtol=0)
    assert (output != output.bfloat16().float()).float().mean() > 0.9
