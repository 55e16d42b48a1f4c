"""TIFF directories written, little-endian (TIFF 6.0, section 2)."""

import struct

from pairfix.formats.tiff import Directory, Entry, Kind

__all__ = ["even", "pack", "with_header"]

_HEADER = struct.Struct("<2sHI")
_INLINE = 4


def with_header(directory: Directory) -> bytes:
    """A whole TIFF-structured block: header and one directory."""
    return _HEADER.pack(b"II", 42, _HEADER.size) + pack(directory)


def pack(directory: Directory, start: int = 8) -> bytes:
    """A directory with all its values, for offset `start`; tags sorted, values aligned.

    Nested directories become offsets (type LONG) to their own bytes.
    """
    table_size = 2 + 12 * len(directory) + 4
    table, heap = bytearray(struct.pack("<H", len(directory))), bytearray()
    for tag, item in sorted(directory.items()):
        if isinstance(item, Entry):
            entry = item
        else:
            offsets = []
            for child in [item] if isinstance(item, dict) else item:
                offsets.append(start + table_size + len(heap))
                heap += even(pack(child, offsets[-1]))
            entry = Entry.of(Kind.LONG, *offsets)
        if len(entry.data) <= _INLINE:
            place = entry.data.ljust(_INLINE, b"\0")
        else:
            place = struct.pack("<I", start + table_size + len(heap))
            heap += even(entry.data)
        table += struct.pack("<HHI4s", tag, entry.kind, entry.count, place)
    return bytes(table + bytes(4) + heap)


def even(data: bytes) -> bytes:
    """The data, ended by a zero if its length is odd: values and segments begin at even offsets."""
    return data + bytes(len(data) % 2)
