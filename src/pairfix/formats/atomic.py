"""Files and folders that are complete or absent: written under another name, then renamed.

They are on the disk before they are renamed, so that neither a kill nor a power cut leaves half.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pairfix.errors import OutputError
from pairfix.formats.leftovers import hidden_file, hidden_folder, remove_leftovers, store, swap

__all__ = ["appearing", "check_target", "replacing"]

_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EFBIG: "choose another format or disk",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def check_target(path: Path, *, overwrite: bool) -> None:
    """Check that a file can be written, without writing it.

    Raises:
        OutputError: It exists and may not be overwritten, is a folder or a device, or its folder
            is missing or not writable.
    """
    with _writing(path):
        _check(path, _target(path), overwrite=overwrite)


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Open a hidden file beside `path` that replaces it if all goes well.

    A symbolic link is kept: the file that it points to is replaced. If anything is raised within,
    including an interrupt, the hidden file is deleted and `path` is unchanged. An OSError becomes
    an OutputError.

    Raises:
        OutputError: As `check_target`; or the disk is full or fails.
    """
    check_target(path, overwrite=overwrite)
    target = _target(path)
    with _writing(path):
        remove_leftovers(target)
        with hidden_file(target) as (beside, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()  # or Windows would not rename it
            _check(path, target, overwrite=overwrite)
            beside.replace(target)


@contextmanager
def appearing(folder: Path, check: Callable[[], None]) -> Iterator[Path]:
    """Create a hidden folder beside `folder` that replaces it if all goes well.

    If anything is raised within, including an interrupt, the hidden folder is deleted and `folder`
    is unchanged. An OSError becomes an OutputError.

    Args:
        folder: The folder to create, or to replace as a whole.
        check: Raises if that is not allowed; called before anything is written and again before
            the replacement.

    Raises:
        OutputError: The disk is full or fails.
    """
    with _writing(folder):
        target = folder.absolute()
        remove_leftovers(target)
        check()
        with hidden_folder(target) as beside:
            yield beside
            check()
            store(beside)
            swap(beside, target)


def _target(path: Path) -> Path:
    """Where symbolic links point to; itself a link only if they form a loop."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _check(path: Path, target: Path, *, overwrite: bool) -> None:
    folder = target.parent
    if target.is_dir():
        raise OutputError(f"{path} is a folder", "name a file in it")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise OutputError(f"{path} is not a regular file", "name a new file, or one to overwrite")
    if target.exists() and not overwrite:
        raise OutputError(f"{path} exists already", "choose another name or pass --overwrite")
    if not folder.is_dir():
        raise OutputError(f"the folder {folder} does not exist", "create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"no permission to write to {folder}", "choose another folder")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "choose another folder")
        raise OutputError(f"{path} cannot be written: {error.strerror or error}", hint) from error
