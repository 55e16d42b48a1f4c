"""The pairs that a search finds, and what it leaves out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from pairfix.errors import PairError
from pairfix.image import HeaderFacts

__all__ = [
    "Found",
    "FoundPair",
    "How",
    "LeftOut",
    "seconds_of",
    "stops_apart",
    "without_objections",
]

How = Literal["folder", "name", "exif", "csv"]
"""How a pair was found: by its own folder, the photos' names, their EXIF, or a table."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (EXIF times may lack a zone)


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A long and a short exposure of one scene."""

    name: str
    """For display: the path within what was searched, without ``_long`` and extension."""
    long_facts: HeaderFacts
    short_facts: HeaderFacts
    truth: Path | None
    """What the restored photo should look like: in the short exposure's geometry, at the brightness
    of the brighter exposure. None if unknown."""
    how: How

    @property
    def long(self) -> Path:
        """The long exposure: clean, blurred."""
        return self.long_facts.path

    @property
    def short(self) -> Path:
        """The short exposure: sharp, noisy."""
        return self.short_facts.path

    @property
    def camera(self) -> str | None:
        """Make and model, as stated by either file."""
        return self.long_facts.camera or self.short_facts.camera

    @property
    def stops(self) -> float | None:
        """Difference of the exposure times in stops; None if a file does not state its own."""
        return stops_apart(self.long_facts, self.short_facts)

    @property
    def seconds(self) -> float | None:
        """From the long photo's time to the short one's; None if a file does not state its own."""
        times = seconds_of((self.long_facts, self.short_facts))
        return None if times is None else times[1] - times[0]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {
            "name": self.name,
            "long": str(self.long),
            "short": str(self.short),
            "truth": None if self.truth is None else str(self.truth),
            "how": self.how,
            "camera": self.camera,
            "kind": self.long_facts.kind,
            "size": [*self.long_facts.size],
            "stops": self.stops,
            "seconds": self.seconds,
            "exposures": {
                "long": _exposure_json(self.long_facts),
                "short": _exposure_json(self.short_facts),
            },
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A photo or folder that is in no pair."""

    path: Path
    reason: str
    pair: str = ""
    """The pair it was meant for, by its name or a table, that is now incomplete; empty if none."""
    alone: bool = False
    """Whether nothing is wrong with it but that its partner is missing."""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search, sorted by path, or as a table has it."""

    source: Path
    """The folder or table."""
    pairs: tuple[FoundPair, ...]
    left_out: tuple[LeftOut, ...]

    def require(self) -> Self:
        """Check that there is at least one pair; returns the same object.

        Raises:
            PairError: There is none.
        """
        if not self.pairs:
            what = f"no pairs among {len(self.left_out)} photos" if self.left_out else "no photos"
            raise PairError(
                f"{self.source} holds {what}",
                "name them NAME_long.* and NAME_short.*, or list them in a CSV file "
                "with the columns long and short",
            )
        return self

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {
            "source": str(self.source),
            "pairs": [pair.as_json() for pair in self.pairs],
            "left_out": [{"path": str(each.path), "reason": each.reason} for each in self.left_out],
        }


def without_objections(pairs: Iterable[FoundPair]) -> tuple[list[FoundPair], list[LeftOut]]:
    """The pairs whose photos can make one, and the photos of the others."""
    kept: list[FoundPair] = []
    left_out: list[LeftOut] = []
    for pair in pairs:
        if reason := _objection(pair.long_facts, pair.short_facts):
            photos = [pair.long, pair.short, *([pair.truth] if pair.truth else [])]
            left_out += [LeftOut(photo, reason, pair.name) for photo in photos]
        else:
            kept.append(pair)
    return kept, left_out


def _objection(long: HeaderFacts, short: HeaderFacts) -> str | None:
    """Why two photos that are said to be a pair cannot be one; None if they can."""
    names = f"{long.path.name} and {short.path.name}"
    if long.kind != short.kind:
        return f"of {names}, one is a raw and one is not"
    if long.size != short.size and long.stored != short.stored:
        (long_height, long_width), (short_height, short_width) = long.size, short.size
        sizes = f"{long_width} x {long_height} and {short_width} x {short_height} pixels"
        return f"{names} differ in size: {sizes}"
    if None not in (long.camera, short.camera) and long.camera != short.camera:
        return f"{names} come from different cameras: {long.camera} and {short.camera}"
    if (stops := stops_apart(long, short)) is not None and stops < 0:
        return f"{long.path.name} was exposed for a shorter time than {short.path.name}"
    return None


def stops_apart(long: HeaderFacts, short: HeaderFacts) -> float | None:
    """Binary logarithm of the ratio of the exposure times; None if one is unknown."""
    if long.exposure.shutter is None or short.exposure.shutter is None:
        return None
    return math.log2(long.exposure.shutter / short.exposure.shutter)


def seconds_of(photos: Sequence[HeaderFacts]) -> tuple[float, ...] | None:
    """When photos were taken, in seconds on one clock; None if a file does not say.

    The clock is UTC if all of them state their offset from it, else the camera's.
    """
    times = [photo.taken for photo in photos if photo.taken is not None]
    if len(times) < len(photos):
        return None
    if all(time.tzinfo is not None for time in times):
        return tuple(time.timestamp() for time in times)
    return tuple((time.replace(tzinfo=None) - _EPOCH).total_seconds() for time in times)


def _exposure_json(facts: HeaderFacts) -> dict[str, Any]:
    return {
        "shutter": facts.exposure.shutter,
        "iso": facts.exposure.iso,
        "aperture": facts.exposure.aperture,
        "taken": facts.taken.isoformat() if facts.taken else None,
    }
