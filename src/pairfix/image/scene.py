"""What is restored, a pair of photos or one, and what comes of it."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pairfix.image.photo import Frame, Planes

__all__ = [
    "ROLES",
    "AlignedPair",
    "Alignment",
    "AlignmentKind",
    "AlignmentMode",
    "ExposureMatch",
    "Flicker",
    "Fused",
    "MatchedPair",
    "Role",
    "Scene",
    "SingleFrame",
]

Role = Literal["short", "long"]
ROLES: tuple[Role, ...] = get_args(Role)
AlignmentKind = Literal["homography", "translation", "none"]
AlignmentMode = Literal["auto", "homography", "translation", "none"]


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
