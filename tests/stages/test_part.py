"""A crop is the same part of the whole result."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.errors import OutputError
from pairfix.formats.orientation import turn_upright
from pairfix.image import AlignedPair, Bayer, Box, Frame, Fused
from pairfix.light import planes_from_frame
from pairfix.networks import Graph
from pairfix.stages.part import check_crop, cut_pair, part_around, put_back
from tests.scenes import aligned, raw_frame, scene

GRAPHS = (
    Graph("one", ("short",), multiple=8, overlap=5),
    Graph("two", ("one",), multiple=4, overlap=3),
)
PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")


def _crops(height: int, width: int) -> st.SearchStrategy[Box]:
    def box(left: int, top: int) -> st.SearchStrategy[Box]:
        sides = st.integers(1, width - left), st.integers(1, height - top)
        return st.tuples(*sides).map(lambda each: Box(left, top, *each))

    corner = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    return corner.flatmap(lambda each: box(*each))


@given(
    size=st.tuples(st.integers(2, 60), st.integers(2, 60)),
    orientation=st.integers(1, 8),
    pattern=st.sampled_from((*PATTERNS, None)),
    reach=st.integers(0, 4),
    data=st.data(),
)
def test_a_part_holds_the_crop_and_what_it_depends_on_on_the_networks_grid(
    size: tuple[int, int], orientation: int, pattern: str | None, reach: int, data: st.DataObject
) -> None:
    bayer = Bayer(pattern, (0.0,) * 4, 1.0, (1.0, 1.0, 1.0)) if pattern else None
    pixels = np.zeros(size if bayer else (*size, 3), np.uint16)
    frame = Frame(Path("short"), pixels, bayer, orientation=orientation)
    crop = data.draw(_crops(*turn_upright(np.zeros(size), orientation).shape))
    marked = np.zeros(size, np.uint16)
    turn_upright(marked, orientation)[crop.rows, crop.columns] = 1
    stored = marked if bayer else np.repeat(marked[:, :, None], 3, axis=2)
    planes = planes_from_frame(replace(frame, pixels=stored)).max(axis=0) > 0

    part = part_around(crop, frame, GRAPHS, reach)

    assert part.left % 8 == part.top % 8 == 0
    for axis, (begin, length) in enumerate([(part.top, part.height), (part.left, part.width)]):
        inside = np.flatnonzero(planes.any(axis=1 - axis))
        end = begin + length
        assert begin == 0 or inside[0] - begin >= reach + 8
        assert end == planes.shape[axis] or (end - inside[-1] > reach + 8 and end % 8 == 0)
        assert 0 <= begin < end <= planes.shape[axis]


def test_a_part_is_no_larger_than_it_has_to_be() -> None:
    frame = raw_frame(scene((400, 600)))
    part = part_around(Box(200, 100, 40, 60), frame, GRAPHS, reach=2)
    assert part == Box(88, 40, 48, 56)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_put_back_is_where_it_was_cut_out(pattern: str) -> None:
    pair = aligned(
        raw_frame(scene((101, 140)), pattern=pattern),
        raw_frame(scene((101, 140), seed=1), pattern=pattern),
    )
    crop = Box(30, 41, 25, 17)
    part = part_around(crop, pair.short, GRAPHS[:1], reach=0)
    cut = cut_pair(pair, part)
    whole = put_back(Fused(pair.short, cut.long_planes, 1.0), pair, part, crop)
    inside = np.zeros(pair.short_planes.shape[1:], np.bool_)
    inside[part.rows, part.columns] = True
    np.testing.assert_array_equal(whole.planes[:, inside], pair.long_planes[:, inside])
    np.testing.assert_array_equal(whole.planes[:, ~inside], pair.short_planes[:, ~inside])


def test_the_long_photos_share_is_that_of_the_crop() -> None:
    pair: AlignedPair = aligned(raw_frame(scene((320, 320))), raw_frame(scene((320, 320))))
    crop, part = Box(160, 160, 64, 32), Box(40, 40, 96, 96)
    share = np.zeros((12, 12), np.float32)
    share[5:7, 5:9] = 1
    fused = Fused(pair.short, pair.long_planes[:, part.rows, part.columns], 1.0, share)
    found = put_back(fused, pair, part, crop).long_share
    assert found is not None
    assert found.shape == (2, 4)
    assert found.min() == 1


@pytest.mark.parametrize(
    "crop", [Box(0, 0, 97, 10), Box(90, 0, 10, 10), Box(0, 128, 1, 1), Box(0, 0, 0, 5)]
)
def test_a_crop_beyond_the_upright_photo_is_refused(crop: Box) -> None:
    frame = replace(raw_frame(scene((96, 128))), orientation=6)
    check_crop(Box(0, 0, 96, 128), frame)
    with pytest.raises(OutputError, match="which is 96 x 128 pixels"):
        check_crop(crop, frame)
