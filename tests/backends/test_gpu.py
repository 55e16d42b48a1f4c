"""What only a machine with a CUDA device can tell."""

from pathlib import Path

import numpy as np
import pytest

from pairfix import Recipe, restore
from pairfix.backends import PrecisionChoice
from pairfix.formats import decode

NEON = Path(__file__).parents[2] / "examples" / "neon"

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def on_the_cpu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    output = tmp_path_factory.mktemp("cpu") / "out.png"
    restore(NEON / "long.dng", NEON / "short.dng", output, Recipe(device="cpu", backend="onnx"))
    return output


@pytest.mark.parametrize(
    ("backend", "precision", "tolerance"),
    [
        ("torch", "fp32", 1e-4),
        ("torch", "fp16", 2e-3),
        ("torch", "bf16", 1e-2),
        ("onnx", "fp32", 1e-4),
    ],
)
def test_cuda_restores_as_the_cpu_does(
    on_the_cpu: Path, tmp_path: Path, backend: str, precision: PrecisionChoice, tolerance: float
) -> None:
    output = tmp_path / "out.png"
    recipe = Recipe(device="cuda", backend=backend, precision=precision)
    report = restore(NEON / "long.dng", NEON / "short.dng", output, recipe)
    assert report.runtime.device == "cuda"
    difference = decode(output).pixels.astype(int) - decode(on_the_cpu).pixels
    assert np.abs(difference).mean() / 65535 < tolerance
