"""Metrics of pyiqa, ready to score; its errors are translated here."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, partial
from importlib.util import find_spec

import numpy as np

from pairfix.backends import DeviceChoice, DeviceName, choose_runtime
from pairfix.backends.spec import translate_memory_errors
from pairfix.errors import (
    MemoryExhaustedError,
    MetricError,
    MissingExtraError,
    PairfixError,
    WeightsMissingError,
)
from pairfix.image import Picture, Pixels
from pairfix.score.catalogue import SHIPPED_WEIGHTS, Metric
from pairfix.score.guards import failed_download, no_network, quietly

__all__ = ["LoadedMetric", "choose_device", "full_reference", "load_metric", "weights_are_here"]

_PACKAGES = {"pkg_resources": "'setuptools<81'", "clip": "openai-clip"}
"""What to install for modules whose package has another name."""
_NRQM_BLOCKS = 1000
"""Blocks that NRQM fits at once: pyiqa's 10 000 take 2.3 GB and are no faster."""


class LoadedMetric:
    """A metric with its weights on a device."""

    def __init__(
        self, about: Metric, device: DeviceName, compute: Callable[[object], object]
    ) -> None:
        self.about = about
        self._device = device
        self._compute = compute

    def score(self, pixels: Pixels, name: str) -> float:
        """Score one photo; the same photo always gets the same score.

        Args:
            pixels: ``H x W x 3`` sRGB-encoded, uint8 or uint16.
            name: The photo's name, for messages.

        Raises:
            MetricError: The photo is too small for the metric, or has no score.
            MemoryExhaustedError: Memory ran out.
        """
        height, width = pixels.shape[:2]
        smallest = self.about.sampling.smallest
        if min(height, width) < smallest:
            raise MetricError(
                f"{name}: {width} x {height} pixels are too few for {self.about.name}",
                f"it needs at least {smallest} x {smallest}",
            )
        try:
            with translate_memory_errors():
                views = self.about.sampling.views(pixels)
                scores = [self._score_view(view) for view in views]
        except MemoryExhaustedError as error:
            raise MemoryExhaustedError(
                f"{name}: memory ran out in {self.about.name}", "use --device cpu, or a crop"
            ) from error
        except Exception as error:
            raise MetricError(
                f"{name}: {self.about.name} cannot score it: {_first_line(error)}",
                "the photo may be too small or too flat for it",
            ) from error
        mean = float(np.average(scores, weights=[view[..., 0].size for view in views]))
        if not np.isfinite(mean):
            raise MetricError(
                f"{name}: {self.about.name} yields no number", "the photo is flat or too small"
            )
        return mean

    def _score_view(self, view: Pixels) -> float:
        import torch  # noqa: PLC0415  (part of an extra)

        scaled = view.astype(np.float32) / np.float32(np.iinfo(view.dtype).max)
        tensor = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))[None]
        with quietly(), torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)
            result = self._compute(tensor.to(self._device))
        return float(torch.as_tensor(result).mean())


def load_metric(about: Metric, device: DeviceName, *, offline: bool = False) -> LoadedMetric:
    """Load a metric; pyiqa downloads its weights if they are missing.

    Raises:
        WeightsMissingError: They are missing, and cannot or must not be downloaded.
        MissingExtraError: The metric needs a package that is not installed.
        MetricError: It cannot be loaded for another reason, such as damaged weights.
    """
    try:
        with quietly(), no_network() if offline else nullcontext():
            import pyiqa  # noqa: PLC0415  (an extra)

            _bound_memory()
            shipped = SHIPPED_WEIGHTS.get(about.name)
            options = {"pretrained_model_path": str(shipped)} if shipped else {}
            compute = pyiqa.create_metric(about.name, device=device, **options)
    except Exception as error:
        raise _not_loaded(about, error, offline=offline) from error
    return LoadedMetric(about, device, compute)


def weights_are_here(about: Metric, *, fetch: bool = False) -> bool:
    """Whether a metric can be loaded without the network; found out by loading it on the CPU.

    Args:
        about: The metric.
        fetch: Download its weights if they are missing.

    Raises:
        MissingExtraError: The metric needs a package that is not installed.
        MetricError: Its weights are damaged.
    """
    try:
        load_metric(about, "cpu", offline=not fetch)
    except WeightsMissingError:
        return False
    return True


def full_reference(name: str, result: Picture, truth: Picture) -> float | None:
    """Compare a picture with the truth, on the CPU; the network is never used.

    Args:
        name: pyiqa's name of a full-reference metric, such as ``"lpips"``.
        result: The picture to judge.
        truth: Another of the same size.

    Returns:
        The metric's value; None if pyiqa or the metric's weights are not on this machine.

    Raises:
        MetricError: The metric cannot be loaded for another reason, such as damaged weights.
        MemoryExhaustedError: Memory ran out.
    """
    compute = _load_reference(name)
    if compute is None:
        return None
    import torch  # noqa: PLC0415  (part of an extra)

    tensors = [
        torch.from_numpy(picture.pixels.astype(np.float32).transpose(2, 0, 1) / 65535)[None]
        for picture in (result, truth)
    ]
    with translate_memory_errors(), quietly(), torch.no_grad():
        return float(torch.as_tensor(compute(*tensors)).mean())


def choose_device(device: DeviceChoice) -> DeviceName:
    """Where to compute; "auto" is CUDA or else the CPU, because NIQE and NRQM need float64.

    Raises:
        DeviceError: The requested device is not available.
        MissingExtraError: PyTorch is not installed.
    """
    found = choose_runtime("torch", device, "fp32").device
    return "cpu" if (device, found) == ("auto", "mps") else found


@cache
def _load_reference(name: str) -> Callable[..., object] | None:
    if find_spec("pyiqa") is None:
        return None
    try:
        with quietly(), no_network():
            import pyiqa  # noqa: PLC0415  (an extra)

            return pyiqa.create_metric(name, device="cpu")
    except Exception as error:
        if failed_download(error):
            return None
        raise MetricError(
            f"{name} cannot be loaded: {_first_line(error)}", "download its weights again"
        ) from error


def _bound_memory() -> None:
    from pyiqa.archs import nrqm_arch  # noqa: PLC0415  (an extra)

    if not isinstance(nrqm_arch.gamma_gen_gauss, partial):
        nrqm_arch.gamma_gen_gauss = partial(nrqm_arch.gamma_gen_gauss, block_seg=_NRQM_BLOCKS)


def _not_loaded(about: Metric, error: Exception, *, offline: bool) -> PairfixError:
    if isinstance(error, ModuleNotFoundError):
        module = str(error.name)
        return MissingExtraError(
            f"{about.name} needs the Python module {module}, which is not installed",
            f"pip install {_PACKAGES.get(module, module)}",
        )
    if download := failed_download(error):
        why = "are missing" if offline else "are missing and cannot be downloaded"
        online = ", or leave out --offline" if offline else ""
        return WeightsMissingError(
            f"{about.name}: its weights {download.name} {why}", f"{download.how}{online}"
        )
    return MetricError(
        f"{about.name} cannot be loaded: {_first_line(error)}",
        "if its weights are damaged, delete them to download them again",
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
