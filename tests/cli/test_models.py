import json
from pathlib import Path

import pytest

from pairfix.cli import run
from pairfix.errors import ModelError, OutputError
from pairfix.model import CHANNELS, default_model, shipped_models
from pairfix.model.measured import MEASURED, read_measured
from pairfix.networks import NETWORKS


def test_models_and_networks_without_weights_are_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["models", "list"]) == 0
    models, _, networks = capsys.readouterr().out.partition("Network without weights")
    assert "selfir-raw" in models
    assert "selfir-srgb" in models
    assert "d2hnet-s-raw" in models
    assert "srn" in networks
    assert "deblurmerger" not in networks
    assert "d2hnet" not in networks


def test_models_are_listed_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert models["selfir-raw"]["network"] == "selfir"
    assert models["selfir-srgb"]["domain"] == "srgb"
    trained = {name for name, model in models.items() if model["trained"]}
    assert trained == {model.name for model in shipped_models()}
    assert set(models) - trained == set(NETWORKS) - {models[name]["network"] for name in trained}
    assert len({tuple(model) for model in models.values()}) == 1
    defaults = {model["domain"]: name for name, model in models.items() if model["default"]}
    assert defaults == {domain: default_model(domain).name for domain in CHANNELS}


def test_what_was_measured_of_models_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert run(["models", "list"]) == 0
    table = capsys.readouterr().out
    for model in shipped_models():
        measured = read_measured(model.folder)
        takes_pairs = model.network.restores and len(model.roles) > 1
        assert (measured is not None) == takes_pairs
        if measured is not None:
            assert models[model.name]["measured"]["psnr"] == measured.psnr
            assert measured.summary()[0] in table


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"psnr": {}, "seconds": 1, "megabytes": 1}', "[" * 100_000]
    + [
        f'{{"psnr": {{"a": {bad}}}, "seconds": 1, "megabytes": 1}}'
        for bad in ("NaN", "true", '"1"')
    ],
)
def test_damaged_measurements_are_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / MEASURED).write_text(text)
    with pytest.raises(ModelError, match=MEASURED):
        read_measured(tmp_path)


def test_a_models_card_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "selfir-raw"]) == 0
    assert "licence" in capsys.readouterr().out.lower()


def test_a_models_facts_are_shown_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "selfir-raw", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert set(facts["sha256"]) == {"weights.safetensors", "fusion.onnx", "fusion.int8.onnx"}


def test_an_unknown_model_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "nothing"]) == ModelError.exit_code
    assert "selfir-raw" in capsys.readouterr().err


def test_restoring_with_a_network_without_weights_tells_how_to_get_them(
    raw_pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["restore", *map(str, raw_pair), "-o", str(tmp_path / "out.png")]
    assert run([*arguments, "--model", "srn"]) == ModelError.exit_code
    assert "pairfix train srn PHOTOS" in capsys.readouterr().err


def test_importing_into_an_existing_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["models", "import", "selfir", "missing.pth", "-o", str(tmp_path)]
    assert run(arguments) == OutputError.exit_code
    assert "--overwrite" in capsys.readouterr().err


def test_an_export_without_weights_says_how_to_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("torchvision")
    output = tmp_path / "model.onnx"
    assert run(["models", "export", "selfir-raw", "-o", str(output)]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "takes short, long, short_noise, long_noise; height and width are multiples" in said
    assert "add_external_initializers, or use --with-weights" in said
    assert run(["models", "export", "selfir-raw", "-o", str(output)]) == OutputError.exit_code
    capsys.readouterr()
    assert run(["models", "export", "selfir-raw", "-o", str(output), "--overwrite", "-q"]) == 0
    assert capsys.readouterr().err == ""
