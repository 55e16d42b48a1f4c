import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pairfix.networks.layers import convolve_exactly  # noqa: E402


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
