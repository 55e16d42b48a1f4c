"""How many threads the libraries of a process compute with."""

import os

import cv2

__all__ = ["available_cores", "limit_threads", "thread_limit"]

_limit = 0


def available_cores() -> int:
    """The CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(count: int) -> None:
    """Share the machine with other processes; PyTorch must not have been imported yet.

    Args:
        count: Threads of this process, at least 1; it holds for models that are opened from now on.
    """
    global _limit  # noqa: PLW0603  (a setting of the process, as OpenCV's and PyTorch's are)
    _limit = count
    cv2.setNumThreads(count)
    os.environ["OMP_NUM_THREADS"] = str(count)


def thread_limit() -> int:
    """The threads of this process; 0: as many as the libraries choose."""
    return _limit
