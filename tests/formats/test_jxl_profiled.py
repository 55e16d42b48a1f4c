"""JPEG XL pictures with an embedded ICC profile (extra jxl), against the same pixels in a PNG.

Those in ``jxl/`` are lossy and hold light (XYB), which no library here codes with a profile. cjxl
0.7.0 made them of `slopes` as PNG, in Adobe RGB (``grey`` under `GREY`), all with ``-d 0.1``:

- ``deep.jxl`` of 16 bits (``exact.jxl``: the same with ``-d 0``, which holds samples);
- ``alpha.jxl`` of 8 bits, with an alpha of 128 everywhere;
- ``turned.jxl`` of 8 bits, with orientation 6 and ``--intensity_target=300``;
- ``grey.jxl``: red alone, of 8 bits.
"""

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairfix.errors import InputError, MissingExtraError
from pairfix.formats import decode, encode_picture, read_facts
from pairfix.formats.icc import Curve, grey_profile
from pairfix.formats.jxl_bits import Bits
from pairfix.formats.jxl_header import parse_header
from pairfix.formats.orientation import turn_upright
from pairfix.formats.spaces import space_profile
from pairfix.image import DevelopSettings, Picture

from .samples import picture

pylibjxl = pytest.importorskip("pylibjxl")

EIGHT: NDArray[np.uint8] = (picture().pixels >> 8).astype(np.uint8)
WIDE = space_profile("adobe-rgb")
GREY = grey_profile("Grey", Curve(1.8))
MADE = Path(__file__).parent / "jxl"


def slopes() -> NDArray[np.uint16]:
    rows, columns = np.mgrid[0:24, 0:32].astype(float)
    rows, columns = rows / 23, columns / 31
    planes = np.stack((columns, rows, (1 - columns) * (1 - rows)), axis=-1)
    return np.rint(planes * 65535).astype(np.uint16)


def png(path: Path, pixels: NDArray[Any], profile: bytes = WIDE) -> Path:
    Image.fromarray(pixels).save(path, icc_profile=profile)
    return path


def jxl(path: Path, pixels: NDArray[np.uint8] = EIGHT, profile: bytes = WIDE) -> Path:
    path.write_bytes(pylibjxl.encode(pixels, lossless=True, icc=profile))
    return path


def in_eight_bits(pixels: NDArray[Any]) -> NDArray[np.float64]:
    return pixels * (255 / np.iinfo(pixels.dtype).max)


@pytest.mark.parametrize("space", ["srgb", "adobe-rgb", "source"])
def test_samples_are_in_the_colours_of_the_profile(tmp_path: Path, space: Any) -> None:  # noqa: ANN401
    settings = DevelopSettings(colour_space=space)
    found = decode(jxl(tmp_path / "a.jxl"), settings=settings)
    right = decode(png(tmp_path / "a.png", EIGHT), settings=settings)
    np.testing.assert_array_equal(found.pixels, right.pixels)
    assert (found.profile, found.notes) == (right.profile, right.notes)
    assert np.abs(in_eight_bits(decode(tmp_path / "a.jxl").pixels) - EIGHT).mean() > 3


def test_more_than_8_bits_are_exact_though_pylibjxl_decodes_8(tmp_path: Path) -> None:
    encode_picture(Picture(slopes(), b"", WIDE), tmp_path / "a.png")
    found, right = decode(MADE / "exact.jxl"), decode(tmp_path / "a.png")
    np.testing.assert_array_equal(found.pixels, right.pixels)


def test_a_jpeg_in_a_jxl_keeps_its_profile(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray((slopes() >> 8).astype(np.uint8)).save(
        file, "jpeg", quality=95, subsampling=0, icc_profile=WIDE
    )
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    (tmp_path / "a.jxl").write_bytes(pylibjxl.jpeg_to_jxl(file.getvalue()))
    found, right = decode(tmp_path / "a.jxl"), decode(tmp_path / "a.jpg")
    assert found.notes == right.notes == ("converted from its ICC profile to sRGB",)
    assert np.abs(in_eight_bits(found.pixels) - in_eight_bits(right.pixels)).mean() < 1


@pytest.mark.parametrize("space", ["srgb", "adobe-rgb"])
@pytest.mark.parametrize("name", ["deep", "alpha", "turned"])
def test_light_is_read_with_its_colours_outside_of_srgb(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    space: Any,  # noqa: ANN401
) -> None:
    monkeypatch.setitem(sys.modules, "pylibjxl", None)
    settings = DevelopSettings(colour_space=space)
    encode_picture(Picture(slopes(), b"", WIDE), tmp_path / "a.png")
    right = decode(tmp_path / "a.png", settings=settings).pixels
    frame = decode(MADE / f"{name}.jxl", settings=settings)
    upright = turn_upright(right, 6 if name == "turned" else 1)
    assert np.abs(in_eight_bits(frame.pixels) - in_eight_bits(upright)).mean() < 1
    assert ("its transparency was dropped" in frame.notes) == (name == "alpha")
    assert read_facts(MADE / f"{name}.jxl").size == upright.shape[:2]


def test_light_of_a_result_in_its_source_s_colours_is_in_rec_2020() -> None:
    wide = decode(MADE / "deep.jxl", settings=DevelopSettings(colour_space="source"))
    right = decode(MADE / "deep.jxl", settings=DevelopSettings(colour_space="rec2020"))
    assert np.abs(in_eight_bits(wide.pixels) - in_eight_bits(right.pixels)).max() < 0.1
    assert wide.profile


def test_light_of_grey_has_no_steps_in_its_shadows(tmp_path: Path) -> None:
    right = decode(png(tmp_path / "a.png", (slopes() >> 8).astype(np.uint8)[..., 0], GREY))
    found = decode(MADE / "grey.jxl")
    assert np.abs(in_eight_bits(found.pixels) - in_eight_bits(right.pixels)).max() < 0.3


def test_without_the_extra_headers_are_read_and_samples_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jxl(tmp_path / "a.jxl")
    monkeypatch.setitem(sys.modules, "pylibjxl", None)
    assert read_facts(path).size == EIGHT.shape[:2]
    with pytest.raises(MissingExtraError, match=r"a\.jxl.*pairfix\[jxl\]"):
        decode(path)


@pytest.mark.parametrize(
    ("profile", "note"),
    [(b"nonsense", "is damaged and was ignored"), (GREY, "is for another kind of picture")],
)
def test_a_profile_that_does_not_fit_is_ignored_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: bytes, note: str
) -> None:
    path = jxl(tmp_path / "a.jxl")
    monkeypatch.setattr("pylibjxl.decode", lambda *_, **__: (EIGHT, {"icc": profile}))
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, EIGHT)
    assert note in frame.notes[0]


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_cut_file_is_damaged(tmp_path: Path, kept: float) -> None:
    for path in (jxl(tmp_path / "a.jxl"), Path(shutil.copy(MADE / "deep.jxl", tmp_path))):
        data = path.read_bytes()
        path.write_bytes(data[: int(kept * len(data))])
        with pytest.raises(InputError, match="damaged or incomplete"):
            decode(path)


def test_a_file_whose_profile_is_not_found_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = jxl(tmp_path / "a.jxl")
    monkeypatch.setattr("pylibjxl.decode", lambda *_, **__: (EIGHT, {}))
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)


def test_extensions_of_light_are_named(tmp_path: Path) -> None:
    data = (MADE / "grey.jxl").read_bytes()
    start, end = parse_header(data).extensions_at
    assert Bits(data).number(end) >> start == 0
    changed = int.from_bytes(data, "little") | 1 << start
    (tmp_path / "a.jxl").write_bytes(changed.to_bytes(len(data), "little"))
    with pytest.raises(InputError, match="has extensions of JPEG XL"):
        decode(tmp_path / "a.jxl")
