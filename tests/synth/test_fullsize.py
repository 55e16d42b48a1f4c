import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.synth.photos import photo  # noqa: E402
from torch import Generator  # noqa: E402

from pairfix.synth.fullsize import displace, expose_photo, largest_size  # noqa: E402
from pairfix.synth.optics import Exposed  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

STILL = SynthRecipe(blur=(0, 0), gap=(0, 0), objects=0, lights=0, samples=2)


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.mark.parametrize("size", [(100, 160), (160, 100)])
def test_frames_of_any_shape_show_a_piece_of_the_photo(size: tuple[int, int]) -> None:
    source = photo((200, 220))
    exposed = expose_photo(source, size, STILL, 0.0, generator()).exposed
    assert exposed.long.shape == exposed.sharp.shape == (1, 3, *size)
    torch.testing.assert_close(exposed.long, exposed.sharp, atol=2e-3, rtol=0)
    again = expose_photo(source, size, STILL, 0.0, generator()).exposed
    assert torch.equal(again.long, exposed.long)


def test_the_largest_size_leaves_room_for_motion() -> None:
    recipe = SynthRecipe(blur=(0, 20))
    height, width = largest_size((200, 221), recipe, 4)
    assert 0 < height < width < 221
    assert height % 2 == width % 2 == 0
    assert width - height == 20
    exposed = expose_photo(photo((200, 221)), (height, width), recipe, 4, generator()).exposed
    assert exposed.sharp.shape[2:] == (height, width)
    assert largest_size((40, 40), recipe, 4)[0] <= 0


def test_the_matrix_leads_from_the_sharp_frame_to_the_long_one() -> None:
    light = torch.from_numpy(photo((160, 200)).astype(np.float32) / 255).permute(2, 0, 1)[None]
    moved = displace(Exposed(long=light, sharp=light), 5.0, generator(3))
    assert moved.exposed.sharp.shape == (1, 3, 128, 168)
    assert np.abs(moved.matrix - np.eye(3)).max() > 1
    long, sharp = (
        frame[0].permute(1, 2, 0).numpy() for frame in (moved.exposed.long, moved.exposed.sharp)
    )
    aligned = cv2.warpPerspective(
        long, moved.matrix, (168, 128), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    inner = slice(20, -20)
    before, after = (np.abs(frame - sharp)[inner, inner].mean() for frame in (long, aligned))
    assert after < 0.1 * before
