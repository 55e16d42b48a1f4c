"""Files and folders that are whole or absent: written beside their place, then renamed."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pairfix.errors import OutputError

__all__ = ["appearing", "check_target", "replacing"]

_NAME = 40
"""Characters of a name that, of 4 bytes each, leave room for more within a name's 255."""
_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EFBIG: "choose another format or disk",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def check_target(path: Path, *, overwrite: bool) -> None:
    """See to it that a file can be written, without writing it.

    Raises:
        OutputError: It exists and may not be overwritten, is a folder or a device, or its folder
            is missing or closed to us.
    """
    with _writing(path):
        _check(path, _target(path), overwrite=overwrite)


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Open a hidden file beside `path` that takes its place if all goes well.

    A symbolic link stays one: the file that it leads to is replaced. Whatever is raised within,
    an interrupt included, the hidden file goes and `path` stays as it was. An OSError becomes an
    OutputError.

    Raises:
        OutputError: As `check_target`; or the disk is full, or breaks.
    """
    check_target(path, overwrite=overwrite)
    target = _target(path)
    beside = target.with_name(f".{target.name[:_NAME]}.{secrets.token_hex(4)}.part")
    with _writing(path):
        try:
            with beside.open("xb") as file:
                yield file
            _check(path, target, overwrite=overwrite)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def appearing(folder: Path, check: Callable[[], None]) -> Iterator[Path]:
    """Make a hidden folder beside `folder` that takes its place if all goes well.

    Whatever is raised within, an interrupt included, the hidden folder goes and `folder` stays as
    it was. An OSError becomes an OutputError.

    Args:
        folder: What is to appear, or to be replaced as a whole.
        check: Raises where it may not, before anything is written and before the exchange.

    Raises:
        OutputError: The disk is full, or breaks.
    """
    check()
    place = folder.absolute()
    beside = place.with_name(f".{place.name[:_NAME]}.{secrets.token_hex(4)}.part")
    with _writing(folder):
        try:
            beside.mkdir()
            yield beside
            check()
            _swap(beside, place)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _swap(beside: Path, place: Path) -> None:
    if not place.exists():
        beside.rename(place)
        return
    old = beside.with_suffix(".old")
    place.rename(old)
    try:
        beside.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _target(path: Path) -> Path:
    """Where symbolic links lead to; itself a link only if they lead in a circle."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _check(path: Path, target: Path, *, overwrite: bool) -> None:
    folder = target.parent
    if target.is_dir():
        raise OutputError(f"{path} is a folder", "name a file in it")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise OutputError(f"{path} is no regular file", "name a new file, or one to overwrite")
    if target.exists() and not overwrite:
        raise OutputError(f"{path} exists already", "choose another name or pass --overwrite")
    if not folder.is_dir():
        raise OutputError(f"the folder {folder} does not exist", "create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"no permission to write into {folder}", "choose another folder")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "choose another folder")
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", hint) from error
