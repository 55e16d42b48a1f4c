"""What one pair shows of its camera's noise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np

from pairfix.calibration.blocks import Blocks, flat_blocks
from pairfix.calibration.fit import fit_affine
from pairfix.calibration.load import LoadedPair
from pairfix.image import ROLES, AlignedPair, Domain, Planes, Role
from pairfix.light import decode_planes, encode_planes, encoding_slope
from pairfix.noise import LEVELS, noise_curve

__all__ = ["FEWEST_BLOCKS", "Evidence", "Fit", "by_setting", "count_blocks"]

Fit = tuple[float, float]
"""Shot and read noise."""

FEWEST_BLOCKS = 60
"""Flat and still blocks of one setting that a measurement needs."""
_HALF_STOPS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured in one pair."""

    name: str
    path: Path
    """Of the long photo."""
    iso: tuple[float | None, float | None]
    """Of the short and the long exposure."""
    brightening: float
    white_balance: tuple[float, float, float] | None
    blocks: Blocks
    noise_maps: dict[Role, list[Fit]]
    """Shot and read noise by plane of the noise maps that networks get, as fractions of
    saturation."""
    stated: tuple[Fit, ...]
    """The short file's NoiseProfile; empty without one."""
    removed_rows: float
    camera: str | None

    @classmethod
    def of(cls, loaded: LoadedPair, domain: Domain) -> "Evidence":
        """Measure one pair."""
        pair = loaded.pair
        short, long = pair.short, pair.long
        encoded = {str(name): encode_planes(each, domain) for name, each in pair.sources.items()}
        return cls(
            name=loaded.found.name,
            path=loaded.found.long,
            iso=(short.exposure.iso, long.exposure.iso),
            brightening=pair.match.short_gain,
            white_balance=None if short.bayer is None else short.bayer.white_balance,
            blocks=flat_blocks(pair),
            noise_maps={role: _of_noise_map(pair, encoded, domain, role) for role in ROLES},
            stated=short.noise_profile or (),
            removed_rows=pair.row_noise,
            camera=short.camera,
        )

    @property
    def setting(self) -> tuple[float, ...]:
        """What pairs that are measured together have in common."""
        half_stops = round(_HALF_STOPS * float(np.log2(self.brightening)))
        return (*(iso or 0.0 for iso in self.iso), half_stops)


def count_blocks(group: Iterable[Evidence]) -> int:
    """The number of flat and still blocks in pairs."""
    return sum(each.blocks.count for each in group)


def by_setting(evidence: Sequence[Evidence]) -> tuple[list[list[Evidence]], list[list[Evidence]]]:
    """Group pairs that are measured together, by rising ISO.

    Returns:
        Groups with enough flat and still blocks, and the others.
    """
    key = attrgetter("setting")
    groups = [[*group] for _, group in groupby(sorted(evidence, key=key), key=key)]
    enough = [group for group in groups if count_blocks(group) >= FEWEST_BLOCKS]
    return enough, [group for group in groups if count_blocks(group) < FEWEST_BLOCKS]


def _of_noise_map(
    pair: AlignedPair, encoded: Mapping[str, Planes], domain: Domain, role: Role
) -> list[Fit]:
    """The noise map of one exposure as shot and read noise, as fractions of saturation."""
    curve = noise_curve(pair, encoded, domain, role=role)
    light = decode_planes(LEVELS, domain)
    gain, bayer = pair.gains[role], pair.short.bayer
    gains = (1.0,) * len(curve) if bayer is None else bayer.gains
    variances = (curve / encoding_slope(light, domain)) ** 2
    ones = np.ones(len(LEVELS))
    return [
        fit_affine(
            light.astype(np.float64) / (gain * white),
            variance.astype(np.float64) / (gain * white) ** 2,
            ones,
        )
        for variance, white in zip(variances, gains, strict=True)
    ]
