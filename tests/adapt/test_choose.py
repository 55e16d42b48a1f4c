import importlib.util
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from pairfix.adapt import choose, choose_adapting_runtime, find_reblur_module
from pairfix.backends import registry
from pairfix.errors import DeviceError, MissingExtraError, ModelError
from pairfix.image import Domain
from pairfix.model import Model, find_model
from pairfix.networks import NETWORKS


def model(domain: Domain = "raw", inputs: tuple[str, ...] = ("short", "long")) -> Model:
    network = NETWORKS["selfir"]
    channels = 4 if domain == "raw" else 3
    config = network.config(channels=channels, inputs=inputs)
    return Model("mine", Path("mine"), network, config, domain, {})


def test_it_is_pytorch_in_full_precision() -> None:
    pytest.importorskip("torchvision")
    runtime = choose_adapting_runtime(device="cpu")
    assert (runtime.backend, runtime.device, runtime.precision) == ("torch", "cpu", "fp32")


def test_a_backend_without_gradients_is_refused() -> None:
    with pytest.raises(DeviceError, match="ONNX Runtime"):
        choose_adapting_runtime("onnx")


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_a_precision_that_loses_the_steps_is_refused(precision: str) -> None:
    with pytest.raises(DeviceError, match="--precision fp32"):
        choose_adapting_runtime(precision=precision)  # type: ignore[arg-type]


def test_without_pytorch_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "torch" else importlib.util.find_spec(name)

    monkeypatch.setattr(registry, "find_spec", find)
    with pytest.raises(MissingExtraError, match=r"pip install 'pairfix\[torch\]'"):
        choose_adapting_runtime()


def test_the_module_asked_for_is_taken(module: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "find_model", lambda _: module)
    assert find_reblur_module("mine", model(module.domain)) is module


def test_a_model_that_restores_is_no_reblurring_module() -> None:
    with pytest.raises(ModelError, match="not a reblurring module for raw"):
        find_reblur_module("selfir-raw", model())


def test_a_module_of_the_other_domain_is_refused(
    module: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    other: Domain = "srgb" if module.domain == "raw" else "raw"
    monkeypatch.setattr(choose, "find_model", lambda _: module)
    with pytest.raises(ModelError, match=f"not a reblurring module for {other}"):
        find_reblur_module("mine", model(other))


def test_a_network_that_sees_no_blur_is_refused() -> None:
    with pytest.raises(ModelError, match="does not take the long exposure"):
        find_reblur_module(None, model(inputs=("short",)))


def test_a_module_that_does_not_ship_is_told_with_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pairfix.model.find._shipped_folder", lambda: tmp_path)
    named = replace(model(), reblur_module="reblur-raw")
    with pytest.raises(ModelError, match=r"reblur-raw is missing.*--reblur-module"):
        find_reblur_module(None, named)


def test_the_module_that_a_model_names_is_the_default() -> None:
    assert find_reblur_module(None, find_model("selfir-raw")).name == "reblur-raw"
    assert find_reblur_module(None, find_model("selfir-srgb")).name == "reblur-srgb"


def test_a_model_that_names_no_module_needs_one_given() -> None:
    with pytest.raises(ModelError, match=r"no reblurring module ships.*--reblur-module"):
        find_reblur_module(None, model())
