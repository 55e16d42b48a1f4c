"""What all readers and writers share: C libraries silenced, memory errors, bands of rows."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairfix.errors import InputError, MemoryExhaustedError

__all__ = [
    "BAND",
    "MOST_PIXELS",
    "bands",
    "check_pixels",
    "claims_too_much",
    "silenced",
    "too_large",
]

BAND = 256
"""Rows that are converted at a time, so that copies of large pictures stay small."""
MOST_PIXELS = 500_000_000
"""Of a photo; cameras that shift their sensor make 407 megapixels (Hasselblad, Fujifilm)."""
_STDERR = 2


@contextmanager
def silenced() -> Iterator[None]:
    """Discard what C code writes to standard error within the block.

    LibRaw, libpng, libjpeg and OpenCV's decoders report damage there, in addition to the error that
    they return, and Python cannot switch that off. File descriptor 2 belongs to the whole process:
    what other threads write to it meanwhile is lost, so the block should hold only the call itself.
    Blocks may nest and overlap between threads: the first to enter redirects, the last to leave
    restores. Without a standard error, nothing is done; the next file to be opened then becomes
    descriptor 2, so no file may be read or written in the block.
    """
    _stderr.silence()
    try:
        yield
    finally:
        _stderr.restore()


def check_pixels(path: Path, height: int, width: int) -> None:
    """Refuse, before memory is taken for it, a picture that is larger than any photo.

    Raises:
        InputError: It has more than `MOST_PIXELS`.
    """
    if height * width > MOST_PIXELS:
        raise InputError(
            f"{path} has too many pixels, {width} x {height}", "make it smaller, or copy it again"
        )


def claims_too_much(path: Path, size: int, height: int, width: int) -> InputError:
    """The error for a picture whose bytes cannot hold the pixels that it claims."""
    return InputError(
        f"{path} claims {width} x {height} pixels, which its {size} bytes cannot hold",
        "export or copy it again",
    )


def bands(rows: int) -> Iterator[slice]:
    """The bands of a picture with this many rows, top to bottom."""
    for top in range(0, rows, BAND):
        yield slice(top, min(top + BAND, rows))


def too_large(path: Path) -> MemoryExhaustedError:
    """The error for a photo that does not fit into memory."""
    hint = "close other programs, or use a smaller photo"
    return MemoryExhaustedError(f"{path} does not fit into memory", hint)


class _StandardError:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._kept: int | None = None

    def silence(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._kept = _redirected()

    def restore(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._kept is not None:
                os.dup2(self._kept, _STDERR)
                os.close(self._kept)
                self._kept = None


def _redirected() -> int | None:
    """A duplicate of standard error, which itself is discarded now; None if that fails."""
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (a device, not a path of ours)
            kept = os.dup(_STDERR)
            os.dup2(nowhere.fileno(), _STDERR)
    except OSError:
        return None
    return kept


_stderr = _StandardError()
