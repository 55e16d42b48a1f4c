"""The registry of back ends, and the choice of where to run."""

import ctypes
import sys
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pairfix.backends.cpu import multiplies_int8
from pairfix.backends.spec import (
    Backend,
    DeviceChoice,
    DeviceName,
    Engine,
    Precision,
    PrecisionChoice,
    Runtime,
    Session,
)
from pairfix.errors import DeviceError, MissingExtraError, ModelError
from pairfix.model import Model
from pairfix.networks import Graph

__all__ = ["BACKENDS", "OpenModel", "choose_runtime", "open_session", "settle_precision"]

_PREFERENCES: tuple[tuple[str, DeviceName], ...] = (
    ("torch", "cuda"),
    ("torch", "mps"),
    ("onnx", "cuda"),
    ("onnx", "cpu"),
    ("torch", "cpu"),
)
_DEVICES: tuple[DeviceName, ...] = ("cuda", "mps")
_ANY_PRECISION = "use --precision auto"
_DRIVERS = ("libcuda.so.1", "nvcuda.dll")
_AMD_DRIVER = Path("/dev/kfd")


def _load_pytorch() -> Engine:
    from pairfix.backends.pytorch import PyTorch  # noqa: PLC0415

    return PyTorch()


def _load_onnx() -> Engine:
    from pairfix.backends.onnx import OnnxRuntime  # noqa: PLC0415

    return OnnxRuntime()


BACKENDS: dict[str, Backend] = {
    "torch": Backend(
        name="torch",
        title="PyTorch",
        install="pip install 'pairfix[torch]'",
        precisions=("fp32", "fp16", "bf16"),
        installed=lambda: find_spec("torch") is not None and find_spec("torchvision") is not None,
        load=_load_pytorch,
    ),
    "onnx": Backend(
        name="onnx",
        title="ONNX Runtime",
        install="pip install onnxruntime",
        precisions=("fp32", "int8"),
        installed=lambda: find_spec("onnxruntime") is not None,
        load=_load_onnx,
    ),
}


def open_session(model: Model, graph: Graph, runtime: Runtime) -> Session:
    """Load one graph of a model, ready to run.

    Raises:
        ModelError: The model's files are damaged or do not fit its network.
        DeviceError: The device has become unavailable since the runtime was chosen.
        MemoryExhaustedError: The weights do not fit into the device's memory.
    """
    return BACKENDS[runtime.backend].load().open(model, graph, runtime)


def choose_runtime(
    backend: str = "auto",
    device: DeviceChoice = "auto",
    precision: PrecisionChoice = "auto",
) -> Runtime:
    """Choose backend, device and precision: what was asked for, or an error.

    By default it takes PyTorch on a CUDA device, else on Apple's GPU, else ONNX Runtime on a
    CUDA device, else ONNX Runtime on the CPU; fp16 on CUDA with PyTorch, else fp32.

    Args:
        backend: ``auto`` or a key of `BACKENDS`.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: ``auto``, ``fp32``, ``fp16``, ``bf16`` or ``int8``, which only models can run in
            that were trained for it (`settle_precision`).

    Raises:
        DeviceError: The device, backend or precision that was asked for is not available.
        MissingExtraError: The backend that it needs is not installed.
    """
    if precision == "int8":
        device = _int8_device(device)
    candidates = _candidates(backend, precision)
    engines: dict[str, Engine] = {}
    reasons: list[str] = []
    for name, wanted in _PREFERENCES:
        if device not in ("auto", wanted) or name not in candidates:
            continue
        if missing := _missing_driver(wanted):
            if wanted in (device, "cuda"):
                reasons.append(missing)
            continue
        if name not in engines:
            engines[name] = BACKENDS[name].load()
        title = engines[name].find(wanted)
        if title is not None:
            fell = device == "auto" and wanted == "cpu"
            return _runtime(candidates[name], wanted, precision, title, reasons if fell else ())
        reasons.append(engines[name].absence(wanted))
    raise _no_device(device, reasons, list(engines.values()))


def settle_precision(runtime: Runtime, model: Model, precision: PrecisionChoice) -> Runtime:
    """The runtime for a model, once that is known.

    By default a model that was trained for it runs in int8, where the CPU is quick at that.

    Args:
        runtime: What `choose_runtime` chose.
        model: The model.
        precision: What was asked for.

    Raises:
        ModelError: It is int8, and the model was not trained for it.
    """
    if precision == "int8" and not model.runs_in_int8:
        raise ModelError(f"model {model.name} was not trained to run in int8", _ANY_PRECISION)
    possible = model.runs_in_int8 and (runtime.backend, runtime.device) == ("onnx", "cpu")
    if precision == "auto" and possible and multiplies_int8():
        return replace(choose_runtime("onnx", "cpu", "int8"), reason=runtime.reason)
    return runtime


def _int8_device(device: DeviceChoice) -> DeviceName:
    """The CPU, if it may be used and is made for int8.

    Raises:
        DeviceError: It may not, or is not.
    """
    if device not in ("auto", "cpu"):
        raise DeviceError(f"int8 is for CPUs, not for the device {device}", _ANY_PRECISION)
    if not multiplies_int8():
        raise DeviceError("this CPU has no instructions for int8", _ANY_PRECISION)
    return "cpu"


def _candidates(backend: str, precision: str) -> dict[str, Backend]:
    if backend == "auto":
        return _capable(precision)
    if backend not in BACKENDS:
        raise DeviceError(f"there is no backend {backend}", f"use one of {', '.join(BACKENDS)}")
    wanted = BACKENDS[backend]
    if not wanted.installed():
        raise MissingExtraError(f"{wanted.title} is not installed", wanted.install)
    if precision not in ("auto", *wanted.precisions):
        raise DeviceError(
            f"{wanted.title} computes in {', '.join(wanted.precisions)} only, not in {precision}",
            f"use --precision auto or --backend {_first_capable(precision).name}",
        )
    return {backend: wanted}


def _capable(precision: str) -> dict[str, Backend]:
    capable = {
        name: backend
        for name, backend in BACKENDS.items()
        if backend.installed() and precision in ("auto", *backend.precisions)
    }
    if not capable:
        needed = _first_capable(precision)
        raise MissingExtraError(f"{needed.title} is not installed", needed.install)
    return capable


def _first_capable(precision: str) -> Backend:
    for backend in BACKENDS.values():
        if precision in ("auto", *backend.precisions):
            return backend
    raise DeviceError(f"there is no precision {precision}", "use auto, fp32, fp16, bf16 or int8")


def _runtime(
    backend: Backend, device: DeviceName, precision: str, title: str, reasons: Iterable[str]
) -> Runtime:
    auto: Precision = "fp16" if (backend.name, device) == ("torch", "cuda") else "fp32"
    settled = next((name for name in backend.precisions if name == precision), auto)
    return Runtime(
        backend=backend.name,
        device=device,
        precision=settled,
        description=f"{title} ({backend.title}, {settled})",
        reason="; ".join(dict.fromkeys(reasons)),
    )


def _missing_driver(device: DeviceName) -> str:
    """Why there can be no such device, without importing a backend; empty if there may be one."""
    if device == "cuda" and not _AMD_DRIVER.exists() and not any(map(_loads, _DRIVERS)):
        return "no CUDA device: there is no GPU driver"
    if device == "mps" and sys.platform != "darwin":
        return "no Apple GPU"
    return ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _no_device(device: str, reasons: Iterable[str], engines: Iterable[Engine]) -> DeviceError:
    there = [
        name
        for name in _DEVICES
        if not _missing_driver(name) and any(engine.find(name) for engine in engines)
    ]
    why = "; ".join(dict.fromkeys(reasons)) or "no installed backend supports it"
    return DeviceError(
        f"the device {device} cannot be used: {why}",
        f"available: {', '.join([*there, 'cpu'])}; --device auto chooses the best",
    )


class OpenModel:
    """A model on a runtime; each graph is loaded when it first runs, and stays loaded."""

    def __init__(self, model: Model, runtime: Runtime) -> None:
        """Load nothing yet.

        Args:
            model: The network and its weights.
            runtime: Where and how it runs.
        """
        self.model = model
        self.runtime = runtime
        self._sessions: dict[str, Session] = {}

    def session(self, graph: Graph) -> Session:
        """One of the model's graphs, ready to run.

        Raises:
            ModelError, DeviceError, MemoryExhaustedError: As `pairfix.backends.open_session`.
        """
        if graph.name not in self._sessions:
            self._sessions[graph.name] = open_session(self.model, graph, self.runtime)
        return self._sessions[graph.name]
