"""What several tests need."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side, one a core

settings.register_profile("pairfix", deadline=None, derandomize=True)
settings.load_profile("pairfix")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def logger_level() -> Iterator[None]:
    """Undo what `--quiet` and `--verbose` do to the process."""
    logger = logging.getLogger("pairfix")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material that does not belong to the repository: photos, weights, golden vectors."""
    if not SHARED.is_dir():
        pytest.skip("the shared material is not here")
    return SHARED


@pytest.fixture(scope="session")
def d2hnet_s_raw(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of the small D2HNet in the raw domain."""
    pytest.importorskip("torchvision")
    pytest.importorskip("onnxscript")
    folder = tmp_path_factory.mktemp("models") / "d2hnet-s-raw"
    script = Path(__file__).resolve().parents[1] / "scripts/make_model.py"
    weights = shared / "weights/d2hnet-s-raw.safetensors"
    command = [script, "d2hnet", "--weights", weights, "--domain", "raw", "-o", folder]
    subprocess.run(
        [sys.executable, *map(str, command), "--set", "width=16", "cap=8", "reduction=2"],
        check=True,
        capture_output=True,
    )
    return folder
