"""Crops of a pair as the models before and after tuning restore it."""

from pairfix.backends import OpenModel
from pairfix.image import AlignedPair, DevelopSettings, Picture, Planes
from pairfix.output.preview import compare
from pairfix.stages.develop import develop
from pairfix.stages.fuse import fuse

__all__ = ["compare_models"]


def compare_models(pair: AlignedPair, before: OpenModel, after: OpenModel) -> Picture:
    """A sheet of crops at 100 %: short frame, before, after, where the last two differ most.

    Args:
        pair: Cleaned; tuning has not seen it.
        before: The model that tuning began with.
        after: The tuned one.
    """

    def restored(opened: OpenModel) -> Picture:
        fused, _ = fuse(pair, opened)
        return _developed(pair, fused.planes)

    short = _developed(pair, pair.reference_planes)
    return compare({"short": short, "before": restored(before), "after": restored(after)})


def _developed(pair: AlignedPair, planes: Planes) -> Picture:
    return develop(planes, pair.reference, DevelopSettings(), gain=pair.gain)
