"""What several tests need."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The material that does not belong to the repository: photos, weights, golden vectors."""
    if not SHARED.is_dir():
        pytest.skip("the shared material is not here")
    return SHARED
