"""A camera's noise from the pairs that it took."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from pairfix.calibration.blocks import Blocks, flat_blocks
from pairfix.calibration.fit import fit_affine, fit_offset, fit_variance
from pairfix.calibration.load import LoadedPair, check_alike, load_pairs
from pairfix.calibration.profile import CameraProfile, FrameFit, Setting
from pairfix.calibration.shape import Shape, fit_shape
from pairfix.errors import PairError
from pairfix.image import AlignedPair, Domain, Frame, Progress, Role
from pairfix.light import decode_planes, encode_planes, encoding_slope
from pairfix.noise import LEVELS, noise_curve
from pairfix.pairs import FoundPair, LeftOut

__all__ = ["Calibrated", "Evidence", "calibrate", "calibrate_pairs"]

_FEWEST_BLOCKS = 60
"""Flat and still blocks below which noise cannot be measured."""
_HALF_STOPS = 2
_ROUNDS = 3
_UNREST = 1.15
"""Variance around a block over that of noise, up to which it counts as flat and still."""
_LEAST = 0.1
"""Share of the read noise that is left to the pixels, whatever rows and columns seem to have."""
_LONG_SHARE = 0.25
"""Greatest share of the long frame in the noise of both: it was exposed 1.5 stops longer or more
(`pairfix.pairs.FEWEST_STOPS`)."""
_TINY = 1e-12
_COLOURS = {4: ((0,), (1, 2), (3,)), 3: ((0,), (1,), (2,))}
"""Planes that share their noise: both greens do."""

Fit = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The outcome of a calibration."""

    profile: CameraProfile
    left_out: tuple[LeftOut, ...]
    """Pairs that could not be used."""
    evidence: tuple["Evidence", ...]
    """What was measured in each of the others."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one pair tells."""

    name: str
    iso: tuple[float | None, float | None]
    """Of the short and the long exposure."""
    brightening: float
    white_balance: tuple[float, float, float] | None
    blocks: Blocks
    told: dict[Role, list[Fit]]
    """Shot and read noise by plane that networks are told, in parts of saturation."""
    stated: tuple[Fit, ...]
    """The short file's NoiseProfile; empty without one."""
    removed_rows: float
    camera: str | None

    @classmethod
    def of(cls, loaded: LoadedPair, domain: Domain) -> "Evidence":
        """Measure one pair."""
        pair = loaded.pair
        short, long = pair.matched.short, pair.matched.long
        return cls(
            name=loaded.found.name,
            iso=(short.exposure.iso, long.exposure.iso),
            brightening=pair.matched.short_gain,
            white_balance=None if short.bayer is None else short.bayer.white_balance,
            blocks=flat_blocks(pair),
            told={
                "short": _told(pair, "short", domain, short, pair.matched.short_gain),
                "long": _told(pair, "long", domain, short, pair.matched.long_gain),
            },
            stated=short.noise_profile or (),
            removed_rows=loaded.removed_rows,
            camera=short.camera,
        )

    @property
    def setting(self) -> tuple[float, ...]:
        """What pairs share whose noise is measured together."""
        half_stops = round(_HALF_STOPS * float(np.log2(self.brightening)))
        return (*(iso or 0.0 for iso in self.iso), half_stops)


def calibrate(
    pairs: Sequence[FoundPair],
    domain: Domain,
    progress: Progress = lambda _stage, _done, _total: None,
) -> Calibrated:
    """Measure a camera's noise in pairs of files.

    Args:
        pairs: Of one camera, all raws or all pictures.
        domain: Raws are developed first for srgb.
        progress: Called with ``"calibrate"``.

    Raises:
        PairError: The pairs differ in camera or kind, none can be used, or they hold too little
            that is flat and still.
    """
    check_alike(pairs)
    left_out: list[LeftOut] = []
    loaded = load_pairs(pairs, domain, left_out, progress, "calibrate")
    evidence = [Evidence.of(each, domain) for each in loaded]
    if not evidence:
        raise PairError(
            f"none of {len(pairs)} pairs can be used: {left_out[0].reason}", "give other pairs"
        )
    return Calibrated(calibrate_pairs(evidence, domain), tuple(left_out), tuple(evidence))


def calibrate_pairs(evidence: Sequence[Evidence], domain: Domain) -> CameraProfile:
    """The camera that measured pairs speak of.

    Args:
        evidence: At least one pair's.
        domain: What they are.

    Raises:
        PairError: They hold too little that is flat and still.
    """
    key = attrgetter("setting")
    groups = [[*group] for _, group in groupby(sorted(evidence, key=key), key=key)]
    enough = [group for group in groups if _count(group) >= _FEWEST_BLOCKS]
    if not enough:
        raise PairError(
            f"in {len(evidence)} pairs only {_count(evidence)} blocks are flat and stood still, "
            f"{_FEWEST_BLOCKS} are needed",
            "give more pairs, taken from a firm stand, with sky or walls in them",
        )
    balances = dict.fromkeys(each.white_balance for each in evidence if each.white_balance)
    return CameraProfile(
        camera=evidence[0].camera,
        domain=domain,
        white_balances=tuple(balances),
        settings=tuple(_setting(group) for group in enough),
    )


def _count(group: Iterable[Evidence]) -> int:
    return sum(each.blocks.level.shape[1] for each in group)


def _setting(group: Sequence[Evidence]) -> Setting:
    blocks = [each.blocks for each in group]
    for _ in range(_ROUNDS):
        blocks = _calmest(blocks, _difference_line(blocks))
    shape = fit_shape(blocks, _difference_line(blocks))
    together = _difference_line(blocks, shape.repetition(blocks[0]))
    own, long = _parted(together, blocks)
    brightening = float(np.median([each.brightening for each in group]))
    return Setting(
        iso=group[0].iso[0],
        pairs=len(group),
        blocks=sum(each.level.shape[1] for each in blocks),
        brightening=brightening,
        short=_frame_fit(own, shape, [each.told["short"] for each in group]),
        long=_frame_fit(long, _white(shape), [each.told["long"] for each in group]),
        offset=tuple(_offsets(blocks, together)),
        removed_rows=float(np.median([each.removed_rows for each in group])),
        stated=tuple(map(tuple, np.mean([each.stated for each in group], axis=0).tolist()))
        if all(each.stated for each in group)
        else (),
    )


def _calmest(blocks: Sequence[Blocks], fits: Sequence[Fit]) -> list[Blocks]:
    """The blocks around which there is hardly more than noise; at least the fewest that will do."""
    shot, read = np.array(fits, np.float32).T[..., None]
    unrest = [
        (each.around / (np.maximum(shot * each.level_around, 0) + read + _TINY)).mean(axis=0)
        for each in blocks
    ]
    together = np.sort(np.concatenate(unrest))
    limit = max(_UNREST, together[min(_FEWEST_BLOCKS, len(together)) - 1])
    return [each.only(ratio <= limit) for each, ratio in zip(blocks, unrest, strict=True)]


def _difference_line(blocks: Sequence[Blocks], repetition: float = 1.0) -> list[Fit]:
    """Shot and read noise of short less long."""
    return _line(blocks, lambda each: each.level, lambda each: _variance(each.noise), repetition)


def _variance(noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each block, ``C x n``, a plane's slope being gone from it."""
    side = noise.shape[-1]
    return (noise**2).sum(axis=(-2, -1)) / (side * side - 3)


def _line(
    blocks: Sequence[Blocks],
    level: Callable[[Blocks], NDArray[np.float32]],
    variance: Callable[[Blocks], NDArray[np.float32]],
    repetition: float = 1.0,
) -> list[Fit]:
    """Shot and read noise by plane."""
    freedom = blocks[0].freedom / repetition
    levels = np.concatenate([level(each) for each in blocks], axis=1)
    variances = np.concatenate([variance(each) for each in blocks], axis=1)
    fits: list[Fit] = []
    for planes in _COLOURS[len(levels)]:
        chosen = list(planes)
        fit = fit_variance(levels[chosen].ravel(), variances[chosen].ravel(), freedom)
        fits += [fit] * len(planes)
    return fits


def _parted(together: Sequence[Fit], blocks: Sequence[Blocks]) -> tuple[list[Fit], list[Fit]]:
    """The short frame's own noise and the long one's, which add up to that of the difference.

    The long frame's brightness over the difference's tells its units. Texture that both frames
    show is not in their difference, but looks like noise of the long one, which is therefore
    held to the share that a long exposure can have.
    """
    seen = _line(blocks, lambda each: each.long_level, lambda each: _variance(each.long_noise))
    scale = float(
        np.median(np.concatenate([(each.level / each.long_level).ravel() for each in blocks]))
    )
    units = np.array((scale, scale**2))
    both = np.array(together)
    longs = np.minimum(np.array(seen) * units, _LONG_SHARE * both)
    return _fits(both - longs), _fits(longs / units)


def _fits(lines: NDArray[np.float64]) -> list[Fit]:
    return [(float(shot), float(read)) for shot, read in lines]


def _frame_fit(fits: Sequence[Fit], shape: Shape, told: Sequence[Sequence[Fit]]) -> FrameFit:
    common = shape.lines_seen * (shape.rows + shape.columns)
    told_shot, told_read = np.mean(told, axis=0).T.tolist()
    return FrameFit(
        shot=tuple(float(shot) for shot, _ in fits),
        read=tuple(float(max(read - common, _LEAST * read)) for _, read in fits),
        correlation=_table(shape.correlation),
        channels=_table(shape.channels),
        rows=float(np.sqrt(shape.rows)),
        columns=float(np.sqrt(shape.columns)),
        told_shot=tuple(told_shot),
        told_read=tuple(told_read),
    )


def _white(shape: Shape) -> Shape:
    return replace(
        shape, correlation=np.eye(1), channels=np.eye(len(shape.channels)), rows=0.0, columns=0.0
    )


def _table(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _offsets(blocks: Sequence[Blocks], fits: Sequence[Fit]) -> list[float]:
    offsets = []
    for plane, (shot, read) in enumerate(fits):
        level = [each.level[plane] for each in blocks]
        difference = [each.difference[plane] for each in blocks]
        pixels = blocks[0].noise[0, 0].size
        error = [np.sqrt((np.maximum(shot * each, 0) + read) / pixels) for each in level]
        offsets.append(fit_offset(level, difference, error))
    return offsets


def _told(
    pair: AlignedPair, role: Role, domain: Domain, reference: Frame, gain: float
) -> list[Fit]:
    """What a network is told of one exposure, as shot and read noise in parts of saturation."""
    sources: dict[Role, NDArray[np.float32]] = pair.sources
    encoded = {name: encode_planes(planes, domain) for name, planes in sources.items()}
    curve = noise_curve(pair, role, encoded, domain)
    light = decode_planes(LEVELS, domain)
    gains = (1.0,) * len(curve) if reference.bayer is None else reference.bayer.gains
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
