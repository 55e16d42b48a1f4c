import pytest

torch = pytest.importorskip("torch")

from pairfix.synth.camera import untone  # noqa: E402
from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.scene import light_up, scene_light  # noqa: E402

SIZE = 64


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


def test_clipped_highlights_get_light_back_and_the_rest_none() -> None:
    light = torch.tensor([0.4, 0.89, 1.0]).view(1, 1, 1, 3).repeat(SIZE, 3, 1, 1)
    lifted = scene_light(light, 1.0, draw())
    torch.testing.assert_close(lifted[..., :2], untone(light[..., :2]))
    assert torch.all(lifted[..., 2] >= 0.99)
    assert lifted[..., 2].max() > 5
    torch.testing.assert_close(scene_light(light, 0.0, draw()), light)


def test_bright_places_are_lifted_when_they_are_compact() -> None:
    photos = 0.3 * torch.ones(1, 3, SIZE, SIZE)
    photos[..., 30:34, 30:34] = 1
    assert light_up(photos, 1.0, draw(1))[..., 31:33, 31:33].min() > 1.5
    everywhere = light_up(torch.ones(1, 3, SIZE, SIZE), 1.0, draw(1))
    assert everywhere.quantile(0.2) == 1
