"""Photos to training pairs, with D2HNet's augmentations where the recipe wants them (torch).

The augmentations are those besides noise (Zhao et al. 2022, Section 4.3), in the order of the
paper: VarmapSelection chooses among exposed crops; the appearance is adjusted before noise, in the
light that the sensor sees; CutNoise acts on the captured pair. The paper's curves apply to display
values, which it takes for light to the power of 1/2.2; so do these.
"""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.batch import PairBatch
from pairfix.synth.draw import Draw
from pairfix.synth.optics import Exposed, expose, margin
from pairfix.synth.photos import PhotoStore
from pairfix.synth.sensor import capture
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = [
    "CANDIDATES",
    "VARMAP_WINDOW",
    "adjust_colour",
    "adjust_illumination",
    "augment_light",
    "candidates",
    "cut_noise",
    "keep_blurrier",
    "photo_side",
    "render",
]

CANDIDATES = 4
"""Crops of which VarmapSelection keeps one."""
_SELECTED = 9453 / (5661 + 9453)
"""Share of the paper's training tuples that VarmapSelection chose (Section 5.1)."""
VARMAP_WINDOW = 16
"""Side in pixels of the window that VarmapSelection takes a variance of (k in Eq. 6): frames must
be no smaller."""
_FLAT = 1e-4
"""Variance of display values below which a window has nothing that could be blurred."""
_DISPLAY = 2.2
_DARKENING = (0.6, 0.7, 0.8, 0.9)
"""Factors of display values; the official release's, which the paper leaves out."""
_GAMMAS = (1 / 0.6, 1 / 0.7, 1 / 0.75, 1 / 0.8, 1 / 0.9)
"""g of Eq. 7."""
_VEIL = (0.001, 0.01)
"""b of Eq. 8, in display values."""
_CAST = 0.25
"""Stops by which a channel of the long frame may be too bright or too dark."""
_SQUARE = 120 / 256
"""Side of CutNoise's square over the crop's (Section 5.1)."""


@torch.no_grad()
def render(
    store: PhotoStore, recipe: SynthRecipe, count: int, crop: int, generator: torch.Generator
) -> PairBatch:
    """Render a batch of pairs on the photos' device.

    Args:
        store: Sharp photos, none smaller than `photo_side` says.
        recipe: What the pairs are like.
        count: Pairs in the batch.
        crop: Side of the pairs' planes in pixels.
        generator: On the photos' device; one with the same seed renders the same pairs.
    """
    draw = Draw(generator)
    photos = store.crops(count * candidates(recipe), photo_side(crop, recipe), generator)
    exposed = expose(photos, _frame_side(crop, recipe), recipe, generator)
    batch = capture(augment_light(exposed, recipe, draw), recipe, generator)
    return cut_noise(batch, recipe.cutnoise, draw) if recipe.cutnoise else batch


def photo_side(crop: int, recipe: SynthRecipe) -> int:
    """Side of the piece of a photo, in pixels, that planes of side `crop` are rendered from."""
    return _frame_side(crop, recipe) + 2 * margin(recipe)


def candidates(recipe: SynthRecipe) -> int:
    """Crops to expose for each pair that `augment_light` returns."""
    return CANDIDATES if recipe.varmap else 1


def augment_light(exposed: Exposed, recipe: SynthRecipe, draw: Draw) -> Exposed:
    """The augmentations before the sensor: a choice of crops, other brightness, other colours.

    Args:
        exposed: `candidates` crops for each pair.
        recipe: What is done, and how often.
        draw: Randomness.
    """
    if recipe.varmap:
        exposed = keep_blurrier(exposed, draw)
    if recipe.illumination:
        exposed = adjust_illumination(exposed, recipe.illumination, draw)
    if recipe.colour:
        exposed = adjust_colour(exposed, recipe.colour, draw)
    return exposed


def keep_blurrier(exposed: Exposed, draw: Draw) -> Exposed:
    """VarmapSelection: of every `CANDIDATES` crops in a row keep one, more often a blurry one.

    The variance map min(Var(l) / Var(l_last), 1) (Eq. 6) is small where blur took detail away. As
    in the paper's training set, five pairs in eight are the blurriest, the others any. The sharp
    frame stands for l_last: it was taken a moment later.

    Args:
        exposed: Crops, their number a multiple of `CANDIDATES`.
        draw: Randomness.
    """
    blurriest = _variance_map(exposed).mean(dim=(1, 2)).view(-1, CANDIDATES).argmin(dim=1)
    count = len(blurriest)
    chosen = draw.happens(count, probability=_SELECTED).long()
    kept = torch.arange(count, device=blurriest.device) * CANDIDATES + chosen * blurriest
    return replace(exposed, long=exposed.long[kept], sharp=exposed.sharp[kept])


def adjust_illumination(exposed: Exposed, probability: float, draw: Draw) -> Exposed:
    """Darken some pairs, long and sharp frame alike: display values times f, to the power g.

    This is Eq. 7 behind the factor of the official release.

    Args:
        exposed: Linear light.
        probability: That a pair is darkened.
        draw: Randomness.
    """
    shape = (len(exposed.long), 1, 1, 1)
    applied = draw.happens(*shape, probability=probability)
    factor = _one_of(_DARKENING, shape, draw) ** (_DISPLAY * applied)
    power = _one_of(_GAMMAS, shape, draw) ** applied
    long, sharp = ((light * factor) ** power for light in (exposed.long, exposed.sharp))
    return replace(exposed, long=long, sharp=sharp)


def adjust_colour(exposed: Exposed, probability: float, draw: Draw) -> Exposed:
    """Give some long frames other colours than the short ones: display values times a, plus b.

    The paper's a (0.3 to 0.6, of the short frame, Eq. 8) makes the frames differ in brightness,
    which `pairfix.stages.exposure` undoes; here it is what such a measurement may leave, channel by
    channel. The long frame gets it, because the result has the short one's colours.

    Args:
        exposed: Linear light.
        probability: That a pair is changed.
        draw: Randomness.
    """
    count = len(exposed.long)
    applied = draw.happens(count, 1, 1, 1, probability=probability).bool()
    gain = 2 ** draw.uniform(count, 3, 1, 1, low=-_CAST, high=_CAST)
    veil = draw.uniform(count, 1, 1, 1, low=_VEIL[0], high=_VEIL[1])
    changed = ((exposed.long * gain) ** (1 / _DISPLAY) + veil) ** _DISPLAY
    return replace(exposed, long=torch.where(applied, changed, exposed.long))


def cut_noise(batch: PairBatch, probability: float, draw: Draw) -> PairBatch:
    """CutNoise: show the truth in a square of some short frames, so that networks use them.

    The noise map stays the sensor's.

    Args:
        batch: Captured pairs.
        probability: That a pair has such a square.
        draw: Randomness.
    """
    count, _, height, width = batch.short.shape
    side = round(_SQUARE * min(height, width))
    chosen = draw.happens(count, 1, 1, 1, probability=probability).bool()
    rows = _stretch(height, side, draw.uniform(count, 1))[:, None, :, None]
    columns = _stretch(width, side, draw.uniform(count, 1))[:, None, None, :]
    return replace(batch, short=torch.where(chosen & rows & columns, batch.truth, batch.short))


def _frame_side(crop: int, recipe: SynthRecipe) -> int:
    """A mosaic's planes have half its side."""
    return 2 * crop if recipe.domain == "raw" else crop


def _variance_map(exposed: Exposed) -> Tensor:
    """Eq. 6 for every crop: ``N x H/k x W/k``, 0 (blurred) to 1 (sharp, or flat anyway)."""
    long, last = (_local_variance(light) for light in (exposed.long, exposed.sharp))
    return ((long + _FLAT) / (last + _FLAT)).clamp(max=1)


def _local_variance(light: Tensor) -> Tensor:
    display = light.clamp(0, 1).mean(dim=1, keepdim=True) ** (1 / _DISPLAY)
    mean, square = (functional.avg_pool2d(each, VARMAP_WINDOW) for each in (display, display**2))
    return (square - mean**2).clamp_min(0).squeeze(1)


def _stretch(length: int, side: int, place: Tensor) -> Tensor:
    """Which of `length` pixels a stretch of `side` covers, ``N x length``; `place` is 0 to 1."""
    start = (place * (length - side + 1)).floor().clamp_max(length - side)
    pixels = torch.arange(length, device=place.device)
    return (pixels >= start) & (pixels < start + side)


def _one_of(values: tuple[float, ...], shape: tuple[int, ...], draw: Draw) -> Tensor:
    choices = torch.tensor(values, device=draw.generator.device)
    return choices[(draw.uniform(*shape) * len(values)).long().clamp_max(len(values) - 1)]
