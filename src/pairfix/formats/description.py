"""What is written about a photo: XMP and IPTC of its file, and of the sidecars beside it."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pairfix.errors import InputError
from pairfix.formats import iptc, metadata, xmp
from pairfix.formats.embed import (
    EXTENSION,
    HAS_EXTENSION,
    IPTC_TAG,
    PHOTOSHOP,
    STANDARD,
    XMP_TAG,
)
from pairfix.formats.heif import read_heif
from pairfix.formats.jpeg import START, read_jpeg
from pairfix.formats.jxl import jxl_xmp
from pairfix.formats.jxl_header import CONTAINER
from pairfix.formats.png import SIGNATURE, read_png
from pairfix.formats.sidecars import LARGEST, read_sidecar, sidecars_of
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.xmp_names import PHOTOSHOP as PHOTOSHOP_NAMES
from pairfix.image import Description
from pairfix.paths import regular

__all__ = ["Found", "read_description"]

_SIDECAR_FOR = f"{{{PHOTOSHOP_NAMES}}}SidecarForExtension"
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_DAMAGE = (OSError, ValueError, KeyError, IndexError, struct.error, InputError)
"""What readers raise for damage; the decoder has judged the photo already."""


@dataclass(frozen=True, slots=True)
class _Embedded:
    """What a file holds."""

    xmp: bytes = b""
    extension: bytes = b""
    """More XMP, of a JPEG."""
    iptc: bytes = b""


@dataclass(frozen=True, slots=True)
class Found:
    """What a result made from a photo takes over."""

    description: Description
    sidecars: xmp.Properties
    """The part of its XMP that sidecars say."""
    notes: tuple[str, ...]


def read_description(path: Path) -> Found:
    """What a result made from a photo takes over.

    A property of NAME.EXTENSION.xmp counts before that of NAME.xmp, this before what the file holds
    as XMP, and that before its IPTC. Damaged XMP counts as absent.

    Args:
        path: A photo that can be decoded, or a name that no file has.
    """
    if not path.is_file():
        return Found(Description(), {}, ())
    embedded = _embedded(path)
    datasets = iptc.parse(embedded.iptc)
    merged, notes = iptc.properties(datasets), list[str]()
    beside = dict[str, xmp.Value]()
    for name, data in (("its XMP", embedded.xmp), ("its extended XMP", embedded.extension)):
        if data:
            try:
                merged |= xmp.kept(_parsed(data))
            except ValueError:
                notes.append(f"{name} is damaged or too large, and was left out")
    for sidecar in sidecars_of(path):
        try:
            found = _parsed(read_sidecar(sidecar))
        except (OSError, ValueError):
            notes.append(f"{sidecar.name} is damaged or too large, and was left out")
            continue
        if _is_of(found, path):
            beside |= xmp.kept(found)
    merged |= beside
    agreeing = iptc.agreeing(datasets, merged) if datasets else []
    packet = xmp.packet(merged) if merged else b""
    return Found(Description(packet, iptc.assemble(agreeing)), beside, tuple(notes))


def _parsed(data: bytes) -> dict[str, xmp.Value]:
    if len(data) > LARGEST:
        raise ValueError("it is too large")
    return xmp.parse(data)


def _is_of(sidecar: xmp.Properties, path: Path) -> bool:
    """Whether a sidecar is this file's, and not one's of the same name beside it."""
    extension = sidecar.get(_SIDECAR_FOR)
    return not isinstance(extension, str) or extension.lower() == path.suffix[1:].lower()


def _embedded(path: Path) -> _Embedded:
    try:
        with regular(path).open("rb") as file:
            head = file.read(12)
            if head.startswith(START):
                return _of_jpeg(path)
            packet = _packet(path, file, head)
        return _of_tiff(path) if packet is None else _Embedded(packet)
    except _DAMAGE:
        return _Embedded()


def _packet(path: Path, file: BinaryIO, head: bytes) -> bytes | None:
    """The XMP of a container, known by its first bytes; None of any other file."""
    if head.startswith(SIGNATURE):
        return read_png(file).xmp
    if head.startswith(b"RIFF"):
        return _of_webp(file)
    if head[4:12] == b"ftypcrx ":
        return _of_cr3(file)
    if head.startswith(CONTAINER):
        return jxl_xmp(path.read_bytes())
    return read_heif(path, file).xmp if head[4:8] == b"ftyp" else None


def _of_jpeg(path: Path) -> _Embedded:
    segments = read_jpeg(path, path.read_bytes()).application
    standard = [each for each in segments if each.startswith(STANDARD)]
    packet = standard[0][len(STANDARD) :] if standard else b""
    resources = b"".join(
        each.removeprefix(PHOTOSHOP) for each in segments if each.startswith(PHOTOSHOP)
    )
    parts = [each[len(EXTENSION) :] for each in segments if each.startswith(EXTENSION)]
    extension = _extension(packet, parts) if parts else b""
    return _Embedded(packet, extension, iptc.of_photoshop(resources))


def _extension(packet: bytes, parts: list[bytes]) -> bytes:
    """What the parts make together that carry the digest which the packet states."""
    try:
        digest = xmp.text(_parsed(packet).get(HAS_EXTENSION)).encode()
    except ValueError:
        return b""
    mine = {each[36:40]: each[40:] for each in parts if each[:32] == digest}
    return b"".join(mine[place] for place in sorted(mine))


def _of_webp(file: BinaryIO) -> bytes:
    while len(head := file.read(8)) == 8:  # noqa: PLR2004
        kind, size = struct.unpack("<4sI", head)
        if kind == b"XMP ":
            return file.read(min(size, LARGEST + 1))
        file.seek(size + size % 2, 1)
    return b""


def _of_cr3(file: BinaryIO) -> bytes:
    """The packet in a box of its own, outside others (XMP specification, part 3)."""
    file.seek(0)
    while len(head := file.read(24)) == 24:  # noqa: PLR2004
        size = int.from_bytes(head[:4], "big")
        if head[4:] == b"uuid" + _XMP_BOX:
            return file.read(min(size - len(head), LARGEST + 1))
        if size < 8:  # noqa: PLR2004  (no size, or one of 64 bits: only pixels are so long)
            break
        file.seek(size - len(head), 1)
    return b""


def _of_tiff(path: Path) -> _Embedded:
    tags = metadata.of_file(path)[0]
    packet = tags[XMP_TAG].data if XMP_TAG in tags else b""
    return _Embedded(packet, b"", _iptc(tags[IPTC_TAG]) if IPTC_TAG in tags else b"")


def _iptc(entry: Entry) -> bytes:
    """The bytes, which programs also store as if they were numbers of 32 bits, in either order."""
    if entry.kind is Kind.LONG and entry.data[:1] != b"\x1c":
        return b"".join(
            entry.data[place : place + 4][::-1] for place in range(0, len(entry.data), 4)
        )
    return entry.data
