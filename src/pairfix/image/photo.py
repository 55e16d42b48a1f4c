"""Decoded photos, and what is known of them."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Bayer",
    "Box",
    "Description",
    "Domain",
    "Exposure",
    "FileKind",
    "Frame",
    "FrameFacts",
    "HeaderFacts",
    "NoiseProfile",
    "Pixels",
    "Planes",
]

Domain = Literal["raw", "srgb"]
FileKind = Literal["raw", "picture"]
"""A camera's raw, under any colour filter array, or a finished picture."""
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
    is_result: bool = False
    """Whether pairfix made it from photos, whose time and exposure it states."""
    sideways: bool = False
    """Whether `size` is the other way round than the photo is stored."""

    @property
    def stored(self) -> tuple[int, int]:
        """Height and width as stored."""
        height, width = self.size
        return (width, height) if self.sideways else self.size


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
    turned: int = 1
    """EXIF orientation by which the stored pixels were turned to become these."""

    @property
    def domain(self) -> Domain:
        """The domain that this frame's pixels live in."""
        return "srgb" if self.bayer is None else "raw"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pixels, as stored."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def without_pixels(self) -> "Frame":
        """The same with zeros for its pixels, which take no memory."""
        zeros = np.broadcast_to(self.pixels.dtype.type(0), self.pixels.shape)
        return replace(self, pixels=cast("Pixels", zeros))

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
