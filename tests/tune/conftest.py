import shutil
from pathlib import Path

import pytest

from pairfix.model import Model, find_model
from pairfix.pairs import FoundPair
from tests.calibration.cameras import KnownCamera

SOFT = KnownCamera(neighbour=0.9, black=0.002)
"""Its noise is smoothed, as in no training of a shipped model."""


@pytest.fixture(scope="session")
def soft_pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[FoundPair, ...]:
    """Four pairs, one of which is held out."""
    return SOFT.takes(tmp_path_factory.mktemp("soft") / "my_pairs", 4)


def build_start_again(folder: Path, *_: object, **__: object) -> Model:
    """Stands in for the slow export: what was tuned becomes what it was before."""
    shutil.copytree(find_model("selfir-raw").folder, folder)
    return find_model(folder)
