"""Pairs of files as what a network sees of them."""

import logging
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from pairfix.calibration.blocks import SMALLEST
from pairfix.errors import InputError, MemoryExhaustedError, PairError, PairfixError
from pairfix.formats import decode
from pairfix.image import AlignedPair, DevelopSettings, Domain, Progress
from pairfix.pairs import FoundPair, LeftOut
from pairfix.stages.align import align
from pairfix.stages.exposure import match_exposure
from pairfix.stages.rownoise import remove_row_noise

__all__ = ["LoadedPair", "check_alike", "load_pair", "load_pairs", "pairs_domain"]

_log = logging.getLogger(__name__)

_DARKEST = 1e-3
"""Linear light that the brightest hundredth of a frame must exceed."""


class LoadedPair:
    """An aligned pair, its row noise taken out as `pairfix restore` does."""

    def __init__(self, found: FoundPair, pair: AlignedPair) -> None:
        """Clean a pair.

        Args:
            found: Where it came from.
            pair: Matched and aligned.
        """
        self.found = found
        self.pair = remove_row_noise(pair)
        removed = pair.matched.short_planes - self.pair.matched.short_planes
        bayer = pair.matched.short.bayer
        white = pair.matched.short_gain * (1.0 if bayer is None else bayer.gains[1])
        self.removed_rows = float(removed[1, :, 0].std()) / white
        """Standard deviation of the row noise, in parts of saturation."""


def load_pairs(
    found: Sequence[FoundPair],
    domain: Domain,
    left_out: list[LeftOut],
    progress: Progress,
    stage: str,
) -> Iterator[LoadedPair]:
    """Read pairs one after the other; those that cannot be used are added to `left_out`.

    Args:
        found: The pairs.
        domain: Raws are developed first for srgb.
        left_out: Gets the long photo of each pair that will not do, with the reason.
        progress: Called with `stage`.
        stage: What to call this.
    """
    for number, each in enumerate(found):
        progress(stage, number, len(found))
        try:
            yield load_pair(each, domain)
        except MemoryExhaustedError:
            raise
        except PairfixError as error:
            _log.warning("left out %s: %s", each.name, error.message)
            left_out.append(LeftOut(each.long, error.message))
    progress(stage, len(found), len(found))


def load_pair(found: FoundPair, domain: Domain) -> LoadedPair:
    """Read, match, align and clean one pair.

    Raises:
        PairfixError: It cannot be read or aligned, is black or too small.
    """
    kind: Literal["auto", "srgb"] = "srgb" if domain == "srgb" else "auto"
    long, short = (decode(path, kind, DevelopSettings()) for path in (found.long, found.short))
    if long.domain != domain:
        raise PairError(
            f"{found.long} gives no {domain} pair", "give raw photos under a 2 x 2 Bayer filter"
        )
    if min(short.size) < SMALLEST:
        height, width = short.size
        raise PairError(
            f"{found.short} is too small: {width} x {height} pixels",
            "give the camera's photos uncropped",
        )
    matched = match_exposure(long, short)
    for frame, planes in (
        (matched.short, matched.short_planes),
        (matched.long, matched.long_planes),
    ):
        if float(np.quantile(planes[:, ::8, ::8], 0.99)) < _DARKEST:
            raise PairError(f"{frame.path} is black", "leave it out")
    aligned = align(matched, "auto")
    if not aligned.alignment.sure:
        raise PairError(
            f"{found.long} and {found.short} cannot be aligned surely", "leave the pair out"
        )
    return LoadedPair(found, aligned)


def pairs_domain(pairs: Sequence[FoundPair]) -> Domain:
    """What restores them: raws under a Bayer filter as they are, everything else developed.

    Raises:
        InputError: No pair's short photo can be read.
    """
    for each in pairs[:-1]:
        try:
            return decode(each.short, "auto", DevelopSettings()).domain
        except InputError as error:
            _log.debug("%s", error)
    return decode(pairs[-1].short, "auto", DevelopSettings()).domain


def check_alike(pairs: Sequence[FoundPair]) -> None:
    """Insist on pairs of one camera and kind.

    Raises:
        PairError: They differ; the message names two that do.
    """
    first = pairs[0]
    known = next((each for each in pairs if each.camera), first)
    for each in pairs:
        if each.camera not in (None, known.camera):
            raise PairError(
                f"{known.name} and {each.name} come from different cameras: "
                f"{known.camera} and {each.camera}",
                "give the pairs of one camera at a time",
            )
        if first.long_facts.kind != each.long_facts.kind:
            raise PairError(
                f"of {first.name} and {each.name}, one is a raw pair and one is not",
                "give pairs of one kind",
            )
