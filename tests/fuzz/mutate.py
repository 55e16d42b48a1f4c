"""Mutations that keep a format's structure, so that they reach what lies behind its headers."""

import json
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

__all__ = ["mutated"]

_NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 256, 32767, 65535, 1 << 24, (1 << 31) - 1, (1 << 32) - 1)
_DOUBLES = (0.0, -1.0, 1e-310, 1e-200, 1e300, math.inf, -math.inf, math.nan)
_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e300, 1 << 70, 10**400, math.nan, -math.inf, "", "\u202e", "\ud800"),
    *([], {}, [[]], [1] * 5000, "x" * 100_000, {"a": {"a": {}}}),
)

_XML = (
    b'<!DOCTYPE a [<!ENTITY a "b">]>',
    *(b"&a;", b"&#0;", b"&#x110000;", b"&amp;", b"\0", b"\xff", b"\xed\xa0\x80"),
    *(b"<![CDATA[", b"<!--", b"<?xml version='1.0' encoding='utf-7'?>", b"<rdf:li/>", b"<a:b/>"),
    *(b"<rdf:Seq><rdf:li>" * 2000, b"x" * 100_000, b"\xe2\x80\xae", b'" xmlns:dc="b'),
    *(b" rdf:parseType='Resource'>", b"<rdf:Description xml:lang='&lt;'/>", b"<rdf:value/>"),
)

Chunk = tuple[int, int]
"""Where a part of a file begins and ends."""


def mutated(kind: str, name: str, data: bytes, chance: Random) -> bytes:
    """A file that differs from a whole one in one to four places.

    Args:
        kind: What the file is a seed of.
        name: The file's, which tells the structure in a folder.
        data: The whole file.
        chance: Randomness.
    """
    structured = _MUTATIONS.get(name.rpartition(".")[2], _MUTATIONS.get(kind, _of_bytes))
    for _ in range(chance.choice((1, 1, 2, 4))):
        change = structured if chance.random() < 0.7 else _of_bytes
        data = change(data, chance) or data
    return data


def _of_bytes(data: bytes, chance: Random) -> bytes:
    head = chance.random() < 0.5
    begin = chance.randrange(min(len(data), 400) if head else len(data))
    end = min(len(data), begin + chance.choice((1, 1, 2, 4, 8, 64)))
    action = chance.randrange(5)
    if action == 0:
        return data[:begin] + data[end:]
    if action == 1:
        return data[:end] + data[begin:end] * chance.choice((1, 1, 1000)) + data[end:]
    if action == 2:
        return data[:begin]
    new = bytes(
        chance.choice((0, 1, 127, 128, 255, chance.randrange(256))) for _ in range(end - begin)
    )
    return data[:begin] + new + data[end:]


def _of_chunks(data: bytes, chunks: list[Chunk], chance: Random) -> bytes:
    """Leave one out, double, swap or shorten it."""
    if len(chunks) < 2:
        return b""
    (a, b), (c, d) = sorted(chance.sample(chunks, 2))
    if b > c:  # one lies within the other
        return data[:c] + data[d:]
    action = chance.randrange(4)
    if action == 0:
        return data[:a] + data[b:]
    if action == 1:
        return data[:b] + data[a:b] + data[b:]
    if action == 2:
        return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]
    return data[: (a + b) // 2] + data[b:]


def _of_number(data: bytes, place: int, width: int, order: str, chance: Random) -> bytes:
    number = chance.choice((*_NUMBERS, chance.getrandbits(8 * width)))
    number %= 1 << 8 * width
    new = number.to_bytes(width, "little" if order == "<" else "big")
    return data[:place] + new + data[place + width :]


def _jpeg(data: bytes, chance: Random) -> bytes:
    chunks: list[Chunk] = []
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xD9:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place + 1] == 0xDA:
            end = next(
                (
                    each
                    for each in range(end, len(data) - 1)
                    if data[each] == 0xFF and data[each + 1] not in (0, *range(0xD0, 0xD8))
                ),
                len(data),
            )
        chunks.append((place, end))
        place = end
    return _of_segments(data, chunks, 2, 2, chance)


def _of_segments(
    data: bytes, chunks: list[Chunk], place: int, width: int, chance: Random, order: str = ">"
) -> bytes:
    """Change a whole segment, the length of one, or what stands in its beginning."""
    if not chunks or chance.random() < 0.4:
        return _of_chunks(data, chunks, chance)
    begin, end = chance.choice(chunks)
    if chance.random() < 0.3:
        return _of_number(data, begin + place, width, order, chance)
    inside = begin + place + width + chance.randrange(24)
    return _of_number(
        data, min(inside, max(begin, end - 1)), chance.choice((1, 2, 4)), order, chance
    )


def _png(data: bytes, chance: Random) -> bytes:
    chunks: list[Chunk] = []
    place = 8
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        chunks.append((place, end))
        place = end
    changed = bytearray(_of_segments(data, chunks, 0, 4, chance))
    if len(changed) == len(data) and chance.random() < 0.8:
        for begin, end in chunks:
            if end <= len(changed):
                changed[end - 4 : end] = struct.pack(">I", zlib.crc32(changed[begin + 4 : end - 4]))
    return bytes(changed)


def _webp(data: bytes, chance: Random) -> bytes:
    chunks: list[Chunk] = []
    place = 12
    while place + 8 <= len(data):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        chunks.append((place, place + 8 + length + length % 2))
        place = chunks[-1][1]
    return _of_segments(data, chunks, 4, 4, chance, "<")


def _boxes(data: bytes, chance: Random) -> bytes:
    chunks: list[Chunk] = []
    place = 0
    while place + 8 <= len(data):
        end = place + max(8, int.from_bytes(data[place : place + 4], "big"))
        chunks.append((place, end))
        place = end
    return _of_segments(data, chunks, 0, 4, chance)


def _tiff(data: bytes, chance: Random) -> bytes:
    """Change a tag, its type, its count, its offset, or a number that it points to."""
    order = "<" if data[:2] == b"II" else ">"
    entries = [*_tiff_entries(data, order)]
    if not entries:
        return b""
    place = chance.choice(entries)
    field = chance.randrange(6)
    if field < 3:
        return _of_number(data, place + (0, 2, 4)[field], (2, 2, 4)[field], order, chance)
    if field == 3:
        return _of_number(data, place + 8, chance.choice((2, 4)), order, chance)
    kind, count, offset = struct.unpack_from(f"{order}HII", data, place + 2)
    width = {5: 8, 10: 8, 12: 8, 4: 4, 9: 4, 11: 4, 3: 2, 8: 2}.get(kind, 1)
    begin = place + 8 if width * count <= 4 else offset
    if not 0 <= begin < len(data):
        return b""
    begin += width * chance.randrange(max(1, min(count, 64)))
    if kind in (11, 12):
        new = struct.pack(order + "fd"[kind - 11], chance.choice(_DOUBLES[:4] + _DOUBLES[5:]))
        return data[:begin] + new + data[begin + len(new) :]
    return _of_number(data, begin, min(width, 4), order, chance)


def _tiff_entries(data: bytes, order: str) -> Iterator[int]:
    """Where every entry of every directory stands; BigTIFF's are left to `_of_bytes`."""
    if len(data) < 8:
        return
    waiting, seen = [int(struct.unpack_from(f"{order}I", data, 4)[0])], set[int]()
    while waiting:
        start = waiting.pop()
        if start in seen or start + 2 > len(data):
            continue
        seen.add(start)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        for place in range(start + 2, min(start + 2 + 12 * count, len(data) - 12), 12):
            yield place
            tag, _, number, value = struct.unpack_from(f"{order}HHII", data, place)
            if tag in (0x8769, 330, 0x8825) and number == 1:
                waiting.append(value)
        end = start + 2 + 12 * count
        if end + 4 <= len(data):
            waiting.append(struct.unpack_from(f"{order}I", data, end)[0])


def _json(data: bytes, chance: Random) -> bytes:
    """Change one node of the tree, or nest it."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return b""
    places = [*_nodes(content)]
    if not places:
        return b""
    holder, key = chance.choice(places)
    action = chance.randrange(6)
    if action == 0:
        del holder[key]
    elif action == 1:
        holder[key] = [holder[key]]
    elif action == 2:
        holder[key] = "DEEP"
        text = json.dumps(content).replace('"DEEP"', "[" * 2000 + "]" * 2000)
        return text.encode()
    elif action == 3 and isinstance(holder, dict):
        holder[chance.choice(("x", "", "\u202e", "\ud800", "format"))] = holder[key]
    else:
        holder[key] = chance.choice(_VALUES)
    return json.dumps(content).encode()


def _nodes(content: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in pairs:
        yield content, key
        if isinstance(value, dict | list):
            yield from _nodes(value)


def _xml(data: bytes, chance: Random) -> bytes:
    """Leave out, double, swap or cut tags and texts, or put in what XML or XMP cannot take."""
    parts = [found.span() for found in re.finditer(rb"<[^>]*>|[^<]+", data)]
    if len(parts) < 2 or chance.random() < 0.5:
        return _of_chunks(data, parts, chance)
    begin, end = chance.choice(parts)
    return data[:begin] + chance.choice(_XML) + data[chance.choice((begin, end)) :]


def _safetensors(data: bytes, chance: Random) -> bytes:
    length = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + length], data[8 + length :]
    action = chance.randrange(4)
    if action == 0:
        return _of_number(data, 0, 8, "<", chance)
    if action == 1:
        kind = chance.choice(("F64", "F32", "BF16", "F8_E5M2", "I8", "U16", "BOOL", "C64", "F4"))
        header = header.replace(b'"F16"', f'"{kind}"'.encode(), chance.choice((1, -1)))
    elif action == 2:
        place = 2 * chance.randrange(max(1, len(body) // 2))
        wild = chance.choice((math.nan, math.inf, -math.inf, 65504.0, 6e-8))
        body = body[:place] + struct.pack("<e", wild) + body[place + 2 :]
    else:
        header = _json(header, chance) or header
    return len(header).to_bytes(8, "little") + header + body


def _protobuf(data: bytes, chance: Random) -> bytes:
    """Change a field of a message at any depth, and the lengths around it."""
    fields = [*_wire(data)]
    if not fields:
        return _of_bytes(data, chance)
    begin, inside, end = chance.choice(fields)
    if inside < end and chance.random() < 0.75:
        new = _protobuf(data[inside:end], chance)
        return data[:begin] + data[begin : begin + 1] + _length(len(new)) + new + data[end:]
    return _of_chunks(data, [(a, b) for a, _, b in fields], chance) or _of_bytes(data, chance)


def _length(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _wire(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Begin, begin of the content, and end of the fields with a key of one byte and a length."""
    place = 0
    while place < len(data):
        begin, key = place, data[place]
        place += 1
        number, shift = 0, 0
        while key & 7 in (0, 2) and place < len(data):
            number |= (data[place] & 0x7F) << shift
            shift += 7
            place += 1
            if data[place - 1] < 0x80:
                break
        inside = place
        place += {0: 0, 1: 8, 2: number, 5: 4}.get(key & 7, len(data))
        if place > len(data):
            return
        if key & 7 == 2 and key < 0x80:
            yield begin, inside, place


_MUTATIONS: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _boxes,
    "jxl": _boxes,
    "mp4": _boxes,
    "tiff": _tiff,
    "dng": _tiff,
    "json": _json,
    "xmp": _xml,
    "safetensors": _safetensors,
    "onnx": _protobuf,
}
