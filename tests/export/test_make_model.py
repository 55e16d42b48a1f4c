"""scripts/make_model.py, which makes the folders that ship."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from pairfix.model import WEIGHTS, find_model

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "kinds"),
    [([], {"float16"}), (["--int8"], {"int8", "float32", "float16"})],
)
def test_the_script_makes_a_model_of_trained_weights(
    options: list[str], kinds: set[str], tmp_path: Path
) -> None:
    pytest.importorskip("torchvision")
    pytest.importorskip("onnxscript")
    shipped = find_model("reblur-raw")
    weights = tmp_path / "trained.safetensors"
    safetensors.numpy.save_file(shipped.tensors(), weights)
    arguments = [shipped.network.name, "--weights", weights, "--domain", "raw", *options]
    command = [sys.executable, ROOT / "scripts/make_model.py", *arguments, "-o", tmp_path / "mine"]
    subprocess.run([str(each) for each in command], check=True, capture_output=True)
    made = find_model(tmp_path / "mine")
    stored = safetensors.numpy.load_file(made.folder / WEIGHTS)
    assert {str(value.dtype) for value in stored.values()} == kinds
    for name, value in made.tensors().items():
        expected = shipped.tensors()[name]
        np.testing.assert_allclose(value, expected, atol=np.abs(expected).max() / 250)
