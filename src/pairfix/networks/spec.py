"""What a network tells about itself, without importing torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Graph", "Network", "Reduction"]


@dataclass(frozen=True, slots=True)
class Reduction:
    """Averaging a whole photo down, never up; each side by itself."""

    resolution: tuple[int, int]
    """Largest height and width."""
    factor: int
    """By how much each side is reduced at least."""

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a reduced photo."""
        tallest, widest = self.resolution
        return min(-(-height // self.factor), tallest), min(-(-width // self.factor), widest)


@dataclass(frozen=True, slots=True)
class Graph:
    """One computation of a network: it is exported, loaded and run as a unit.

    Every graph takes ``N x C x H x W`` float32 inputs and gives one ``N x C x H x W`` output.
    """

    name: str
    """Stem of the exported file, and the name under which later graphs take its output."""
    inputs: tuple[str, ...]
    """In order: ``"short"``, ``"long"``, what is told of them, or the name of an earlier graph.

    ``"short_noise"`` and ``"long_noise"`` are the standard deviation of an exposure's noise at
    every pixel, in the network's range (`pairfix.noise`). An earlier graph's output comes
    upsampled to the photo's size (bilinear, corners not aligned).
    """
    multiple: int
    """Height and width must be multiples of this, and so must the places where tiles begin."""
    overlap: int
    """Pixels of context that a tile needs on each side, from the receptive field."""
    tile: int = 768
    """Longest side of a tile that suits the graph: larger ones take more memory."""
    reduction: Reduction | None = None
    """How the whole photo is made small enough to run at once; None: at full size, tiled."""
    prefix: str = ""
    """What the module's parameter names begin with in the weights file."""
    unused: str = r"(?!)"
    """Regular expression of the parameters (without prefix) that checkpoints hold in vain."""


@dataclass(frozen=True, slots=True)
class Network:
    """An entry of the registry.

    Each of the callables takes the network's validated configuration, an instance of `config`.
    """

    name: str
    title: str
    source: str
    """The paper."""
    config: type[Any]
    """A frozen dataclass of hyper-parameters, `channels` among them.

    Its field names are those of config.json; it raises ValueError where a value makes no sense.
    """
    graphs: Callable[[Any], tuple[Graph, ...]]
    """The graphs in the order in which they run; the last one's output is the result."""
    modules: Callable[[Any], Mapping[str, "nn.Module"]]
    """Freshly initialised modules by graph name; imports torch."""
    small: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters, but `channels`, of a version small enough for tests."""
    restores: bool = True
    """Whether the last graph's output is a restored photo; if not, it helps others to."""
