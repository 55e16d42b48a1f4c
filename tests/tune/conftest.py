import pytest

from pairfix.pairs import FoundPair
from tests.calibration.cameras import KnownCamera

SOFT = KnownCamera(neighbour=0.6, black=0.004)
"""Its noise is smoothed, as in no training of a shipped model."""


@pytest.fixture(scope="session")
def soft_pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[FoundPair, ...]:
    """Four pairs, one of which is held out."""
    return SOFT.takes(tmp_path_factory.mktemp("soft") / "my_pairs", 4)
