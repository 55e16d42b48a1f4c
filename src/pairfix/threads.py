"""How many threads a process computes with, and a few computations side by side."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import cv2

__all__ = ["available_cores", "in_threads", "limit_threads", "thread_limit"]

T = TypeVar("T")

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


def in_threads(function: Callable[..., T], *arguments: Iterable[Any]) -> list[T]:
    """As `map`, but computed on several cores.

    It pays where NumPy and OpenCV do the work, which hold no lock meanwhile. What the calls need of
    memory adds up over the cores.

    Args:
        function: Safe to be run by several threads at once.
        arguments: As many of each as there are calls.

    Raises:
        Exception: Of the first call, in the order of the arguments, that failed.
    """
    calls = list(zip(*arguments, strict=True))
    workers = min(len(calls), _limit or available_cores())
    if workers <= 1:
        return [function(*call) for call in calls]
    with ThreadPoolExecutor(workers, "pairfix-compute") as threads:
        return list(threads.map(function, *zip(*calls, strict=True)))
