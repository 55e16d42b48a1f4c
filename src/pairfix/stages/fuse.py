"""Run a network over an aligned pair or a single frame, tile by tile.

Planes are converted into the network's domain only tile by tile, and only tiles (or a photo
averaged down for a graph that takes it whole) ever reach the device.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

from pairfix.backends import OpenModel, Session
from pairfix.errors import MemoryExhaustedError, ModelError
from pairfix.image import Box, Domain, Fused, Planes, Scene
from pairfix.light import decode_planes, is_grey
from pairfix.networks import Graph, Reduction
from pairfix.progress import Progress, Stage, no_progress
from pairfix.stages.ensemble import Ensemble
from pairfix.stages.inputs import NetworkInputs, made_of, network_inputs
from pairfix.stages.part import cut_planes
from pairfix.stages.suitability import check_domain, check_model
from pairfix.stages.tiling import TilePlan, pad_to_multiple, plan_tiles, smallest_tile

__all__ = [
    "FUSE",
    "fuse",
    "run_tiled",
    "run_whole",
    "tiled_graphs",
]

_log = logging.getLogger(__name__)

FUSE = Stage("fuse", "Restoring")

Encode = Callable[[Mapping[str, Planes], Sequence[str]], Sequence[Planes]]
"""As `pairfix.stages.inputs.NetworkInputs.encode`."""

_HIGHLIGHT = 0.97
"""Restored level from which the brighter light that the reference holds is put back."""


def fuse(
    scene: Scene,
    opened: OpenModel,
    *,
    tile: int | None = None,
    noise_factor: float = 1.0,
    ensemble: int = 1,
    part: Box | None = None,
    progress: Progress = no_progress,
) -> tuple[Fused, int]:
    """Restore one photo, or a part of it.

    Args:
        scene: An aligned pair, or a single frame, in the domain of the model.
        opened: The model, and where it runs.
        tile: Longest side of a tile in the planes' pixels (half the photo's for a mosaic), halved
            and tried again when memory runs out; None for what suits the network.
        noise_factor: Factor on the noise maps.
        ensemble: On how many mirror images of the photo the network runs, 1 to 8
            (`pairfix.stages.ensemble`); its graphs that take the photo whole run on one.
        part: The samples that are wanted (`pairfix.stages.part`); None for the whole photo.
        progress: Called with `FUSE`, the tiles done and the tiles in all.

    Returns:
        The restored photo in the reference's geometry, or the part of it, and the longest side of
        its tiles.

    Raises:
        ModelError: The model is made for the other domain, takes other frames, or returns values
            that are not finite.
        MemoryExhaustedError: Memory ran out at the smallest tile.
    """
    model = opened.model
    check_domain(model, scene.reference.domain)
    check_model(model, len(scene.sources))
    output, used = _infer(  # which alone holds the inputs, for the sake of memory
        network_inputs(scene, model.inputs, model.domain, noise_factor),
        opened,
        tile,
        ensemble,
        part,
        progress,
    )
    restored = _decoded(output, model.domain)
    if not all(np.isfinite(plane).all() for plane in restored):
        raise ModelError(
            f"model {model.name} gave values that are not numbers",
            "try --precision fp32, or another model",
        )
    if all(is_grey(planes) for planes in scene.sources.values()):
        restored[:] = restored.mean(axis=0)
    reference = scene.reference_planes
    planes = _keep_highlights(restored, cut_planes(reference, part) if part else reference)
    return Fused(scene.reference, planes, scene.gain), used


def tiled_graphs(graphs: Sequence[Graph]) -> Sequence[Graph]:
    """Those of a network's graphs that come after the last one that takes the photo whole."""
    whole = [index for index, graph in enumerate(graphs) if graph.reduction is not None]
    return graphs[whole[-1] + 1 if whole else 0 :]


def run_tiled(
    session: Session,
    graph: Graph,
    sources: Mapping[str, Planes],
    encode: Encode,
    *,
    tile: int,
    progress: Progress,
) -> Planes:
    """Run one graph over a photo in blended tiles.

    Args:
        session: The graph, ready to run.
        graph: Its inputs, size multiple and overlap.
        sources: ``C x h x w`` planes that the inputs are made of, by name, all of one size.
        encode: Makes the graph's inputs of a tile of the sources.
        tile: Longest side of a tile.
        progress: Called with `FUSE`, the tiles done and the tiles in all.

    Returns:
        The graph's output, in the network's domain, as large as the inputs.
    """
    canvas = np.zeros_like(next(iter(sources.values())))
    plan = _plan(graph, sources, tile)
    for index in range(len(plan)):
        pieces = {name: plan.cut(planes, index) for name, planes in sources.items()}
        plan.paste(session.run(encode(pieces, graph.inputs)), index, canvas)
        progress(FUSE, index + 1, len(plan))
    return canvas


def run_whole(
    session: Session,
    graph: Graph,
    sources: Mapping[str, Planes],
    encode: Encode,
    *,
    reduction: Reduction,
) -> Planes:
    """Run one graph over the whole photo, made small.

    The inputs are averaged over areas; the output is brought back to the photo's size bilinearly.
    """
    height, width = _size(sources)
    reduced = reduction.size(height, width)
    inputs = []
    for name in graph.inputs:  # one by one, for the sake of memory
        (whole,) = encode(sources, [name])
        inputs.append(pad_to_multiple(_resize(whole, reduced, cv2.INTER_AREA), graph.multiple))
    output = session.run(inputs)[:, : reduced[0], : reduced[1]]
    return _resize(output, (height, width), cv2.INTER_LINEAR)


def _infer(
    inputs: NetworkInputs,
    opened: OpenModel,
    tile: int | None,
    ensemble: int,
    part: Box | None,
    progress: Progress,
) -> tuple[Planes, int]:
    """Run the model's graphs one after the other; the last output and the tile size that worked.

    Of a part, graphs that take the photo whole still do.
    """
    sources = dict(inputs.planes)
    used = 0
    graphs = opened.model.graphs
    first_tiled = len(graphs) - len(tiled_graphs(graphs))
    for index, graph in enumerate(graphs):
        if part is not None and index == first_tiled:
            sources = {name: cut_planes(planes, part) for name, planes in sources.items()}
        session = opened.session(graph)
        needed = {name: sources[name] for name in map(made_of, graph.inputs)}
        if graph.reduction is not None:
            with _whole_photo():
                output = run_whole(session, graph, needed, inputs.encode, reduction=graph.reduction)
        else:
            size = tile or graph.tile
            output, used = _run_within_memory(
                Ensemble(session, ensemble), graph, needed, inputs.encode, size, progress
            )
        sources[graph.name] = output
    return output, used


@contextmanager
def _whole_photo() -> Iterator[None]:
    """Say what helps where smaller tiles do not."""
    try:
        yield
    except MemoryExhaustedError as error:
        raise MemoryExhaustedError(
            error.message, "close other programs, or --device cpu"
        ) from error


def _run_within_memory(
    session: Session,
    graph: Graph,
    sources: Mapping[str, Planes],
    encode: Encode,
    tile: int,
    progress: Progress,
) -> tuple[Planes, int]:
    smallest = smallest_tile(graph.multiple, graph.overlap)
    while True:
        try:
            result = run_tiled(session, graph, sources, encode, tile=tile, progress=progress)
            used = max(_plan(graph, sources, tile).tile_size)
        except MemoryExhaustedError as error:
            if tile <= smallest:
                raise
            halved = max(tile // 2, smallest)
            _log.warning(
                "%s: continuing with tiles of %d instead of %d", error.message, halved, tile
            )
            tile = halved
        else:
            return result, used


def _plan(graph: Graph, sources: Mapping[str, Planes], tile: int) -> TilePlan:
    return plan_tiles(_size(sources), tile, graph.multiple, graph.overlap)


def _size(sources: Mapping[str, Planes]) -> tuple[int, int]:
    _, height, width = next(iter(sources.values())).shape
    return height, width


def _resize(planes: Planes, size: tuple[int, int], interpolation: int) -> Planes:
    if planes.shape[1:] == size:
        return planes
    height, width = size
    return np.stack(
        [cv2.resize(plane, (width, height), interpolation=interpolation) for plane in planes]
    )


def _decoded(output: Planes, domain: Domain) -> Planes:
    """What a network gave in linear light, in the place of its output."""
    for plane in output:
        plane[:] = decode_planes(plane, domain)
    return output


def _keep_highlights(restored: Planes, reference: Planes) -> Planes:
    """Give back the light above 1 that the network's domain cuts off but the reference holds."""
    bright = restored.max(axis=0) >= _HIGHLIGHT
    for plane, light in zip(restored, reference, strict=True):
        np.add(plane, np.maximum(light - 1, 0), out=plane, where=bright)
    return restored
