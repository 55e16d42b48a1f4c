"""A camera's noise from the pairs that it took."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pairfix.calibration.blocks import Blocks
from pairfix.calibration.correlation import Correlation, fit_correlation
from pairfix.calibration.evidence import FEWEST_BLOCKS, Evidence, Fit, by_setting, count_blocks
from pairfix.calibration.fit import fit_offset, fit_variance
from pairfix.calibration.load import check_alike, load_pairs
from pairfix.calibration.profile import PLANES_BY_COLOUR, CameraProfile, FrameFit, Setting
from pairfix.errors import PairError
from pairfix.image import Domain
from pairfix.pairs import FoundPair, LeftOut
from pairfix.progress import Progress, Stage, no_progress

__all__ = ["CALIBRATE", "Calibrated", "calibrate", "calibrate_pairs", "conclude"]

_log = logging.getLogger(__name__)

CALIBRATE = Stage("calibrate", "Measuring the noise")

_ROUGH = 2 * FEWEST_BLOCKS
"""Flat and still blocks below which a few that are neither count too much."""
_ROUNDS = 3
_UNREST = 1.15
"""Variance around a block over that of noise, up to which it counts as flat and still."""
_LEAST = 0.1
"""Least share of the read noise that is the pixels' own, not that of rows and columns."""
_LONG_SHARE = 0.25
"""Greatest share of the long frame in the noise of both: it was exposed 1.5 stops longer or more
(`pairfix.pairs.FEWEST_STOPS`)."""
_MOVED = 0.15
"""Share of its brightness by which exposure matching may leave a block off."""
_SURE = 5.0
"""Standard errors beyond that for it to be sure."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The result of a calibration."""

    profile: CameraProfile
    left_out: tuple[LeftOut, ...]
    """Pairs that could not be used."""
    evidence: tuple[Evidence, ...]
    """What was measured in each pair that could be read and aligned."""


def calibrate(
    pairs: Sequence[FoundPair],
    domain: Domain,
    progress: Progress = no_progress,
) -> Calibrated:
    """Measure a camera's noise in pairs of files.

    Args:
        pairs: Of one camera, all raws or all pictures.
        domain: Raws are developed first for srgb.
        progress: Called with `CALIBRATE`.

    Raises:
        PairError: The pairs differ in camera or kind, none can be used, or too little in them is
            flat and still.
    """
    check_alike(pairs)
    left_out: list[LeftOut] = []
    loaded = load_pairs(pairs, domain, left_out, progress, CALIBRATE)
    return conclude([Evidence.of(each, domain) for each in loaded], domain, left_out)


def conclude(
    evidence: Sequence[Evidence], domain: Domain, left_out: Sequence[LeftOut]
) -> Calibrated:
    """The calibration that measured pairs give.

    Args:
        evidence: Of the pairs that could be measured.
        domain: What they are.
        left_out: The other pairs.

    Raises:
        PairError: There are none, or they hold too little that is flat and still.
    """
    if not evidence:
        raise PairError(
            f"none of {len(left_out)} pairs can be used: {left_out[0].reason}", "give other pairs"
        )
    left_out = list(left_out)
    profile = calibrate_pairs(evidence, domain)
    _, scarce = by_setting(evidence)
    for group in scarce:
        reason = (
            f"only {count_blocks(group)} blocks at its setting are flat and still, "
            f"{FEWEST_BLOCKS} are needed"
        )
        for each in group:
            _log.warning("left out %s: %s", each.name, reason)
            left_out.append(LeftOut(each.path, reason))
    for setting in profile.settings:
        if setting.blocks < _ROUGH:
            iso = "an unknown ISO" if setting.iso is None else f"ISO {setting.iso:g}"
            _log.warning(
                "the noise at %s is a rough estimate: only %d blocks are flat and still",
                iso,
                setting.blocks,
            )
    return Calibrated(profile, tuple(left_out), tuple(evidence))


def calibrate_pairs(evidence: Sequence[Evidence], domain: Domain) -> CameraProfile:
    """A camera's noise from pairs that were measured.

    Args:
        evidence: At least one pair's.
        domain: Of the pairs.

    Raises:
        PairError: Too little in them is flat and still.
    """
    enough, _ = by_setting(evidence)
    if not enough:
        raise PairError(
            f"only {count_blocks(evidence)} blocks in all {len(evidence)} pairs are flat and "
            f"still; {FEWEST_BLOCKS} are needed at one ISO and exposure",
            "give more pairs, taken from a tripod, with sky or walls in them",
        )
    balances = dict.fromkeys(each.white_balance for each in evidence if each.white_balance)
    return CameraProfile(
        camera=next((each.camera for each in evidence if each.camera), None),
        domain=domain,
        white_balances=tuple(balances),
        settings=tuple(_setting(group) for group in enough),
    )


def _setting(group: Sequence[Evidence]) -> Setting:
    blocks = [each.blocks for each in group if each.blocks.count]
    for _ in range(_ROUNDS):
        blocks = _calmest(blocks, _difference_line(blocks))
    correlation = fit_correlation(blocks, _difference_line(blocks))
    together = _difference_line(blocks, correlation.repetition(blocks[0]))
    own, long = _split(together, blocks)
    brightening = float(np.median([each.brightening for each in group]))
    return Setting(
        iso=group[0].iso[0],
        pairs=len(group),
        blocks=sum(each.count for each in blocks),
        brightening=brightening,
        short=_frame_fit(own, correlation, [each.noise_maps["short"] for each in group]),
        long=_frame_fit(long, _white(correlation), [each.noise_maps["long"] for each in group]),
        offset=tuple(_offsets(blocks, together)),
        removed_rows=float(np.median([each.removed_rows for each in group])),
        stated=tuple(map(tuple, np.mean([each.stated for each in group], axis=0).tolist()))
        if all(each.stated for each in group)
        else (),
    )


def _calmest(blocks: Sequence[Blocks], fits: Sequence[Fit]) -> list[Blocks]:
    """Keep the blocks around which there is little but noise, but no fewer than `FEWEST_BLOCKS`.

    Pairs that have none are dropped.
    """
    unrest = [_unrest(each, fits) for each in blocks]
    together = np.sort(np.concatenate(unrest))
    limit = max(_UNREST, together[min(FEWEST_BLOCKS, len(together)) - 1])
    calm = [each.only(ratio <= limit) for each, ratio in zip(blocks, unrest, strict=True)]
    return [each for each in calm if each.count]


def _unrest(blocks: Blocks, fits: Sequence[Fit]) -> NDArray[np.float32]:
    """Variance around each block over that of noise; infinite where something moved.

    Something that is in one frame only may be flat too, but its brightness differs.
    """
    shot, read = np.array(fits, np.float32).T[..., None]
    around = np.maximum(shot * blocks.level_around, 0) + read + np.float32(_TINY)
    level = np.maximum(blocks.level, 0)
    error = np.sqrt((shot * level + read) / np.float32(blocks.freedom))
    difference = np.abs(blocks.difference - np.median(blocks.difference, axis=1, keepdims=True))
    moved = (difference > _MOVED * level + _SURE * error).any(axis=0)
    return np.where(moved, np.inf, (blocks.around / around).mean(axis=0)).astype(np.float32)


def _difference_line(blocks: Sequence[Blocks], repetition: float = 1.0) -> list[Fit]:
    """Shot and read noise of short minus long."""
    return _line(blocks, lambda each: each.level, lambda each: each.variance, repetition)


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
    for planes in PLANES_BY_COLOUR[len(levels)]:
        chosen = list(planes)
        fit = fit_variance(levels[chosen].ravel(), variances[chosen].ravel(), freedom)
        fits += [fit] * len(planes)
    return fits


def _split(together: Sequence[Fit], blocks: Sequence[Blocks]) -> tuple[list[Fit], list[Fit]]:
    """The short frame's own noise and the long one's, which add up to that of the difference.

    Their units differ as the frames' brightness does. Texture that both frames show is not in their
    difference, but looks like noise of the long one, which is therefore limited to the share that a
    long exposure can have.
    """
    seen = _line(blocks, lambda each: each.long_level, lambda each: each.long_variance)
    scale = float(np.median([each.scale for each in blocks]))
    units = np.array((scale, scale**2))
    both = np.array(together)
    longs = np.minimum(np.array(seen) * units, _LONG_SHARE * both)
    return _fits(both - longs), _fits(longs / units)


def _fits(lines: NDArray[np.float64]) -> list[Fit]:
    return [(float(shot), float(read)) for shot, read in lines]


def _frame_fit(
    fits: Sequence[Fit], found: Correlation, noise_maps: Sequence[Sequence[Fit]]
) -> FrameFit:
    common = found.lines_seen * (found.rows + found.columns)
    map_shot, map_read = np.mean(noise_maps, axis=0).T.tolist()
    return FrameFit(
        shot=tuple(float(shot) for shot, _ in fits),
        read=tuple(float(max(read - common, _LEAST * read)) for _, read in fits),
        correlation=_table(found.pixels),
        channels=_table(found.channels),
        rows=float(np.sqrt(found.rows)),
        columns=float(np.sqrt(found.columns)),
        told_shot=tuple(map_shot),
        told_read=tuple(map_read),
    )


def _white(found: Correlation) -> Correlation:
    return replace(
        found, pixels=np.eye(1), channels=np.eye(len(found.channels)), rows=0.0, columns=0.0
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
