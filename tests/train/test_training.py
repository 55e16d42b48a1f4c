"""A whole training: from photos to a model folder, in one go or in parts."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from safetensors.numpy import load_file

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("matplotlib")

from pairfix.errors import InputError, MemoryExhaustedError, ModelError, OutputError  # noqa: E402
from pairfix.model import WEIGHTS, find_model  # noqa: E402
from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402
from pairfix.train import training as running  # noqa: E402
from pairfix.train.loop import Status  # noqa: E402
from pairfix.train.task import Task  # noqa: E402
from pairfix.train.train_recipe import TrainRecipe  # noqa: E402
from pairfix.train.training import Trained, train  # noqa: E402
from tests.train.fakes import CPU, small_recipe  # noqa: E402

SELFIR = NETWORKS["selfir"]
UNET = NETWORKS["reblur-unet"]
RECIPE = small_recipe(steps=6, validate_every=3)


def task(photos: Path, **fields: Any) -> Task:  # noqa: ANN401
    return Task(SELFIR, SELFIR.config(width=8), photos, **{"objective": "supervised", **fields})


def stop_before(step: int) -> Callable[[], bool]:
    asked = iter(range(step + 1))
    return lambda: next(asked) == step


@pytest.fixture
def undeployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the slow export."""
    monkeypatch.setattr(running, "build_model", lambda *_, **__: None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Trained:
    output = tmp_path_factory.mktemp("models") / "mine"
    return train(task(photos), output, RECIPE, CPU, command="pairfix train selfir photos -o mine")


def test_a_training_leaves_a_model_with_its_card(trained: Trained, photos: Path) -> None:
    assert trained.complete
    assert trained.model is not None
    assert trained.model.tensors()
    assert {value.dtype for value in load_file(trained.model.folder / WEIGHTS).values()} == {
        np.dtype(np.float16)
    }
    card = (trained.model.folder / "README.md").read_text()
    assert "pairfix train selfir photos -o mine" in card
    assert "3 sharp photos of the folder `photos`, and 1 more" in card
    assert f"{trained.log.validation[-1].quality.psnr:.2f} dB" in card
    assert str(photos.parent) not in card


def test_a_training_leaves_its_log_and_pictures(trained: Trained, photos: Path) -> None:
    names = ["curves.png", "log.json", "samples.png", "state.pt"]
    assert sorted(path.name for path in trained.folder.iterdir()) == names
    text = (trained.folder / "log.json").read_text()
    log = json.loads(text)
    assert str(photos.parent) not in text
    assert [each["step"] for each in log["losses"]] == [1, 2, 3, 4, 5, 6]
    assert [each["step"] for each in log["validation"]] == [3, 6]
    assert log["about"]["recipe"]["steps"] == 6
    assert cv2.imread(str(trained.folder / "curves.png")) is not None


def test_a_training_for_int8_makes_a_model_that_runs_in_it(
    trained: Trained, photos: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, steps=2, int8=True)
    output = tmp_path / "int8"
    made = train(task(photos), output, recipe, CPU, start=trained.model).model
    assert made is not None
    assert made.runs_in_int8
    assert "fp32, activations rounded to 8 bits" in (output / "README.md").read_text()


def test_a_network_that_is_not_trained_yet_cannot_be_trained_for_int8(
    photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"int8 is for networks that.*--from"):
        train(task(photos), tmp_path / "mine", replace(RECIPE, int8=True), CPU)


@pytest.mark.usefixtures("undeployed")
def test_a_resumed_training_ends_as_one_in_one_go(
    trained: Trained, photos: Path, tmp_path: Path
) -> None:
    parts = tmp_path / "parts"
    first = train(task(photos), parts, RECIPE, CPU, stop=stop_before(3))
    assert not first.complete
    assert first.log.step == 3
    second = train(task(photos), parts, RECIPE, CPU, resume=True)
    assert second.complete
    assert [each.step for each in second.log.losses] == [1, 2, 3, 4, 5, 6]
    expected, found = (
        torch.load(folder / "state.pt", weights_only=True)["state"]
        for folder in (trained.folder, second.folder)
    )
    for state in expected, found:
        del state["seconds"], state["log"]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.usefixtures("undeployed")
def test_memory_that_runs_out_is_said_with_what_helps(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: Any, **__: Any) -> bool:  # noqa: ANN401
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr("pairfix.train.loop.Loop.run", run_out)
    with pytest.raises(MemoryExhaustedError, match="use smaller batches or crops"):
        train(task(photos), tmp_path / "mine", RECIPE, CPU)


@pytest.mark.usefixtures("undeployed")
def test_only_the_same_training_is_resumed(trained: Trained, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine"
    with pytest.raises(OutputError, match="no checkpoint to resume"):
        train(task(photos), output, RECIPE, CPU, resume=True)
    train(task(photos), output, RECIPE, CPU, stop=stop_before(1))
    with pytest.raises(OutputError, match="holds an earlier training; pass --resume or"):
        train(task(photos), output, RECIPE, CPU)
    other = replace(task(photos), config=SELFIR.config(width=4))
    with pytest.raises(ModelError, match="trained with network width 8, not 4"):
        train(other, output, RECIPE, CPU, resume=True)
    with pytest.raises(ModelError, match="trained with start None, not mine"):
        train(task(photos), output, RECIPE, CPU, resume=True, start=trained.model)
    longer = replace(RECIPE, steps=7)
    with pytest.raises(ModelError, match="trained with recipe steps 6, not 7"):
        train(task(photos), output, longer, CPU, resume=True)
    elsewhere = shutil.copytree(photos, tmp_path / "elsewhere")
    train(task(elsewhere), output, RECIPE, CPU, resume=True, stop=stop_before(1))
    max(elsewhere.iterdir()).rename(elsewhere / "another.png")
    with pytest.raises(ModelError, match=r"trained with photos 3 \(\w+\), not 3 \("):
        train(task(elsewhere), output, RECIPE, CPU, resume=True)
    (tmp_path / "mine.training" / "state.pt").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"state\.pt cannot be read"):
        train(task(photos), output, RECIPE, CPU, resume=True)


def test_a_model_inherits_the_reblurring_module_of_its_start(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str | None] = []
    monkeypatch.setattr(
        running, "build_model", lambda *_, reblur_module, **__: written.append(reblur_module)
    )
    start = find_model("selfir-raw")
    onward = replace(task(photos), config=start.config)
    recipe = small_recipe(steps=1, batch=1, validation_pairs=1)
    train(onward, tmp_path / "tuned", recipe, CPU, start=start)
    train(task(photos), tmp_path / "new", recipe, CPU)
    assert written == ["reblur-raw", None]


def test_what_is_in_the_way_stays(trained: Trained, photos: Path, tmp_path: Path) -> None:
    assert trained.model is not None
    with pytest.raises(OutputError, match="exists already"):
        train(task(photos), trained.model.folder, RECIPE, CPU)
    theirs = tmp_path / "mine.training" / "notes.txt"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=r"holds notes\.txt, which is not part of a training"):
            train(task(photos), tmp_path / "mine", RECIPE, CPU, overwrite=overwrite)
    assert theirs.read_text() == "mine"


@pytest.mark.parametrize(
    ("fields", "recipe", "message"),
    [
        ({"objective": "magic"}, RECIPE, "no objective magic; use one of supervised, "),
        ({"objective": "reblur"}, RECIPE, "reblur does not suit SelfIR .*; use supervised or"),
        (
            {},
            small_recipe(steps=1, crop=40),
            "SelfIR cannot take crops of 40 px; --crop must be a multiple of 32",
        ),
        (
            {"network": UNET, "config": UNET.config(channels=4)},
            small_recipe(steps=1, crop=8),
            "cannot take crops of 8 px; --crop must be a multiple of [248], and 11 or more",
        ),
        (
            {
                "network": UNET,
                "config": UNET.config(channels=4),
                "synth": SynthRecipe(varmap=True),
            },
            small_recipe(steps=1, crop=8),
            "cannot take crops of 8 px; --crop must be a multiple of [248], and 16 or more",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    fields: dict[str, Any], recipe: TrainRecipe, message: str, photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        train(replace(task(photos), **fields), tmp_path / "mine", recipe, CPU)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("undeployed")
def test_two_trainings_into_one_folder_do_not_meet(photos: Path, tmp_path: Path) -> None:
    refused = 0

    def train_again(_: Status) -> None:
        nonlocal refused
        with pytest.raises(OutputError, match="another training is making"):
            train(task(photos), tmp_path / "mine", RECIPE, CPU, overwrite=True)
        refused += 1

    recipe = small_recipe(steps=1)
    assert train(task(photos), tmp_path / "mine", recipe, CPU, report=train_again).complete
    assert refused


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no photos"):
        train(task(tmp_path), tmp_path / "mine", RECIPE, CPU)
    assert not list(tmp_path.iterdir())
