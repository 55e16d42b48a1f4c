import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pairfix.image import Planes
from pairfix.stages.tiling import pad_to_multiple, plan_tiles, smallest_tile

sizes = st.tuples(st.integers(1, 300), st.integers(1, 300))
multiples = st.sampled_from([1, 4, 16, 32])
overlaps = st.integers(0, 40)
tiles = st.integers(1, 400)


def photo(size: tuple[int, int]) -> Planes:
    return np.random.default_rng(1).random((2, *size), np.float32)


@given(sizes, tiles, multiples, overlaps)
def test_tiles_put_together_give_the_photo_back(
    size: tuple[int, int], tile: int, multiple: int, overlap: int
) -> None:
    plan = plan_tiles(size, tile, multiple, overlap)
    planes = photo(size)
    canvas = np.zeros_like(planes)
    for index in range(len(plan)):
        plan.paste(plan.cut(planes, index), index, canvas)
    np.testing.assert_allclose(canvas, planes, rtol=1e-5)


@given(sizes, tiles, multiples, overlaps)
def test_tiles_start_on_the_networks_grid_and_have_sizes_it_takes(
    size: tuple[int, int], tile: int, multiple: int, overlap: int
) -> None:
    plan = plan_tiles(size, tile, multiple, overlap)
    for axis in (plan.rows, plan.columns):
        assert axis.length % multiple == 0
        assert all(start % multiple == 0 for start in axis.starts)
        assert axis.length <= max(tile, smallest_tile(multiple, overlap))


@given(sizes, tiles, multiples, overlaps)
def test_neighbours_overlap_by_the_context_of_both(
    size: tuple[int, int], tile: int, multiple: int, overlap: int
) -> None:
    plan = plan_tiles(size, tile, multiple, overlap)
    for axis in (plan.rows, plan.columns):
        for left, right in zip(axis.starts, axis.starts[1:], strict=False):
            assert left + axis.length - right >= 2 * overlap


@given(sizes, tiles, multiples, overlaps)
def test_tiles_reach_the_padded_border_and_not_beyond(
    size: tuple[int, int], tile: int, multiple: int, overlap: int
) -> None:
    plan = plan_tiles(size, tile, multiple, overlap)
    for axis, side in zip((plan.rows, plan.columns), size, strict=True):
        assert axis.starts[0] == 0
        assert axis.starts[-1] + axis.length == -(-side // multiple) * multiple


def test_a_photo_that_fits_is_one_tile() -> None:
    assert len(plan_tiles((100, 120), 128, 32, 16)) == 1


def test_tiles_share_the_photo_evenly_rather_than_leaving_a_sliver() -> None:
    plan = plan_tiles((130, 130), 128, 1, 8)
    assert plan.tile_size == (81, 81)


@given(sizes, multiples)
def test_padding_reflects_and_keeps_the_photo_in_its_corner(
    size: tuple[int, int], multiple: int
) -> None:
    planes = photo(size)
    padded = pad_to_multiple(planes, multiple)
    assert padded.shape[1] % multiple == 0
    assert padded.shape[2] % multiple == 0
    np.testing.assert_array_equal(padded[:, : size[0], : size[1]], planes)
