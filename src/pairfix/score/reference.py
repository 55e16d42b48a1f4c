"""Full-reference metrics of pyiqa, where a benchmark knows the truth."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np

from pairfix.errors import MetricError
from pairfix.image import Picture
from pairfix.score.fetching import failed_download, no_network
from pairfix.score.quiet import quietly

__all__ = ["full_reference"]


def full_reference(name: str, result: Picture, truth: Picture) -> float | None:
    """How far a picture is from the truth, on the CPU; the network is never used.

    Args:
        name: pyiqa's name of a full-reference metric, such as ``"lpips"``.
        result: The picture to be judged.
        truth: Another of the same size.

    Returns:
        The metric's value; None where pyiqa or the metric's weights are not here.

    Raises:
        MetricError: The metric cannot be loaded for another reason, such as damaged weights.
    """
    compute = _loaded(name)
    if compute is None:
        return None
    import torch  # noqa: PLC0415  (part of an extra)

    tensors = [
        torch.from_numpy(picture.pixels.astype(np.float32).transpose(2, 0, 1) / 65535)[None]
        for picture in (result, truth)
    ]
    with quietly(), torch.no_grad():
        return float(torch.as_tensor(compute(*tensors)).mean())


@cache
def _loaded(name: str) -> Callable[..., object] | None:
    if find_spec("pyiqa") is None:
        return None
    try:
        with quietly(), no_network():
            import pyiqa  # noqa: PLC0415  (an extra)

            return pyiqa.create_metric(name, device="cpu")
    except Exception as error:
        if failed_download(error):
            return None
        raise MetricError(f"{name} cannot be loaded: {error}", "fetch its weights again") from error
