import numpy as np
import pytest

from pairfix.score.sampling import REDUCED, SAMPLINGS


@pytest.mark.parametrize("size", [(97, 5000), (1024, 1536), (3024, 4032), (5759, 97)])
def test_tiles_cover_the_photo_once_and_begin_on_blocks(size: tuple[int, int]) -> None:
    height, width = size
    places = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    pixels = places.view(np.uint16).reshape(height, width, 2)
    tiles = SAMPLINGS["NIQE"].views(pixels)
    seen = [np.ascontiguousarray(tile).view(np.uint32)[..., 0] for tile in tiles]
    assert np.array_equal(np.sort(np.concatenate([each.ravel() for each in seen])), places.ravel())
    for each in seen:
        top, left = divmod(int(each[0, 0]), width)
        assert top % 96 == left % 96 == 0
        assert max(each.shape) <= 1920


def test_a_small_photo_is_scored_whole() -> None:
    pixels = np.zeros((300, 200, 3), np.uint8)
    for sampling in SAMPLINGS.values():
        (view,) = sampling.views(pixels)
        assert view.shape == pixels.shape


def test_patches_are_evenly_spread_without_overlap() -> None:
    pixels = np.zeros((1000, 4000, 3), np.uint16)
    pixels[:, :, 0] = np.arange(4000)
    pixels[:, :, 1] = np.arange(1000)[:, None]
    patches = SAMPLINGS["NRQM"].views(pixels)
    corners = [tuple(int(value) for value in patch[0, 0, :2]) for patch in patches]
    assert corners == [(904, 154), (2712, 154), (904, 462), (2712, 462)]
    assert {patch.shape for patch in patches} == {(384, 384, 3)}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_learned_metrics_get_a_reduction_of_the_same_type(dtype: type[np.uint8]) -> None:
    (view,) = REDUCED.views(np.full((1500, 3000, 3), 200, dtype))
    assert view.shape == (512, 1024, 3)
    assert view.dtype == dtype
    assert np.all(view == 200)
