"""The registry of back ends."""

from importlib.util import find_spec

from pairfix.backends.spec import Backend, Engine, Runtime, Session
from pairfix.model.model import Model
from pairfix.networks import Graph

__all__ = ["BACKENDS", "open_session"]


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
        precisions=("fp32",),
        installed=lambda: find_spec("onnxruntime") is not None,
        load=_load_onnx,
    ),
}


def open_session(model: Model, graph: Graph, runtime: Runtime) -> Session:
    """Load one graph of a model, ready to run.

    Raises:
        ModelError: The model's files are damaged or do not fit its network.
        DeviceError: The device went away since the runtime was chosen.
        MemoryExhaustedError: The weights do not fit the device.
    """
    return BACKENDS[runtime.backend].load().open(model, graph, runtime)
