"""The edge to libraries that decode: what they say is silenced, what they lack is named."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairfix.errors import MemoryExhaustedError

__all__ = ["silenced", "too_large"]

_STDERR = 2


@contextmanager
def silenced() -> Iterator[None]:
    """Send to nowhere what C code writes to standard error meanwhile.

    LibRaw, libpng, libjpeg and OpenCV's decoders report damage there, besides the error that they
    return; none has a switch that Python can reach. File descriptor 2 belongs to the whole
    process: what other threads write to it is lost for as long, so only the call itself belongs
    into the block. Blocks may nest and overlap between threads: the first one to enter
    redirects, the last one to leave restores. Without a standard error nothing is done; the next
    file that is opened then becomes descriptor 2, so none is to be read or written in the block.
    """
    _stderr.silence()
    try:
        yield
    finally:
        _stderr.restore()


def too_large(path: Path) -> MemoryExhaustedError:
    """The error for a photo that cannot be held."""
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
    """A duplicate of standard error, which now leads nowhere; None if it is closed."""
    try:
        kept = os.dup(_STDERR)
    except OSError:
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    return kept


_stderr = _StandardError()
