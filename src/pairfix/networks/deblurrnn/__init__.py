"""DeblurRNN: denoise the short exposure, then deblur the long one with the result."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network
from pairfix.networks.strided_unet import StridedUNetConfig

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DEBLURRNN"]


def _graphs(config: StridedUNetConfig) -> tuple[Graph, ...]:
    """The one graph; its overlap is the whole receptive field, 312 px at depth 5.

    Each of the two nets sees one encoder and decoder far, and one pixel of the smallest size
    further through its ConvLSTM. What counts of it is to be measured with trained weights. A tile
    of 1536 px takes 0.7 GB in ONNX Runtime (width 32), as much as SelfIR's of 768 px.
    """
    overlap = 2 * (config.reach + config.multiple)
    return (Graph("fusion", ("short", "long"), config.multiple, overlap, tile=1536),)


def _modules(config: StridedUNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.deblurrnn.architecture import DeblurRNN  # noqa: PLC0415

    return {"fusion": DeblurRNN(config)}


DEBLURRNN = Network(
    name="deblurrnn",
    title="DeblurRNN",
    source="Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019",
    config=StridedUNetConfig,
    graphs=_graphs,
    modules=_modules,
    small={"width": 8, "depth": 2},
)
