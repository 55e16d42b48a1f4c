import io
import shutil
import subprocess
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pairfix.errors import InputError, OutputError
from pairfix.formats import FORMATS, decode, encode_picture, metadata, shot
from pairfix.formats.encode import to_eight_bits
from pairfix.formats.lcms import srgb_profile
from pairfix.formats.orientation import turn_upright
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Picture

from .samples import picture

EXIFTOOL = shutil.which("exiftool")
WRITTEN = [
    (extension, bits)
    for extension, chosen in FORMATS.items()
    if not chosen.mosaic and chosen.readable
    for bits in chosen.bits
]
_GPS_METHOD = Entry(Kind.UNDEFINED, b"ASCII\0\0\0GPS")
EXIF = metadata.assemble(
    (
        {metadata.MAKE: Entry.text("Test"), metadata.MODEL: Entry.text("Test Bayer")},
        {
            shot.EXPOSURE_TIME: Entry.of(Kind.RATIONAL, 1 / 60),
            metadata.DATE_TIME_ORIGINAL: Entry.text("2026:05:01 21:10:01"),
            0xA434: Entry.text("A lens"),
        },
        {
            1: Entry.text("N"),
            2: Entry.of(Kind.RATIONAL, 47, 30, 12.5),
            27: Entry(Kind.UNDEFINED, b"ASCII\0\0\0GPS"),
        },
    )
)


def _bgr(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    return pixels[:, :, ::-1]


@pytest.mark.parametrize(("extension", "bits"), WRITTEN)
def test_what_is_written_comes_back(tmp_path: Path, extension: str, bits: int) -> None:
    path = tmp_path / f"ü{extension}"
    original = Picture(picture().pixels, EXIF)
    encode_picture(original, path, bits=bits)
    frame = decode(path)
    assert 8 * frame.pixels.itemsize == (8 if bits == 8 else 16)
    if FORMATS[extension].lossy:
        scale = 257.0 if bits == 8 else 1.0
        assert np.abs(frame.pixels * scale - original.pixels).mean() < 500
    elif bits == 16:
        np.testing.assert_array_equal(frame.pixels, original.pixels)
    else:
        np.testing.assert_array_equal(frame.pixels, to_eight_bits(original.pixels))
    assert frame.camera == "Test Bayer"
    assert frame.exposure.shutter == pytest.approx(1 / 60)
    assert str(frame.taken) == "2026-05-01 21:10:01"
    main, photographic, gps = metadata.parse(frame.exif)
    assert main[metadata.SOFTWARE].string.startswith("pairfix ")
    assert photographic[0xA434].string == "A lens"
    assert gps[2].values == (47.0, 30.0, 12.5)
    assert frame.notes == ()


@pytest.mark.parametrize(("extension", "bits"), [each for each in WRITTEN if each[0] != ".jxl"])
def test_every_output_carries_the_srgb_profile(tmp_path: Path, extension: str, bits: int) -> None:
    path = tmp_path / f"a{extension}"
    encode_picture(picture(), path, bits=bits)
    assert srgb_profile() in path.read_bytes() or extension == ".png"
    with Image.open(path) as opened:
        assert opened.info["icc_profile"] == srgb_profile()
        assert opened.getexif()[metadata.ORIENTATION] == 1


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
@pytest.mark.parametrize("extension", [".png", ".tif", ".jpg", ".avif", ".jxl", ".exr"])
def test_exiftool_finds_no_fault(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    encode_picture(Picture(picture().pixels, EXIF), path)
    command = [str(EXIFTOOL), "-validate", "-warning", "-error", "-a", str(path)]
    report = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert report.split()[:3] == ["Validate", ":", "OK"]


def test_bits_that_a_format_lacks(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="JPEG cannot hold 16 bits"):
        encode_picture(picture(), tmp_path / "a.jpg", bits=16)
    with pytest.raises(OutputError, match="holds a mosaic"):
        encode_picture(picture(), tmp_path / "a.dng")


@given(arrays(np.uint16, st.tuples(st.integers(1, 5), st.integers(1, 200), st.just(3))))
def test_eight_bits_are_within_one_level(pixels: NDArray[np.uint16]) -> None:
    reduced = to_eight_bits(pixels)
    assert np.abs(reduced * 257.0 - pixels).max() < 257


@given(arrays(np.uint8, (3, 7, 3)))
def test_eight_bit_levels_stay_exact(pixels: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(to_eight_bits(pixels.astype(np.uint16) * np.uint16(257)), pixels)


def test_dither_keeps_the_mean_of_a_flat_sky() -> None:
    flat = np.full((256, 256, 3), 5 * 257 + 77, np.uint16)
    assert to_eight_bits(flat).mean() == pytest.approx(5 + 77 / 257, abs=0.01)


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_a_dark_16_bit_photo_keeps_16_bits(tmp_path: Path, extension: str) -> None:
    dark = Picture((picture().pixels >> 8).astype(np.uint16), b"")
    encode_picture(dark, tmp_path / f"a{extension}")
    frame = decode(tmp_path / f"a{extension}")
    assert frame.pixels.dtype == np.uint16
    assert frame.pixels.max() < 256
    np.testing.assert_array_equal(frame.pixels, dark.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_is_applied(tmp_path: Path, extension: str, orientation: int) -> None:
    pixels = (picture().pixels >> 8).astype(np.uint8)
    path = tmp_path / f"a{extension}"
    exif = Image.Exif()
    exif[metadata.ORIENTATION] = orientation
    options = {"lossless": True} if extension == ".webp" else {"quality": 100}
    options = {} if extension in {".png", ".tif"} else options
    Image.fromarray(pixels).save(path, exif=exif.tobytes(), **options)
    frame = decode(path)
    difference = np.abs(frame.pixels.astype(int) - turn_upright(pixels, orientation))
    assert difference.mean() < 2
    assert frame.orientation == 1
    assert metadata.orientation(metadata.parse(frame.exif)) == 1


def test_turning_agrees_with_pillow() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    for orientation, turn in turns.items():
        expected = np.asarray(Image.fromarray(pixels).transpose(turn))
        np.testing.assert_array_equal(turn_upright(pixels, orientation), expected)


def _wide_profile() -> bytes:
    """An RGB profile with Adobe RGB's primaries and gamma."""
    primaries = [0.64, 0.33, 0.21, 0.71, 0.15, 0.06]
    profile: bytes = imagecodecs.cms_profile(
        "rgb", whitepoint=[0.3127, 0.3290, 1.0], primaries=primaries, gamma=2.19921875
    )
    return profile


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_wide_profile_is_converted(tmp_path: Path, depth: type[np.unsignedinteger]) -> None:
    pixels = np.full((8, 8, 3), (100, 150, 100), np.uint8)
    stored = pixels if depth == np.uint8 else pixels.astype(np.uint16) * np.uint16(257)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", iccprofile=_wide_profile())
    frame = decode(tmp_path / "a.tif")
    assert "sRGB" in frame.notes[0]
    assert frame.pixels.dtype == np.uint16
    source = ImageCms.ImageCmsProfile(io.BytesIO(_wide_profile()))
    expected = ImageCms.profileToProfile(
        Image.fromarray(pixels), source, ImageCms.createProfile("sRGB")
    )
    np.testing.assert_allclose(frame.pixels / 257, np.asarray(expected), atol=1.5)


@pytest.mark.parametrize(
    ("profile", "notes"),
    [
        (b"", ()),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), ()),
        (b"no profile at all", ("its ICC profile is damaged and was ignored",)),
        (srgb_profile()[:300], ("its ICC profile is damaged and was ignored",)),
        (
            ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
            ("its ICC profile is for another kind of picture and was ignored",),
        ),
    ],
)
def test_profiles_that_change_nothing(
    tmp_path: Path, profile: bytes, notes: tuple[str, ...]
) -> None:
    pixels = picture().pixels
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", iccprofile=profile or None)
    frame = decode(tmp_path / "a.tif")
    assert frame.notes == notes
    np.testing.assert_array_equal(frame.pixels, pixels)


@pytest.mark.parametrize("extension", [".png", ".tif"])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_dropped(tmp_path: Path, extension: str, channels: int) -> None:
    mode = "LA" if channels == 2 else "RGBA"
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, channels), np.uint8)
    Image.fromarray(pixels, mode).save(tmp_path / f"a{extension}")
    frame = decode(tmp_path / f"a{extension}")
    expected = pixels[:, :, :3] if channels == 4 else np.repeat(pixels[:, :, :1], 3, axis=2)
    np.testing.assert_array_equal(frame.pixels, expected)
    assert frame.notes == ("its transparency was dropped",)


def test_16_bit_alpha(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 5, 4), np.uint16)
    _, data = cv2.imencode(".png", pixels)
    (tmp_path / "a.png").write_bytes(data.tobytes())
    np.testing.assert_array_equal(decode(tmp_path / "a.png").pixels, _bgr(pixels[:, :, :3]))


@pytest.mark.parametrize("mode", ["L", "P", "1"])
@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_grey_palette_and_bilevel(tmp_path: Path, extension: str, mode: str) -> None:
    image = Image.fromarray((picture().pixels >> 8).astype(np.uint8)).convert(mode)
    image.save(tmp_path / f"a{extension}")
    frame = decode(tmp_path / f"a{extension}")
    levels = np.rint(frame.pixels / (257 if frame.pixels.dtype == np.uint16 else 1))
    np.testing.assert_array_equal(levels, np.asarray(image.convert("RGB")))


@settings(deadline=None)
@given(
    arrays(np.uint16, (5, 9, 3)),
    st.sampled_from([None, "lzw", "deflate", "zstd"]),
    st.booleans(),
    st.booleans(),
)
def test_tiff_flavours(
    tmp_path_factory: pytest.TempPathFactory,
    pixels: NDArray[np.uint16],
    compression: str | None,
    big: bool,  # noqa: FBT001 (drawn by hypothesis)
    planar: bool,  # noqa: FBT001 (drawn by hypothesis)
) -> None:
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    tifffile.imwrite(
        path,
        np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if planar else pixels,
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
        compression=compression,
        byteorder=">" if big else "<",
    )
    np.testing.assert_array_equal(decode(path).pixels, pixels)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 3), np.uint32)]
)
def test_tiffs_without_a_defined_scale(tmp_path: Path, pixels: NDArray[np.generic]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    with pytest.raises(InputError, match="floating-point, signed or 32-bit"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("extension", [".jpg", ".tif"])
def test_cmyk_is_refused(tmp_path: Path, extension: str) -> None:
    Image.new("CMYK", (8, 8)).save(tmp_path / f"a{extension}")
    with pytest.raises(InputError, match="RGB first"):
        decode(tmp_path / f"a{extension}")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("extension", [".png", ".tif", ".jpg", ".webp"])
def test_truncated_files(tmp_path: Path, extension: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / f"a{extension}")
    whole = (tmp_path / f"a{extension}").read_bytes()
    (tmp_path / f"b{extension}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(tmp_path / f"b{extension}")
