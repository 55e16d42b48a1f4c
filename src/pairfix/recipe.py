"""What can be chosen about a restoration, and about those of a whole shoot."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pairfix.backends import DeviceChoice, PrecisionChoice
from pairfix.image import AlignmentMode, Box, DevelopSettings

__all__ = ["ENSEMBLES", "STRENGTHS", "Cluster", "DngKind", "Existing", "Recipe", "Shoot"]

DngKind = Literal["cfa", "linear"]
"""A mosaic as the camera's, or three channels of light."""
Existing = Literal["skip", "overwrite", "fail"]
"""What happens to results that are there already."""

STRENGTHS = 0, 3
"""The least and the greatest."""
ENSEMBLES = 1, 8
"""Of how many mirror images at least and at most."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that can be chosen about a restoration; the defaults suit most pairs.

    Raises:
        ValueError: A number is outside its range.
    """

    model: str | None = None
    """Name of a shipped model, or a model folder; None: the default for the pair's domain."""
    align: AlignmentMode = "auto"
    keep_row_noise: bool = False
    """Hand the short raw's row noise on to the network."""
    sharp_long: bool = True
    """Use the long photo where it is sharp (`pairfix.stages.sharplong`)."""
    points: bool = True
    """Keep the stars and distant lamps of a short raw (`pairfix.stages.points`)."""
    backend: str = "auto"
    device: DeviceChoice = "auto"
    precision: PrecisionChoice = "auto"
    strength: float = 1.0
    """Up to 1, share of the restored photo in the result, the rest being the short one; above, up
    to 3, factor on the noise that the network is told of."""
    ensemble: int = 1
    """On how many mirror images the network runs, 1 to 8: their mean is a little better."""
    tile: int | None = None
    """Longest side of a tile in the network's pixels; None: what suits the network."""
    adapt: int = 0
    """Steps by which the network is adapted to the photo (`pairfix.adapt`, extra ``torch``)."""
    reblur_module: str | None = None
    """Name of a shipped reblurring module, or its folder; None: the one that the model names."""
    crop: Box | None = None
    """The part of the upright result, in its pixels, that is restored and written; None: all."""
    develop: DevelopSettings = field(default_factory=DevelopSettings)
    bits: int | None = None
    """Bits per channel of the result; None: the format's default."""
    quality: int = 95
    """JPEG and AVIF quality, 1 to 100."""
    metadata: bool = True
    """Carry over what the short photo's file and its sidecars say: EXIF, XMP, IPTC."""
    dng: DngKind | None = None
    """What a DNG holds; None: a mosaic where there is one."""
    overwrite: bool = False
    preview: Path | None = None
    """Where to write crops of short, long and result side by side."""
    report: Path | None = None
    """Where to write a page about the restoration (`pairfix.output.html`)."""
    report_scores: bool = False
    """Score the photos on that page (`pairfix.score`, extra ``score``)."""

    def __post_init__(self) -> None:
        _check("strength", self.strength, *STRENGTHS)
        _check("ensemble", self.ensemble, *ENSEMBLES)
        _check("tile", 1 if self.tile is None else self.tile, 1)
        _check("adapt", self.adapt, 0)
        _check("quality", self.quality, 1, 100)


@dataclass(frozen=True, slots=True)
class Shoot:
    """What is to be restored, and where to.

    Raises:
        ValueError: There is no such shard.
    """

    source: Path
    """A folder, or a CSV file that lists pairs."""
    output: Path
    """The folder for the results; it need not exist."""
    name: str = "{stem}"
    """Template of the results' names, with fields (`pairfix.batch.FIELDS`)."""
    suffix: str = ".png"
    """The results' format: a key of `pairfix.formats.FORMATS`."""
    existing: Existing = "skip"
    """``overwrite`` leaves results that are up to date alone."""
    pages: bool = False
    """Whether each pair gets a report of its own, for the contact sheet to link to."""
    shard: tuple[int, int] = (1, 1)
    """Which part of how many: the first is (1, n). Every pair is in one of them."""

    def __post_init__(self) -> None:
        part, parts = self.shard
        _check("parts", parts, 1)
        _check("part", part, 1, parts)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where pairs are restored, by which workers.

    Raises:
        ValueError: A number is less than 1.
    """

    address: str
    """``HOST:PORT`` of a Ray cluster that this machine belongs to, ``auto`` for the one that runs
    on it, or ``local`` for one that is started here and ends with the run."""
    cpus: int = 4
    """CPUs of a worker; fewer where a machine has no more. GPUs get a worker each."""
    workers: int | None = None
    """How many at most; None: as many as there is room for."""

    def __post_init__(self) -> None:
        _check("cpus", self.cpus, 1)
        _check("workers", 1 if self.workers is None else self.workers, 1)


def _check(name: str, value: float, least: float, most: float = math.inf) -> None:
    if not least <= value <= most:
        limits = f"between {least} and {most}" if most < math.inf else f"at least {least}"
        raise ValueError(f"{name} must be {limits}, not {value}")
