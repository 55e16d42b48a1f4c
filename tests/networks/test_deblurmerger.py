"""What only DeblurMerger promises."""

import pytest

from pairfix.networks import NETWORKS

torch = pytest.importorskip("torch")

MERGER = NETWORKS["deblurmerger"]


@pytest.mark.parametrize(("width", "parameters"), [(32, 11_943_555), (64, 47_746_307)])
def test_size(width: int, parameters: int) -> None:
    with torch.device("meta"):
        module = MERGER.modules(MERGER.config(channels=3, width=width))["fusion"]
    assert sum(value.numel() for value in module.parameters()) == parameters


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
