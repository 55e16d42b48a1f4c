"""What a fine-tuning finds out before it trains: the camera's noise, own photos, their blur."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pairfix.backends import Runtime
from pairfix.calibration import CameraProfile, calibrate
from pairfix.calibration.load import load_pairs
from pairfix.errors import PairError
from pairfix.image import Progress
from pairfix.pairs import FoundPair, LeftOut
from pairfix.tune.photos import write_own_photo
from pairfix.tune.workplace import TuningPlace
from pairfix.weights import Model

__all__ = ["FEWEST_PAIRS", "Prepared", "prepare", "split"]

FEWEST_PAIRS = 3
"""Pairs below which nothing is left to judge by."""

_APART = 4
"""One pair of so many is kept apart."""
_MOST_APART = 8
_LEAST_BLUR = 6.0
_MOST_BLUR = 60.0
_LONGER = 1.25
"""Blur that is trained with, over the longest that was seen."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training needs."""

    profile: CameraProfile
    photos: Path
    blur: tuple[float, float]
    """Range of the camera path's length, in the photo's pixels."""

    @classmethod
    def read(cls, place: TuningPlace) -> "Prepared":
        """What `prepare` left.

        Raises:
            ModelError, InputError: It is missing or damaged.
        """
        shortest, longest = place.facts()["blur"]
        return cls(CameraProfile.read(place.calibration), place.photos, (shortest, longest))


def split(pairs: Sequence[FoundPair]) -> tuple[list[FoundPair], list[FoundPair]]:
    """The pairs to tune with, and those to judge by, spread evenly.

    Raises:
        PairError: There are too few.
    """
    if len(pairs) < FEWEST_PAIRS:
        raise PairError(
            f"{len(pairs)} pairs are too few to tune with and to judge by",
            f"give {FEWEST_PAIRS} or more, better eight",
        )
    apart = pairs[_APART // 2 :: max(_APART, -(-len(pairs) // _MOST_APART))]
    return [pair for pair in pairs if pair not in apart], [*apart]


def prepare(
    pairs: Sequence[FoundPair],
    start: Model,
    runtime: Runtime,
    place: TuningPlace,
    progress: Progress,
) -> None:
    """Calibrate the camera and restore the pairs, into the tuning's folder.

    Args:
        pairs: To tune with.
        start: What restores.
        runtime: Where.
        place: Where everything goes.
        progress: Called with the stages ``"calibrate"`` and ``"restore"``.

    Raises:
        PairError: The pairs differ in camera, or none can be used.
        OutputError: The folder cannot be written.
    """
    calibrated = calibrate(pairs, start.domain, progress)
    place.clear()
    left_out: list[LeftOut] = []
    lengths = [
        write_own_photo(each.pair, start, runtime, place.photos / f"{number:04}.png")
        for number, each in enumerate(
            load_pairs(pairs, start.domain, left_out, progress, "restore")
        )
    ]
    longest = min(max(_LONGER * max(lengths), _LEAST_BLUR), _MOST_BLUR)
    place.keep(calibrated.profile, {"blur": [0.0, longest], "blur_seen": lengths})
