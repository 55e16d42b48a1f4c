"""Run graphs with ONNX Runtime; it receives the weights separately, they are not in the graph."""

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state

from pairfix.backends.onnx_graph import check_graph
from pairfix.backends.spec import DeviceName, Runtime, Session, translate_memory_errors
from pairfix.errors import DeviceError, ModelError
from pairfix.image import Planes
from pairfix.model import Model
from pairfix.networks import Graph
from pairfix.threads import thread_limit

__all__ = ["OnnxRuntime"]

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_OPTIONS = {_CUDA: {"use_tf32": "0"}, _CPU: {}}
"""fp32 means fp32: TF32 has the 10-bit mantissa of half precision."""
_FATAL_ONLY = 4
_DAMAGED = "install pairfix again, or fetch the model again"

_REFUSALS = (
    *(state.EPFail, state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf),
    *(state.NoSuchFile, state.NotImplemented, state.RuntimeException),
)
"""What ONNX Runtime raises for a graph that it cannot load or run."""
_IDENTITY = (
    b'\x08\x08:7\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12'
    b"\x04\n\x02\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)
"""The smallest ONNX model: y = x, one float."""


class OnnxRuntime:
    """The engine behind ``--backend onnx``."""

    def find(self, device: DeviceName) -> str | None:
        """The device's title; CUDA counts only if its provider loads."""
        if device == "cuda":
            return "NVIDIA GPU" if _cuda_loads() else None
        return "CPU" if device == "cpu" else None

    def absence(self, device: DeviceName) -> str:
        """Why a device is not available."""
        if device == "cuda" and _CUDA in ort.get_available_providers():
            return "ONNX Runtime cannot load CUDA (driver, toolkit or cuDNN is missing)"
        return f"this ONNX Runtime was built without {device}"

    def open(self, model: Model, graph: Graph, runtime: Runtime) -> Session:
        """Load a graph onto the runtime's device."""
        provider = _CUDA if runtime.device == "cuda" else _CPU
        int8 = runtime.precision == "int8"
        path = model.graph_path(graph, int8=int8)
        tensors = {} if int8 else model.tensors()
        with translate_memory_errors():
            session = _create(path, model, graph, provider, tensors)
        if provider not in session.get_providers():
            raise DeviceError(f"ONNX Runtime did not accept {provider}", "use --device cpu")
        return _OnnxSession(session, path, model, graph)


class _OnnxSession:
    def __init__(self, session: Any, path: Path, model: Model, graph: Graph) -> None:  # noqa: ANN401
        """Take a loaded graph; one that runs once per photo gives its memory back afterwards."""
        self._session = session
        self._graph = graph
        self._path = path
        self._channels = model.config.channels
        self._options = ort.RunOptions()
        self._options.log_severity_level = _FATAL_ONLY
        once = graph.reduction is not None
        if once and session.get_providers() == [_CPU]:
            self._options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def run(self, inputs: Sequence[Planes]) -> Planes:
        feeds = {
            name: np.ascontiguousarray(planes[None], np.float32)
            for name, planes in zip(self._graph.inputs, inputs, strict=True)
        }
        try:
            with translate_memory_errors():
                (output,) = self._session.run(None, feeds, self._options)
        except _REFUSALS as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(f"{self._path} cannot be run: {reason}", _DAMAGED) from error
        if output.shape != (1, self._channels, *inputs[0].shape[1:]):
            raise ModelError(f"{self._path} gives {output.shape}, not a photo", _DAMAGED)
        return cast("Planes", output[0])


def _create(
    path: Path, model: Model, graph: Graph, provider: str, tensors: Mapping[str, Any]
) -> Any:  # noqa: ANN401
    options = _options()
    own = {key: value for key, value in tensors.items() if key.startswith(graph.prefix)}
    values = [ort.OrtValue.ortvalue_from_numpy(value) for value in own.values()]
    options.add_external_initializers(list(own), values)
    content = path.read_bytes()
    try:
        check_graph(content, own)
        session = ort.InferenceSession(
            content, options, providers=[(provider, _OPTIONS[provider])], enable_fallback=0
        )
        _check_ends(session, graph, model.config.channels)
    except (ValueError, *_REFUSALS) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{path} cannot be loaded: {reason}", _DAMAGED) from error
    return session


def _check_ends(session: Any, graph: Graph, channels: int) -> None:  # noqa: ANN401
    """Require the inputs of a network's graph, and one output of as many planes.

    Raises:
        ValueError: They are others.
    """
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if [each.name for each in inputs] != [*graph.inputs] or len(outputs) != 1:
        raise ValueError(f"it does not take {', '.join(graph.inputs)}, or gives several pictures")
    for each in (*inputs, *outputs):
        if each.type != "tensor(float)" or each.shape[:2] != [1, channels]:
            raise ValueError(f"its {each.name} has other planes than the network")


def _options() -> Any:  # noqa: ANN401
    """Without memory patterns, which take a quarter more memory and save no time.

    Without the arena a tile would take another third less memory, but a sixth more time.
    """
    options = ort.SessionOptions()
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.load_model_format", "ONNX")  # not ORT's own
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = thread_limit()
    return options


@cache
def _cuda_loads() -> bool:
    if _CUDA not in ort.get_available_providers():
        return False
    ort.set_default_logger_severity(_FATAL_ONLY)
    with redirect_stdout(StringIO()):
        ort.preload_dlls()
        session = ort.InferenceSession(_IDENTITY, _options(), providers=[_CUDA, _CPU])
    return _CUDA in session.get_providers()
