"""Black levels of DNGs: patterns of real numbers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairfix import restore
from pairfix.formats import decode
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.image import Frame
from pairfix.light import planes_from_frame
from pairfix.recipe import Recipe
from tests.formats.samples import make_dng

SIZE = (48, 64)
WHITE = 1023


def light() -> NDArray[np.float64]:
    return np.linspace(0.02, 0.6, SIZE[0] * SIZE[1]).reshape(SIZE)


def tagged(
    repeat: tuple[int, int],
    levels: NDArray[np.floating],
    rows: NDArray[np.floating] | None = None,
    columns: NDArray[np.floating] | None = None,
) -> Directory:
    tags: Directory = {
        50713: Entry.of(Kind.SHORT, *repeat),
        50714: Entry.of(Kind.RATIONAL, *levels.ravel()),
    }
    if columns is not None:
        tags[50715] = Entry.of(Kind.SRATIONAL, *columns)
    if rows is not None:
        tags[50716] = Entry.of(Kind.SRATIONAL, *rows)
    return tags


def stored(path: Path, black: NDArray[np.floating], tags: Directory) -> Frame:
    """The same light over any black."""
    pixels = np.rint(light() * (WHITE - 64) + np.broadcast_to(black, SIZE)).astype(np.uint16)
    return decode(make_dng(path, pixels, white=WHITE, extra=tags))


@pytest.mark.parametrize("level", [63.6, 64.0, 64.5])
@pytest.mark.parametrize("repeat", [(1, 1), (2, 2), (1, 2)])
def test_fractions_of_a_level_count(tmp_path: Path, level: float, repeat: tuple[int, int]) -> None:
    levels = np.full(repeat, level)
    frame = stored(tmp_path / "a.dng", np.full(SIZE, level), tagged(repeat, levels))
    assert frame.bayer is not None
    assert frame.bayer.black == pytest.approx((level,) * 4)


def test_fractions_count_where_the_mosaic_is_developed_too(shared: Path) -> None:
    """The same light with a black of 0.5 levels, and on twice as fine a scale with one of 1."""
    folder = shared / "cases" / "black_fraction"
    if not folder.is_dir():
        pytest.skip("no such cases here")
    half, doubled = (
        decode(folder / f"{name}_S.dng", "srgb").pixels.mean(axis=(0, 1))
        for name in ("half", "doubled")
    )
    assert half == pytest.approx(doubled, rel=0.02)


def test_a_large_pattern_is_subtracted_sample_by_sample(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    levels = 64 + rng.uniform(-3, 3, (4, 6))
    black = np.tile(levels, (SIZE[0] // 4, SIZE[1] // 6 + 1))[:, : SIZE[1]]
    assert_even(stored(tmp_path / "a.dng", black, tagged((4, 6), levels)))


def test_rows_and_columns_have_blacks_of_their_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows, columns = rng.uniform(-2, 2, SIZE[0]), rng.uniform(-2, 2, SIZE[1])
    black = 64 + rows[:, None] + columns
    tags = tagged((1, 1), np.array([64.0]), rows, columns)
    assert_even(stored(tmp_path / "a.dng", black, tags))


def assert_even(frame: Frame) -> None:
    """The planes are the light, but for rounding and each filter's range: a level each."""
    assert frame.bayer is not None
    planes = planes_from_frame(frame) / np.array(frame.bayer.gains)[:, None, None]
    expected = np.stack([light()[row::2, column::2] for row in (0, 1) for column in (0, 1)])
    scale = np.mean(planes) / np.mean(expected)
    assert scale == pytest.approx(1, abs=0.01)
    assert np.abs(planes / scale - expected).max() < 1.5 / (WHITE - 64)


@pytest.mark.parametrize(
    "tags",
    [
        {50713: Entry.of(Kind.SHORT, 2, 2), 50714: Entry.of(Kind.SHORT, 64, 64, 64)},
        {50713: Entry.of(Kind.SHORT, 0, 2)},
        {50713: Entry.of(Kind.SHORT, 60000, 60000)},
        {50716: Entry.of(Kind.SRATIONAL, 1.0)},
        {50714: Entry(Kind.RATIONAL, bytes(32))},
    ],
)
def test_numbers_that_contradict_each_other_leave_it_to_libraw(
    tmp_path: Path, tags: Directory
) -> None:
    frame = stored(tmp_path / "a.dng", np.full(SIZE, 64.0), tags)
    assert frame.bayer is not None
    assert all(float(each).is_integer() for each in frame.bayer.black)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_value_ends_in_a_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds = st.sampled_from([Kind.SHORT, Kind.RATIONAL, Kind.DOUBLE, Kind.ASCII])
    tag = data.draw(st.sampled_from([50713, 50714, 50715, 50716]))
    entry = Entry(
        data.draw(kinds), data.draw(st.binary(max_size=64).map(lambda b: b[:-7] + b"0" * 8))
    )
    path = tmp_path_factory.mktemp("black") / "a.dng"
    stored(
        path, np.full(SIZE, 64.0), {tag: Entry(entry.kind, entry.data[: len(entry.data) // 8 * 8])}
    )


def test_the_reported_case_is_as_with_whole_levels(shared: Path, tmp_path: Path) -> None:
    folder = shared / "cases" / "black_fraction"
    if not folder.is_dir():
        pytest.skip("the reported cases are not there")
    pictures = []
    for name in ("half", "doubled"):
        output = tmp_path / f"{name}.png"
        restore(folder / f"{name}_L.dng", folder / f"{name}_S.dng", output, Recipe(device="cpu"))
        pictures.append(decode(output).pixels)
    np.testing.assert_array_equal(pictures[0], pictures[1])
