"""Model folders appear whole or not at all."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import safetensors.numpy

from pairfix.errors import ModelError, OutputError
from pairfix.export import folder as modelfolder
from pairfix.export.folder import State, build_model, check_folder
from pairfix.model import WEIGHTS, Model, find_model
from pairfix.model.storage import SCALE
from pairfix.networks import NETWORKS
from tests.networks.seeded import random_state

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
pytest.importorskip("onnxscript")


def build(
    folder: Path,
    *,
    width: int = 8,
    weights: int = 8,
    card: str = "# Card\n",
    **options: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    network = NETWORKS["selfir"]
    module = network.modules(network.config(channels=3, width=weights))["fusion"]
    config = network.config(channels=3, width=width)
    states = {"fusion": random_state(module)}
    return build_model(folder, network, config, "srgb", states, card, **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The only model in its parent folder."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    model: Model = build(folder, reblur_module="reblur-srgb")
    return model


def test_a_folder_holds_a_model_and_its_card_and_nothing_else(built: Model) -> None:
    assert built.name == "mine"
    names = ["README.md", "config.json", "fusion.onnx", "weights.safetensors"]
    assert sorted(path.name for path in built.folder.iterdir()) == names
    assert [path.name for path in built.folder.parent.iterdir()] == ["mine"]


def test_config_json_records_shapes_and_the_reblurring_module(built: Model) -> None:
    assert built.reblur_module == "reblur-srgb"
    assert built.parameters == {name: each.shape for name, each in built.tensors().items()}


class ExportedError(Exception):
    """Graphs were to be exported."""


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    def export(*_: object) -> None:
        raise ExportedError

    monkeypatch.setattr("pairfix.export.onnx.export_graphs", export)


@pytest.mark.usefixtures("no_export")
def test_a_model_of_the_same_configuration_lends_its_graphs(built: Model, tmp_path: Path) -> None:
    model: Model = build(tmp_path / "tuned", start=built)
    graph = "fusion.onnx"
    assert (model.folder / graph).read_bytes() == (built.folder / graph).read_bytes()


@pytest.mark.usefixtures("no_export")
def test_graphs_of_another_configuration_or_lost_ones_are_exported(
    built: Model, tmp_path: Path
) -> None:
    with pytest.raises(ExportedError):
        build(tmp_path / "wider", width=4, weights=4, start=built)
    shutil.copytree(built.folder, tmp_path / "start")
    start = find_model(tmp_path / "start")
    (start.folder / "fusion.onnx").unlink()
    with pytest.raises(ExportedError):
        build(tmp_path / "tuned", start=start)


def test_a_card_may_name_what_is_no_unicode(built: Model, tmp_path: Path) -> None:
    model: Model = build(tmp_path / "m", card="# a\udcff\n", start=built)
    assert (model.folder / "README.md").read_text(encoding="utf-8") == "# a\\udcff\n"


def test_a_folder_can_hold_its_weights_as_int8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairfix.model.storage._SMALLEST", 1)
    network = NETWORKS["reblur-unet"]
    config = network.config(**network.small)
    modules = network.modules(config)
    states = {name: random_state(module) for name, module in modules.items()}
    model = build_model(
        tmp_path / "mine", network, config, "raw", states, "# Card\n", int8_weights=True
    )
    stored = safetensors.numpy.load_file(model.folder / WEIGHTS)
    transposed = 0
    for graph in model.graphs:
        for name, part in modules[graph.name].named_modules():
            if isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                scale = stored[f"{graph.prefix}{name}.weight.scale"]
                output = int(isinstance(part, torch.nn.ConvTranspose2d))
                transposed += output
                assert scale.shape[output] == scale.size == part.out_channels
    assert transposed
    assert model.parameters == {name: each.shape for name, each in model.tensors().items()}
    assert model.parameters.keys() == {key for key in stored if not key.endswith(SCALE)}


def test_overwriting_replaces_the_model_and_a_failure_keeps_it(
    built: Model, tmp_path: Path
) -> None:
    shutil.copytree(built.folder, tmp_path / "mine")
    before = find_model(tmp_path / "mine").sha256
    with pytest.raises(ModelError, match="seeded: "):
        build(tmp_path / "mine", width=4, overwrite=True)
    after = find_model(tmp_path / "mine")
    assert after.sha256 == before
    assert after.tensors()
    build(tmp_path / "mine", width=4, weights=4, overwrite=True)
    assert find_model(tmp_path / "mine").config.width == 4
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_behind_when_writing_fails(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(_network: object, _config: object, _modules: object, folder: Path) -> None:
        (folder / "fusion.onnx").write_bytes(b"a graph")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("pairfix.export.onnx.export_graphs", export)
    monkeypatch.setattr(modelfolder, "check_graphs", fail)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        build(tmp_path / "mine")
    assert not list(tmp_path.iterdir())


def test_only_a_model_folder_is_ever_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "wedding.dng").touch()
    with pytest.raises(OutputError, match=r"holds wedding\.dng, which is not part of a model"):
        check_folder(folder, overwrite=True)
    with pytest.raises(OutputError, match="is not a folder"):
        check_folder(folder / "wedding.dng", overwrite=True)
    with pytest.raises(OutputError, match="exists already"):
        check_folder(folder, overwrite=False)
    with pytest.raises(OutputError, match="does not exist"):
        check_folder(tmp_path / "nowhere" / "mine", overwrite=False)
    assert [path.name for path in folder.iterdir()] == ["wedding.dng"]


@pytest.mark.parametrize("name", ["fusion.onnx", "README.md"])
def test_a_folder_that_only_looks_like_a_model_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_bytes(b"precious")
    with pytest.raises(OutputError, match="is not a model folder"):
        check_folder(tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / name).read_bytes() == b"precious"


def test_exported_graphs_of_the_users_own_keep_a_folder_from_being_replaced(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "my-export.onnx").write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"holds my-export\.onnx"):
        check_folder(tmp_path, overwrite=True)


def test_parameters_that_equal_each_other_stay_apart(tmp_path: Path) -> None:
    network = NETWORKS["reblur-unet"]
    config = network.config(**network.small)
    modules = network.modules(config)
    states = {}
    for name, module in modules.items():
        tensors = {key: 0 * value for key, value in random_state(module).tensors.items()}
        states[name] = State("zeros", tensors)
    model = build_model(tmp_path / "zeros", network, config, "raw", states, "# Card\n")
    assert not any(value.any() for value in model.tensors().values())
