"""Paths as users give them: they may not exist, be searched or end, and name what is no file."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairfix.errors import PairfixError

__all__ = ["reaching", "real", "regular"]


def real(path: Path) -> Path:
    """Where a path leads, absolute; links that form a loop stay, where `Path.resolve` fails.

    Raises:
        OSError: The working directory is gone.
    """
    return Path(os.path.realpath(path))


def regular(path: Path) -> Path:
    """The path of a file that can be read without waiting.

    Raises:
        OSError: There is nothing, or something else: a folder, a pipe, a device.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path


@contextmanager
def reaching(path: Path, kind: type[PairfixError]) -> Iterator[None]:
    """Look at a path in this block, before it is read or written.

    Raises:
        PairfixError: Of this kind, if the path leads nowhere: a folder that may not be searched,
            links that form a loop, a name that is too long, a working directory that is gone.
    """
    try:
        yield
    except OSError as error:
        raise kind(
            f"{path} cannot be reached: {error.strerror or error}",
            "check the name, and the permissions of its folders",
        ) from error
