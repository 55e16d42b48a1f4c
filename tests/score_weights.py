"""Stand-ins for the weights of NIQE and NRQM: files as pyiqa reads them, without its training."""

from pathlib import Path

import numpy as np
import scipy.io

_FEATURES = 36
_NRQM_SCORE = 2.0


def write_niqe_weights(folder: Path) -> None:
    """A pristine model with unit covariance around zero."""
    scipy.io.savemat(
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
        "prediction": np.full((1, 1), _NRQM_SCORE),
        "attribute": leaf + 1,
    }
    forests = np.empty((1, 3), object)
    forests[0, :] = [forest] * 3
    linear = np.array([[0.0], [1.0], [1.0], [1.0]])
    scipy.io.savemat(folder / "NRQM_model.mat", {"model": {"linear": linear, "rf": forests}})
