from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from pairfix.image import Bayer  # noqa: E402
from pairfix.light import planes_from_mosaic  # noqa: E402
from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.mosaic import Readout, demosaic, filter_colours, packed_gains  # noqa: E402
from pairfix.synth.noise.models import FrameNoise, gaussian  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

BAYER = Bayer(pattern="RGGB", black=(0, 0, 0, 0), white=1, white_balance=(1, 1, 1))


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


def value(number: float) -> Tensor:
    return torch.full((1, 1, 1, 1), number)


def readout(**fields: float) -> Readout:
    """A 10-bit sensor without defects, but for the fields given."""
    plain = {"row_noise": 0.0, "hot_share": 0.0, "white": 959.0, "black": 64.0}
    return Readout(**{name: value(number) for name, number in (plain | fields).items()})


def noise(deviation: float) -> FrameNoise:
    return FrameNoise(value(0.0), value(deviation**2), gaussian)


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


def test_noise_in_the_dark_is_not_cut_off() -> None:
    frame = readout().read(torch.zeros(1, 4, 100, 100), noise(0.01), draw())
    assert frame.min() < -0.02
    assert abs(frame.mean()) < 0.01 / 200 * 4
    assert abs(frame.std() - 0.01) < 5e-4


def test_numbers_end_at_white_and_at_zero() -> None:
    light = torch.tensor([-10.0, 10.0]).view(1, 1, 1, 2).expand(1, 4, 10, 2)
    frame = readout().read(light, noise(0.01), draw())
    assert torch.all(frame[..., 1] == 1)
    torch.testing.assert_close(frame[..., 0], torch.full_like(frame[..., 0], -64 / 959))


def test_levels_are_those_of_the_depth() -> None:
    steps = readout().read(torch.rand(1, 4, 50, 50), noise(0.01), draw()) * 959
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)


def test_a_frame_to_be_brightened_keeps_its_highlights_and_has_coarser_levels() -> None:
    light = torch.linspace(0, 6, 400).view(1, 1, 20, 20).expand(1, 4, 20, 20)
    frame = readout().read(light, noise(0.01), draw(), saturation=value(4.0))
    assert frame.max() == 4
    steps = frame * 959 / 4
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)


def test_row_noise_is_common_to_a_sensor_row() -> None:
    frame = readout(row_noise=1.0, white=2.0**20, black=2.0**16).read(
        torch.zeros(1, 4, 200, 64), noise(1e-2), draw()
    )
    rows = frame.mean(dim=3)[0]
    assert abs(rows.std() - 1e-2) < 1.5e-3
    together = torch.corrcoef(rows)
    assert together[0, 1] > 0.9
    assert together[2, 3] > 0.9
    assert abs(together[0, 2]) < 0.25


def test_hot_pixels_are_few_and_up_to_white() -> None:
    frame = readout(hot_share=1e-3).read(torch.zeros(1, 4, 300, 300), noise(1e-4), draw())
    hot = frame > 0.01
    assert 2e-4 < hot.float().mean() < 2e-3
    assert 0.8 < frame.max() <= 1
    weaker = readout(hot_share=1e-3).read(
        torch.zeros(1, 4, 300, 300), noise(1e-4), draw(), heat=value(0.1)
    )
    assert 0.08 < weaker.max() <= 0.1005


def test_sensors_differ_as_the_recipe_says() -> None:
    drawn = Readout.draw(400, replace(SynthRecipe(), row_noise=0.5, hot_pixels=0.0), draw())
    assert 0.4 < (drawn.row_noise > 0).float().mean() < 0.6
    assert torch.all(drawn.hot_share == 0)
    depths = (drawn.white + drawn.black + 1).log2()
    assert set(depths.flatten().tolist()) == {10, 12, 14}
