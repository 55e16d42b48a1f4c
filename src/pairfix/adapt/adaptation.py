"""Restore a photo by a network that was adapted to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from pairfix.adapt.tiles import choose_tiles
from pairfix.backends import OpenModel
from pairfix.errors import AdaptationError
from pairfix.image import Domain, Fused, Planes, Scene
from pairfix.light import encode_planes
from pairfix.metrics import psnr
from pairfix.model import Model
from pairfix.output.report import Adaptation
from pairfix.progress import Progress
from pairfix.stages.fuse import fuse

__all__ = ["LEAST_PSNR", "adapt", "match_histograms"]

LEAST_PSNR = 30.0
"""How near the adapted result must stay to the unadapted one, in dB in the network's range.

Five steps cost the paper's networks 0.1 to 0.3 dB of about 30 against the truth (Tables 6 and 7,
beside S4): what changes is some 42 dB or more below white. At 30 dB the change is as large as the
whole error was before.
"""
_MAGNITUDE = 0x7FFFFFFF
"""All bits of a float32 but its sign; with them flipped, negative numbers sort as integers do."""
_INDEX = 0xFFFFFFFF
"""The lower half of 64 bits."""


@dataclass(frozen=True, slots=True)
class _AdaptedModel(Model):
    """A model with other weights than its file holds."""

    weights: Mapping[str, NDArray[np.float32]] = field(kw_only=True)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        return dict(self.weights)


def adapt(
    scene: Scene,
    unadapted: Fused,
    opened: OpenModel,
    module: Model,
    *,
    steps: int,
    tile: int,
    noise_factor: float = 1.0,
    ensemble: int = 1,
    progress: Progress,
) -> tuple[Fused, Adaptation]:
    """Adapt a network to a photo and restore it again (Nah et al. 2022, Algorithm 1).

    The weights are adapted on a few tiles, whose number does not depend on the photo. The whole
    photo is then restored with them, and gets the unadapted result's histogram.

    Args:
        scene: An aligned pair, or a single frame, that holds the long exposure.
        unadapted: What `fuse` made of it with the same model and runtime, L^0.
        opened: The network M_D, which stays as it is, on a runtime of `choose_adapting_runtime`.
        module: The reblurring module M_R for it (`find_reblur_module`).
        steps: N, at least 1; 5 in the paper.
        tile: Longest side of a tile when the photo is restored.
        noise_factor: As for `fuse`, the same as in `unadapted`.
        ensemble: As for `fuse`, the same as in `unadapted`.
        progress: Called with `ADAPT`, the steps done and the steps in all, then by `fuse`.

    Returns:
        The restored photo, and what the adaptation changed.

    Raises:
        AdaptationError: The loss is not finite, or the result is further than `LEAST_PSNR` from
            the unadapted one.
        ModelError: The network or the module is damaged.
        MemoryExhaustedError: Memory ran out.
    """
    from pairfix.adapt.optimise import adapt_weights  # noqa: PLC0415  (torch)

    model, runtime = opened.model, opened.runtime
    tiles = choose_tiles(scene, unadapted.planes, model, noise_factor)
    adapted = adapt_weights(model, module, tiles, steps, runtime.device, progress)
    changed = OpenModel(_with_weights(model, adapted.tensors), runtime)
    fused, _ = fuse(
        scene, changed, tile=tile, noise_factor=noise_factor, ensemble=ensemble, progress=progress
    )
    _check_nearness(fused.planes, unadapted.planes, model.domain)
    match_histograms(fused.planes, unadapted.planes)
    distance = _distance(fused.planes, unadapted.planes, model.domain)
    return fused, Adaptation(module.name, steps, adapted.loss_before, adapted.loss_after, distance)


def match_histograms(planes: Planes, reference: Planes) -> None:
    """Give each channel exactly the values of another picture's, by their ranks (Algorithm 1).

    The darkest pixel gets the darkest value of the reference, and so on. Of pixels that are
    equal, the one that is darker in the reference counts as the darker one. Any encoding that
    keeps the order gives the same. Needs 32 bytes a pixel of one channel besides the pictures.

    Args:
        planes: ``C x h x w``, changed in place.
        reference: The same shape.
    """
    for channel, wanted in zip(planes, reference, strict=True):
        channel[...] = _matched(channel.ravel(), wanted.ravel()).reshape(channel.shape)


def _with_weights(model: Model, weights: Mapping[str, NDArray[np.float32]]) -> Model:
    about = {each.name: getattr(model, each.name) for each in fields(Model)}
    return _AdaptedModel(**about, weights=weights)


def _check_nearness(result: Planes, reference: Planes, domain: Domain) -> None:
    """Before histograms are matched, which can make a flat picture the reference."""
    distance = _distance(result, reference, domain)
    if distance < LEAST_PSNR:
        raise AdaptationError(
            f"adapting the network diverged: its result is {distance:.1f} dB from the unadapted "
            f"one, at least {LEAST_PSNR:.0f} dB are required",
            "leave out --adapt, or use fewer steps",
        )


def _distance(result: Planes, reference: Planes, domain: Domain) -> float:
    """PSNR in the network's range, channel by channel to save memory."""
    channels = zip(result[:, None], reference[:, None], strict=True)
    found = [psnr(*(encode_planes(each, domain) for each in channel)) for channel in channels]
    error = float(np.mean(10 ** (-np.array(found) / 10)))
    return float(-10 * np.log10(error)) if error else float("inf")


def _matched(values: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.float32]:
    ascending = _ascending(wanted)
    order = ascending[_ascending(values[ascending])]
    matched = np.empty_like(values)
    matched[order] = wanted[ascending]
    return matched


def _ascending(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Indices that sort, equal values by their index.

    One integer holds value and index: numpy sorts those three times as fast as it finds indices.
    """
    bits = values.view(np.int32)
    keys = (bits ^ (bits >> 31 & _MAGNITUDE)).astype(np.int64)
    keys <<= 32
    keys |= np.arange(len(keys))
    keys.sort()
    keys &= _INDEX
    return keys
