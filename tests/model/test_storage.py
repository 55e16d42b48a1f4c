"""Weights as int8 with a scale for each output channel."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairfix.backends import BACKENDS, choose_runtime, open_session
from pairfix.errors import ModelError
from pairfix.model import Model, find_model, shipped_models
from pairfix.model.storage import SCALE, pack, unpack

Array = NDArray[Any]
Damage = Callable[[dict[str, Array]], object]

LARGE = (48, 40, 3, 3)


def normal(seed: int, shape: tuple[int, ...], scale: float = 1.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


@given(
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-4, 3),
    dtype=st.sampled_from([np.float16, np.float32]),
    transposed=st.booleans(),
)
def test_no_value_changes_by_more_than_half_a_step_of_its_output_channel(
    seed: int, exponent: int, dtype: type[np.floating[Any]], *, transposed: bool
) -> None:
    output = 1 if transposed else 0
    weight = normal(seed, LARGE, 10.0**exponent).astype(dtype)
    found = unpack("", pack({"conv": weight}, {"conv"} if transposed else ()))["conv"]
    weight = weight.astype(np.float32)
    others = tuple(axis for axis in range(4) if axis != output)
    step = np.abs(weight).max(axis=others, keepdims=True) / 127
    assert (np.abs(found - weight) <= 0.5001 * step).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_what_was_packed_once_does_not_change_again(seed: int) -> None:
    once = pack({"conv": normal(seed, LARGE)}, ())
    twice = pack(unpack("", once), ())
    np.testing.assert_array_equal(twice["conv"], once["conv"])
    np.testing.assert_allclose(twice["conv" + SCALE], once["conv" + SCALE], rtol=1e-6)


def test_a_channel_of_zeros_stays_zero() -> None:
    weight = normal(0, LARGE)
    weight[3] = 0
    found = unpack("", pack({"conv": weight}, ()))["conv"]
    assert np.isfinite(found).all()
    assert not found[3].any()


def test_a_scale_has_one_value_for_each_output_channel() -> None:
    packed = pack({"plain": normal(0, LARGE), "up": normal(1, LARGE)}, {"up"})
    assert {name: value.dtype for name, value in packed.items()} == {
        "plain": np.int8,
        "plain.scale": np.float32,
        "up": np.int8,
        "up.scale": np.float32,
    }
    assert packed["plain.scale"].shape == (48, 1, 1, 1)
    assert packed["up.scale"].shape == (1, 40, 1, 1)


def test_biases_and_small_weights_stay_as_they_are() -> None:
    tensors = {
        "bias": normal(0, (20_000,)).astype(np.float16),
        "small": normal(1, (16, 16, 3, 3)).astype(np.float16),
    }
    packed = pack(tensors, ())
    assert packed.keys() == tensors.keys()
    for name, value in tensors.items():
        np.testing.assert_array_equal(packed[name], value)
        assert packed[name].dtype == np.float16


def stored(name: str, change: Callable[[Array], Array]) -> Damage:
    return lambda tensors: tensors.update({name: change(tensors[name])})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda tensors: tensors.pop("conv.scale"), r"conv is int8, but conv\.scale is missing"),
        (stored("conv.scale", lambda s: s.astype(np.float16)), "conv.scale is float16, not"),
        (stored("conv.scale", lambda s: s.astype(np.int8)), "conv.scale is int8, not float32"),
        (stored("conv.scale", np.ravel), r"conv.scale is \(48,\), which does not fit conv"),
        (stored("conv.scale", lambda s: s[:-1]), r"\(47, 1, 1, 1\), which does not fit conv"),
        (stored("conv.scale", lambda s: s * np.ones((1, 40, 1, 1), np.float32)), "does not fit"),
        (stored("conv.scale", lambda s: s * np.float32(np.nan)), "conv.scale is not finite"),
        (stored("conv.scale", lambda s: s * np.float32(np.inf)), "conv.scale is not finite"),
        (stored("conv.scale", np.negative), "conv.scale is not finite and positive"),
        (stored("conv.scale", np.zeros_like), "conv.scale is not finite and positive"),
        (stored("conv", lambda w: w.astype(np.int16)), "conv is int16, neither floats nor int8"),
        (stored("conv", lambda w: w[0]), "does not fit conv"),
    ],
)
def test_damage_is_named_with_file_and_tensor(damage: Damage, message: str) -> None:
    tensors = pack({"conv": normal(0, LARGE)}, ())
    damage(tensors)
    with pytest.raises(ModelError, match=message) as caught:
        unpack("mine/weights.safetensors", tensors)
    assert caught.value.message.startswith("mine/weights.safetensors: conv")


@pytest.fixture
def selfir_as_int8(tmp_path: Path) -> Model:
    """selfir-raw with its weights as int8."""
    folder = tmp_path / "mine"
    shutil.copytree(find_model("selfir-raw").folder, folder)
    path = folder / "weights.safetensors"
    safetensors.numpy.save_file(pack(safetensors.numpy.load_file(path), ()), path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return find_model(folder)


def test_a_scale_that_belongs_to_no_weight_is_refused(selfir_as_int8: Model) -> None:
    path = selfir_as_int8.folder / "weights.safetensors"
    tensors = safetensors.numpy.load_file(path)
    tensors["EB0.conv.weight.scale"] = np.ones((48, 1, 1, 1), np.float32)
    safetensors.numpy.save_file(tensors, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    model = replace(selfir_as_int8, sha256={path.name: digest})
    with pytest.raises(ModelError, match=r"holds EB0\.conv\.weight\.scale"):
        model.tensors()


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_model_restores_the_same_from_int8(selfir_as_int8: Model, backend: str) -> None:
    if not BACKENDS[backend].installed():
        pytest.skip(f"{backend} is not installed")
    rng = np.random.default_rng(0)
    planes = [0.5 + 0.1 * rng.standard_normal((4, 96, 64), np.float32) for _ in range(2)]
    noise = [np.full((4, 96, 64), 0.1, np.float32)] * 2
    floats, int8 = (
        open_session(model, model.graphs[0], choose_runtime(backend, "cpu")).run(planes + noise)
        for model in (find_model("selfir-raw"), selfir_as_int8)
    )
    assert 0 < np.abs(int8 - floats).max() < 0.02
    assert np.abs(int8 - floats).mean() < 0.002


def test_a_shipped_model_as_int8_takes_about_a_byte_a_parameter() -> None:
    packed = [
        model
        for model in shipped_models()
        if any(
            value.dtype == np.int8
            for value in safetensors.numpy.load_file(model.folder / "weights.safetensors").values()
        )
    ]
    assert {model.name for model in packed} == {
        "d2hnet-s-raw",
        "d2hnet-s-srgb",
        "deblurmerger-srgb",
        "deblurrnn-srgb",
        "pairnet-raw",
        "reblur-unet-srgb",
        "selfir-srgb",
    }
    for model in packed:
        parameters = sum(value.size for value in model.tensors().values())
        assert (model.folder / "weights.safetensors").stat().st_size < 1.15 * parameters


def test_the_shipped_models_stay_below_40_megabytes() -> None:
    sizes = [path.stat().st_size for m in shipped_models() for path in m.folder.iterdir()]
    assert sum(sizes) < 40_000_000
