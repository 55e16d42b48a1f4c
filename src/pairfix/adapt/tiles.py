"""The tiles of a photo on which a network is adapted; their number does not grow with the photo."""

import math
from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.crops import strongest_places
from pairfix.image import Planes, Scene
from pairfix.light import encode_planes, mean_light
from pairfix.model import Model
from pairfix.stages.inputs import network_inputs
from pairfix.stages.tiling import pad_to_multiple

__all__ = ["Tile", "choose_tiles"]

Tile = Mapping[str, Planes]
"""``C x h x w`` by the name of a network's input, in the network's range."""

_SIDE = 192
"""Of a tile, in the network's pixels. Training sees crops of about this size."""
_COUNT = 8
"""Tiles: together a third of a megapixel, the third of the frames that the paper adapts on."""
_SMOOTHING = 2.0
"""Standard deviation in pixels of a blur, so that noise hardly counts."""


def choose_tiles(
    scene: Scene, restored: Planes, model: Model, noise_factor: float = 1.0
) -> list[Tile]:
    """Cut out where the long exposure is most blurred, or where there is most texture to blur.

    That is where it differs most from the restored photo. The choice is deterministic.

    Args:
        scene: What is restored.
        restored: ``C x h x w`` linear light, by the unadapted network.
        model: The network; its inputs are cut out.
        noise_factor: As for `pairfix.stages.inputs.network_inputs`.

    Returns:
        Tiles of one size, a multiple of what the network asks for; smaller photos have smaller
        and fewer ones.
    """
    difference = _smoothed(restored, model) - _smoothed(scene.sources["long"], model)
    multiple = math.lcm(*(graph.multiple for graph in model.graphs))
    side = min(max(_SIDE // multiple, 1) * multiple, *difference.shape)
    places = strongest_places(np.abs(difference), side, _COUNT)
    inputs = network_inputs(scene, model.inputs, model.domain, noise_factor)

    def cut(planes: Planes, place: tuple[int, int]) -> Planes:
        top, left = place
        inside = planes[:, top : top + side, left : left + side]
        return pad_to_multiple(np.ascontiguousarray(inside), multiple)

    return [
        replace(
            inputs, planes={name: cut(planes, place) for name, planes in inputs.planes.items()}
        ).encoded()
        for place in places
    ]


def _smoothed(planes: Planes, model: Model) -> NDArray[np.float32]:
    grey = encode_planes(mean_light(planes)[None], model.domain)[0]
    return cv2.GaussianBlur(grey, (0, 0), _SMOOTHING).astype(np.float32, copy=False)
