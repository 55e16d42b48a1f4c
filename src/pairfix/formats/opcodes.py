"""Opcode lists of DNGs: what a converter shall do to the samples (DNG 1.7, chapter 7).

Lists are big-endian in every file. Of all opcodes only gain maps are applied (`gainmap`).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from pairfix.formats.tiff import Entry, Kind

__all__ = ["GAIN_MAP", "Opcode", "pack_opcodes", "read_opcodes"]

GAIN_MAP = 9
_HEAD = struct.Struct(">4I")
_COUNT = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Opcode:
    """One step, with its parameters as stored."""

    number: int
    version: int
    flags: int
    parameters: bytes


def read_opcodes(entry: Entry | None) -> list[Opcode]:
    """The opcodes of a list; where its bytes end early, those that are whole."""
    if entry is None or entry.kind not in (Kind.UNDEFINED, Kind.BYTE):
        return []
    data, place, found = entry.data, _COUNT.size, []
    while len(data) - place >= _HEAD.size:
        number, version, flags, size = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        if size > len(data) - place:
            break
        found.append(Opcode(number, version, flags, data[place : place + size]))
        place += size
    return found[: _COUNT.unpack_from(data)[0]] if found else []


def pack_opcodes(opcodes: Iterable[Opcode]) -> Entry:
    """The list as a tag's value."""
    parts = [
        _HEAD.pack(each.number, each.version, each.flags, len(each.parameters)) + each.parameters
        for each in opcodes
    ]
    return Entry(Kind.UNDEFINED, _COUNT.pack(len(parts)) + b"".join(parts))
