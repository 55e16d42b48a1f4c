"""DeblurMerger: an encoder for each exposure, and one decoder that merges them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network
from pairfix.networks.strided_unet import StridedUNetConfig

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DEBLURMERGER"]


def _graphs(config: StridedUNetConfig) -> tuple[Graph, ...]:
    """The one graph; its overlap is the whole receptive field, 124 px at depth 5.

    A tile of 1536 px takes 0.8 GB in ONNX Runtime (width 32), about as much as SelfIR's of 768 px.
    """
    return (Graph("fusion", ("short", "long"), config.multiple, config.reach, tile=1536),)


def _modules(config: StridedUNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.deblurmerger.architecture import DeblurMerger  # noqa: PLC0415

    return {"fusion": DeblurMerger(config)}


DEBLURMERGER = Network(
    name="deblurmerger",
    title="DeblurMerger",
    source="Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019",
    config=StridedUNetConfig,
    graphs=_graphs,
    modules=_modules,
    small={"width": 8, "depth": 3},
)
