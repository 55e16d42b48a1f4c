"""SelfIR: two light encoders, one per exposure, and one decoder; or only one encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pairfix.networks.spec import Graph, Network, Release, Shapes

if TYPE_CHECKING:
    from torch import nn

__all__ = ["SELFIR", "SelfIRConfig"]

_PAIR = ("short", "long")
_MOSAIC = 4
"""Planes of an exposure that is a mosaic."""


@dataclass(frozen=True, slots=True)
class SelfIRConfig:
    """Hyper-parameters of SelfIR, and of the paper's supervised baselines.

    Those have the same U-Net (Zhang et al., Section 4.2, Tables 1 and 2): Baseline R sees both
    exposures, Baseline N only the short one, Baseline B only the long one. That the decoder of N
    and B simply lacks the other encoder's features is our choice.

    Raises:
        ValueError: A value is invalid.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    width: int = 48
    """Channels of the encoders."""
    align_corners: bool = False
    """How the deepest features are upsampled; True in the official release.

    With True the sampling grid depends on the tile's size, so that tiles do not match at seams.
    """
    inputs: tuple[str, ...] = _PAIR
    """The exposures that the network sees, each with an encoder: both, or one of them."""
    noise: bool = False
    """Whether each encoder also takes its exposure's noise map, which the paper's do not.

    A further plane per channel holds the noise's standard deviation (as in FFDNet: Zhang et al.,
    2018), so that one network serves all sensors and sensitivities.
    """

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1:
            raise ValueError(f"width must be positive, not {self.width}")
        if self.inputs not in (_PAIR, *((name,) for name in _PAIR)):
            raise ValueError(f"inputs must be short and long, or one of them, not {self.inputs}")


def _graphs(config: SelfIRConfig) -> tuple[Graph, ...]:
    """The one graph.

    In theory a pixel sees 220 px to each side: 64 through the convolutions of the encoder, 31
    through its pools, 125 through the decoder. What matters was measured by
    benchmarks/tile_overlap.py on a 2 MP pair with tiles of 320 px, as raws and as camera JPEGs
    (mean and greatest difference from an untiled run): with 40 px of context selfir-raw 3e-5 and
    4e-3, selfir-srgb 3e-4 and 4e-2, with 88 px 5e-6 and 1e-3, and 5e-5 and 1e-2. On two other raw
    pairs selfir-raw differs by up to 2e-4 and 2e-2, with 88 px by 2e-5 and 3e-3; with its own tiles
    and 40 px by 2e-5 and 7e-3.

    Of all that 8 bits round, the activations of the last hidden convolution matter most, with a
    tenth of the multiplications. The short exposure's first one sees a noise map, of which few
    levels would be left.
    """
    mosaic = config.channels == _MOSAIC
    return (
        Graph(
            "fusion",
            (*config.inputs, *(f"{name}_noise" for name in config.inputs if config.noise)),
            multiple=32,
            overlap=40 if mosaic else 88,
            tile=640 if mosaic else 768,
            unused=r"mean_(head|tail)\..*",
            fine=r"EB0_2\.conv|DB5\.conv2",
        ),
    )


def _modules(config: SelfIRConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.selfir.architecture import Baseline, SelfIR  # noqa: PLC0415

    return {"fusion": SelfIR(config) if config.inputs == _PAIR else Baseline(config)}


def _configure(shapes: Shapes) -> dict[str, Any]:
    width, channels = shapes["EB0.conv.weight"][:2]
    return {"channels": channels, "width": width, "align_corners": True}


SELFIR = Network(
    name="selfir",
    title="SelfIR",
    source="Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022",
    config=SelfIRConfig,
    graphs=_graphs,
    modules=_modules,
    small={"width": 8},
    release=Release(
        files="UNET_model.pth",
        markers={"fusion": "EB"},
        configure=_configure,
        remarks="""\
SelfIR's official release carries no licence: its authors keep all rights, also to the weights.
Whoever uses this folder must have the right to use the file that it was made from.

The deepest features are upsampled with `align_corners`, as in the official code, so that the
sampling grid depends on the size of a tile: tiles may differ visibly where they meet. A larger
`--tile` avoids that. Weights for four planes were trained on raw values of the authors' own
encoding; pairfix compands raw light by asinh, and how well the weights cope was not measured.
""",
    ),
)
