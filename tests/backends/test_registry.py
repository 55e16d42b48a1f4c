"""Which back end, device and precision run."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pairfix.backends import BACKENDS, Backend, choose_runtime, registry, settle_precision
from pairfix.errors import DeviceError, MissingExtraError, ModelError
from pairfix.model import Model
from pairfix.networks import NETWORKS


class FakeEngine:
    def __init__(self, **devices: str) -> None:
        self.devices = {"cpu": "CPU", **devices}

    def find(self, device: str) -> str | None:
        return self.devices.get(device)

    def absence(self, device: str) -> str:
        return f"no {device} here"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Give the machine back ends; None: not installed."""

    def build(torch: FakeEngine | None, onnx: FakeEngine | None, *, driver: bool = True) -> None:
        for name, engine in (("torch", torch), ("onnx", onnx)):
            fake: Backend = dataclasses.replace(
                BACKENDS[name],
                installed=lambda engine=engine: engine is not None,  # type: ignore[misc]
                load=lambda engine=engine: engine,  # type: ignore[misc]
            )
            monkeypatch.setitem(BACKENDS, name, fake)
        missing = "" if driver else "no GPU driver"
        monkeypatch.setattr(
            registry, "_missing_driver", lambda device: "" if device == "cpu" else missing
        )

    return build


def test_importing_the_backends_loads_no_library() -> None:
    code = (
        "import sys, pairfix.backends; "
        "print([name for name in ('torch', 'onnxruntime') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.strip() == b"[]"


def test_auto_prefers_pytorch_on_cuda_in_half_precision(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine(cuda="NVIDIA GPU"))
    runtime = choose_runtime()
    assert (runtime.backend, runtime.device, runtime.precision) == ("torch", "cuda", "fp16")
    assert runtime.description == "NVIDIA H200 (PyTorch, fp16)"
    assert not runtime.reason


def test_auto_takes_apples_gpu_in_full_precision(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(mps="Apple GPU"), FakeEngine())
    runtime = choose_runtime()
    assert (runtime.backend, runtime.device, runtime.precision) == ("torch", "mps", "fp32")


def test_auto_takes_cuda_through_onnx_runtime_without_pytorch(machine: Any) -> None:  # noqa: ANN401
    machine(None, FakeEngine(cuda="NVIDIA GPU"))
    runtime = choose_runtime()
    assert (runtime.backend, runtime.device, runtime.precision) == ("onnx", "cuda", "fp32")


def test_auto_falls_to_onnx_runtime_on_the_cpu_and_says_why(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(), FakeEngine())
    runtime = choose_runtime()
    assert runtime.description == "CPU (ONNX Runtime, fp32)"
    assert "no cuda here" in runtime.reason


def test_auto_does_not_import_pytorch_where_no_gpu_can_be(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(), FakeEngine(), driver=False)

    def explode() -> FakeEngine:
        raise AssertionError("PyTorch was imported")

    BACKENDS["torch"] = dataclasses.replace(BACKENDS["torch"], load=explode)  # type: ignore[arg-type]
    assert choose_runtime().reason == "no GPU driver"


def test_asking_for_the_cpu_needs_no_reason(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine())
    runtime = choose_runtime(device="cpu")
    assert runtime.description == "CPU (ONNX Runtime, fp32)"
    assert not runtime.reason


def test_a_precision_that_onnx_runtime_lacks_leads_to_pytorch(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(), FakeEngine())
    assert choose_runtime(device="cpu", precision="bf16").backend == "torch"


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Choose whether the CPU has instructions for int8."""

    def build(*, quick: bool) -> None:
        monkeypatch.setattr(registry, "multiplies_int8", lambda: quick)

    return build


def model(*, int8: bool) -> Model:
    files = {"fusion.int8.onnx": ""} if int8 else {}
    network = NETWORKS["selfir"]
    return Model("mine", Path("mine"), network, network.config(), "raw", files)


def test_int8_runs_on_the_cpu_even_beside_a_gpu(machine: Any, cpu: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine(cuda="NVIDIA GPU"))
    cpu(quick=True)
    runtime = choose_runtime(precision="int8")
    assert runtime.description == "CPU (ONNX Runtime, int8)"
    assert not runtime.reason


def test_int8_is_refused_on_a_gpu_and_on_a_cpu_without_instructions(
    machine: Any,  # noqa: ANN401
    cpu: Any,  # noqa: ANN401
) -> None:
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine())
    cpu(quick=True)
    with pytest.raises(DeviceError, match=r"for CPUs, not for the device cuda.*--precision auto"):
        choose_runtime(device="cuda", precision="int8")
    cpu(quick=False)
    with pytest.raises(DeviceError, match=r"no instructions for int8.*--precision auto"):
        choose_runtime(precision="int8")


@pytest.mark.parametrize(
    ("quick", "int8", "precision"),
    [(True, True, "int8"), (True, False, "fp32"), (False, True, "fp32")],
)
def test_by_default_a_model_made_for_int8_runs_in_it_where_the_cpu_is_quick_at_that(
    machine: Any,  # noqa: ANN401
    cpu: Any,  # noqa: ANN401
    quick: bool,  # noqa: FBT001
    int8: bool,  # noqa: FBT001
    precision: str,
) -> None:
    machine(FakeEngine(), FakeEngine(), driver=False)
    cpu(quick=quick)
    settled = settle_precision(choose_runtime(), model(int8=int8), "auto")
    assert settled.description == f"CPU (ONNX Runtime, {precision})"
    assert settled.reason == "no GPU driver"


def test_what_was_asked_for_stays(machine: Any, cpu: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine())
    cpu(quick=True)
    made = model(int8=True)
    gpu, floats = choose_runtime(), choose_runtime(device="cpu", precision="fp32")
    assert settle_precision(gpu, made, "auto") == gpu
    assert settle_precision(floats, made, "fp32") == floats
    int8 = choose_runtime(precision="int8")
    assert settle_precision(int8, made, "int8") == int8


def test_int8_for_a_model_that_was_not_trained_for_it_is_an_error(
    machine: Any,  # noqa: ANN401
    cpu: Any,  # noqa: ANN401
) -> None:
    machine(FakeEngine(), FakeEngine())
    cpu(quick=True)
    with pytest.raises(ModelError, match=r"mine was not trained.*--precision auto"):
        settle_precision(choose_runtime(precision="int8"), model(int8=False), "int8")


@pytest.mark.parametrize("driver", [True, False])
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_an_error(
    machine: Any,  # noqa: ANN401
    device: Any,  # noqa: ANN401
    driver: bool,  # noqa: FBT001
) -> None:
    machine(FakeEngine(), FakeEngine(), driver=driver)
    with pytest.raises(DeviceError, match=rf"{device} cannot be used: .*available: cpu"):
        choose_runtime(device=device)


def test_an_error_names_the_devices_that_are_there(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(cuda="NVIDIA H200"), FakeEngine())
    with pytest.raises(DeviceError, match="available: cuda, cpu"):
        choose_runtime(device="mps")


def test_onnx_runtime_refuses_half_precision_and_names_pytorch(machine: Any) -> None:  # noqa: ANN401
    machine(FakeEngine(), FakeEngine())
    with pytest.raises(DeviceError, match=r"fp32.* only.*--backend torch"):
        choose_runtime(backend="onnx", precision="fp16")


@pytest.mark.parametrize("wish", [{"backend": "torch"}, {"precision": "fp16"}])
def test_pytorch_that_is_not_installed_is_a_missing_extra(
    machine: Any,  # noqa: ANN401
    wish: dict[str, Any],
) -> None:
    machine(None, FakeEngine())
    with pytest.raises(MissingExtraError, match=r"pip install 'pairfix\[torch\]'"):
        choose_runtime(**wish)


@pytest.mark.parametrize("wish", [{"backend": "tensorrt"}, {"precision": "fp8"}])
def test_unknown_names_are_errors(wish: dict[str, Any]) -> None:
    with pytest.raises(DeviceError, match="there is no"):
        choose_runtime(**wish)


def test_this_machine_can_run_something() -> None:
    assert choose_runtime().description
