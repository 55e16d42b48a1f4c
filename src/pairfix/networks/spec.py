"""What a network declares about itself, without importing torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Graph", "Network", "Reduction", "Release", "Shapes", "TrainingDefaults"]

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of parameters by name, each name with its graph's prefix."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """Averaging a whole photo down, never up; each side by itself."""

    resolution: tuple[int, int]
    """Largest height and width."""
    factor: int
    """Least factor by which each side is reduced."""

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a reduced photo."""
        tallest, widest = self.resolution
        return min(-(-height // self.factor), tallest), min(-(-width // self.factor), widest)


@dataclass(frozen=True, slots=True)
class Graph:
    """One computation of a network: it is exported, loaded and run as a unit.

    Every graph takes ``N x C x H x W`` float32 inputs and returns one ``N x C x H x W`` output.
    """

    name: str
    """Stem of the exported file, and the name under which later graphs take its output."""
    inputs: tuple[str, ...]
    """In order: ``"short"``, ``"long"``, their noise maps ``"short_noise"`` and ``"long_noise"``
    (`pairfix.noise`), names of extra planes, or the name of an earlier graph.

    Extra planes are entries of `pairfix.stages.inputs.EXTRA_PLANES`. An earlier graph's output
    comes upsampled to the photo's size (bilinear, corners not aligned).
    """
    multiple: int
    """Height and width must be multiples of this, and so must the positions of tiles."""
    overlap: int
    """Pixels of context that a tile needs on each side, from the receptive field."""
    tile: int = 768
    """Longest side of a tile that suits the graph: larger ones take more memory."""
    reduction: Reduction | None = None
    """How the whole photo is made small enough to run at once; None: at full size, tiled."""
    prefix: str = ""
    """What the module's parameter names begin with in the weights file."""
    unused: str = r"(?!)"
    """Regular expression of the parameters (without prefix) that checkpoints hold but never use."""
    fine: str = r"(?!)"
    """Regular expression of the modules (without prefix) that need float activations where the
    others have them rounded to 8 bits."""


@dataclass(frozen=True, slots=True)
class TrainingDefaults:
    """How a network is trained unless the user chooses otherwise: as in its paper, or as SelfIR."""

    objective: str = "supervised"
    """A key of `pairfix.train.objectives.OBJECTIVES`."""
    learning_rate: float = 3e-4
    """Peak; objectives from papers of their own have their own."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Adam's decay rates, likewise."""
    initialisation: Literal["pytorch", "glorot", "gaussian"] = "pytorch"
    """Distribution of the first weights (`pairfix.train.transfer.initialise`)."""


@dataclass(frozen=True, slots=True)
class Release:
    """Weights that a network's authors published."""

    files: str
    """Example of the files that hold them."""
    markers: Mapping[str, str]
    """By graph name: the beginning of keys that only this graph's state dict has."""
    configure: Callable[[Shapes], dict[str, Any]]
    """Hyper-parameters from shapes; raises KeyError or IndexError for unknown shapes."""
    remarks: str
    """Licence and limits, for the model card."""


@dataclass(frozen=True, slots=True)
class Network:
    """An entry of the registry: everything that belongs to one network.

    Each of the callables takes the network's validated configuration, an instance of `config`.
    """

    name: str
    title: str
    source: str
    """The paper."""
    config: type[Any]
    """A frozen dataclass of hyper-parameters, `channels` among them.

    Its field names are those of config.json; it raises ValueError for an invalid value.
    """
    graphs: Callable[[Any], tuple[Graph, ...]]
    """The graphs in the order in which they run; the last one's output is the result."""
    modules: Callable[[Any], Mapping[str, "nn.Module"]]
    """Freshly initialised modules by graph name; imports torch."""
    small: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters, except `channels`, of a version small enough for tests."""
    reblurs: bool = False
    """Whether it is a reblurring module, which amplifies the blur left in a restored photo."""
    training: TrainingDefaults = TrainingDefaults()
    release: Release | None = None
    """The official weights that `pairfix models import` reads."""

    @property
    def restores(self) -> bool:
        """Whether the last graph's output is a restored photo."""
        return not self.reblurs

    def how_to_get_weights(self) -> str:
        """What to do if no model with this network is at hand."""
        deblurrer = " --deblurrer MODEL" if self.reblurs else ""
        training = f"train it: pairfix train {self.name} PHOTOS{deblurrer} -o FOLDER"
        if self.release is None:
            return training
        command = f"pairfix models import {self.name} {self.release.files} -o FOLDER"
        return f"import the official weights: {command}; or {training}"
