"""SelfIR: two light encoders, one per exposure, and one decoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network

if TYPE_CHECKING:
    from torch import nn

__all__ = ["SELFIR", "SelfIRConfig"]


@dataclass(frozen=True, slots=True)
class SelfIRConfig:
    """Hyper-parameters of SelfIR.

    Raises:
        ValueError: A value makes no sense.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    width: int = 48
    """Channels of the encoders."""
    align_corners: bool = False
    """How the deepest features are upsampled; True in the official release.

    With True the sampling grid depends on the tile's size, so that tiles do not fit together.
    """

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1:
            raise ValueError(f"width must be positive, not {self.width}")


def _graphs(config: SelfIRConfig) -> tuple[Graph, ...]:
    """The one graph.

    In theory a pixel sees 220 px to each side: 64 through the convolutions of the encoder, 31
    through its pools, 125 through the decoder. What counts was measured with the trained weights
    on an aligned 12 MP raw pair against an untiled run, with tiles of 768 px (mean and greatest
    absolute difference): 64 px of context 5e-5 and 1.2e-2, 96 px 6e-6 and 5e-3.
    """
    del config
    return (
        Graph("fusion", ("short", "long"), multiple=32, overlap=96, unused=r"mean_(head|tail)\..*"),
    )


def _modules(config: SelfIRConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.selfir.architecture import SelfIR  # noqa: PLC0415

    return {"fusion": SelfIR(config)}


SELFIR = Network(
    name="selfir",
    title="SelfIR",
    source="Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022",
    config=SelfIRConfig,
    graphs=_graphs,
    modules=_modules,
    small={"width": 8},
)
