"""A whole fine-tuning: from a folder of pairs to a model for their camera, or to none."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("matplotlib")

from pairfix.backends import OpenModel, choose_runtime  # noqa: E402
from pairfix.calibration import CameraProfile  # noqa: E402
from pairfix.errors import ModelError, NotImprovedError, OutputError, PairError  # noqa: E402
from pairfix.export.folder import CALIBRATION  # noqa: E402
from pairfix.formats import decode  # noqa: E402
from pairfix.image import AlignedPair, Frame  # noqa: E402
from pairfix.light import encode_planes  # noqa: E402
from pairfix.model import Model, find_model  # noqa: E402
from pairfix.pairs import FoundPair  # noqa: E402
from pairfix.progress import Stage  # noqa: E402
from pairfix.stages.fuse import fuse  # noqa: E402
from pairfix.stages.prepare import prepare_pair  # noqa: E402
from pairfix.train import training as running  # noqa: E402
from pairfix.tune.estimate import estimate_gain, setting_of  # noqa: E402
from pairfix.tune.finetune import Tuned, Tuning  # noqa: E402
from pairfix.tune.prepare import PREPARE, split  # noqa: E402
from pairfix.tune.tune_recipe import TuneRecipe  # noqa: E402
from tests.calibration.cameras import KnownCamera, found, quiet_scene  # noqa: E402
from tests.tune.conftest import build_start_again  # noqa: E402

Pairs = tuple[FoundPair, ...]

RECIPE = TuneRecipe(steps=4, batch=2, learning_rate=3e-4)
ONNX = choose_runtime("onnx", "cpu", "auto")


def tuning(pairs: Pairs, output: Path, recipe: TuneRecipe = RECIPE, **fields: Any) -> Tuning:  # noqa: ANN401
    start = find_model("selfir-raw")
    return Tuning(pairs, output, start, recipe, ONNX, torch.device("cpu"), **fields)


def stop_before(step: int) -> Callable[[], bool]:
    asked = iter(range(step + 1))
    return lambda: next(asked) == step


@pytest.fixture(scope="module")
def tuned(soft_pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    return tuning(soft_pairs, tmp_path_factory.mktemp("models") / "mine").run()


@pytest.fixture
def undeployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the slow export, and with it the decision."""
    monkeypatch.setattr(running, "build_model", lambda *_, **__: None)


def test_a_camera_that_training_did_not_know_gains(tuned: Tuned) -> None:
    assert tuned.gain is not None
    assert tuned.gain.decibels > 1
    assert tuned.gain.convinces(RECIPE.least_gain)


def test_the_estimate_without_truth_comes_near_the_true_gain(
    tuned: Tuned, soft_pairs: Pairs
) -> None:
    assert tuned.model is not None
    assert tuned.gain is not None
    _, apart = split(soft_pairs)
    pair = prepare_pair(apart[0].long, apart[0].short)
    truth = quiet_scene(int(apart[0].name))
    before, after = (
        _psnr(_restored(pair, model), truth) for model in (find_model("selfir-raw"), tuned.model)
    )
    assert after - before == pytest.approx(tuned.gain.decibels, abs=1)


def test_the_estimate_recognises_a_worse_model(tuned: Tuned, soft_pairs: Pairs) -> None:
    assert tuned.model is not None
    _, apart = split(soft_pairs)
    pairs = [prepare_pair(each.long, each.short) for each in apart]
    models = OpenModel(tuned.model, ONNX), OpenModel(find_model("selfir-raw"), ONNX)
    gain = estimate_gain(pairs, tuned.profile, models, draws=1, seed=1)
    assert gain.decibels < -1
    assert not gain.convinces(0)


def test_the_model_is_complete_and_knows_its_camera(tuned: Tuned) -> None:
    assert tuned.model is not None
    assert CameraProfile.read(tuned.model.folder / CALIBRATION) == tuned.profile
    assert tuned.model.runs_in_int8
    card = (tuned.model.folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# mine\n")
    assert f"is {tuned.gain}" in card
    kept = {path.name for path in tuned.workplace.iterdir()}
    assert kept >= {"comparison.png", CALIBRATION, "photos", "candidate.training"}


def test_a_gain_too_small_makes_no_model(
    soft_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "build_model", build_start_again)
    recipe = replace(RECIPE, steps=1, batch=1)
    with pytest.raises(
        NotImprovedError, match=r"tuning did not help: .* selfir-raw stays"
    ) as error:
        tuning(soft_pairs, tmp_path / "mine", recipe).run()
    assert error.value.exit_code == 13
    assert not (tmp_path / "mine").exists()
    assert (tmp_path / "mine.training" / "comparison.png").is_file()


@pytest.mark.usefixtures("undeployed")
@pytest.mark.parametrize("objective", ["auto", pytest.param("selfir", marks=pytest.mark.slow)])
def test_a_resumed_tuning_ends_as_one_in_one_go(
    objective: Any,  # noqa: ANN401
    soft_pairs: Pairs,
    tmp_path: Path,
) -> None:
    recipe = replace(RECIPE, steps=2, batch=1, objective=objective)
    whole = tuning(soft_pairs, tmp_path / "whole", recipe).run()
    stopped = tuning(soft_pairs, tmp_path / "parts", recipe, stop=stop_before(1)).run()
    assert not stopped.training.complete
    assert stopped.model is None
    resumed = tuning(soft_pairs, tmp_path / "parts", recipe).run(resume=True)
    assert resumed.training.complete
    expected, found = (
        torch.load(each.training.folder / "state.pt", weights_only=True)["state"]
        for each in (whole, resumed)
    )
    for state in expected, found:
        del state["seconds"], state["log"]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.usefixtures("undeployed")
@pytest.mark.parametrize("objective", ["auto", "selfir"])
def test_each_pair_is_read_once(
    soft_pairs: Pairs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    objective: Literal["auto", "selfir"],
) -> None:
    read: list[Path] = []

    def recording(path: Path, *arguments: Any) -> Frame:  # noqa: ANN401
        read.append(path)
        return decode(path, *arguments)

    monkeypatch.setattr("pairfix.stages.prepare.decode", recording)
    recipe = replace(RECIPE, steps=1, batch=1, objective=objective)
    tuning(soft_pairs, tmp_path / "mine", recipe).run()
    tuned_with, _ = split(soft_pairs)
    assert sorted(read) == sorted(path for pair in tuned_with for path in (pair.long, pair.short))


def test_too_few_pairs_are_refused(soft_pairs: Pairs, tmp_path: Path) -> None:
    with pytest.raises(PairError, match=r"too few pairs .*: 2; give 3 or more"):
        tuning(soft_pairs[:2], tmp_path / "mine").run()
    assert not list(tmp_path.iterdir())


def test_pairs_of_different_cameras_are_refused(soft_pairs: Pairs, tmp_path: Path) -> None:
    others = KnownCamera(name="Another").takes(tmp_path / "others", 1)
    with pytest.raises(PairError, match="come from different cameras: Known and Another"):
        tuning((*soft_pairs[:2], *others), tmp_path / "mine").run()
    assert not (tmp_path / "mine.training").exists()


def test_other_folders_are_not_replaced_unasked(
    tuned: Tuned, soft_pairs: Pairs, tmp_path: Path
) -> None:
    assert tuned.model is not None
    with pytest.raises(OutputError, match="exists already"):
        tuning(soft_pairs, tuned.model.folder).run()
    mine = tmp_path / "mine.training"
    (mine / "photos").mkdir(parents=True)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match=r"mine\.training is in the way"):
            tuning(soft_pairs, tmp_path / "mine").run(overwrite=overwrite)
    with pytest.raises(OutputError, match="holds no tuning to resume"):
        tuning(soft_pairs, tmp_path / "mine").run(resume=True)


def test_an_earlier_tuning_is_not_replaced_unasked(soft_pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "mine.training").mkdir()
    (tmp_path / "mine.training" / "pairs.json").write_text("{}")
    with pytest.raises(OutputError, match="holds an earlier tuning; pass --resume or"):
        tuning(soft_pairs, tmp_path / "mine").run()
    with pytest.raises(ModelError, match="holds a tuning with other pairs; give the same"):
        tuning(soft_pairs, tmp_path / "mine").run(resume=True)


def test_what_is_interrupted_before_the_training_leaves_nothing(
    soft_pairs: Pairs, tmp_path: Path
) -> None:
    def interrupt(stage: Stage, done: int, _total: int) -> None:
        if (stage, done) == (PREPARE, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuning(soft_pairs, tmp_path / "mine", progress=interrupt).run()
    assert not list(tmp_path.iterdir())


def test_one_readable_pair_is_too_few_to_tune_with(soft_pairs: Pairs, tmp_path: Path) -> None:
    shutil.copytree(soft_pairs[0].long.parents[1], tmp_path / "pairs")
    pairs = found(tmp_path / "pairs")[:3]
    (tuned_with, _), _ = split(pairs)
    tuned_with.long.write_bytes(tuned_with.short.read_bytes()[:1000])
    with pytest.raises(PairError, match=r"of 2 pairs to tune with only 1 can be used: .*; give"):
        tuning(pairs, tmp_path / "mine").run()
    assert [path.name for path in tmp_path.iterdir()] == ["pairs"]


def test_a_model_that_does_not_restore_is_refused_before_any_work(
    soft_pairs: Pairs, tmp_path: Path
) -> None:
    module = replace(tuning(soft_pairs, tmp_path / "mine"), start=find_model("reblur-raw"))
    with pytest.raises(ModelError, match="does not restore"):
        module.run()


def test_pairs_whose_iso_is_not_calibrated_cannot_judge(tmp_path: Path) -> None:
    for number, iso in enumerate((1600, 1600, 200, 1600)):
        KnownCamera(iso=iso).take(tmp_path / "pairs" / f"{number}", seed=number)
    with pytest.raises(PairError, match=r"has the ISO of those held back, 200; give more"):
        tuning(found(tmp_path / "pairs"), tmp_path / "mine").run()
    assert [path.name for path in tmp_path.iterdir()] == ["pairs"]


def test_pairs_are_judged_by_the_noise_at_their_own_iso(tuned: Tuned) -> None:
    (setting,) = tuned.profile.settings
    assert setting.iso == 1600
    for iso, expected in ((1600, setting), (2000, setting), (3200, None), (0, None), (None, None)):
        assert setting_of(tuned.profile, iso) == expected


def test_a_folder_that_is_no_folder_is_an_error_before_any_work(
    soft_pairs: Pairs, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        tuning(soft_pairs, tmp_path / "file" / "mine").run()


@pytest.mark.parametrize("damage", ["{", "3"])
def test_damaged_notes_are_refused(damage: str, soft_pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "mine.training").mkdir()
    (tmp_path / "mine.training" / "pairs.json").write_text(damage)
    with pytest.raises(ModelError, match=r"pairs\.json cannot be read; start again"):
        tuning(soft_pairs, tmp_path / "mine").run(resume=True)


def _restored(pair: AlignedPair, model: Model) -> Any:  # noqa: ANN401
    fused, _ = fuse(pair, OpenModel(model, ONNX))
    return fused.planes


def _psnr(planes: Any, light: Any) -> float:  # noqa: ANN401
    """In the network's range, as in the estimate."""
    red, green, blue = light
    truth = np.stack([red[::2, ::2], green[::2, 1::2], green[1::2, ::2], blue[1::2, 1::2]]).astype(
        np.float32
    )
    error = encode_planes(planes, "raw") - encode_planes(truth, "raw")
    return float(-10 * np.log10((error**2).mean()))
