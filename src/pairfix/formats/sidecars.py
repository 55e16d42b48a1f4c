"""Files beside a photo in which programs keep what is written about it (XMP).

NAME.EXTENSION.xmp is what darktable and digiKam write, NAME.xmp what Adobe's programs do.
"""

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LARGEST", "read_sidecar", "sidecars_of"]

LARGEST = 1 << 22
"""Bytes of XMP that are read: keywords fit many times over, and the strokes of local edits, which
sidecars hold as well."""


def sidecars_of(photo: Path) -> Iterator[Path]:
    """Those that exist, the more specific one last."""
    for beside in (photo.with_suffix(""), photo):
        for suffix in (".xmp", ".XMP"):
            candidate = beside.with_name(beside.name + suffix)
            if os.path.isfile(candidate):  # noqa: PTH113  (Path.is_file raises for too long a name)
                yield candidate
                break


def read_sidecar(path: Path) -> bytes:
    """What a sidecar holds; of one that is too large, a byte more than `LARGEST`.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
