"""Model folders, whole and damaged."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from pairfix.backends import BACKENDS, choose_runtime, open_session
from pairfix.errors import ModelError
from pairfix.model import (
    CHANNELS,
    default_model,
    default_reblur_module,
    find_model,
    shipped_models,
)
from pairfix.model.config import FORMAT, config_text
from pairfix.networks import NETWORKS

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a shipped model, to be damaged."""
    target = tmp_path / "mine"
    shutil.copytree(find_model("selfir-raw").folder, target)
    return target


def edit_config(folder: Path, edit: Edit) -> None:
    path = folder / "config.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    edit(about)
    path.write_text(json.dumps(about), encoding="utf-8")


def edit_tensors(folder: Path, edit: Edit) -> None:
    """Change the weights and make the checksum fit again."""
    path = folder / "weights.safetensors"
    tensors = safetensors.numpy.load_file(path)
    edit(tensors)
    safetensors.numpy.save_file(tensors, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit_config(folder, lambda about: about["sha256"].update({path.name: digest}))


def test_shipped_models_are_whole() -> None:
    models = shipped_models()
    assert [model.name for model in models] == sorted(model.name for model in models)
    for model in models:
        assert all(value.dtype == np.float32 for value in model.tensors().values())
        assert (model.folder / "README.md").is_file()
        for graph in model.graphs:
            assert model.graph_path(graph).stat().st_size < 100_000
            assert not model.runs_in_int8 or model.graph_path(graph, int8=True)


def test_the_default_for_raw_pairs_runs_in_int8() -> None:
    assert default_model("raw").runs_in_int8


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_each_domain_has_a_default_model(domain: Any) -> None:  # noqa: ANN401
    model = default_model(domain)
    assert model.domain == domain
    assert model.config.channels == CHANNELS[domain]


def test_a_folder_is_a_model_named_after_it(folder: Path) -> None:
    assert find_model(folder).name == "mine"
    assert find_model(str(folder)).folder == folder


def test_a_path_is_always_a_folder_even_under_a_shipped_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder.rename(tmp_path / "selfir-raw")
    assert find_model(Path("selfir-raw")).folder == Path("selfir-raw")
    assert find_model("./selfir-raw").folder == Path("selfir-raw")
    assert find_model("selfir-raw").folder.is_absolute()


def test_an_unknown_name_lists_the_models_there_are() -> None:
    with pytest.raises(ModelError, match=r"no model selfie.*selfir-raw, selfir-srgb"):
        find_model("selfie")


def test_a_folder_without_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        find_model(tmp_path)


def test_a_network_without_weights_is_an_error_that_says_how_to_get_them() -> None:
    with pytest.raises(ModelError, match=r"srn .*without weights.*train it: pairfix train srn"):
        find_model("srn")


def test_official_weights_are_the_first_that_a_network_with_a_release_points_to() -> None:
    advice = NETWORKS["d2hnet"].how_to_get_weights()
    assert advice.startswith("import the official weights: pairfix models import d2hnet Deblur")
    assert "pairfix train d2hnet PHOTOS" in advice


@pytest.mark.parametrize(
    ("network", "models"),
    [("selfir", "selfir-raw, selfir-srgb"), ("d2hnet", "d2hnet-s-raw, d2hnet-s-srgb")],
)
def test_a_networks_name_leads_to_the_models_that_it_has(network: str, models: str) -> None:
    with pytest.raises(ModelError, match=f"no model {network}; use one of {models},"):
        find_model(network)


def as_format_1(about: dict[str, Any]) -> None:
    about["format"] = 1
    del about["reblur_module"], about["parameters"]


def test_a_folder_of_format_1_has_the_defaults_of_its_time(folder: Path) -> None:
    edit_config(folder, as_format_1)
    model, shipped = find_model(folder), find_model("selfir-raw")
    assert model.parameters is None
    assert model.reblur_module == shipped.reblur_module == "reblur-raw"
    expected = shipped.tensors()
    for name, value in model.tensors().items():
        np.testing.assert_array_equal(value, expected[name])


def test_only_the_default_models_network_has_a_reblurring_module_in_format_1(
    tmp_path: Path,
) -> None:
    shutil.copytree(find_model("reblur-raw").folder, tmp_path / "module")
    edit_config(tmp_path / "module", as_format_1)
    assert find_model(tmp_path / "module").reblur_module is None


@pytest.mark.parametrize("backend", ["torch", "onnx"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda tensors: tensors.pop("EB0.conv.bias"),
        lambda tensors: tensors.update({"EB0.conv.bias": np.zeros(47, np.float16)}),
    ],
    ids=["missing", "another shape"],
)
def test_in_format_1_the_back_end_refuses_weights_that_do_not_fit(
    folder: Path, edit: Edit, backend: str
) -> None:
    if not BACKENDS[backend].installed():
        pytest.skip(f"{backend} is not installed")
    edit_tensors(folder, edit)
    edit_config(folder, as_format_1)
    model = find_model(folder)
    with pytest.raises(ModelError, match=str(folder)):
        open_session(model, model.graphs[0], choose_runtime(backend, "cpu"))


def test_shipped_models_are_of_the_format_that_is_written() -> None:
    for model in shipped_models():
        text = (model.folder / "config.json").read_text(encoding="utf-8")
        content = json.loads(text)
        assert content["format"] == FORMAT
        assert config_text(content) == text


@pytest.mark.parametrize("name", ["selfir-raw", "selfir-srgb"])
def test_the_module_that_a_model_names_ships_for_its_domain(name: str) -> None:
    model = find_model(name)
    module = default_reblur_module(model)
    assert module.network.reblurs
    assert module.domain == model.domain


def set_field(name: str, value: object) -> Edit:
    return lambda about: about.update({name: value})


def set_hyperparameter(name: str, value: object) -> Edit:
    return lambda about: about["config"].update({name: value})


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_field("network", "nafnet"), "unknown network 'nafnet'"),
        (set_field("licence", "MIT"), "unknown field licence"),
        (lambda about: about.pop("domain"), "the field domain is missing"),
        (set_field("domain", "lab"), "domain must be raw or srgb"),
        (set_field("domain", "srgb"), "4 channels do not fit the domain srgb"),
        (set_field("format", 3), "format 3 is unknown"),
        (set_field("format", 1), "unknown field parameters"),
        (lambda about: about.pop("format"), "the field format is missing"),
        (set_field("format", value=True), "format has the wrong type"),
        (set_field("sha256", []), "sha256 has the wrong type"),
        (set_field("sha256", {"fusion.onnx": 7}), "sha256 has the wrong type"),
        (set_field("reblur_module", value=True), "reblur_module has the wrong type"),
        (lambda about: about.pop("reblur_module"), "the field reblur_module is missing"),
        (lambda about: about.pop("parameters"), "the field parameters is missing"),
        (set_field("parameters", []), "parameters has the wrong type"),
        (set_field("parameters", {"EB0.conv.bias": 48}), "parameters has the wrong type"),
        (set_field("parameters", {"EB0.conv.bias": ["48"]}), "parameters has the wrong type"),
        (set_hyperparameter("depth", 5), "unknown field depth"),
        (lambda about: about["config"].pop("width"), "the field width is missing"),
        (set_hyperparameter("width", "48"), "width has the wrong type"),
        (set_hyperparameter("width", value=True), "width has the wrong type"),
        (set_hyperparameter("width", -1), "width must be positive"),
        (set_hyperparameter("inputs", "long"), "inputs has the wrong type"),
        (set_hyperparameter("inputs", ["long", 1]), "inputs has the wrong type"),
        (set_hyperparameter("inputs", []), "inputs must be short and long, or one"),
    ],
)
def test_a_wrong_configuration_is_named(folder: Path, edit: Edit, message: str) -> None:
    edit_config(folder, edit)
    with pytest.raises(ModelError, match=message) as caught:
        find_model(folder)
    assert str(folder / "config.json") in caught.value.message


def test_a_list_of_any_length_is_read(folder: Path) -> None:
    assert find_model(folder).config.inputs == ("short", "long")
    edit_config(folder, set_hyperparameter("inputs", ["long"]))
    assert find_model(folder).config.inputs == ("long",)


@pytest.mark.parametrize(
    ("edit", "hint"),
    [
        (set_hyperparameter("inputs", "long"), "it must be a list of str"),
        (set_field("reblur_module", 1), "it must be str or null"),
        (set_field("parameters", 1), "it must be an object whose values are a list of int"),
        (set_field("config", 1), "it must be an object"),
    ],
)
def test_the_type_that_a_field_must_have_is_described(folder: Path, edit: Edit, hint: str) -> None:
    edit_config(folder, edit)
    with pytest.raises(ModelError) as caught:
        find_model(folder)
    assert caught.value.hint == hint


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b""])
def test_a_configuration_that_is_no_json_object_is_named(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        find_model(folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "fusion.onnx"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing", "unlisted"])
def test_a_damaged_file_is_named(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "missing":
        path.unlink()
    else:
        edit_config(folder, lambda about: about["sha256"].pop(name))
    model = find_model(folder)
    with pytest.raises(ModelError, match=name):
        model.tensors() if path.suffix == ".safetensors" else model.graph_path(model.graphs[0])


@pytest.mark.parametrize("content", [b"", b"\x10\x00\x00\x00\x00\x00\x00\x00{}", b"x" * 100])
def test_weights_that_are_no_safetensors_are_named(folder: Path, content: bytes) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_config(folder, lambda about: about["sha256"].update({path.name: digest}))
    with pytest.raises(ModelError, match="cannot be read") as caught:
        find_model(folder).tensors()
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda tensors: tensors.pop("EB0.conv.bias"), r"lacks EB0\.conv\.bias"),
        (set_field("EB9.conv.bias", np.zeros(48, np.float16)), r"holds EB9\.conv\.bias"),
        (set_field("EB0.conv.bias", np.zeros(47, np.float16)), r"\(47,\), not \(48,\)"),
        (set_field("EB0.conv.bias", np.full(48, np.nan, np.float16)), "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder: Path, edit: Edit, message: str) -> None:
    edit_tensors(folder, edit)
    with pytest.raises(ModelError, match=message):
        find_model(folder).tensors()


def test_weights_of_another_width_do_not_fit(folder: Path) -> None:
    edit_tensors(
        folder,
        lambda tensors: tensors.update(
            {key: np.repeat(value, 2, axis=0) for key, value in tensors.items()}
        ),
    )
    with pytest.raises(ModelError, match=r"is .*, not"):
        find_model(folder).tensors()
