"""Crops of a pair as the models before and after tuning restore it."""

from pairfix.backends import Runtime
from pairfix.image import AlignedPair, DevelopSettings, Picture, Planes
from pairfix.model.model import Model
from pairfix.output.preview import compare
from pairfix.progress import no_progress
from pairfix.stages.develop import develop
from pairfix.stages.fuse import fuse

__all__ = ["compare_models"]


def compare_models(pair: AlignedPair, before: Model, after: Model, runtime: Runtime) -> Picture:
    """A sheet of crops at 100 %: short frame, before, after, where the last two differ most.

    Args:
        pair: Cleaned; tuning has not seen it.
        before: The model that tuning began with.
        after: The tuned one.
        runtime: Where to run them.
    """

    def restored(model: Model) -> Picture:
        fused, _ = fuse(pair, model, runtime, tile=None, progress=no_progress)
        return _developed(pair, fused.planes)

    short = _developed(pair, pair.reference_planes)
    return compare({"short": short, "before": restored(before), "after": restored(after)})


def _developed(pair: AlignedPair, planes: Planes) -> Picture:
    return develop(planes, pair.reference, DevelopSettings(), gain=pair.gain)
