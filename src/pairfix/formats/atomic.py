"""Outputs that are whole or absent: written beside their place, then renamed."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pairfix.errors import OutputError

__all__ = ["check_target", "replacing"]


def check_target(path: Path, *, overwrite: bool) -> None:
    """See to it that a file can be written, without writing it.

    Raises:
        OutputError: It exists and may not be overwritten, is a folder, or its folder is missing
            or closed to us.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder", "name a file in it")
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already", "choose another name or pass --overwrite")
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist", "create it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"no permission to write into {path.parent}", "choose another folder")


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Open a hidden file beside `path` that takes its place if all goes well.

    Whatever is raised within, an interrupt included, the hidden file goes and `path` stays as it
    was. An OSError becomes an OutputError.

    Raises:
        OutputError: As `check_target`; or the disk is full, or breaks.
    """
    check_target(path, overwrite=overwrite)
    beside = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            yield file
        check_target(path, overwrite=overwrite)
        beside.replace(path)
    except OSError as error:
        hint = "free some space" if error.errno == errno.ENOSPC else "choose another folder"
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", hint) from error
    finally:
        beside.unlink(missing_ok=True)
