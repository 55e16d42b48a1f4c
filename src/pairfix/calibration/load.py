"""Pairs of files, prepared one after the other; those that cannot be used are left out."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pairfix.calibration.blocks import SMALLEST
from pairfix.errors import InputError, MemoryExhaustedError, PairError, PairfixError
from pairfix.formats import read_domain
from pairfix.image import AlignedPair, Domain
from pairfix.pairs import FoundPair, LeftOut
from pairfix.progress import Progress, Stage
from pairfix.stages.prepare import Preparation, prepare_pair

__all__ = ["LoadedPair", "check_alike", "load_pairs", "pairs_domain"]

_log = logging.getLogger(__name__)


class LoadedPair(NamedTuple):
    """A pair that can be measured or learnt from."""

    found: FoundPair
    pair: AlignedPair


def load_pairs(
    found: Sequence[FoundPair],
    domain: Domain,
    left_out: list[LeftOut],
    progress: Progress,
    stage: Stage,
) -> Iterator[LoadedPair]:
    """Prepare pairs one after the other; those that cannot be used are added to `left_out`.

    Left out are pairs that cannot be read or aligned reliably, are too small or show nothing.

    Args:
        found: The pairs.
        domain: Raws are developed for srgb.
        left_out: Gets the long photo of each pair that is left out, with the reason.
        progress: Called with `stage`.
        stage: What the pairs are loaded for.
    """
    preparation = Preparation(domain=domain, least_side=SMALLEST, refuse_doubtful=True)
    for number, each in enumerate(found):
        progress(stage, number, len(found))
        try:
            yield LoadedPair(each, prepare_pair(each.long, each.short, preparation))
        except MemoryExhaustedError:
            raise
        except PairfixError as error:
            _log.warning("left out %s: %s", each.name, error.message)
            left_out.append(LeftOut(each.long, error.message))
    progress(stage, len(found), len(found))


def pairs_domain(pairs: Sequence[FoundPair]) -> Domain:
    """Where pairs are restored: raws under a Bayer filter as raw, everything else as srgb.

    Raises:
        InputError: No pair's short photo can be read.
    """
    for each in pairs[:-1]:
        try:
            return read_domain(each.short)
        except InputError as error:
            _log.debug("%s", error)
    return read_domain(pairs[-1].short)


def check_alike(pairs: Sequence[FoundPair]) -> None:
    """Require pairs of one camera and kind.

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
