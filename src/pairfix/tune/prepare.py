"""What a fine-tuning finds out first: the camera's noise, restored photos, their blur."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pairfix.backends import OpenModel
from pairfix.calibration import CameraProfile
from pairfix.calibration.calibrate import conclude
from pairfix.calibration.evidence import Evidence
from pairfix.calibration.load import load_pairs
from pairfix.errors import ModelError, PairError
from pairfix.image import AlignedPair
from pairfix.pairs import FoundPair, LeftOut
from pairfix.progress import Progress, Stage
from pairfix.tune.photos import write_own_photo
from pairfix.tune.workplace import TuningPlace

__all__ = ["FEWEST_PAIRS", "PREPARE", "Prepared", "prepare", "split"]

PREPARE = Stage("prepare", "Measuring and restoring the pairs")

FEWEST_PAIRS = 3
"""With fewer pairs there are none left to judge by."""

_HELD_BACK = 4
"""One pair in this many is held back."""
_MOST_HELD_BACK = 8
_FEWEST_PHOTOS = 2
"""One to train on, and one to validate with."""
_LEAST_BLUR = 6.0
_MOST_BLUR = 60.0
_LONGER = 1.25
"""Longest blur in training over the longest that was seen."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training needs."""

    profile: CameraProfile
    photos: Path
    blur: tuple[float, float]
    """Range of the camera path's length, in the photo's pixels."""

    @classmethod
    def read(cls, place: TuningPlace, pairs: Sequence[FoundPair]) -> "Prepared":
        """What `prepare` found out about the same pairs.

        Raises:
            ModelError, InputError: It is missing, damaged, or about other pairs.
        """
        facts = place.facts()
        if facts.get("pairs") != _signature(pairs):
            raise ModelError(
                f"{place.folder} holds a tuning with other pairs",
                "give the same ones, or start again with --overwrite",
            )
        shortest, longest = facts["blur"]
        return cls(CameraProfile.read(place.calibration), place.photos, (shortest, longest))


def split(pairs: Sequence[FoundPair]) -> tuple[list[FoundPair], list[FoundPair]]:
    """The pairs to tune with, and those to judge by, spread evenly.

    Raises:
        PairError: There are too few.
    """
    if len(pairs) < FEWEST_PAIRS:
        raise PairError(
            f"too few pairs to tune with and to judge by: {len(pairs)}",
            f"give {FEWEST_PAIRS} or more, preferably eight",
        )
    held_back = pairs[_HELD_BACK // 2 :: max(_HELD_BACK, -(-len(pairs) // _MOST_HELD_BACK))]
    return [pair for pair in pairs if pair not in held_back], [*held_back]


def prepare(
    pairs: Sequence[FoundPair],
    start: OpenModel,
    place: TuningPlace,
    progress: Progress,
    visit: Callable[[AlignedPair], None] = lambda _: None,
) -> None:
    """Calibrate the camera and restore the pairs, each read once, into the tuning's folder.

    Args:
        pairs: All; those to judge by are left alone.
        start: What restores.
        place: Where everything goes; an empty one.
        progress: Called with `PREPARE`.
        visit: Called with each pair that can be used.

    Raises:
        PairError: Too few can be used, or they hold too little that is flat and still.
        OutputError: The folder cannot be written.
    """
    tuning, _ = split(pairs)
    domain = start.model.domain
    left_out: list[LeftOut] = []
    evidence: list[Evidence] = []
    lengths: list[float] = []
    for loaded in load_pairs(tuning, domain, left_out, progress, PREPARE):
        evidence.append(Evidence.of(loaded, domain))
        path = place.photos / f"{len(lengths):04}.png"
        lengths.append(write_own_photo(loaded.pair, start, path))
        visit(loaded.pair)
    calibrated = conclude(evidence, domain, left_out)
    if len(lengths) < _FEWEST_PHOTOS:
        raise PairError(
            f"of {len(tuning)} pairs to tune with only {len(lengths)} can be used: "
            f"{left_out[0].reason}",
            "give more pairs",
        )
    longest = min(max(_LONGER * max(lengths), _LEAST_BLUR), _MOST_BLUR)
    facts = {"pairs": _signature(pairs), "blur": [0.0, longest], "blur_seen": lengths}
    place.keep(calibrated.profile, facts)


def _signature(pairs: Sequence[FoundPair]) -> list[list[str | int]]:
    """What identifies these pairs, wherever they are."""
    return [
        [each.name, *(path.stat().st_size for path in (each.long, each.short))] for each in pairs
    ]
