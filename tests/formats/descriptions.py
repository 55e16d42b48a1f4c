"""XMP and IPTC made for tests, and what exiftool reads of a file."""

import json
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pairfix.formats.xmp_names import NAMESPACES, RDF

EXIFTOOL = shutil.which("exiftool")
URIS = {known.prefix: uri for uri, known in NAMESPACES.items()} | {
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "darktable": "http://darktable.sf.net/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "mine": "http://example.com/mine/",
}


def name(prefixed: str) -> str:
    """dc:title as a universal name."""
    prefix, _, local = prefixed.partition(":")
    return f"{{{URIS[prefix]}}}{local}"


def rdf(content: str = "", attributes: str = "") -> str:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in URIS.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" {declared} {attributes}>{content}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )


def alternatives(tag: str, **texts: str) -> str:
    items = "".join(
        f'<rdf:li xml:lang="{language.replace("_", "-")}">{text}</rdf:li>'
        for language, text in texts.items()
    )
    return f"<{tag}><rdf:Alt>{items}</rdf:Alt></{tag}>"


def bag(tag: str, *texts: str) -> str:
    items = "".join(f"<rdf:li>{text}</rdf:li>" for text in texts)
    return f"<{tag}><rdf:Bag>{items}</rdf:Bag></{tag}>"


def iim(datasets: Iterable[tuple[int, int, bytes]]) -> bytes:
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in datasets
    )


def exiftool(path: Path, *options: str) -> dict[str, Any]:
    assert EXIFTOOL
    command = [EXIFTOOL, "-json", "-G1", "-a", *options, str(path)]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


def faults(path: Path) -> str:
    """What exiftool finds wrong."""
    assert EXIFTOOL
    command = [EXIFTOOL, "-validate", "-warning", "-error", "-a", "-s3", str(path)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
