"""The values that the stages hand on, from a decoded file to a finished picture.

Two kinds of arrays travel between the stages:

- *pixels*: integers as the file has them, ``H x W`` for a mosaic, ``H x W x 3`` for RGB;
- *planes*: float32 linear light, ``C x h x w``, white-balanced with green = 1, so that 1.0 is the
  level where the green channel saturates. C = 4 (R, G1, G2, B at half size, shifted so that
  every cell starts at R) for a mosaic, C = 3 (R, G, B) otherwise. Never clipped below zero.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ROLES",
    "AlignedPair",
    "Alignment",
    "AlignmentKind",
    "AlignmentMode",
    "Bayer",
    "Box",
    "ColourSpace",
    "Demosaic",
    "Description",
    "DevelopSettings",
    "Domain",
    "Exposure",
    "ExposureMatch",
    "FileKind",
    "Flicker",
    "Frame",
    "FrameFacts",
    "Fused",
    "HeaderFacts",
    "HighlightMode",
    "MatchedPair",
    "NoiseProfile",
    "Picture",
    "Pixels",
    "Planes",
    "Role",
    "Scene",
    "SingleFrame",
    "WhiteBalance",
    "WhiteBalancePreset",
]

Domain = Literal["raw", "srgb"]
FileKind = Literal["raw", "picture"]
"""A camera's raw, under any colour filter array, or a finished picture."""
Role = Literal["short", "long"]
ROLES: tuple[Role, ...] = get_args(Role)
AlignmentKind = Literal["homography", "translation", "none"]
AlignmentMode = Literal["auto", "homography", "translation", "none"]
WhiteBalancePreset = Literal["camera", "daylight", "auto"]
WhiteBalance = WhiteBalancePreset | tuple[float, float, float]
HighlightMode = Literal["clip", "unclip", "blend", "reconstruct"]
ColourSpace = Literal["srgb", "display-p3", "adobe-rgb", "prophoto", "rec2020", "source"]
"""Of a result; "source" is that of the picture whose geometry it has, and sRGB for raws."""
Demosaic = Literal["linear", "vng", "ppg", "ahd", "dcb", "dht", "aahd"]
NoiseProfile = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""Shot and read noise (S, O) of R, G and B: a level x of 0 (black) to 1 (white) has variance
``S x + O`` (DNG 1.4, NoiseProfile)."""
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Planes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels or of planes' samples."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Index along the height."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Index along the width."""
        return slice(self.left, self.left + self.width)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the camera recorded; None where the file does not say."""

    shutter: float | None = None
    """Exposure time in seconds."""
    iso: float | None = None
    aperture: float | None = None
    """f-number."""

    def over(self, other: "Exposure") -> float | None:
        """How much brighter an unchanged scene is than in `other`: the ratio of ``t * ISO / N^2``.

        None where a time or an ISO is unknown. Apertures are compared only where both are known: a
        pair shares its lens far more often than not.
        """
        if not (self.shutter and self.iso and other.shutter and other.iso):
            return None
        ratio = self.shutter * self.iso / (other.shutter * other.iso)
        if self.aperture and other.aperture:
            ratio *= (other.aperture / self.aperture) ** 2
        return ratio


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What a photo's header says; its pixels are not read."""

    path: Path
    kind: FileKind
    size: tuple[int, int]
    """Height and width in pixels: as stored of a raw, upright of a picture."""
    exposure: Exposure
    camera: str | None
    taken: datetime | None
    """With sub-seconds and the offset from UTC where the file states them."""


@dataclass(frozen=True, slots=True)
class Bayer:
    """How to read a mosaic under a 2x2 colour filter array."""

    pattern: str
    """The four filters row by row: RGGB, GRBG, GBRG or BGGR."""
    black: tuple[float, float, float, float]
    """Black levels of R, G1 (in R's rows), G2 (in B's rows), B, in the mosaic's units."""
    white: float
    """Saturation level in the mosaic's units."""
    white_balance: tuple[float, float, float]
    """As-shot multipliers of R, G, B; green is 1."""

    @property
    def gains(self) -> tuple[float, float, float, float]:
        """White balance of the planes R, G1, G2, B: the levels at which they saturate."""
        red, green, blue = self.white_balance
        return red, green, green, blue

    @property
    def red_at(self) -> tuple[int, int]:
        """Row and column of R within the 2x2 cell."""
        index = self.pattern.index("R")
        return index // 2, index % 2


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What is known of a decoded photo besides its pixels."""

    path: Path
    size: tuple[int, int]
    """Height and width of the pixels, as stored."""
    domain: Domain
    bits: int
    """Per sample, as decoded: 8 or 16."""
    exposure: Exposure
    camera: str | None
    taken: datetime | None
    orientation: int
    """EXIF orientation (1 to 8) that the pixels still need."""
    developed: bool
    """Whether the pixels were developed from a raw file."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is written about a photo, as a result carries it."""

    xmp: bytes = b""
    """An XMP packet in UTF-8; empty if there is none."""
    iptc: bytes = b""
    """IPTC-IIM datasets; empty if there are none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded photo.

    The file of a mosaic is opened again when the result is developed or written as a DNG: only
    there LibRaw finds the camera's colour matrices. It must stay where it is until then.
    """

    path: Path
    pixels: Pixels
    """``H x W`` mosaic (uint16), or ``H x W x 3`` RGB (uint8 or uint16) under sRGB's curve, with
    the primaries of `profile`."""
    bayer: Bayer | None = None
    exposure: Exposure = field(default_factory=Exposure)
    camera: str | None = None
    taken: datetime | None = None
    orientation: int = 1
    """EXIF orientation (1 to 8) that the pixels still need; bitmaps are upright already."""
    exif: bytes = b""
    """TIFF-structured EXIF block without the ``Exif\\0\\0`` prefix; empty if there is none."""
    notes: tuple[str, ...] = ()
    """What the user should know about how the file was read."""
    developed: bool = False
    """Whether the pixels were developed from a raw file."""
    noise_profile: NoiseProfile | None = None
    """Noise that the file states, of a mosaic only."""
    description: Description = field(default_factory=Description)
    """What a result made of this frame says besides EXIF; decoding leaves it empty."""
    baseline_exposure: float = 0.0
    """EV by which a mosaic is meant to be brightened when it is developed."""
    profile: bytes = b""
    """ICC profile that a result in RGB pixels' colours has; empty for sRGB."""

    @property
    def domain(self) -> Domain:
        """The domain that this frame's pixels live in."""
        return "srgb" if self.bayer is None else "raw"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pixels, as stored."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def facts(self) -> FrameFacts:
        """Everything but the pixels."""
        return FrameFacts(
            path=self.path,
            size=self.size,
            domain=self.domain,
            bits=self.pixels.dtype.itemsize * 8,
            exposure=self.exposure,
            camera=self.camera,
            taken=self.taken,
            orientation=self.orientation,
            developed=self.developed,
        )


@dataclass(frozen=True, slots=True)
class ExposureMatch:
    """How two frames were brought to one brightness: the darker one was brightened."""

    short_gain: float
    """Linear factor that was applied to the short frame; at least 1."""
    long_gain: float
    """Linear factor that was applied to the long frame; at least 1."""
    measured_ratio: float | None
    """Brightness of long over short, measured in linear light."""
    recorded_ratio: float | None
    """The same from shutter, ISO and aperture."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedPair:
    """Two frames of one scene at equal brightness."""

    short: Frame
    long: Frame
    short_planes: Planes
    long_planes: Planes
    match: ExposureMatch


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the long frame was brought onto the short one."""

    kind: AlignmentKind
    matrix: NDArray[np.float64]
    """3 x 3; maps (x, y, 1) of the short frame's pixels to the long frame's, as stored."""
    score_before: float
    """Correlation of the two frames unaligned, -1 to 1."""
    score_after: float
    """The same with `matrix` applied."""
    sure: bool
    """Whether the checks passed; if not, the result deserves a look."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flicker:
    """Bands that flickering light left across the short frame."""

    bands: float
    """Their number across the frame."""
    depth: float
    """How much darker the darkest row is than the brightest, 0 to 1."""
    removed: bool
    """Whether they were taken out of the short planes; if not, they are not certain."""
    note: str


@dataclass(frozen=True, slots=True)
class AlignedPair(MatchedPair):
    """A matched pair whose long planes lie in the short frame's geometry."""

    alignment: Alignment
    row_noise: float = 0.0
    """Standard deviation of the row noise taken out of the short planes, 1 being saturation."""
    flicker: Flicker | None = None
    """None where no bands were found."""

    @property
    def frames(self) -> dict[Role, Frame]:
        """The photos by role."""
        return {"short": self.short, "long": self.long}

    @property
    def sources(self) -> dict[Role, Planes]:
        """What a network can take, by role."""
        return {"short": self.short_planes, "long": self.long_planes}

    @property
    def gains(self) -> dict[Role, float]:
        """Brightness of the sources over their frames' own."""
        return {"short": self.match.short_gain, "long": self.match.long_gain}

    @property
    def reference(self) -> Frame:
        """The frame whose geometry, colours and metadata the result has."""
        return self.short

    @property
    def reference_planes(self) -> Planes:
        """The reference at the brightness that the result will have."""
        return self.short_planes

    @property
    def gain(self) -> float:
        """Brightness of the result over the reference's own."""
        return self.match.short_gain


@dataclass(frozen=True, slots=True)
class SingleFrame:
    """One frame, for a network that restores from one alone."""

    reference: Frame
    role: Role
    reference_planes: Planes
    gain: float = 1.0

    @property
    def frames(self) -> dict[Role, Frame]:
        """The photo by its role."""
        return {self.role: self.reference}

    @property
    def sources(self) -> dict[Role, Planes]:
        """What a network can take, by role."""
        return {self.role: self.reference_planes}

    @property
    def gains(self) -> dict[Role, float]:
        """Brightness of the source over its frame's own."""
        return {self.role: self.gain}


Scene = AlignedPair | SingleFrame
"""What is restored: an aligned pair, or one frame."""


@dataclass(frozen=True, slots=True)
class Fused:
    """The restored photo in linear light, in its reference's geometry."""

    reference: Frame
    planes: Planes
    """At the matched pair's brightness; highlights may exceed 1."""
    gain: float
    """Brightness of `planes` over the reference's own."""
    long_share: NDArray[np.float32] | None = None
    """How much of every place comes from the sharp long frame, 0 to 1, ``h x w`` of a smaller size;
    None where it was not asked for."""


@dataclass(frozen=True, slots=True)
class DevelopSettings:
    """How a mosaic becomes RGB, and in which colours."""

    white_balance: WhiteBalance = "camera"
    """As shot, daylight, LibRaw's guess, or multipliers of R, G and B."""
    exposure: float = 0.0
    """EV, applied to linear light before anything is clipped."""
    highlight_mode: HighlightMode = "clip"
    demosaic: Demosaic = "ahd"
    colour_space: ColourSpace = "srgb"
    """Of the result, whether it was a mosaic or not."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished RGB photo, upright."""

    pixels: NDArray[np.uint16]
    """``H x W x 3``."""
    exif: bytes
    """TIFF-structured EXIF block whose orientation is 1; empty if there is none."""
    profile: bytes = b""
    """ICC profile of the pixels; empty for sRGB."""
    description: Description = field(default_factory=Description)
