"""PNG files hold the pixels that they are written from, for every reader."""

import io
import struct
import zlib
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pairfix.formats.png import FIRST_CHUNK, SIGNATURE
from pairfix.formats.png_write import png_chunk, png_pieces
from pairfix.image import Pixels


def written(pixels: Pixels, edges: list[int], chunks: bytes = b"") -> bytes:
    """The file, from bands that end at the edges."""
    places = sorted({0, *edges, len(pixels)})
    bands = (pixels[top:bottom] for top, bottom in pairwise(places))
    bits = 8 * pixels.itemsize
    return b"".join(png_pieces(bands, pixels.shape[:2], bits, chunks))


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kinds and contents, every checksum compared."""
    assert data.startswith(SIGNATURE)
    place, found = len(SIGNATURE), list[tuple[bytes, bytes]]()
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind_and_content = data[place + 4 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, place + 8 + length)
        assert checksum == zlib.crc32(kind_and_content)
        found.append((kind_and_content[:4], kind_and_content[4:]))
        place += 12 + length
    return found


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 30)),
    edges=st.lists(st.integers(1, 39), max_size=4),
    sixteen=st.booleans(),
    smooth=st.booleans(),
    seed=st.integers(0, 999),
)
def test_other_readers_give_the_pixels_back_whatever_the_bands(
    size: tuple[int, int],
    edges: list[int],
    sixteen: bool,  # noqa: FBT001
    smooth: bool,  # noqa: FBT001
    seed: int,
) -> None:
    kind = np.uint16 if sixteen else np.uint8
    pixels = np.random.default_rng(seed).integers(0, np.iinfo(kind).max, (*size, 3), kind)
    pixels = np.sort(pixels, axis=1) if smooth else pixels
    data = written(pixels, [edge for edge in edges if edge < size[0]])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert np.array_equal(decoded[..., ::-1], pixels)
    if not sixteen:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


def test_pixels_may_lie_in_any_order_in_memory() -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (3, 9, 7), np.uint16).transpose(2, 1, 0)
    decoded = cv2.imdecode(np.frombuffer(written(pixels, [3]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert np.array_equal(decoded[..., ::-1], pixels)


def test_chunks_stand_in_order_between_header_and_pixels() -> None:
    more = png_chunk(b"tEXt", b"Title\0Night") + png_chunk(b"gAMA", struct.pack(">I", 45455))
    data = written(np.zeros((6, 4, 3), np.uint16), [2, 4], more)
    found = chunks_of(data)
    kinds = [kind for kind, _ in found]
    assert kinds == [b"IHDR", b"tEXt", b"gAMA", b"IDAT", b"IDAT", b"IDAT", b"IDAT", b"IEND"]
    assert found[0][1] == struct.pack(">IIBBBBB", 4, 6, 16, 2, 0, 0, 0)
    assert data[FIRST_CHUNK:].startswith(more)
    rows = zlib.decompress(b"".join(content for kind, content in found if kind == b"IDAT"))
    assert len(rows) == 6 * (1 + 4 * 6)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_smooth_pictures_become_small(kind: type[np.uint8 | np.uint16]) -> None:
    ramp = np.linspace(0, np.iinfo(kind).max, 512).astype(kind)
    pixels = np.broadcast_to(ramp[None, :, None], (512, 512, 3))
    assert len(written(pixels, [])) < pixels.nbytes / 20
