import pytest

from pairfix.image import Picture


@pytest.fixture(autouse=True)
def lpips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the metric whose library takes seconds to load."""

    def full_reference(_name: str, _result: Picture, _truth: Picture) -> float | None:
        return 0.25

    monkeypatch.setattr("pairfix.bench.judge.full_reference", full_reference)
