"""Photos made for tests: raw files of any CFA phase, levels and orientation; a picture."""

import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import write_image
from pairfix.image import Picture


def make_dng(
    path: Path,
    mosaic: NDArray[np.uint16],
    *,
    pattern: str = "RGGB",
    black: tuple[int, int, int, int] = (64, 64, 64, 64),
    white: int = 1023,
    orientation: int = 1,
    neutral: tuple[float, float, float] | None = (0.5, 1, 0.625),
    extra: Directory | None = None,
) -> Path:
    height, width = mosaic.shape
    directory: Directory = {
        254: Entry.of(Kind.LONG, 0),
        256: Entry.of(Kind.LONG, width),
        257: Entry.of(Kind.LONG, height),
        258: Entry.of(Kind.SHORT, 16),
        259: Entry.of(Kind.SHORT, 1),
        262: Entry.of(Kind.SHORT, 32803),
        271: Entry.text("Test"),
        272: Entry.text("Bayer"),
        274: Entry.of(Kind.SHORT, orientation),
        277: Entry.of(Kind.SHORT, 1),
        33421: Entry.of(Kind.SHORT, 2, 2),
        33422: Entry(Kind.BYTE, bytes("RGB".index(letter) for letter in pattern)),
        50706: Entry.of(Kind.BYTE, 1, 4, 0, 0),
        50708: Entry.text("Test Bayer"),
        50713: Entry.of(Kind.SHORT, 2, 2),
        50714: Entry.of(Kind.SHORT, *black),
        50717: Entry.of(Kind.LONG, white),
        50721: Entry.of(Kind.SRATIONAL, *MATRIX),
        50778: Entry.of(Kind.SHORT, 21),
        0x8769: {
            0x829A: Entry.of(Kind.RATIONAL, 1 / 60),
            0x829D: Entry.of(Kind.RATIONAL, 1.8),
            0x8827: Entry.of(Kind.SHORT, 3200),
            0x9003: Entry.text("2026:05:01 21:10:01"),
            0x927C: Entry(Kind.UNDEFINED, b"secret maker note"),
        },
    }
    if neutral:
        directory[50728] = Entry.of(Kind.RATIONAL, *neutral)
    with path.open("wb") as file:
        write_image(file, directory | (extra or {}), [mosaic], height, (height, 2 * width))
    return path


LEVELS: list[Any] = [
    (50713, 3, 2, (2, 2), True),
    (50714, 3, 4, (60, 61, 62, 63), True),
    (50717, 4, 1, 1023, True),
]
"""Black and white of `scene`, as tifffile takes tags."""
JPEG_XL = 52546
_RAW = {2: 32803, 3: 34892}
"""Photometric interpretation, by the number of axes."""


def write_tiled_dng(
    path: Path,
    samples: NDArray[Any],
    *,
    jpeg_xl: bool,
    stored: NDArray[Any] | None = None,
    tags: list[Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> Path:
    """A DNG by tifffile, which is not what reads it.

    Args:
        path: The file.
        samples: ``H x W`` of a mosaic (RGGB), or ``H x W x 3`` of linear samples.
        jpeg_xl: Whether it is compressed as that.
        stored: What is stored in place of the samples.
        tags: Levels and more, as tifffile takes them; `LEVELS` by default.
        options: Of tifffile's writer.
    """
    matrix = [int(part) for value in MATRIX for part in (round(value * 10000), 10000)]
    extra = [
        (50706, 1, 4, (1, 7, 0, 0), True),
        (50708, 2, 0, "Test Camera", True),
        (50721, 10, 9, matrix, True),
        (50728, 5, 3, (1, 2, 1, 1, 5, 8), True),
        (50778, 3, 1, 21, True),
    ]
    if samples.ndim == 2:
        extra += [(33421, 3, 2, (2, 2), True), (33422, 1, 4, (0, 1, 1, 2), True)]
    stored = samples if stored is None else stored
    height, width = stored.shape[:2]
    if "tile" not in options:
        options = {"rowsperstrip": height} | options
    rows, columns = options.get("tile", (options.get("rowsperstrip", height), width))
    tifffile.imwrite(
        path,
        _coded(stored, (rows, columns), padded="tile" in options) if jpeg_xl else stored,
        shape=stored.shape,
        dtype=stored.dtype,
        photometric=_RAW[samples.ndim],
        compression=JPEG_XL if jpeg_xl else None,
        extratags=extra + (LEVELS if tags is None else tags),
        metadata=None,
        **options,
    )
    return path


def _coded(stored: NDArray[Any], tile: tuple[int, int], *, padded: bool) -> Iterator[bytes]:
    for top, left in product(*(range(0, stored.shape[axis], tile[axis]) for axis in (0, 1))):
        part = stored[top : top + tile[0], left : left + tile[1]]
        missing = [(0, size - have) for size, have in zip(tile, part.shape[:2], strict=True)]
        missing += [(0, 0)] * (part.ndim - 2)
        whole = np.pad(part, missing, mode="edge") if padded else part
        yield bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(whole), lossless=True))


MATRIX = (0.9415, -0.4111, -0.0623, -0.4416, 1.2422, 0.2236, -0.0735, 0.1607, 0.6053)
"""From CIE XYZ under D65 to the camera's RGB, row by row."""


def scene() -> NDArray[np.uint16]:
    """A dim scene of 10 bits, 48 x 64: ramps in both directions, some noise."""
    rows, columns = np.mgrid[0:48, 0:64]
    levels: NDArray[np.float64] = (
        80 + 6 * rows + 7 * columns + np.random.default_rng(1).normal(0, 4, (48, 64))
    )
    return levels.clip(64, 1023).astype(np.uint16)


def picture() -> Picture:
    """48 x 64, 16 bits, all three channels different."""
    rows, columns = np.mgrid[0:48, 0:64]
    channels = (rows * 1300, columns * 1000, (rows + columns) * 500)
    return Picture(np.stack(channels, axis=-1).astype(np.uint16), b"")


def check_by_exiftool(path: Path) -> None:
    """Let exiftool judge a file's tags: their types, counts, directories and values."""
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        pytest.skip("exiftool is not installed")
    command = [exiftool, "-validate", "-warning", "-error", "-a", str(path)]
    report = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert report.split() == ["Validate", ":", "OK"]
