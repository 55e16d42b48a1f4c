"""D2HNet: deblur the whole photo at a small size, then enhance it at full size, tile by tile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pairfix.networks.spec import (
    Graph,
    Network,
    Reduction,
    Release,
    Shapes,
    TrainingDefaults,
)

if TYPE_CHECKING:
    from torch import nn

__all__ = ["D2HNET", "D2HNetConfig"]

_LEVELS = 5


@dataclass(frozen=True, slots=True)
class D2HNetConfig:
    """Hyper-parameters of D2HNet.

    Raises:
        ValueError: A value is invalid.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    width: int = 32
    """Channels at full size; they double at each smaller size."""
    cap: int = 16
    """Width of EnhanceNet's widest level, in multiples of `width`."""
    resolution: tuple[int, int] = (1024, 1024)
    """Largest height and width at which DeblurNet sees the photo (Sec. 4: fixed at test time)."""
    reduction: int = 1
    """Least factor by which the photo is averaged for DeblurNet.

    Weights trained on averaged photos need 2: those of width 16 and cap 8 lost 3.8 dB on a 1.8 MP
    pair that DeblurNet saw at full size.
    """

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1 or self.width % 8:
            raise ValueError(f"width must be a multiple of the 8 offset groups, not {self.width}")
        if self.cap < 1:
            raise ValueError(f"cap must be positive, not {self.cap}")
        if min(self.resolution) < 1 or any(side % 4 for side in self.resolution):
            raise ValueError(f"resolution must be positive multiples of 4, not {self.resolution}")
        if self.reduction < 1:
            raise ValueError(f"reduction must be at least 1, not {self.reduction}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of EnhanceNet's levels, from full size to a sixteenth."""
        return tuple(self.width * min(2**level, self.cap) for level in range(_LEVELS))


def _graphs(config: D2HNetConfig) -> tuple[Graph, ...]:
    """DeblurNet on the whole photo, then EnhanceNet in tiles.

    The overlap was measured by benchmarks/tile_overlap.py with trained weights (width 16, cap 8)
    on an aligned 12 MP raw pair with tiles of 752 px (mean and greatest difference from an untiled
    run): 120 px of context 3e-5 and 2e-2, 152 px 1e-5 and 9e-3. The offsets of the deformable
    convolutions double from level to level and reach far at single pixels.
    """
    return (
        Graph(
            "deblur",
            ("short", "long"),
            multiple=4,
            overlap=0,
            reduction=Reduction(config.resolution, config.reduction),
            prefix="DeblurNet.",
        ),
        Graph(
            "enhance",
            ("short", "long", "deblur"),
            multiple=16,
            overlap=152,
            tile=752,
            prefix="EnhanceNet.",
            unused=r"(short|long|deblur_out)_conv\..*"
            r"|upsample_alignblock\d\.(up|conv_2)\..*"
            r"|upsample_alignblock5\.offset_conv2\..*",
        ),
    )


def _modules(config: D2HNetConfig) -> Mapping[str, "nn.Module"]:
    from pairfix.networks.d2hnet.architecture import DeblurNet, EnhanceNet  # noqa: PLC0415

    return {"deblur": DeblurNet(config), "enhance": EnhanceNet(config)}


def _configure(shapes: Shapes) -> dict[str, Any]:
    def width(level: int) -> int:
        return shapes[f"EnhanceNet.downsample_short_conv{level}.0.layers.0.weight"][0]

    channels = shapes["EnhanceNet.denoise_layer.layers.0.weight"][0]
    return {"channels": channels, "width": width(1), "cap": width(5) // max(width(1), 1)}


D2HNET = Network(
    name="d2hnet",
    title="D2HNet",
    source="Zhao et al., D2HNet: Joint Denoising and Deblurring with Hierarchical Network, 2022",
    config=D2HNetConfig,
    graphs=_graphs,
    modules=_modules,
    small={"width": 8, "cap": 4},
    training=TrainingDefaults(
        objective="two-phase",
        learning_rate=1e-4,
        betas=(0.5, 0.999),
        initialisation="glorot",
    ),
    release=Release(
        files="DeblurNet.pkl EnhanceNet.pkl",
        markers={"deblur": "deblur_res_block", "enhance": "upsample_alignblock"},
        configure=_configure,
        remarks="""\
The licence is that of the official D2HNet release that the files come from: see there. Whoever
uses this folder must have the right to use the files that it was made from.

Spectral normalisation is folded into the weights. As in the official test, DeblurNet sees the
photo at 1024 x 1024 at most; unlike it, pairfix never enlarges a photo to that size, and blends
its tiles.
""",
    ),
)
