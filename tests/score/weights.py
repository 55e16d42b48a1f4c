"""Stand-ins for the weights of NIQE and NRQM: files as pyiqa reads them, without its training."""

import socket
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from pairfix.score.guards import quietly

needs_pyiqa = pytest.mark.skipif(find_spec("pyiqa") is None, reason="pyiqa is not installed")

_FEATURES = 36
NRQM_SCORE = 6.0
"""What the stand-in scores every photo."""


def empty_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have pyiqa, torch.hub and the Hugging Face client keep weights here; downloads fail.

    Returns:
        Where pyiqa looks for its own.
    """
    with quietly():
        download = import_module("pyiqa.utils.download_util")
    own = folder / "pyiqa"
    own.mkdir()
    monkeypatch.setattr(download, "DEFAULT_CACHE_DIR", str(own))
    monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setattr(socket, "getaddrinfo", _unreachable)
    return own


def _unreachable(*_arguments: object, **_options: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_AGAIN, "there is no network in tests")


def write_niqe_weights(folder: Path) -> None:
    """A pristine model with unit covariance around zero."""
    _save(
        folder / "niqe_modelparameters.mat",
        {"mu_prisparam": np.zeros((1, _FEATURES)), "cov_prisparam": np.eye(_FEATURES)},
    )


def write_nrqm_weights(folder: Path) -> None:
    """Three forests of one leaf each: every photo scores the same."""
    leaf = np.zeros((1, 1), np.int64)
    forest = {
        "ldau": leaf,
        "rdau": leaf,
        "a": leaf,
        "b": leaf,
        "threshold": np.zeros((1, 1)),
        "prediction": np.full((1, 1), NRQM_SCORE / 3),
        "attribute": leaf + 1,
    }
    forests = np.empty((1, 3), object)
    forests[0, :] = [forest] * 3
    linear = np.array([[0.0], [1.0], [1.0], [1.0]])
    _save(folder / "NRQM_model.mat", {"model": {"linear": linear, "rf": forests}})


def _save(path: Path, values: dict[str, object]) -> None:
    import_module("scipy.io").savemat(path, values)
