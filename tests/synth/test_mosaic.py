import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix.image import Bayer  # noqa: E402
from pairfix.light import planes_from_mosaic  # noqa: E402
from pairfix.synth.mosaic import demosaic, filter_colours, packed_gains  # noqa: E402

BAYER = Bayer(pattern="RGGB", black=(0, 0, 0, 0), white=1, white_balance=(1, 1, 1))


def test_packing_is_that_of_files() -> None:
    rgb = np.random.default_rng(1).integers(0, 1000, (3, 8, 10)).astype(np.uint16)
    mosaic = rgb[1].copy()
    mosaic[0::2, 0::2] = rgb[0, 0::2, 0::2]
    mosaic[1::2, 1::2] = rgb[2, 1::2, 1::2]
    packed = filter_colours(torch.from_numpy(rgb.astype(np.float32))[None])[0]
    np.testing.assert_array_equal(packed.numpy(), planes_from_mosaic(mosaic, BAYER))


def test_gains_go_to_the_planes_of_their_colours() -> None:
    gains = torch.tensor([2.0, 1.0, 1.5]).view(1, 3, 1, 1)
    assert packed_gains(gains).flatten().tolist() == [2, 1, 1, 1.5]


def test_gradients_are_demosaiced_exactly() -> None:
    down, across = torch.meshgrid(torch.arange(24.0), torch.arange(20.0), indexing="ij")
    rgb = torch.stack([0.2 + 0.01 * down, 0.3 + 0.02 * across, 0.1 + 0.01 * (down + across)])[None]
    result = demosaic(filter_colours(rgb))
    torch.testing.assert_close(result[..., 2:-2, 2:-2], rgb[..., 2:-2, 2:-2])


def test_a_smooth_picture_is_demosaiced_nearly_exactly() -> None:
    down, across = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    grey = 0.5 + 0.4 * torch.sin(down / 9) * torch.cos(across / 7)
    rgb = torch.stack([grey, 0.8 * grey, 0.5 * grey])[None]
    error = (demosaic(filter_colours(rgb)) - rgb)[..., 2:-2, 2:-2]
    assert error.square().mean().sqrt() < 2e-3
    assert error.abs().max() < 0.01
