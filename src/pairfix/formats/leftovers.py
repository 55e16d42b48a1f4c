"""Hidden files and folders beside a target: named, locked while in use, removed after a kill."""

import ctypes
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["hidden_beside", "in_use", "remove_leftovers", "store", "swap"]

_NAME = 40
"""Characters of a name, at up to 4 bytes each, that leave room for a suffix within 255 bytes."""
_PART, _OLD = ".part", ".old"
_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


def hidden_beside(target: Path) -> Path:
    """A new hidden name in the target's folder."""
    return target.with_name(f".{target.name[:_NAME]}.{secrets.token_hex(4)}{_PART}")


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Tell other runs that a file or folder is no leftover: the lock ends with the process.

    On Windows nothing is locked, and `remove_leftovers` does nothing.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(target: Path) -> None:
    """Remove what killed runs left beside a target, unless a run uses it.

    A folder that was killed between the two renames of `swap` gets its earlier content back.
    """
    leftover = re.compile(rf"\.{re.escape(target.name[:_NAME])}\.[0-9a-f]{{8}}({_PART}|{_OLD})")
    with suppress(OSError):
        for path in [each for each in target.parent.iterdir() if leftover.fullmatch(each.name)]:
            if not _is_free(path):
                continue
            if path.suffix == _OLD and not target.exists():
                if len(target.name) <= _NAME:
                    path.rename(target)
            elif path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def store(folder: Path) -> None:
    """Wait until a folder's files are on the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def swap(beside: Path, target: Path) -> None:
    """Put a new folder in the place of an old one, at once where the system can.

    Elsewhere a kill may strike between two renames; `remove_leftovers` makes up for it.

    Raises:
        OSError: It cannot be done; the old folder is in its place.
    """
    if not target.exists():
        beside.rename(target)
    elif not _exchange(beside, target):
        old = beside.with_suffix(_OLD)
        with in_use(target):
            target.rename(old)
            try:
                beside.rename(target)
            except OSError:
                old.rename(target)
                raise
            shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Give two paths each other's name in one step; whether the system can."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    names = os.fsencode(first), os.fsencode(second)
    return rename is not None and rename(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0


def _is_free(path: Path) -> bool:
    """Whether no run uses a file or folder."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
