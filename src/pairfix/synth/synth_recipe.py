"""What synthetic pairs are like, and how they are written; importing this does not load torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pairfix.image import Domain

if TYPE_CHECKING:  # the command line's --help need not load what calibrates
    from pairfix.calibration import CameraProfile

__all__ = ["AUGMENTATIONS", "PairSettings", "Part", "PictureFormat", "SynthRecipe", "VideoRecipe"]

Range = tuple[float, float]

Part = Literal["train", "validation"]
"""The two parts that photos are split into."""

_PROBABILITIES = (
    *("objects", "unprocessing", "lights", "row_noise", "hot_pixels", "processing", "jpeg"),
    *("cutnoise", "illumination", "colour"),
)
AUGMENTATIONS: Mapping[str, Any] = {
    "varmap": True,
    "cutnoise": 0.3,
    "illumination": 0.3,
    "colour": 0.5,
}
"""Fields of `SynthRecipe` for D2HNet's augmentations besides noise, with its paper's values."""


@dataclass(frozen=True, slots=True)
class SynthRecipe:
    """Ranges from which every pair of a batch draws its own values.

    Raises:
        ValueError: A range or a probability is none.
    """

    domain: Domain = "raw"
    noise: tuple[str, ...] = ("sensor",)
    """Names of noise models (`pairfix.synth.noise.NOISES`), one of which each pair draws;
    ``"calibrated"`` is that of `profile`."""
    sigma: Range = (5 / 255, 50 / 255)
    """Standard deviation of the noise model ``"gaussian"``, in display values; SelfIR's range."""
    profile: "CameraProfile | None" = None
    """The camera that takes the pairs; None for any."""
    ratio: Range = (2.0, 16.0)
    """Exposure of the long frame over the short one's, drawn in stops."""
    blur: Range = (0.0, 40.0)
    """Length of the camera's path in the photo's pixels."""
    samples: int = 12
    """Moments of the long exposure that are averaged."""
    gap: Range = (0.0, 0.25)
    """Time between the long frame's end and the short frame, over the long one's duration."""
    misalignment: float = 0.4
    """Standard deviation of the alignment's error at a corner, in the photo's pixels: the median of
    blurred pairs; sharp ones are aligned better."""
    objects: float = 0.4
    """Probability that an object moves by itself."""
    unprocessing: float = 0.5
    """Probability that a photo's tone curve is undone; the same for light given back to its white
    (Brooks et al., 2019)."""
    lights: float = 0.3
    """Probability of light sources far above white."""
    row_noise: float = 0.5
    """Probability of an offset common to each sensor row (raw only)."""
    hot_pixels: float = 0.5
    """Probability that the sensor has some (raw only)."""
    processing: float = 0.0
    """Probability that a camera processed both frames (srgb only): noise reduction, sharpening,
    sometimes a smaller size."""
    jpeg: float = 0.0
    """Probability that both frames were JPEG-compressed after the noise (srgb only)."""
    jpeg_quality: tuple[int, int] = (60, 97)
    cutnoise: float = 0.0
    """Probability of CutNoise (D2HNet, Section 3.3; the paper: 0.3)."""
    illumination: float = 0.0
    """Probability of D2HNet's illumination adjustment (the paper: 0.3)."""
    colour: float = 0.0
    """Probability of D2HNet's colour adjustment of the long frame (the paper: 0.5)."""
    varmap: bool = False
    """Choose the blurrier of several crops by D2HNet's VarmapSelection."""

    def __post_init__(self) -> None:
        for name in ("sigma", "ratio", "blur", "gap", "jpeg_quality"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ValueError(f"{name} must be a range from 0 up, not {low} to {high}")
        for name in _PROBABILITIES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class VideoRecipe:
    """Ranges of the frames that make a pair; each pair draws its own numbers."""

    frames: tuple[int, int] = (7, 13)
    """Fewest and most frames that are averaged; the default is GOPRO's."""
    gap: tuple[int, int] = (0, 2)
    """Fewest and most frames that are skipped between the two exposures."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """How display pairs are written."""

    suffix: str
    """One of `pairfix.formats.FORMATS`; where that is lossy, the truth is a PNG."""
    bits: int | None = 8
    """Bits per channel; None for the format's default."""
    quality: int = 95
    """Of lossy formats, 1 to 100."""


@dataclass(frozen=True, slots=True)
class PairSettings:
    """What is rendered into folders of pairs, and how it is written."""

    recipe: SynthRecipe
    count: int | None = None
    """Pairs; None for one of each photo, or as many as the video gives."""
    size: tuple[int, int] | None = None
    """Height and width, even; None for as much as the photo or video allows."""
    displacement: float = 8.0
    """How far a corner moves from one photo to the other, in pixels (standard deviation)."""
    seed: int = 0
    pictures: PictureFormat = PictureFormat(".png")
    """The format of display pairs; raw ones are DNGs."""
    overwrite: bool = False
