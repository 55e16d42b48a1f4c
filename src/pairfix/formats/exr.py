"""OpenEXR files: linear light in half floats (OpenEXR file layout, version 2).

Written by hand, since of the installed libraries none writes it: one part, scan lines, ZIP.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import metadata
from pairfix.formats.icc import Chromaticities
from pairfix.light import srgb_to_linear

__all__ = ["write_exr_file"]

_MAGIC = struct.pack("<II", 20000630, 2)
_HALF = 1
_ZIP, _BLOCK = 3, 16
"""Compression of so many lines together."""
_LEVEL = 4
"""Of zlib, as in OpenEXR's own library."""
_CHANNELS = {"B": 2, "G": 1, "R": 0}
"""In the order of their names, as they are stored, with their places in pixels."""
_LARGEST = float(np.finfo(np.float32).max)
_DATE = "%Y:%m:%d %H:%M:%S"


def write_exr_file(
    file: BinaryIO, pixels: NDArray[np.uint16], colours: Chromaticities, exif: metadata.Exif
) -> None:
    """Write a picture as linear light, 1 being white.

    Args:
        file: An empty file.
        pixels: ``H x W x 3`` under sRGB's curve.
        colours: Their primaries and white.
        exif: What is known of the shot; exposure, camera and time have attributes.
    """
    height, width = pixels.shape[:2]
    file.write(_MAGIC + b"".join(_attributes((height, width), colours, exif)) + b"\0")
    table, tops = file.tell(), range(0, height, _BLOCK)
    file.write(bytes(8 * len(tops)))
    light = srgb_to_linear(np.arange(65536, dtype=np.float32) / np.float32(65535))
    halves, places = light.astype("<f2"), []
    for top in tops:
        places.append(file.tell())
        block = _compressed(halves[pixels[top : top + _BLOCK]])
        file.write(struct.pack("<ii", top, len(block)) + block)
    file.seek(table)
    file.write(struct.pack(f"<{len(places)}Q", *places))


def _attributes(
    size: tuple[int, int], colours: Chromaticities, exif: metadata.Exif
) -> Iterator[bytes]:
    height, width = size
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    points = (*colours.red, *colours.green, *colours.blue, *colours.white)
    channels = b"".join(
        name.encode() + struct.pack("<xiB3xii", _HALF, 0, 1, 1) for name in _CHANNELS
    )
    yield _attribute("channels", "chlist", channels + b"\0")
    yield _attribute("chromaticities", "chromaticities", struct.pack("<8f", *points))
    yield _attribute("compression", "compression", bytes((_ZIP,)))
    yield _attribute("dataWindow", "box2i", window)
    yield _attribute("displayWindow", "box2i", window)
    yield _attribute("lineOrder", "lineOrder", b"\0")
    yield _attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    yield _attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
    yield _attribute("screenWindowWidth", "float", struct.pack("<f", 1))
    recorded, moment = metadata.exposure(exif), metadata.taken(exif)
    for name, number in (
        ("expTime", recorded.shutter),
        ("aperture", recorded.aperture),
        ("isoSpeed", recorded.iso),
    ):
        if number is not None:
            yield _attribute(name, "float", struct.pack("<f", min(number, _LARGEST)))
    main, photographic, _ = exif
    for name, directory, tag in (
        ("cameraMake", main, metadata.MAKE),
        ("cameraModel", main, metadata.MODEL),
        ("lensMake", photographic, metadata.LENS_MAKE),
        ("lensModel", photographic, metadata.LENS_MODEL),
        ("software", main, metadata.SOFTWARE),
    ):
        if tag in directory:
            yield _attribute(name, "string", directory[tag].string.encode())
    if moment is not None:
        yield _attribute("capDate", "string", moment.strftime(_DATE).encode())


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    head = f"{name}\0{kind}\0".encode()
    return head + struct.pack("<i", len(value)) + value


def _compressed(lines: NDArray[np.floating]) -> bytes:
    """Lines channel by channel: low bytes before high ones, differences, zlib; or as they are."""
    planar = np.ascontiguousarray(lines[..., [*_CHANNELS.values()]].transpose(0, 2, 1))
    plain = planar.view(np.uint8).reshape(-1)
    ordered = np.concatenate((plain[::2], plain[1::2]))
    differences = np.diff(ordered, prepend=ordered[:1])
    differences[1:] += np.uint8(128)
    differences[0] = ordered[0]
    packed = zlib.compress(differences.tobytes(), _LEVEL)
    return packed if len(packed) < len(plain) else plain.tobytes()
