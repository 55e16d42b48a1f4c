"""IPTC-IIM (version 4.2): datasets read, made to agree with XMP, and written.

XMP is what counts; IIM is for older programs. What both can say is mapped as the IPTC's Photo
Metadata Standard does (2023.2, "IPTC Core").
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import category

from pairfix.formats.xmp import Array, Properties, Value, text, texts
from pairfix.formats.xmp_names import DC, IPTC_CORE, PHOTOSHOP

__all__ = ["Dataset", "agreeing", "assemble", "of_photoshop", "parse", "properties", "resource"]

_MARKER = 0x1C
_EXTENDED = 0x8000
"""A length of more than two bytes: such data is no text, and not kept."""
_ENVELOPE, _APPLICATION = 1, 2
_CHARACTER_SET, _VERSION = 90, 0
_UTF_8 = b"\x1b%G"
_SIGNATURE, _IPTC_RESOURCE = b"8BIM", 0x0404
_DEFAULT = "x-default"
_LARGEST = 1 << 20
"""Bytes that are read; thousands of keywords fit."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A value of the application record (record 2)."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class _Shared:
    """What IIM and XMP can both say."""

    number: int
    longest: int
    """Bytes of the dataset."""
    name: str
    kind: str = ""
    """Of the XMP array; empty for a text."""


_SHARED = (
    _Shared(5, 64, f"{{{DC}}}title", "Alt"),
    _Shared(10, 1, f"{{{PHOTOSHOP}}}Urgency"),
    _Shared(15, 3, f"{{{PHOTOSHOP}}}Category"),
    _Shared(20, 32, f"{{{PHOTOSHOP}}}SupplementalCategories", "Bag"),
    _Shared(25, 64, f"{{{DC}}}subject", "Bag"),
    _Shared(40, 256, f"{{{PHOTOSHOP}}}Instructions"),
    _Shared(80, 32, f"{{{DC}}}creator", "Seq"),
    _Shared(85, 32, f"{{{PHOTOSHOP}}}AuthorsPosition"),
    _Shared(90, 32, f"{{{PHOTOSHOP}}}City"),
    _Shared(92, 32, f"{{{IPTC_CORE}}}Location"),
    _Shared(95, 32, f"{{{PHOTOSHOP}}}State"),
    _Shared(100, 3, f"{{{IPTC_CORE}}}CountryCode"),
    _Shared(101, 64, f"{{{PHOTOSHOP}}}Country"),
    _Shared(103, 32, f"{{{PHOTOSHOP}}}TransmissionReference"),
    _Shared(105, 256, f"{{{PHOTOSHOP}}}Headline"),
    _Shared(110, 32, f"{{{PHOTOSHOP}}}Credit"),
    _Shared(115, 32, f"{{{PHOTOSHOP}}}Source"),
    _Shared(116, 128, f"{{{DC}}}rights", "Alt"),
    _Shared(120, 2000, f"{{{DC}}}description", "Alt"),
    _Shared(122, 32, f"{{{PHOTOSHOP}}}CaptionWriter"),
)
_TEXTS = {
    *(each.number for each in _SHARED),
    *(7, 22, 26, 27, 30, 35, 37, 38, 45, 47, 55, 60, 62, 63, 65, 70, 75, 118, 130, 131, 135),
}
"""Datasets that are kept: those of text; not object previews (200 to 202), or data of the file."""


def parse(block: bytes) -> list[Dataset]:
    """The texts of the application record, up to where the block is damaged."""
    found, is_utf_8 = list[tuple[int, bytes]](), False
    for record, number, value in _datasets(block):
        if (record, number) == (_ENVELOPE, _CHARACTER_SET):
            is_utf_8 = value == _UTF_8
        elif record == _APPLICATION and number in _TEXTS:
            found.append((number, value))
    return [Dataset(number, _decoded(value, is_utf_8=is_utf_8)) for number, value in found]


def properties(datasets: list[Dataset]) -> dict[str, Value]:
    """The datasets that XMP can say, as XMP."""
    found: dict[str, Value] = {}
    for shared in _SHARED:
        values = tuple(each.value for each in datasets if each.number == shared.number)
        if not values:
            continue
        if shared.kind == "Alt":
            found[shared.name] = Array("Alt", values[:1], (_DEFAULT,))
        else:
            found[shared.name] = Array(shared.kind, values) if shared.kind else values[0]
    return found


def agreeing(datasets: list[Dataset], xmp: Properties) -> list[Dataset]:
    """The datasets, with those replaced that XMP can say too; sorted by number.

    Values that IIM only holds shortened are shortened.
    """
    numbers = {shared.number for shared in _SHARED}
    found = [each for each in datasets if each.number not in numbers]
    for shared in _SHARED:
        value = xmp.get(shared.name)
        values = texts(value) if shared.kind in ("Bag", "Seq") else (text(value),)
        found += [Dataset(shared.number, _cut(each, shared.longest)) for each in values if each]
    return sorted(found, key=lambda each: each.number)


def assemble(datasets: list[Dataset]) -> bytes:
    """The block of datasets, in UTF-8; empty if there are none."""
    if not datasets:
        return b""
    records = [(_ENVELOPE, _CHARACTER_SET, _UTF_8), (_APPLICATION, _VERSION, b"\0\4")]
    records += [(_APPLICATION, each.number, each.value.encode()) for each in datasets]
    return b"".join(
        struct.pack(">BBBH", _MARKER, record, number, len(value)) + value
        for record, number, value in records
        if len(value) < _EXTENDED
    )


def of_photoshop(resources: bytes) -> bytes:
    """The IIM block among Photoshop's image resources; empty if there is none."""
    place = 0
    while resources[place : place + 4] == _SIGNATURE and place + 12 <= len(resources):
        number, name_length = struct.unpack_from(">HB", resources, place + 4)
        place += 6 + _even(1 + name_length)
        size = int.from_bytes(resources[place : place + 4], "big")
        if number == _IPTC_RESOURCE:
            return resources[place + 4 : place + 4 + size]
        place += 4 + _even(size)
    return b""


def resource(block: bytes) -> bytes:
    """An IIM block as an image resource of Photoshop."""
    head = struct.pack(">4sHHI", _SIGNATURE, _IPTC_RESOURCE, 0, len(block))
    return head + block + bytes(len(block) % 2)


def _datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    block = block[:_LARGEST]
    while place + 5 <= len(block) and block[place] == _MARKER:
        record, number, length = struct.unpack_from(">BBH", block, place + 1)
        place += 5
        if length & _EXTENDED:
            width = length & ~_EXTENDED
            length = int.from_bytes(block[place : place + width], "big")
            place += width + length
            continue
        if place + length > len(block):
            return
        yield record, number, block[place : place + length]
        place += length


def _decoded(value: bytes, *, is_utf_8: bool) -> str:
    """Text without controls; what declares no character set is UTF-8 if it can be, or Latin 1."""
    try:
        decoded = value.decode()
    except UnicodeDecodeError:
        decoded = value.decode(errors="replace") if is_utf_8 else value.decode("latin-1")
    return "".join(each for each in decoded if each in "\t\n\r" or category(each) != "Cc").strip()


def _cut(value: str, longest: int) -> str:
    return value.encode()[:longest].decode(errors="ignore")


def _even(size: int) -> int:
    return size + size % 2
