"""Fixtures and settings that all tests share."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # PyTorch: workers run side by side, one per core
cv2.setNumThreads(1)
IN_A_WORKER = "PYTEST_XDIST_WORKER" in os.environ

settings.register_profile("pairfix", deadline=None, derandomize=True)
settings.load_profile("pairfix")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run the few tests of ``-k NAME`` or ``FILE::NAME`` without waiting for workers to start."""
    options = config.option
    few = options.keyword or options.collectonly or any("::" in each for each in config.args)
    return 0 if few else None


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Leave the other cores to the other workers, also when ONNX Runtime computes."""
    if not IN_A_WORKER:
        yield
        return
    from pairfix.backends import onnx  # noqa: PLC0415  (slow to import)

    plain = onnx._options

    def options() -> Any:  # noqa: ANN401
        made = plain()
        made.intra_op_num_threads = 1
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx, "_options", options)
        yield


@pytest.fixture(autouse=True)
def logger_level() -> Iterator[None]:
    """Restore the log level that `--quiet` and `--verbose` set for the whole process."""
    logger = logging.getLogger("pairfix")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of material outside the repository: photos, weights, golden vectors."""
    if not SHARED.is_dir():
        pytest.skip("there is no folder of shared material")
    return SHARED
