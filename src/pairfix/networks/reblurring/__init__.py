"""Networks of "Clean Images are Hard to Reblur": three that deblur one frame, one that reblurs.

The paper trains its three choices of M_D (a U-Net, SRN and DHN) with the help of M_R, the
reblurring module. All four take one frame; none takes a short exposure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairfix.networks.spec import Graph, Network, TrainingDefaults

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "DHN",
    "REBLUR_MODULE",
    "REBLUR_UNET",
    "SRN",
    "DHNConfig",
    "ReblurModuleConfig",
    "SRNConfig",
    "UNetConfig",
]

_PAPER = "Nah et al., Clean Images are Hard to Reblur, 2022"
_LEARNING_RATE = 1e-4


@dataclass(frozen=True, slots=True)
class _Config:
    channels: int = 4
    """Planes of the frame: 4 for a mosaic, 3 for RGB."""
    width: int = 64
    """Channels at full size."""

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1:
            raise ValueError(f"width must be positive, not {self.width}")


@dataclass(frozen=True, slots=True)
class UNetConfig(_Config):
    """Hyper-parameters of the U-Net; a half and a quarter of the size have 2 and 3 times `width`.

    Raises:
        ValueError: A value is invalid.
    """


@dataclass(frozen=True, slots=True)
class ReblurModuleConfig(_Config):
    """Hyper-parameters of the reblurring module.

    Raises:
        ValueError: A value is invalid.
    """

    blocks: int = 2
    """ResBlocks: 1 for better PSNR, 2 for sharper pictures (Sec. 4.1)."""

    def __post_init__(self) -> None:
        _Config.__post_init__(self)
        if self.blocks not in (1, 2):
            raise ValueError(f"blocks must be 1 or 2, not {self.blocks}")


@dataclass(frozen=True, slots=True)
class SRNConfig(_Config):
    """Hyper-parameters of SRN; its channels double at each halving of the size.

    Raises:
        ValueError: A value is invalid.
    """

    width: int = 32
    """Channels at full size."""


@dataclass(frozen=True, slots=True)
class DHNConfig(_Config):
    """Hyper-parameters of DHN; its channels double at each halving of the size.

    Raises:
        ValueError: A value is invalid.
    """

    width: int = 32
    """Channels at full size."""


def _unet_graphs(config: UNetConfig) -> tuple[Graph, ...]:
    """The one graph.

    A pixel sees at most 74 px to each side (2 + 1 + 2 through the convolutions on the way down,
    64 through the ResBlocks, 5 through those on the way up). At width 64 a tile of 768 px takes
    the process to 0.9 GB with ONNX Runtime on a CPU, and to 1.4 GB with PyTorch.
    """
    del config
    return (Graph("deblur", ("long",), multiple=4, overlap=74),)


def _unet_modules(config: UNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.reblurring.architecture import UNet  # noqa: PLC0415

    return {"deblur": UNet(config)}


def _module_graphs(config: ReblurModuleConfig) -> tuple[Graph, ...]:
    """The one graph.

    A pixel sees 2 px to each side through each 5x5 convolution. At width 64 a tile of 768 px takes
    the process to 0.9 GB with ONNX Runtime on a CPU, and to 1.3 GB with PyTorch.
    """
    return (Graph("reblur", ("long",), multiple=1, overlap=4 * (config.blocks + 1)),)


def _module_modules(config: ReblurModuleConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.reblurring.architecture import ReblurModule  # noqa: PLC0415

    return {"reblur": ReblurModule(config)}


def _srn_graphs(config: SRNConfig) -> tuple[Graph, ...]:
    """The one graph.

    In theory a pixel sees 1287 px to each side, 184 at each scale; no tile can afford that. What
    matters was measured at width 32, freshly initialised, on a blurred photo between a run of the
    whole and one that began 384 px later (mean and greatest absolute difference, in outputs of
    standard deviation 0.25). With Xavier weights, from which the release starts: 192 px of
    context 4e-4 and 2e-2, 256 px 8e-5 and 5e-3. With PyTorch's own, 64 px suffice for 2e-4.
    Trained weights have not been measured yet.

    At width 32 tiles of 1024 and 1280 px take the process to 1.2 and 2.5 GB with ONNX Runtime on
    a CPU.
    """
    del config
    return (Graph("deblur", ("long",), multiple=16, overlap=256, tile=1152),)


def _srn_modules(config: SRNConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.reblurring.architecture import SRN  # noqa: PLC0415

    return {"deblur": SRN(config)}


def _dhn_graphs(config: DHNConfig) -> tuple[Graph, ...]:
    """The one graph.

    In theory a pixel sees 259 px to each side, 65 at each level. Measured like SRN's, at width 32
    with Xavier weights: 64 px of context 1e-5 and 4e-3, 96 px 4e-7 and 2e-5. Trained weights
    have not been measured yet; 128 px leave room for them to look further.

    At width 32 a tile of 1024 px takes the process to 1.8 GB with ONNX Runtime on a CPU.
    """
    del config
    return (Graph("deblur", ("long",), multiple=4, overlap=128, tile=1024),)


def _dhn_modules(config: DHNConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.reblurring.architecture import DHN  # noqa: PLC0415

    return {"deblur": DHN(config)}


REBLUR_UNET = Network(
    name="reblur-unet",
    title="Reblurring U-Net",
    source=f"{_PAPER} (Table S1)",
    config=UNetConfig,
    graphs=_unet_graphs,
    modules=_unet_modules,
    small={"width": 8},
    training=TrainingDefaults(learning_rate=_LEARNING_RATE),
)
REBLUR_MODULE = Network(
    name="reblur-module",
    title="Reblurring module",
    source=f"{_PAPER} (Table S3)",
    config=ReblurModuleConfig,
    graphs=_module_graphs,
    modules=_module_modules,
    small={"width": 8, "blocks": 1},
    reblurs=True,
    training=TrainingDefaults(objective="reblur", learning_rate=_LEARNING_RATE),
)
SRN = Network(
    name="srn",
    title="SRN",
    source="Tao et al., Scale-recurrent Network for Deep Image Deblurring, 2018",
    config=SRNConfig,
    graphs=_srn_graphs,
    modules=_srn_modules,
    small={"width": 8},
    training=TrainingDefaults(learning_rate=_LEARNING_RATE, initialisation="glorot"),
)
DHN = Network(
    name="dhn",
    title="DHN",
    source=f"{_PAPER}, after Zhang et al., Deep Stacked Hierarchical Multi-patch Network, 2019",
    config=DHNConfig,
    graphs=_dhn_graphs,
    modules=_dhn_modules,
    small={"width": 8},
    training=TrainingDefaults(learning_rate=_LEARNING_RATE),
)
