"""What can be chosen about a restoration."""

from dataclasses import dataclass, field
from pathlib import Path

from pairfix.backends import DeviceChoice, PrecisionChoice
from pairfix.image import AlignmentMode, DevelopSettings

__all__ = ["Recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that can be chosen about a restoration; the defaults suit most pairs."""

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
    """Factor on the noise that the network is told of, 0 to 3: less keeps grain, more smooths."""
    tile: int | None = None
    """Longest side of a tile in the network's pixels; None: what suits the network."""
    adapt: int = 0
    """Steps by which the network is adapted to the photo (`pairfix.adapt`, extra ``torch``)."""
    reblur_module: str | None = None
    """Name of a shipped reblurring module, or its folder; None: the one that the model names."""
    develop: DevelopSettings = field(default_factory=DevelopSettings)
    bits: int | None = None
    """Bits per channel of the result; None: the format's default."""
    quality: int = 95
    """JPEG quality, 1 to 100."""
    overwrite: bool = False
    preview: Path | None = None
    """Where to write crops of short, long and result side by side."""
    report: Path | None = None
    """Where to write a page about the restoration (`pairfix.output.html`)."""
    report_scores: bool = False
    """Score the photos on that page (`pairfix.score`, extra ``score``)."""
