"""Sessions, and what they say when they cannot; that they agree is in the contract."""

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pairfix.backends import BACKENDS, Runtime, choose_runtime, open_session
from pairfix.backends.spec import translate_memory_errors
from pairfix.errors import DeviceError, MemoryExhaustedError
from pairfix.image import Planes
from pairfix.model import Model, find_model

CPU = choose_runtime("onnx", "cpu")


def random_planes(model: Model, size: tuple[int, int]) -> list[Planes]:
    rng = np.random.default_rng(1)
    (graph,) = model.graphs
    return [rng.random((model.config.channels, *size), dtype=np.float32) for _ in graph.inputs]


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_the_output_is_finer_than_the_precision_inside(precision: Any) -> None:  # noqa: ANN401
    pytest.importorskip("torch")
    model = find_model("selfir-raw")
    session = open_session(model, model.graphs[0], choose_runtime("torch", "cpu", precision))
    output = session.run(random_planes(model, (64, 64)))
    assert np.unique(output).size > 0.9 * output.size


def test_planes_need_not_be_contiguous() -> None:
    model = find_model("selfir-raw")
    session = open_session(model, model.graphs[0], CPU)
    inputs = random_planes(model, (64, 32))
    flipped = [np.asfortranarray(planes) for planes in inputs]
    np.testing.assert_array_equal(session.run(flipped), session.run(inputs))


def test_an_overflow_is_computed_again_in_full_precision(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("torch")
    from pairfix.backends import pytorch  # noqa: PLC0415

    pytorch._warn_of_overflow.cache_clear()
    model = find_model("selfir-raw")
    inputs = [planes * 1e5 for planes in random_planes(model, (32, 32))]
    session = open_session(model, model.graphs[0], choose_runtime("torch", "cpu", "fp16"))
    with caplog.at_level(logging.WARNING):
        first, second = session.run(inputs), session.run(inputs)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    assert [record.message for record in caplog.records] == [
        "fp16 overflowed; such tiles are computed again in fp32"
    ]


def test_a_provider_that_onnx_runtime_does_not_take_is_an_error() -> None:
    from pairfix.backends import onnx  # noqa: PLC0415

    if onnx._cuda_loads():
        pytest.skip("this machine has CUDA")
    model = find_model("selfir-raw")
    runtime = Runtime("onnx", "cuda", "fp32", "")
    with pytest.raises(DeviceError, match="CUDAExecutionProvider"):
        open_session(model, model.graphs[0], runtime)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("Failed to allocate memory for requested buffer of size 1073741824"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=str,
)
def test_every_way_of_running_out_of_memory_is_one_error(error: Exception) -> None:
    released = []
    with (
        pytest.raises(MemoryExhaustedError),
        translate_memory_errors(lambda: released.append(True)),
    ):
        raise error
    assert released


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), translate_memory_errors():
        raise RuntimeError("shapes do not match")


def fail_for_want_of_memory(*_: object) -> None:
    raise RuntimeError("Failed to allocate memory for requested buffer of size 1073741824")


@pytest.mark.parametrize(("backend", "inner"), [("torch", "_module"), ("onnx", "_session")])
def test_a_session_that_runs_out_of_memory_says_so_and_lives_on(
    backend: str, inner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not BACKENDS[backend].installed():
        pytest.skip(f"{backend} is not installed")
    model = find_model("selfir-raw")
    session = open_session(model, model.graphs[0], choose_runtime(backend, "cpu"))
    inputs = random_planes(model, (32, 32))
    with monkeypatch.context() as patch:
        broken = fail_for_want_of_memory
        patch.setattr(session, inner, broken if backend == "torch" else SimpleNamespace(run=broken))
        with pytest.raises(MemoryExhaustedError, match="--tile"):
            session.run(inputs)
    assert session.run(inputs).shape == inputs[0].shape
