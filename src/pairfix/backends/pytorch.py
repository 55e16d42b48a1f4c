"""Run networks with PyTorch."""

import copy
import logging
from collections.abc import Sequence
from functools import cache
from typing import cast

import numpy as np
import torch
from torch import nn

from pairfix.backends.spec import DeviceName, Runtime, Session, translate_memory_errors
from pairfix.errors import ModelError
from pairfix.image import Planes
from pairfix.model import Model
from pairfix.networks import Graph

__all__ = ["PyTorch"]

_LOGGER = logging.getLogger(__name__)
_TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class PyTorch:
    """The engine behind ``--backend torch``."""

    def find(self, device: DeviceName) -> str | None:
        """The device's title; CUDA stands for the first NVIDIA or ROCm device."""
        if device == "cuda":
            works = torch.cuda.is_available() and not _cuda_failure()
            return torch.cuda.get_device_name() if works else None
        if device == "mps":
            return "Apple GPU" if torch.backends.mps.is_available() else None
        return "CPU"

    def absence(self, device: DeviceName) -> str:
        """Why a device is not available."""
        if device == "cuda" and torch.version.cuda is None and torch.version.hip is None:
            return "this PyTorch was built without CUDA"
        if device == "cuda" and torch.cuda.is_available():
            return f"PyTorch cannot compute on the CUDA device: {_cuda_failure()}"
        return f"PyTorch finds no {device.upper()} device"

    def open(self, model: Model, graph: Graph, runtime: Runtime) -> Session:
        """Load a graph onto the runtime's device."""
        module = _load(model, graph)
        torch.backends.cudnn.allow_tf32 = False
        with translate_memory_errors(_empty_caches):
            return _TorchSession(module, runtime)


class _TorchSession:
    """Half precision means half modules; each network keeps its output layer in float32.

    Float32 is never TF32, which has the 10-bit mantissa of half precision.
    """

    def __init__(self, module: nn.Module, runtime: Runtime) -> None:
        self._device = torch.device(runtime.device)
        self._exact = module
        self._module = module
        self._format = torch.contiguous_format if runtime.device == "mps" else torch.channels_last
        self._precision = runtime.precision
        if self._precision != "fp32":
            self._module = copy.deepcopy(module).to(_TYPES[self._precision])
        self._place(self._module)

    def run(self, inputs: Sequence[Planes]) -> Planes:
        with translate_memory_errors(_empty_caches):
            output = self._compute(self._module, inputs)
            if self._precision != "fp32" and not np.isfinite(output).all():
                _warn_of_overflow(self._precision)
                self._place(self._exact)
                output = self._compute(self._exact, inputs)
            return output

    def _place(self, module: nn.Module) -> None:
        module.to(self._device).to(memory_format=self._format)

    def _compute(self, module: nn.Module, inputs: Sequence[Planes]) -> Planes:
        with torch.inference_mode():
            tensors = [
                torch.from_numpy(np.ascontiguousarray(planes[None], np.float32)).to(
                    self._device, memory_format=self._format
                )
                for planes in inputs
            ]
            output = module(*tensors)[0].float().contiguous().cpu().numpy()
        return cast("Planes", output)


@cache
def _cuda_failure() -> str:
    """The error of the smallest computation; empty if it works."""
    try:
        torch.ones(1, device="cuda").add(1).item()
    except RuntimeError as error:
        return str(error).partition("\n")[0]
    return ""


@cache
def _warn_of_overflow(precision: str) -> None:
    _LOGGER.warning("%s overflowed; such tiles are computed again in fp32", precision)


def _load(model: Model, graph: Graph) -> nn.Module:
    tensors = {
        key.removeprefix(graph.prefix): torch.from_numpy(value)
        for key, value in model.tensors().items()
        if key.startswith(graph.prefix)
    }
    with torch.device("meta"):  # without memory, which config.json may claim too much of
        expected = model.network.modules(model.config)[graph.name].state_dict()
    if {k: v.shape for k, v in tensors.items()} != {k: v.shape for k, v in expected.items()}:
        raise ModelError(
            f"{model.folder}: the weights do not fit {model.network.title}",
            "make the model folder again",
        )
    module = model.network.modules(model.config)[graph.name]
    module.load_state_dict(tensors)
    return module.eval().requires_grad_(requires_grad=False)


def _empty_caches() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
