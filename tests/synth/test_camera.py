import pytest

torch = pytest.importorskip("torch")

from pairfix.synth.camera import Camera, tone, untone  # noqa: E402
from pairfix.synth.draw import Draw  # noqa: E402

COUNT = 64


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


@pytest.fixture
def camera() -> Camera:
    return Camera.draw(COUNT, draw())


def test_the_tone_curve_is_undone() -> None:
    light = torch.linspace(0, 1, 101)
    torch.testing.assert_close(untone(tone(light)), light, atol=2e-4, rtol=0)
    assert untone(torch.tensor(5.0)) == 5


def test_white_stays_neutral(camera: Camera) -> None:
    seen = camera.see(torch.ones(COUNT, 3, 2, 2))
    torch.testing.assert_close(seen, camera.exposure.expand_as(seen))


def test_every_channel_saturates_at_white_or_above(camera: Camera) -> None:
    assert camera.gains.min() >= 1
    assert torch.all(camera.gains[:, 1] == 1)


def test_developing_undoes_what_the_camera_saw(camera: Camera) -> None:
    light = 0.3 + 0.4 * torch.rand((COUNT, 3, 4, 4), generator=draw(1).generator)
    developed = camera.develop(camera.see(light), toned=torch.zeros_like(camera.toned))
    unclipped = (camera.see(light) < 1).all(dim=1, keepdim=True)
    difference = (developed - light * camera.exposure).abs() * unclipped
    assert difference.max() < 1e-5


def test_cameras_see_saturated_colours_duller(camera: Camera) -> None:
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(COUNT, 3, 1, 1)
    seen = camera.see(red) / camera.exposure
    assert torch.all(seen[:, 0] < 1)
    assert torch.all(seen >= 0)
