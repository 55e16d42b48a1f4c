"""What a back end is, and the error of all of them when memory runs out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from pairfix.errors import MemoryExhaustedError
from pairfix.image import Planes
from pairfix.model import Model
from pairfix.networks import Graph

__all__ = [
    "Backend",
    "DeviceChoice",
    "DeviceName",
    "Engine",
    "Precision",
    "PrecisionChoice",
    "Runtime",
    "Session",
    "translate_memory_errors",
]

DeviceName = Literal["cpu", "cuda", "mps"]
Precision = Literal["fp32", "fp16", "bf16", "int8"]
DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
PrecisionChoice = Literal["auto", "fp32", "fp16", "bf16", "int8"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how a network runs."""

    backend: str
    """Key of `BACKENDS`."""
    device: DeviceName
    precision: Precision
    description: str
    """For people, such as ``NVIDIA H200 (PyTorch, fp16)``."""
    reason: str = ""
    """Why the CPU was chosen by default; empty otherwise."""


class Session(Protocol):
    """A graph, loaded and ready."""

    def run(self, inputs: Sequence[Planes]) -> Planes:
        """Run the graph once.

        Args:
            inputs: One ``C x h x w`` float32 array for each of `Graph.inputs`; h and w are
                multiples of `Graph.multiple`.

        Returns:
            ``C x h x w`` float32.

        Raises:
            MemoryExhaustedError: The device's memory is too small; a smaller tile may fit.
        """
        ...


class Engine(Protocol):
    """A back end's library, imported."""

    def find(self, device: DeviceName) -> str | None:
        """The device's title for people if it exists and works, else None."""
        ...

    def absence(self, device: DeviceName) -> str:
        """Why `find` did not find a device."""
        ...

    def open(self, model: Model, graph: Graph, runtime: Runtime) -> Session:
        """Load a graph onto the runtime's device."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """An entry of the registry."""

    name: str
    title: str
    install: str
    """The command that installs it."""
    precisions: tuple[Precision, ...]
    installed: Callable[[], bool]
    """Whether the library is installed; does not import it."""
    load: Callable[[], Engine]
    """Import the library."""


_SYMPTOMS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "failed to allocate memory",
    "available memory of",
    "bad allocation",
    "bad_alloc",
    "alloc_failed",
)


@contextmanager
def translate_memory_errors(release: Callable[[], None] | None = None) -> Iterator[None]:
    """Turn any library's error for exhausted memory into `MemoryExhaustedError`.

    Args:
        release: Called in that case, to free cached memory.
    """
    try:
        yield
    except Exception as error:
        text = str(error).lower()
        if not isinstance(error, MemoryError) and not any(s in text for s in _SYMPTOMS):
            raise
        if release is not None:
            release()
        raise MemoryExhaustedError(
            "memory ran out while the network was running",
            "close other programs, or use a smaller --tile",
        ) from error
