"""DeblurMerger and DeblurRNN: two networks of one paper, built from the same U-Net blocks.

Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network, TrainingDefaults

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DEBLURMERGER", "DEBLURRNN", "StridedUNetConfig"]

_PAPER = "Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019"
_TRAINING = TrainingDefaults(
    objective="adversarial", learning_rate=2e-4, betas=(0.5, 0.999), initialisation="gaussian"
)
_CAP = 8


@dataclass(frozen=True, slots=True)
class StridedUNetConfig:
    """Hyper-parameters of the encoders and decoders of DeblurMerger and DeblurRNN.

    The paper describes the blocks (Section III-A): 5 x 5 convolutions of stride 2 down, transposed
    ones up, with skip connections at every size. Depth, widths and the dropout rate are only in
    its figures or not stated. Ours are: depth 5 and widths of 1, 2, 4, 8, 8 times `width`, which
    is 32 here and 64 at full size; dropout as in pix2pix (Isola et al., 2017), whose U-Net the
    paper adopts: after the three smallest decoder blocks, at a rate of 0.5.

    Raises:
        ValueError: A value is invalid.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    width: int = 32
    """Channels at half size; they double at each smaller size, up to eightfold."""
    depth: int = 5
    """How often an encoder halves the size."""
    dropout: float = 0.5
    """Share of a decoder's features left out in training."""

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1:
            raise ValueError(f"width must be positive, not {self.width}")
        if self.depth < 1:
            raise ValueError(f"depth must be positive, not {self.depth}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {self.dropout}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of an encoder's features, from half size to the smallest."""
        return tuple(self.width * min(2**level, _CAP) for level in range(self.depth))

    @property
    def multiple(self) -> int:
        """What height and width must be multiples of: a pixel at the smallest size."""
        return 2**self.depth

    @property
    def reach(self) -> int:
        """Pixels that an output pixel sees to each side through one encoder and one decoder.

        A 5 x 5 kernel reaches 2 px at the larger of its two sizes, which is 1, 2, 4, ... pixels
        of the photo, on the way down and on the way up again.
        """
        return 4 * (self.multiple - 1)


def _merger_graphs(config: StridedUNetConfig) -> tuple[Graph, ...]:
    """The one graph; its overlap is the whole receptive field, 124 px at depth 5.

    A tile of 1536 px takes 0.8 GB in ONNX Runtime (width 32), about as much as SelfIR's of 768 px.
    """
    return (Graph("fusion", ("short", "long"), config.multiple, config.reach, tile=1536),)


def _merger_modules(config: StridedUNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.strided_unet.architecture import DeblurMerger  # noqa: PLC0415

    return {"fusion": DeblurMerger(config)}


def _rnn_graphs(config: StridedUNetConfig) -> tuple[Graph, ...]:
    """The one graph; its overlap is the whole receptive field, 312 px at depth 5.

    Each of the two nets sees as far as one encoder and decoder do, and one pixel of the smallest
    size further through its ConvLSTM. How much of it matters is yet to be measured with trained
    weights. A tile of 1536 px takes 0.7 GB in ONNX Runtime (width 32), as much as SelfIR's of
    768 px.
    """
    overlap = 2 * (config.reach + config.multiple)
    return (Graph("fusion", ("short", "long"), config.multiple, overlap, tile=1536),)


def _rnn_modules(config: StridedUNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.strided_unet.architecture import DeblurRNN  # noqa: PLC0415

    return {"fusion": DeblurRNN(config)}


DEBLURMERGER = Network(
    name="deblurmerger",
    title="DeblurMerger",
    source=_PAPER,
    config=StridedUNetConfig,
    graphs=_merger_graphs,
    modules=_merger_modules,
    small={"width": 8, "depth": 3},
    training=_TRAINING,
)
DEBLURRNN = Network(
    name="deblurrnn",
    title="DeblurRNN",
    source=_PAPER,
    config=StridedUNetConfig,
    graphs=_rnn_graphs,
    modules=_rnn_modules,
    small={"width": 8, "depth": 2},
    training=_TRAINING,
)
