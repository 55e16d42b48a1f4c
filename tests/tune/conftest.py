from pathlib import Path

import pytest

from pairfix.pairs import FoundPair
from tests.calibration.cameras import KnownCamera

SOFT = KnownCamera(neighbour=0.6, black=0.004)
"""Smooths its noise, which no shipped model has seen."""


@pytest.fixture(scope="session")
def soft_pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[FoundPair, ...]:
    """Four pairs, one of which is kept apart."""
    return SOFT.takes(tmp_path_factory.mktemp("soft") / "my_pairs", 4)


@pytest.fixture(scope="session")
def soft_folder(soft_pairs: tuple[FoundPair, ...]) -> Path:
    return soft_pairs[0].long.parents[1]
