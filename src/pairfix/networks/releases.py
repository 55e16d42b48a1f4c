"""What the official releases of weights hold, and what follows from their shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pairfix.networks.spec import Network

__all__ = ["RELEASES", "Release", "Shapes", "how_to_get_weights"]

Shapes = Mapping[str, tuple[int, ...]]
"""Shapes of tensors by name, each name with its graph's prefix."""


@dataclass(frozen=True, slots=True)
class Release:
    """Weights that a network's authors published."""

    files: str
    """Example of the files that hold them."""
    markers: Mapping[str, str]
    """By graph name: how keys begin that only this graph's state dict has."""
    configure: Callable[[Shapes], dict[str, Any]]
    """Hyper-parameters from shapes; raises KeyError or IndexError where the shapes do not tell."""
    remarks: str
    """Licence and limits, for the model card."""


def _configure_selfir(shapes: Shapes) -> dict[str, Any]:
    width, channels = shapes["EB0.conv.weight"][:2]
    return {"channels": channels, "width": width, "align_corners": True}


def _configure_d2hnet(shapes: Shapes) -> dict[str, Any]:
    def width(level: int) -> int:
        return shapes[f"EnhanceNet.downsample_short_conv{level}.0.layers.0.weight"][0]

    channels = shapes["EnhanceNet.denoise_layer.layers.0.weight"][0]
    return {"channels": channels, "width": width(1), "cap": width(5) // max(width(1), 1)}


RELEASES: Mapping[str, Release] = {
    "selfir": Release(
        files="UNET_model.pth",
        markers={"fusion": "EB"},
        configure=_configure_selfir,
        remarks="""\
SelfIR's official release carries no licence: its authors keep all rights, to the weights as well.
Whoever uses this folder must have the right to use the file that it was made from.

The deepest features are upsampled with `align_corners`, as in the official code, so that the
sampling grid depends on the size of a tile: tiles may differ visibly where they meet. A larger
`--tile` avoids that. Weights for four planes were trained on raw values of the authors' own
encoding; pairfix compands raw light by asinh, and how well the weights take that was not measured.
""",
    ),
    "d2hnet": Release(
        files="DeblurNet.pkl EnhanceNet.pkl",
        markers={"deblur": "deblur_res_block", "enhance": "upsample_alignblock"},
        configure=_configure_d2hnet,
        remarks="""\
The licence is that of the official D2HNet release that the files come from: see there. Whoever
uses this folder must have the right to use the files that it was made from.

Spectral normalisation is folded into the weights. As in the official test, DeblurNet sees the
photo at 1024 x 1024 at most; unlike it, pairfix never enlarges a photo to that size, and blends
its tiles.
""",
    ),
}


def how_to_get_weights(network: Network) -> str:
    """What to do for weights of a network that comes without."""
    if not network.restores:
        return "it only serves in training"
    training = f"train it: pairfix train {network.name} PHOTOS -o FOLDER"
    if network.name not in RELEASES:
        return training
    files = RELEASES[network.name].files
    official = f"import the official ones: pairfix models import {network.name} {files} -o FOLDER"
    return f"{official}; or {training}"
