"""PairNet: residual blocks in a U-Net whose first level already has half the resolution."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network, TrainingDefaults

if TYPE_CHECKING:
    from torch import nn

__all__ = ["PAIRNET", "PairNetConfig"]

_EXPOSURES = ("short", "long")


@dataclass(frozen=True, slots=True)
class PairNetConfig:
    """Hyper-parameters of PairNet.

    Raises:
        ValueError: A value is invalid.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    noise: bool = True
    """Whether the network takes the exposures' noise maps as well."""
    widths: tuple[int, ...] = (64, 96, 128)
    """Feature channels of the levels, from half the planes' resolution down by two each."""
    blocks: tuple[int, ...] = (3, 3, 3)
    """Residual blocks of each level on the way down; all but the deepest have as many going up."""

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if not self.widths or len(self.widths) != len(self.blocks):
            raise ValueError("widths and blocks must name the same levels, one or more")
        if min(*self.widths, *self.blocks) < 1:
            raise ValueError("widths and blocks must be positive")


def _graphs(config: PairNetConfig) -> tuple[Graph, ...]:
    """The one graph.

    In theory a pixel sees about 140 px to each side with the default widths. What matters was
    measured by benchmarks/tile_overlap.py with the weights of pairnet-raw on an aligned 12 MP raw
    pair with tiles of 320 px (mean and greatest difference from an untiled run): with 32 px of
    context 3e-5 and 6e-3, with 48 px 6e-6 and 2e-3.
    """
    maps = tuple(f"{name}_noise" for name in _EXPOSURES if config.noise)
    multiple = 2 ** len(config.widths)
    return (Graph("fusion", (*_EXPOSURES, *maps), multiple=multiple, overlap=40, fine="head"),)


def _modules(config: PairNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.pairnet.architecture import PairNet  # noqa: PLC0415

    return {"fusion": PairNet(config)}


PAIRNET = Network(
    name="pairnet",
    title="PairNet",
    source="pairfix's own",
    config=PairNetConfig,
    graphs=_graphs,
    modules=_modules,
    small={"widths": (8, 12), "blocks": (1, 1)},
    training=TrainingDefaults(learning_rate=5e-4),
)
