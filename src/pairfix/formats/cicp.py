"""Coding-independent code points (ITU-T H.273): colours that PNG and other formats tell by number.

What is meant for HDR displays (PQ, HLG) is refused by name: a photo of it that were taken for sRGB
would be wrong everywhere, and its light has no upper end that a picture of 16 bits could hold.
"""

from pathlib import Path

from pairfix.errors import InputError
from pairfix.formats.icc import (
    BT_709,
    SRGB,
    Chromaticities,
    Curve,
    grey_profile,
    profile_tags,
    rgb_profile,
)

__all__ = ["check_profile", "curve_of", "profile_of"]

_UNSPECIFIED = 2
_PRIMARIES = {
    1: Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    5: Chromaticities((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: Chromaticities((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Chromaticities((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: Chromaticities((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Chromaticities((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""ColourPrimaries (H.273, table 2)."""
_CURVES = {
    **dict.fromkeys((1, 6, 14, 15), BT_709),
    4: Curve(2.2),
    5: Curve(2.8),
    8: Curve(1.0),
    13: SRGB,
}
"""TransferCharacteristics (H.273, table 3)."""
_HDR = {16: "PQ", 18: "HLG"}
_HINT = "export it as sRGB or Display P3, or with an ICC profile"


def profile_of(path: Path, primaries: int, transfer: int, *, grey: bool) -> bytes:
    """The ICC profile of a pair of code points; empty if one of them is unspecified.

    Raises:
        InputError: The colours are of a kind that pairfix does not convert.
    """
    _check_range(path, transfer)
    if _UNSPECIFIED in (primaries, transfer):
        return b""
    if transfer not in _CURVES or primaries not in _PRIMARIES:
        told = f"primaries {primaries} and transfer {transfer}"
        raise InputError(f"{path} has colours that pairfix does not convert (CICP {told})", _HINT)
    name, curve = f"CICP {primaries}/{transfer}", _CURVES[transfer]
    return grey_profile(name, curve) if grey else rgb_profile(name, _PRIMARIES[primaries], curve)


def curve_of(path: Path, transfer: int) -> Curve:
    """The curve of a transfer's code point.

    Raises:
        InputError: It is of a kind that pairfix does not convert.
    """
    _check_range(path, transfer)
    if transfer not in _CURVES:
        raise InputError(f"{path} has colours that pairfix does not convert ({transfer})", _HINT)
    return _CURVES[transfer]


def check_profile(path: Path, profile: bytes) -> None:
    """Refuse what has an ICC profile for HDR displays, by its cicp tag (ICC.1:2022, 9.2.17).

    Raises:
        InputError: It is one.
    """
    transfer = profile_tags(profile).get(b"cicp", b"")[9:10]
    if transfer:
        _check_range(path, transfer[0])


def _check_range(path: Path, transfer: int) -> None:
    if transfer in _HDR:
        message = f"{path} is an HDR picture ({_HDR[transfer]}), which pairfix does not convert"
        raise InputError(message, "export it for standard dynamic range first")
