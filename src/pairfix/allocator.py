"""What the C library's allocator does with memory that is freed."""

import ctypes
import sys

__all__ = ["keep_freed_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3), as in glibc's malloc.h."""
_KEPT = 256 << 20
_LARGEST_KEPT = 32 << 20
"""Bytes; the most that glibc takes."""


def keep_freed_memory() -> None:
    """Keep up to 256 MiB of freed memory for what is allocated next, by whatever thread.

    By default glibc returns large arrays to the kernel and asks for new, zeroed pages a moment
    later, which takes a tenth of the time of a 12-MP pair. Arrays of more than 32 MiB still are
    returned. Threads would have memory of their own, in which what they free stays: a tenth more in
    all. A setting of the process, for programs rather than libraries; where the C library is
    another, nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_ARENA_MAX, 1)
