"""Lens gain maps of DNGs (OpcodeList2)."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairfix import restore
from pairfix.formats import decode, encode_dng
from pairfix.formats.dng_stated import dng_tags
from pairfix.formats.opcodes import Opcode, pack_opcodes, read_opcodes
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Frame
from pairfix.light import mosaic_from_planes, planes_from_frame
from pairfix.recipe import Recipe

from .samples import make_dng, scene

SIZE = (48, 64)
OPCODES_2, OPCODES_3 = 51009, 51022
WARP = Opcode(1, 0x01030000, 1, b"any")
VIGNETTING = Opcode(3, 0x01030000, 1, b"any")


def gain_map(
    gains: NDArray[np.floating],
    *,
    area: tuple[int, int, int, int] = (0, 0, *SIZE),
    pitch: tuple[int, int] = (1, 1),
    spacing: tuple[float, float] = (1.0, 1.0),
    plane: int = 0,
    flags: int = 1,
) -> Opcode:
    head = struct.pack(">10I4dI", *area, plane, 1, *pitch, *gains.shape, *spacing, 0, 0, 1)
    return Opcode(9, 0x01030000, flags, head + gains.astype(">f4").tobytes())


def photo(path: Path, *opcodes: Opcode, tag: int = OPCODES_2) -> Frame:
    return decode(make_dng(path, scene(), extra={tag: pack_opcodes(opcodes)} if opcodes else {}))


def light(frame: Frame) -> NDArray[np.float32]:
    assert frame.bayer is not None
    return mosaic_from_planes(planes_from_frame(frame), frame.bayer, frame.size)


def test_gains_between_the_points_are_interpolated(tmp_path: Path) -> None:
    frame = photo(tmp_path / "a.dng", gain_map(np.array([[1.0, 1.5], [2.0, 2.5]])))
    plain = light(photo(tmp_path / "b.dng"))
    rows = (np.arange(SIZE[0]) + 0.5)[:, None] / SIZE[0]
    columns = (np.arange(SIZE[1]) + 0.5) / SIZE[1]
    expected = np.minimum(plain * (1 + rows + columns / 2), 1)
    np.testing.assert_allclose(light(frame), expected, atol=2e-5)
    assert frame.notes == ()


def test_maps_of_single_filters_meet_only_their_samples(tmp_path: Path) -> None:
    factors = np.array([[1.1, 1.2], [1.3, 1.4]])
    opcodes = [
        gain_map(np.full((1, 1), factors[row, column]), area=(row, column, *SIZE), pitch=(2, 2))
        for row in (0, 1)
        for column in (0, 1)
    ]
    frame = photo(tmp_path / "a.dng", *opcodes)
    expected = np.minimum(light(photo(tmp_path / "b.dng")) * np.tile(factors, (24, 32)), 1)
    np.testing.assert_allclose(light(frame), expected, atol=2e-5)


def test_nothing_outside_the_area_changes(tmp_path: Path) -> None:
    frame = photo(tmp_path / "a.dng", gain_map(np.full((1, 1), 2.0), area=(8, 16, 24, 9999)))
    plain = light(photo(tmp_path / "b.dng"))
    factor = np.ones(SIZE)
    factor[8:24, 16:] = 2
    np.testing.assert_allclose(light(frame), np.minimum(plain * factor, 1), atol=2e-5)


def test_noise_that_is_stated_of_other_light_is_not_believed(tmp_path: Path) -> None:
    profile = {51041: Entry.of(Kind.DOUBLE, 1e-3, 1e-5)}
    opcodes = pack_opcodes([gain_map(np.full((1, 1), 2.0))])
    plain = decode(make_dng(tmp_path / "a.dng", scene(), extra={**profile}))
    brightened = decode(make_dng(tmp_path / "b.dng", scene(), extra={**profile, 51009: opcodes}))
    assert plain.noise_profile is not None
    assert brightened.noise_profile is None


@pytest.mark.parametrize("others", [(), (WARP,)])
def test_a_result_does_not_ask_for_the_gains_again(
    tmp_path: Path, others: tuple[Opcode, ...]
) -> None:
    frame = photo(tmp_path / "a.dng", gain_map(np.full((1, 1), 1.5)), *others)
    encode_dng(frame, light(frame), 0.0, tmp_path / "b.dng")
    assert read_opcodes(dng_tags(tmp_path / "b.dng").get(OPCODES_2)) == [*others]
    np.testing.assert_allclose(light(decode(tmp_path / "b.dng")), light(frame), atol=2e-5)


def test_developed_raws_are_brightened_too(tmp_path: Path) -> None:
    photo(tmp_path / "a.dng", gain_map(np.full((1, 1), 1.5)))
    black = np.uint16(64)
    brighter = np.minimum(np.rint((scene() - black) * 1.5) + 64, 1023).astype(np.uint16)
    make_dng(tmp_path / "b.dng", brighter)
    ours, theirs = (decode(tmp_path / f"{name}.dng", "srgb").pixels for name in "ab")
    np.testing.assert_array_equal(ours, theirs)


def test_a_damaged_directory_behind_the_first_takes_nothing_away(tmp_path: Path) -> None:
    whole = photo(tmp_path / "a.dng", gain_map(np.full((1, 1), 1.5)))
    data = bytearray((tmp_path / "a.dng").read_bytes())
    start = int.from_bytes(data[4:8], "little")
    following = start + 2 + 12 * int.from_bytes(data[start : start + 2], "little")
    data[following : following + 4] = (1 << 30).to_bytes(4, "little")
    (tmp_path / "b.dng").write_bytes(data)
    assert dng_tags(tmp_path / "b.dng") == dng_tags(tmp_path / "a.dng")
    np.testing.assert_array_equal(decode(tmp_path / "b.dng").pixels, whole.pixels)


@pytest.mark.parametrize("tag", [OPCODES_2, OPCODES_3])
def test_brightness_that_is_not_corrected_is_said(tmp_path: Path, tag: int) -> None:
    frame = photo(tmp_path / "a.dng", VIGNETTING, WARP, tag=tag)
    assert frame.notes == ("the DNG's corrections of brightness are not applied (opcode 3)",)


def test_a_lens_that_distorts_is_not_worth_a_note(tmp_path: Path) -> None:
    assert photo(tmp_path / "a.dng", WARP, tag=OPCODES_3).notes == ()


@pytest.mark.parametrize(
    "wrong",
    [
        gain_map(np.full((1, 1), np.nan)),
        gain_map(np.full((1, 1), 1e6)),
        gain_map(np.full((1, 1), 0.0)),
        gain_map(np.full((2, 2), 2.0), spacing=(0.0, 1.0)),
        gain_map(np.full((2, 2), 2.0), pitch=(0, 1)),
        gain_map(np.full((2, 2), 2.0), plane=1),
        Opcode(9, 0x01030000, 0, b"short"),
    ],
)
def test_a_map_that_makes_no_sense_is_said_to_be_ignored(tmp_path: Path, wrong: Opcode) -> None:
    frame = photo(tmp_path / "a.dng", wrong)
    np.testing.assert_array_equal(frame.pixels, scene())
    assert "opcode 9" in frame.notes[0]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_list_ends_in_a_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bytearray(pack_opcodes([gain_map(np.full((2, 2), 2.0)), WARP]).data)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    kept = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    folder = tmp_path_factory.mktemp("opcodes")
    decode(make_dng(folder / "a.dng", scene(), extra={OPCODES_2: Entry(Kind.UNDEFINED, kept)}))


@pytest.mark.parametrize("kind", ["flags0", "flags1"])
def test_the_reported_case_is_as_light_stored_plainly(
    shared: Path, tmp_path: Path, kind: str
) -> None:
    folder = shared / "cases" / "gainmap"
    if not folder.is_dir():
        pytest.skip("the reported cases are not there")
    recipe, pictures = Recipe(device="cpu", precision="fp32"), []
    for name in (f"gainmap_{kind}", "ref"):
        output = tmp_path / f"{name}.png"
        restore(folder / f"{name}_L.dng", folder / f"{name}_S.dng", output, recipe)
        pictures.append(decode(output).pixels / 257)
    error = float(np.mean((pictures[0] - pictures[1]) ** 2))
    assert error <= 255**2 / 10**5  # 50 dB
