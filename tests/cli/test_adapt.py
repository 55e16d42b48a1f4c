"""`pairfix restore --adapt`."""

import importlib.util
import json
from importlib.machinery import ModuleSpec
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from pairfix.adapt import choose
from pairfix.backends import registry
from pairfix.cli import run
from pairfix.errors import AdaptationError, DeviceError, MissingExtraError, ModelError
from pairfix.formats import decode
from pairfix.model import Model
from pairfix.networks import NETWORKS
from tests.adapt.models import small_model
from tests.networks.conftest import Build, random_model

__all__ = ["random_model"]

pytest.importorskip("torchvision")

Pair = tuple[Path, Path]
ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "report.schema.json"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Model:
    """Stands in for every reblurring module, whatever its name."""
    small = small_model("reblur-module", "raw")
    monkeypatch.setattr(choose, "find_model", lambda _: small)
    return small


def restore(pair: Pair, output: Path, *options: str) -> int:
    return run(["restore", *map(str, pair), "-o", str(output), *options])


@pytest.mark.usefixtures("module")
def test_json_log_and_page_report_the_adaptation(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "out.html"
    options = "--adapt", "1", "--reblur-module", "mine", "--json", "--report", str(page)
    assert restore(raw_pair, tmp_path / "out.png", *options) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    adaptation = report["adaptation"]
    assert (adaptation["module"], adaptation["steps"]) == ("reblur-module", 1)
    assert adaptation["psnr"] > 30
    assert list(report["seconds"])[4:7] == ["clean", "fuse", "adapt"]
    assert report["runtime"]["backend"] == "torch"
    assert "adapted in 1 step with reblur-module: reblurring loss" in printed.err
    assert "Reblurring loss" in page.read_text(encoding="utf-8")
    assert decode(tmp_path / "out.png").size == (384, 320)


def test_no_steps_change_nothing(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore(raw_pair, tmp_path / "a.png")
    capsys.readouterr()
    restore(raw_pair, tmp_path / "b.png", "--adapt", "0", "--json")
    report = json.loads(capsys.readouterr().out)
    assert "adaptation" not in report
    assert "adapt" not in report["seconds"]
    first, second = (decode(tmp_path / name).pixels for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(first, second)


@pytest.mark.usefixtures("module")
def test_divergence_is_one_line_and_leaves_no_file(
    raw_pair: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pairfix.adapt.optimise.LEARNING_RATE", 1.0)
    options = "--adapt", "1", "--reblur-module", "mine", "-q"
    assert restore(raw_pair, tmp_path / "out.png", *options) == AdaptationError.exit_code == 14
    message = capsys.readouterr().err
    assert message.startswith("pairfix: adapting the network")
    assert message.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_pytorch_it_says_how_to_get_it(
    raw_pair: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "torch" else importlib.util.find_spec(name)

    monkeypatch.setattr(registry, "find_spec", find)
    code = restore(raw_pair, tmp_path / "out.png", "--adapt", "1", "-q")
    assert code == MissingExtraError.exit_code
    assert capsys.readouterr().err.endswith("pip install 'pairfix[torch]'\n")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--reblur-module", "mine"], 2, "--adapt"),
        (["--adapt", "-1"], 2, "--adapt"),
        (["--adapt", "1", "--backend", "onnx"], DeviceError.exit_code, "gradients"),
        (["--adapt", "1", "--precision", "bf16"], DeviceError.exit_code, "--precision fp32"),
        (["--adapt", "1", "--reblur-module", "nothing"], ModelError.exit_code, "nothing"),
        (["--adapt", "1", "--reblur-module", "selfir-raw"], ModelError.exit_code, "for raw"),
    ],
)
def test_what_cannot_be_adapted_is_refused(
    raw_pair: Pair,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    message: str,
) -> None:
    assert restore(raw_pair, tmp_path / "out.png", *options) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_pair_is_adapted_with_a_module_from_a_folder(
    raw_pair: Pair, tmp_path: Path, random_model: Build
) -> None:
    mine = random_model(NETWORKS["reblur-module"], "raw")
    options = "--adapt", "1", "--reblur-module", str(mine.folder)
    assert restore(raw_pair, tmp_path / "a.dng", *options) == 0
    assert restore(raw_pair, tmp_path / "b.dng", *options) == 0
    assert restore(raw_pair, tmp_path / "plain.dng", "--backend", "torch") == 0
    a, b, plain = (decode(tmp_path / f"{name}.dng").pixels for name in ("a", "b", "plain"))
    np.testing.assert_array_equal(a, b)
    assert 0 < np.abs(a.astype(int) - plain).mean() < 0.01 * plain.mean()
