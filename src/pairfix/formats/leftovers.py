"""Hidden files and folders beside a target: named, locked while in use, removed after a kill."""

import ctypes
import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

__all__ = ["hidden_file", "hidden_folder", "remove_leftovers", "store", "swap"]

_NAME = 40
"""Characters of a name, at up to 4 bytes each, that leave room for a suffix within 255 bytes."""
_HASH = 8
_PART, _OLD = ".part", ".old"
_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


@contextmanager
def hidden_file(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new hidden file beside a target, which other runs leave alone; at the end it is deleted.

    Raises:
        OSError: It cannot be created.
    """
    while True:
        path = _hidden(target)
        with path.open("xb") as file, _in_use(path) as ours:
            if ours:
                try:
                    yield path, file
                finally:
                    path.unlink(missing_ok=True)
                return


@contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """The same for a folder.

    Raises:
        OSError: It cannot be created.
    """
    while True:
        path = _hidden(target)
        path.mkdir()
        with _in_use(path) as ours:
            if ours:
                try:
                    yield path
                finally:
                    shutil.rmtree(path, ignore_errors=True)
                return


def remove_leftovers(target: Path) -> None:
    """Remove what killed runs left beside a target, unless a run uses it.

    A folder that was killed between the two renames of `swap` gets its earlier content back.
    """
    leftover = re.compile(rf"\.{re.escape(_short(target))}\.[0-9a-f]{{8}}({_PART}|{_OLD})")
    with suppress(OSError):
        for path in [each for each in target.parent.iterdir() if leftover.fullmatch(each.name)]:
            with _unused(path) as free:
                if free:
                    _remove(path, target)


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
        with _in_use(target):
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


def _hidden(target: Path) -> Path:
    """A new hidden name in the target's folder."""
    return target.with_name(f".{_short(target)}.{secrets.token_hex(4)}{_PART}")


def _short(target: Path) -> str:
    """The target's name; of a long one the beginning, and a hash that no other name has."""
    if len(target.name) <= _NAME:
        return target.name
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:_HASH]
    return f"{target.name[: _NAME - _HASH]}{digest}"


def _remove(path: Path, target: Path) -> None:
    if path.suffix == _OLD and not target.exists():
        path.rename(target)
    elif path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _in_use(path: Path) -> Iterator[bool]:
    """Tell other runs that a file or folder is no leftover: the lock ends with the process.

    On Windows nothing is locked, and `remove_leftovers` does nothing.

    Yields:
        Whether it is still there: another run may have removed it before it was locked.
    """
    if sys.platform == "win32":
        yield True
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        with suppress(OSError):  # file systems without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield os.fstat(descriptor).st_nlink > 0
    finally:
        os.close(descriptor)


@contextmanager
def _unused(path: Path) -> Iterator[bool]:
    """Whether no run uses a file or folder; none begins to until the end."""
    if sys.platform == "win32":
        yield False
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
