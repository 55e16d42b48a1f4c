"""What an AVIF or HEIC says of its picture: the items and properties of its container.

ISO/IEC 23008-12 (HEIF) on ISO/IEC 14496-12 (boxes), and the AVIF specification, version 1.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from pairfix.errors import InputError
from pairfix.formats import cicp, metadata
from pairfix.formats.orientation import orientation_of
from pairfix.formats.tiff import Entry, Kind

__all__ = ["HeifPicture", "coded_item", "read_heif"]

_HINT = "convert it to TIFF, PNG or JPEG first"
_CODED = (b"av01", b"hvc1", b"grid")
_HEVC = b"hvc1"
_XMP_TYPE = b"\0application/rdf+xml\0"
_IN_FILE = 0
"""Construction method of items whose place is one in the file (14496-12, 8.11.3)."""
_TO_THE_END, _LARGE = 0, 1
"""Box sizes that are none (14496-12, 4.2)."""

_Places: TypeAlias = dict[int, list[tuple[int, int]]]
"""Items in the file: the start and length of each one's parts."""


@dataclass(frozen=True, slots=True)
class HeifPicture:
    """The primary picture of a file."""

    height: int
    width: int
    """As stored, cut to its clean aperture, before it is turned."""
    bits: int
    """Per channel: 8, 10 or 12."""
    grey: bool
    """Whether samples are grey, with or without alpha."""
    profile: bytes
    """The ICC profile that it has or means; empty for sRGB."""
    exif: metadata.Exif
    """With the orientation that the container states: that in EXIF does not count (HEIF, A.2.1)."""
    notes: tuple[str, ...]
    is_hevc: bool
    """Whether it is coded as HEVC; otherwise as AV1."""
    xmp: bytes
    """A packet; empty if there is none."""


def read_heif(path: Path, file: BinaryIO) -> HeifPicture:
    """Read the header of an AVIF or HEIC; pixels are passed over.

    Raises:
        InputError: It is of a kind that pairfix does not convert.
        ValueError: It is damaged.
        KeyError: A part is missing.
    """
    meta = dict(_boxes(_meta(file)[4:]))
    primary = _primary(meta[b"pitm"])
    items = dict(_items(meta[b"iinf"]))
    kinds = {item: described[:4] for item, described in items.items()}
    if kinds[primary] not in _CODED:
        raise InputError(f"{path} is a HEIF picture coded as neither AV1 nor HEVC", _HINT)
    if any(kind == b"prem" for kind, _ in _boxes(meta.get(b"iref", b"")[4:])):
        raise InputError(f"{path} has transparency multiplied into its colours", _HINT)
    properties = _properties(meta[b"iprp"], primary)
    told = dict(reversed(properties))
    is_hevc = kinds[primary] == _HEVC or (kinds[primary] == b"grid" and _HEVC in kinds.values())
    if b"clap" in told and not is_hevc:
        raise InputError(f"{path} is cropped by its container", _HINT)
    width, height = _size(told)
    bits, grey = _samples(told)
    profile, notes = _colour(
        path, [data for kind, data in properties if kind == b"colr"], grey=grey
    )
    places = _places(meta[b"iloc"])
    exif = _exif(file, kinds, places)
    exif[0][metadata.ORIENTATION] = Entry.of(Kind.SHORT, _orientation(told))
    xmp = _xmp(file, items, places)
    return HeifPicture(height, width, bits, grey, profile, exif, notes, is_hevc, xmp)


def coded_item(file: BinaryIO) -> tuple[bytes, bytes, bytes]:
    """The file's first box, and the primary picture's decoder configuration and coded data.

    Raises:
        ValueError: It is damaged.
        KeyError: A part is missing.
    """
    meta = dict(_boxes(_meta(file)[4:]))
    primary = _primary(meta[b"pitm"])
    configuration = dict(_properties(meta[b"iprp"], primary))[b"av1C"]
    data = _contents(file, _places(meta[b"iloc"])[primary])
    file.seek(0)
    head = file.read(4)
    return head + file.read(int.from_bytes(head, "big") - 4), configuration, data


class _Numbers:
    """Big-endian unsigned numbers, one after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def next(self, size: int) -> int:
        end = self._place + size
        if end > len(self._data):
            raise ValueError("a box ends early")
        number = int.from_bytes(self._data[self._place : end], "big")
        self._place = end
        return number

    @property
    def rest(self) -> bytes:
        return self._data[self._place :]


def _meta(file: BinaryIO) -> bytes:
    file.seek(0)
    while len(head := file.read(8)) == 8:  # noqa: PLR2004
        size, left = int.from_bytes(head[:4], "big"), -8
        if size == _LARGE:
            size, left = int.from_bytes(file.read(8), "big"), -16
        left += size
        if head[4:] == b"meta":
            return file.read(-1 if size == _TO_THE_END else left)
        if left < 0:
            break
        file.seek(left, 1)
    raise ValueError("no meta box")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while len(head := data[place : place + 8]) == 8:  # noqa: PLR2004
        end = place + int.from_bytes(head[:4], "big")
        if not place + 8 <= end <= len(data):
            raise ValueError("a box is outside its parent")
        yield head[4:], data[place + 8 : end]
        place = end


def _primary(box: bytes) -> int:
    return int.from_bytes(box[4:], "big")


def _items(box: bytes) -> Iterator[tuple[int, bytes]]:
    """Every item's number, and its type followed by its name and what kind of data it is."""
    for kind, entry in _boxes(box[8 if box[0] else 6 :]):
        if kind == b"infe":
            numbers = _Numbers(entry[4:])
            item, _ = numbers.next(2 if entry[0] < 3 else 4), numbers.next(2)  # noqa: PLR2004
            yield item, numbers.rest


def _places(box: bytes) -> _Places:
    version, numbers = box[0], _Numbers(box[4:])
    sizes = numbers.next(2)
    offset_size, length_size, base_size, index_size = (
        sizes >> shift & 15 for shift in (12, 8, 4, 0)
    )
    wide = 2 if version < 2 else 4  # noqa: PLR2004
    places: _Places = {}
    for _ in range(numbers.next(wide)):
        item = numbers.next(wide)
        method = numbers.next(2) & 15 if version else _IN_FILE
        numbers.next(2)
        base, parts = numbers.next(base_size), list[tuple[int, int]]()
        count = numbers.next(2)
        if count > 1 and not offset_size + length_size:
            raise ValueError("the parts of an item have no place")
        for _ in range(count):
            numbers.next(index_size if version else 0)
            parts.append((base + numbers.next(offset_size), numbers.next(length_size)))
        if method == _IN_FILE:
            places[item] = parts
    return places


def _properties(box: bytes, item: int) -> list[tuple[bytes, bytes]]:
    """The properties of an item, in order."""
    parts = dict(_boxes(box))
    every = [*_boxes(parts[b"ipco"])]
    associations = parts[b"ipma"]
    version, wide, numbers = associations[0], associations[3] & 1, _Numbers(associations[4:])
    for _ in range(numbers.next(4)):
        owner = numbers.next(4 if version else 2)
        indices = [
            numbers.next(1 + wide) & (0x7FFF if wide else 0x7F) for _ in range(numbers.next(1))
        ]
        if owner == item:
            return [every[index - 1] for index in indices if index]
    raise ValueError("the picture has no properties")


def _size(told: dict[bytes, bytes]) -> tuple[int, int]:
    """Width and height: of the clean aperture (14496-12, 12.1.4.1), where there is one."""
    if b"clap" in told:
        numbers = _Numbers(told[b"clap"])
        parts = [numbers.next(4) for _ in range(4)]
        return parts[0] // parts[1], parts[2] // parts[3]
    numbers = _Numbers(told[b"ispe"][4:])
    return numbers.next(4), numbers.next(4)


def _samples(told: dict[bytes, bytes]) -> tuple[int, bool]:
    """Bits per channel, and whether there is one channel only.

    The decoder's configuration says so (AV1-ISOBMFF, 2.3; ISO/IEC 14496-15, 8.3.3); a grid of
    pictures has none itself.
    """
    if b"hvcC" in told:
        configuration = told[b"hvcC"]
        return 8 + (configuration[17] & 7), not configuration[16] & 3
    if b"av1C" not in told:
        return told[b"pixi"][5], told[b"pixi"][4] == 1
    flags = told[b"av1C"][2]
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8, bool(flags & 0x10)


def _orientation(told: dict[bytes, bytes]) -> int:
    """EXIF orientation of what is turned first, then mirrored (MIAF, 7.3.6.7)."""
    quarters = told[b"irot"][0] & 3 if b"irot" in told else 0
    if b"imir" not in told:
        return orientation_of(quarters, mirrored=False)
    top_and_bottom = not told[b"imir"][0] & 1
    return orientation_of((quarters + 2 * top_and_bottom) % 4, mirrored=True)


def _colour(path: Path, told: list[bytes], *, grey: bool) -> tuple[bytes, tuple[str, ...]]:
    """The profile of the colour properties: an ICC profile, else code points."""
    for data in told:
        if data[:4] in (b"prof", b"rICC"):
            return data[4:], ()
    for data in told:
        if data[:4] == b"nclx":
            numbers = _Numbers(data[4:])
            primaries, transfer = numbers.next(2), numbers.next(2)
            return cicp.profile_of(path, primaries, transfer, grey=grey), ()
    return b"", ("it does not say its colours and was taken for sRGB",)


def _exif(file: BinaryIO, kinds: dict[int, bytes], places: _Places) -> metadata.Exif:
    """The first EXIF item, behind the place of its TIFF header (HEIF, A.2.1)."""
    for item, kind in kinds.items():
        if kind == b"Exif" and item in places:
            block = _contents(file, places[item])
            return metadata.parse(block[4 + int.from_bytes(block[:4], "big") :])
    return {}, {}, {}


def _xmp(file: BinaryIO, items: dict[int, bytes], places: _Places) -> bytes:
    """The first item whose type says that it is XMP (HEIF, A.3)."""
    for item, described in items.items():
        if described.startswith(b"mime") and _XMP_TYPE in described and item in places:
            return _contents(file, places[item])
    return b""


def _contents(file: BinaryIO, parts: list[tuple[int, int]]) -> bytes:
    content = b""
    for offset, length in parts:
        file.seek(offset)
        content += file.read(length)
    return content
