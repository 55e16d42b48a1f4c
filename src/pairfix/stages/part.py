"""A part of the photo that is restored by itself, with all around it that the result depends on.

What is measured (exposure, alignment, tones, flicker, noise) is measured in the whole photo before.
The part then goes through the network and what follows it, and is put back into the noisy
reference, so that it is developed by the same steps as a whole photo.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.formats.orientation import turn_upright
from pairfix.image import AlignedPair, Bayer, Box, Frame, Fused, Planes, Scene
from pairfix.networks import Graph

__all__ = ["check_crop", "cut_pair", "cut_planes", "part_around", "put_back"]


def check_crop(crop: Box, frame: Frame) -> None:
    """Require that a crop lies within a photo.

    Args:
        crop: In pixels of the upright photo.
        frame: The photo.

    Raises:
        OutputError: It does not, or is empty.
    """
    height, width = _upright_size(frame)
    if not (
        0 <= crop.left < crop.left + crop.width <= width
        and 0 <= crop.top < crop.top + crop.height <= height
    ):
        raise OutputError(
            f"the crop {crop.left},{crop.top},{crop.width},{crop.height} is not a part of "
            f"{frame.path}, which is {width} x {height} pixels",
            "give X,Y,W,H of the upright photo",
        )


def part_around(crop: Box, frame: Frame, graphs: Sequence[Graph], reach: int) -> Box:
    """The samples that have to be restored for a crop.

    Args:
        crop: In pixels of the upright photo.
        frame: The photo.
        graphs: Those of the network that run in tiles, one after the other.
        reach: Samples on each side from which the crop depends on what the network returns.

    Returns:
        In samples of the frame's planes. Its corner lies on the graphs' grid, and it ends on it
        or with the photo, so that the graphs see the same cells as in the whole photo.

    Raises:
        OutputError: The crop does not lie within the photo.
    """
    check_crop(crop, frame)
    grid = math.lcm(*(graph.multiple for graph in graphs))
    margin = reach + sum(graph.overlap for graph in graphs)
    height, width = _plane_size(frame)
    inner = _samples(_stored(crop, frame), frame.bayer)
    top, bottom = _grown(inner.rows, margin, grid, height)
    left, right = _grown(inner.columns, margin, grid, width)
    return Box(left, top, right - left, bottom - top)


def cut_planes(planes: Planes, part: Box) -> Planes:
    """The part of ``C x h x w`` planes."""
    return np.ascontiguousarray(planes[:, part.rows, part.columns])


def cut_pair(pair: AlignedPair, part: Box) -> AlignedPair:
    """The pair with the part of its planes; frames, and what is known of them, stay whole."""
    return replace(
        pair,
        short_planes=cut_planes(pair.short_planes, part),
        long_planes=cut_planes(pair.long_planes, part),
    )


def put_back(fused: Fused, scene: Scene, part: Box, crop: Box) -> Fused:
    """The whole photo: the reference, in which the part is restored.

    Args:
        fused: The restored part.
        scene: The whole scene.
        part: As `part_around` gives it.
        crop: What it was given; `Fused.long_share` is cut to that.
    """
    planes = scene.reference_planes.copy()
    planes[:, part.rows, part.columns] = fused.planes
    share = fused.long_share
    if share is not None:
        share = _cells(share, _samples(_stored(crop, fused.reference), fused.reference.bayer), part)
    return replace(fused, planes=planes, long_share=share)


def _cells(share: NDArray[np.float32], inner: Box, part: Box) -> NDArray[np.float32]:
    """Those of a part's cells that show its inside."""
    down, across = share.shape[0] / part.height, share.shape[1] / part.width
    top, left = inner.top - part.top, inner.left - part.left
    return share[
        int(top * down) : int(np.ceil((top + inner.height) * down)),
        int(left * across) : int(np.ceil((left + inner.width) * across)),
    ]


def _upright_size(frame: Frame) -> tuple[int, int]:
    height, width = turn_upright(np.broadcast_to(np.uint8(), frame.size), frame.orientation).shape
    return height, width


def _plane_size(frame: Frame) -> tuple[int, int]:
    whole = _samples(Box(0, 0, frame.size[1], frame.size[0]), frame.bayer)
    return whole.height, whole.width


def _stored(crop: Box, frame: Frame) -> Box:
    """Where the pixels of an upright crop are in the frame as it is stored."""
    height, width = frame.size
    rows, columns = (
        turn_upright(np.broadcast_to(places, frame.size), frame.orientation)[
            crop.rows, crop.columns
        ]
        for places in np.ogrid[:height, :width]
    )
    top, bottom = sorted((int(rows[0, 0]), int(rows[-1, -1])))
    left, right = sorted((int(columns[0, 0]), int(columns[-1, -1])))
    return Box(left, top, right + 1 - left, bottom + 1 - top)


def _samples(pixels: Box, bayer: Bayer | None) -> Box:
    """Where the samples of a frame's pixels are in its planes."""
    if bayer is None:
        return pixels
    down, across = bayer.red_at
    top, left = (pixels.top + down) // 2, (pixels.left + across) // 2
    bottom = (pixels.top + pixels.height + down + 1) // 2
    right = (pixels.left + pixels.width + across + 1) // 2
    return Box(left, top, right - left, bottom - top)


def _grown(inner: slice, margin: int, grid: int, size: int) -> tuple[int, int]:
    """Where a part begins and ends along an axis of `size` samples."""
    begin = max(inner.start - margin, 0) // grid * grid
    end = -(-(inner.stop + margin) // grid) * grid
    return begin, min(end, size)
