"""Pairs found by EXIF: one camera, seconds apart, exposure times at least 1.5 stops apart.

Brightness (shutter x ISO / N^2) cannot be used, because the camera may have made both exposures
equally bright. In a burst, a photo may have several possible partners. Pairs then never overlap in
time, no photo is in two of them, and the sum of their closeness is maximal, by dynamic programming
over the photos in the order of their times (weighted interval scheduling).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pairfix.image import HeaderFacts
from pairfix.pairs.found import FoundPair, LeftOut, seconds_of, stops_apart
from pairfix.pairs.naming import pair_name

__all__ = ["FEWEST_STOPS", "SECONDS_APART", "pair_by_time"]

SECONDS_APART = 10.0
"""Seconds between the photos' times, on top of the longer exposure time, that rule out a pair."""
FEWEST_STOPS = 1.5
"""Least difference of a pair's exposure times in stops."""
_ROUNDING = 1e-6
"""Stops by which EXIF rationals may be off."""


class _Plan(NamedTuple):
    """Pairs among some photos; the greater plan is the better one."""

    closeness: float = 0.0
    stops: float = 0.0
    last: tuple[HeaderFacts, HeaderFacts] | None = None
    """Long and short exposure of the last pair."""
    others: "_Plan | None" = None
    """The pairs before it."""

    def joined(self, long: HeaderFacts, short: HeaderFacts, closeness: float) -> "_Plan":
        stops = stops_apart(long, short) or 0.0
        return _Plan(round(self.closeness + closeness, 6), self.stops + stops, (long, short), self)

    def pairs(self) -> list[tuple[HeaderFacts, HeaderFacts]]:
        """Long and short exposure of all of them, in the order of their times."""
        found = []
        plan: _Plan | None = self
        while plan is not None and plan.last is not None:
            found.append(plan.last)
            plan = plan.others
        return found[::-1]


def pair_by_time(
    photos: Iterable[HeaderFacts], root: Path
) -> tuple[list[FoundPair], list[LeftOut]]:
    """The pairs, and every photo that is in none.

    Args:
        photos: All that are left, each photo once.
        root: The folder that was searched.
    """
    groups: dict[tuple[object, ...], list[HeaderFacts]] = defaultdict(list)
    pairs: list[FoundPair] = []
    left_out: list[LeftOut] = []
    for photo in photos:
        if unknown := _unknown(photo):
            left_out.append(LeftOut(photo.path, f"its metadata lack its {unknown}"))
        else:
            groups[photo.camera, photo.stored, photo.kind].append(photo)
    for group in groups.values():
        burst = _Burst.of(group)
        chosen = _pairs(burst)
        pairs += [
            FoundPair(pair_name(long.path, root), long, short, None, "exif")
            for long, short in chosen
        ]
        left_out += _reasons(burst, chosen)
    return pairs, left_out


class _Burst(NamedTuple):
    """Photos of one camera, size and kind, in the order of their times."""

    photos: list[HeaderFacts]
    starts: list[float]
    """Seconds on a common clock."""

    @classmethod
    def of(cls, group: Sequence[HeaderFacts]) -> "_Burst":
        times = seconds_of(group) or ()
        ordered = sorted(zip(times, group, strict=True), key=lambda each: (each[0], each[1].path))
        return cls([photo for _, photo in ordered], [start for start, _ in ordered])

    def closeness(self, first: int, second: int) -> float:
        """1 for the same time, falling to 0 if they are too far apart."""
        apart = abs(self.starts[second] - self.starts[first])
        longest = max(_shutter(self.photos[first]), _shutter(self.photos[second]))
        return max(0.0, 1 - apart / (SECONDS_APART + longest))

    def earliest_near(self, last: int, longest: float) -> int:
        """The first photo that may be close to `last`, given the longest exposure time of all."""
        return bisect_right(self.starts, self.starts[last] - SECONDS_APART - longest)

    def all_near(self, index: int, longest: float) -> list[HeaderFacts]:
        """The photos that are close to `index`, given the longest exposure time of all."""
        end = bisect_left(self.starts, self.starts[index] + SECONDS_APART + longest)
        return [
            self.photos[place]
            for place in range(self.earliest_near(index, longest), end)
            if place != index and self.closeness(index, place)
        ]


def _pairs(burst: _Burst) -> list[tuple[HeaderFacts, HeaderFacts]]:
    longest = max(map(_shutter, burst.photos))
    best = [_Plan()]
    for last, photo in enumerate(burst.photos):
        plans = [best[last]]
        for first in range(burst.earliest_near(last, longest), last):
            closeness = burst.closeness(first, last)
            if closeness and _fit(burst.photos[first], photo):
                long, short = sorted((burst.photos[first], photo), key=_shutter, reverse=True)
                plans.append(best[first].joined(long, short, closeness))
        best.append(max(plans, key=lambda plan: (plan.closeness, plan.stops)))
    return best[-1].pairs()


def _reasons(burst: _Burst, pairs: Iterable[tuple[HeaderFacts, HeaderFacts]]) -> list[LeftOut]:
    used = {photo.path for pair in pairs for photo in pair}
    longest = max(map(_shutter, burst.photos))
    return [
        LeftOut(photo.path, _reason(burst, index, longest))
        for index, photo in enumerate(burst.photos)
        if photo.path not in used
    ]


def _reason(burst: _Burst, index: int, longest: float) -> str:
    photo = burst.photos[index]
    near = burst.all_near(index, longest)
    if not near:
        return f"no other photo of its camera, size and kind within {SECONDS_APART:g} s of it"
    if not any(_fit(photo, other) for other in near):
        return f"its exposure time is within {FEWEST_STOPS:g} stops of all photos near it in time"
    return "ambiguous: the photos that would fit are nearer in time to other partners"


def _fit(first: HeaderFacts, second: HeaderFacts) -> bool:
    return abs(stops_apart(first, second) or 0.0) >= FEWEST_STOPS - _ROUNDING


def _shutter(photo: HeaderFacts) -> float:
    return photo.exposure.shutter or 0.0


def _unknown(photo: HeaderFacts) -> str:
    known = {
        "camera": photo.camera,
        "time": photo.taken,
        "exposure time": photo.exposure.shutter,
    }
    return ", ".join(name for name, value in known.items() if value is None)
