"""JPEG XL pictures whose colours an embedded ICC profile tells.

The profile is coded behind the codestream's header. Of a picture that holds samples, libjxl gives
them as they are in the profile's colours, and pylibjxl (extra ``jxl``) gives out the profile. Of a
picture that holds light (XYB: most lossy ones), libjxl makes linear light of sRGB's primaries
without looking at the profile; as floats, it reaches below 0 and beyond 1 outside of sRGB.
"""

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError, MissingExtraError
from pairfix.formats.edge import bands
from pairfix.formats.jxl import codestream, decoded_jxl
from pairfix.formats.jxl_bits import WrittenBits
from pairfix.formats.jxl_header import JxlHeader
from pairfix.formats.spaces import chromaticities, space_profile, working_profile
from pairfix.image import Pixels
from pairfix.light import linear_to_srgb

__all__ = ["profiled_jxl"]

_WHOLE_DEPTH = 3
"""Bits that tell a usual depth of whole numbers: 8, 10 or 12 bits."""
_LONG, _SHORT = (0b0111_011111_11_1, 13), (0b0111_00_1, 7)
"""Two ways to tell 32-bit floats, each with the number of its bits: the sign that they are floats,
a selector, for one of them 31, and the exponent's 8 bits less one."""
_NONE, _NONE_BITS, _GROUP_BITS = 0b11, 14, 9
"""Zero as a long number (U64): its start, and groups of digits behind a 1 each, up to a 0."""
_PEAK = 65535
_HINT = "convert it to TIFF, PNG or JPEG first"


def profiled_jxl(path: Path, data: bytes, header: JxlHeader) -> tuple[Pixels, int, bytes]:
    """Pixels as stored (grey or RGB, with the alpha that there is), their bits, their ICC profile.

    Light becomes 16 bits in Rec. 2020's primaries under sRGB's curve (grey: under that curve).

    Args:
        path: The file.
        data: What is in it.
        header: What it says, which must have been checked.

    Raises:
        InputError: It has extensions.
        MissingExtraError: It holds samples, and pylibjxl is not installed.
        ValueError: It is damaged.
    """
    coded = codestream(data)
    if not header.xyb:
        return cast("Pixels", decoded_jxl(coded)), header.bits, _embedded(path, coded)
    light = decoded_jxl(_in_floats(path, coded, header)).astype(np.float32, copy=False)
    if header.grey:
        return _coded(light, np.eye(1, dtype=np.float32)), 16, b""
    wide = space_profile("rec2020")
    target, source = (chromaticities(each).adapted_colorants()[0] for each in (wide, b""))
    matrix = np.linalg.solve(target, source).astype(np.float32)
    return _coded(light, matrix), 16, working_profile(wide)


def _embedded(path: Path, coded: bytes) -> bytes:
    """The profile; to find it, the whole picture is decoded."""
    try:
        from pylibjxl import decode  # noqa: PLC0415 (an extra)
    except ImportError as error:
        message = f"{path} is a JPEG XL with an ICC profile, which takes pylibjxl to read"
        raise MissingExtraError(message, "pip install 'pairfix[jxl]'") from error
    try:
        profile: bytes = decode(coded, metadata=True)[1]["icc"]
    except (RuntimeError, KeyError) as error:
        raise ValueError(str(error)) from error
    return profile


def _in_floats(path: Path, coded: bytes, header: JxlHeader) -> bytes:
    """The same codestream, whose header asks for 32-bit floats.

    Light is coded alike for every depth. What is behind the header must stay at its place within a
    byte, so that "no extensions" is said in as many bits as that takes.
    """
    (depth_from, depth_to), (none_from, none_to) = header.depth_at, header.extensions_at
    bits = int.from_bytes(coded, "little")
    if _between(bits, none_from, none_to):
        raise InputError(f"{path} has extensions of JPEG XL, which pairfix does not read", _HINT)
    written = WrittenBits()
    written.add(_between(bits, 0, depth_from), depth_from)
    written.add(*(_LONG if depth_to - depth_from == _WHOLE_DEPTH else _SHORT))
    written.add(_between(bits, depth_to, none_from), none_from - depth_to)
    written.add(_NONE, _NONE_BITS)
    while (written.count + 1 - none_to) % 8:
        written.add(1, _GROUP_BITS)
    written.add(0, 1)
    written.add(bits >> none_to, 8 * len(coded) - none_to)
    return written.value.to_bytes(written.count // 8, "little")


def _between(bits: int, start: int, end: int) -> int:
    return (bits >> start) & ((1 << (end - start)) - 1)


def _coded(light: NDArray[np.float32], matrix: NDArray[np.float32]) -> Pixels:
    """Linear light, ``H x W`` or ``H x W x samples``, in other primaries under sRGB's curve.

    Alpha becomes opaque.
    """
    planes, colours = light.reshape(*light.shape[:2], -1), len(matrix)
    result = np.full(planes.shape, _PEAK, np.uint16)
    for rows in bands(len(planes)):
        with np.errstate(over="ignore", invalid="ignore"):  # of damaged files
            mixed = planes[rows, :, :colours] @ matrix.T
        within = np.fmax(np.fmin(mixed, 1), 0)
        result[rows, :, :colours] = np.rint(linear_to_srgb(within) * np.float32(_PEAK))
    return result.reshape(light.shape)
