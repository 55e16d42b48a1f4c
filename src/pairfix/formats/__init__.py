"""Photo formats: decode any that pairfix reads, encode those in `FORMATS`.

Readers, writers and their libraries are imported only when a photo is read or written.
"""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats.edge import too_large
from pairfix.formats.registry import FORMATS, Format, check_writable, depth_of, output_format
from pairfix.image import DevelopSettings, Domain, Frame, HeaderFacts, Picture

__all__ = [
    "FORMATS",
    "Format",
    "check_writable",
    "decode",
    "encode_capture",
    "encode_dng",
    "encode_linear_dng",
    "encode_picture",
    "output_format",
    "read_domain",
    "read_facts",
]


def decode(
    path: Path,
    domain: Literal["auto", "raw", "srgb"] = "auto",
    settings: DevelopSettings | None = None,
    profile: bytes | None = None,
) -> Frame:
    """Read a photo; its type is found by its content, then its extension.

    Args:
        path: The file.
        domain: "auto" for a mosaic if the file has a 2x2 Bayer one, otherwise sRGB; "srgb" to
            develop raw files; "raw" to require a mosaic.
        settings: How raw files are developed, if they are. The exposure setting is ignored: it
            applies to the result, not to the photos that are compared and restored.
        profile: ICC profile that the result shall have, empty for sRGB; None: by the settings.

    Raises:
        InputError: The file is missing, empty, not readable, damaged, of an unknown type, or has
            no mosaic although one is required.
        MemoryExhaustedError: It is too large.
    """
    from pairfix.formats.detect import detect  # noqa: PLC0415 (see the module's docstring)
    from pairfix.formats.spaces import space_profile  # noqa: PLC0415

    reader, settings = detect(path), settings or DevelopSettings()
    if profile is None and settings.colour_space != "source":
        profile = space_profile(settings.colour_space)
    try:
        if reader == "raw":
            from pairfix.formats.raw import decode_raw  # noqa: PLC0415

            frame = decode_raw(path, settings, develop=domain == "srgb", wanted=profile or b"")
        else:
            from pairfix.formats.bitmap import decode_bitmap  # noqa: PLC0415

            frame = decode_bitmap(path, tiff=reader == "tiff", wanted=profile)
    except MemoryError as error:
        raise too_large(path) from error
    if domain == "raw" and frame.bayer is None:
        raise InputError(f"{path} holds no Bayer mosaic", "use a model of the srgb domain")
    return frame


def read_facts(path: Path) -> HeaderFacts:
    """What a photo's header says: quick, because pixels are not read, nor damage to them noticed.

    Raises:
        InputError: The file is missing, empty, not readable, of an unknown type, or its header
            is damaged.
        MemoryExhaustedError: It is too large.
    """
    from pairfix.formats.detect import detect  # noqa: PLC0415 (see the module's docstring)

    reader = detect(path)
    try:
        if reader == "raw":
            from pairfix.formats.raw import raw_facts  # noqa: PLC0415

            return raw_facts(path)
        from pairfix.formats.header import picture_facts  # noqa: PLC0415

        return picture_facts(path, tiff=reader == "tiff")
    except MemoryError as error:
        raise too_large(path) from error


def read_domain(path: Path) -> Domain:
    """The domain that `decode` puts a photo in by default: raw under a Bayer filter, else srgb.

    Raises:
        InputError: As `read_facts`.
    """
    from pairfix.formats.detect import detect  # noqa: PLC0415 (see the module's docstring)

    if detect(path) != "raw":
        return "srgb"
    from pairfix.formats.raw import has_bayer  # noqa: PLC0415

    return "raw" if has_bayer(path) else "srgb"


def encode_picture(
    picture: Picture,
    path: Path,
    *,
    bits: int | None = None,
    quality: int = 95,
    overwrite: bool = False,
) -> None:
    """Write a finished picture in the format of the file's extension.

    Args:
        picture: Upright, in any colour space.
        path: The file to write; it appears complete or not at all.
        bits: Bits per channel; None for the format's default.
        quality: Quality in lossy formats, 1 to 100.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: The file cannot be written, or not with so many bits.
    """
    from pairfix.formats.encode import WRITERS, Encoding  # noqa: PLC0415

    chosen = output_format(path, mosaic=False)
    depth = depth_of(path, chosen, bits)
    WRITERS[chosen.name](picture, path, Encoding(depth, quality, overwrite))


def encode_dng(
    source: Frame,
    mosaic: NDArray[np.float32],
    baseline_exposure: float,
    path: Path,
    *,
    picture: Picture | None = None,
    overwrite: bool = False,
) -> None:
    """Write a mosaic as a DNG that develops as the source would.

    Args:
        source: The raw frame that provides colours, metadata and orientation; its file is read
            again.
        mosaic: ``H x W`` as the source's pixels; 0 is black, 1 the source's white level; values
            outside are clipped.
        baseline_exposure: EV for a raw converter to add, on top of the source's own.
        path: The file to write; it appears complete or not at all.
        picture: The developed mosaic, at any scale, for the preview of at most two megapixels and
            the thumbnail that the file gets; None for neither.
        overwrite: Whether an existing file may be replaced.

    Raises:
        InputError: The source no longer exists.
        OutputError: The file cannot be written, or the source has no Bayer mosaic.
    """
    from pairfix.formats.dng import write_dng  # noqa: PLC0415

    write_dng(source, mosaic, baseline_exposure, path, picture=picture, overwrite=overwrite)


def encode_linear_dng(
    source: Frame,
    light: NDArray[np.float32],
    baseline_exposure: float,
    path: Path,
    *,
    picture: Picture | None = None,
    overwrite: bool = False,
) -> None:
    """Write linear light as a linear DNG: of a raw without a Bayer mosaic, or of a demosaiced one.

    Args:
        source: The frame that provides colours, metadata and orientation; the file of a mosaic is
            read again.
        light: ``H x W x 3`` as the source's pixels lie: in sRGB's primaries, or of a mosaic in its
            camera's colours, not white-balanced. Values outside of 0 to 1 are clipped.
        baseline_exposure: EV for a raw converter to add, on top of the source's own.
        path: The file to write; it appears complete or not at all.
        picture: The picture, at any scale, for preview and thumbnail; None for neither.
        overwrite: Whether an existing file may be replaced.

    Raises:
        InputError: The file of a mosaic no longer exists.
        OutputError: The file cannot be written.
    """
    from pairfix.formats.dng_linear import write_linear_dng  # noqa: PLC0415

    write_linear_dng(source, light, baseline_exposure, path, picture=picture, overwrite=overwrite)


def encode_capture(
    frame: Frame, matrix: NDArray[np.floating], path: Path, *, overwrite: bool = False
) -> None:
    """Write a rendered raw frame as a DNG that `decode` reads back as the same frame.

    Args:
        frame: A mosaic with its levels, white balance, exposure and noise profile; its own path
            is ignored.
        matrix: 3 x 3, from CIE XYZ under D65 to the camera's RGB.
        path: The file to write; it appears complete or not at all.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: The file cannot be written, or the frame has no Bayer mosaic.
    """
    from pairfix.formats.dng import write_capture  # noqa: PLC0415

    write_capture(frame, matrix, path, overwrite=overwrite)
