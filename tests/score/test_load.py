import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from pairfix.errors import MemoryExhaustedError, MetricError
from pairfix.image import Picture
from pairfix.score import load
from pairfix.score.catalogue import find_metric
from pairfix.score.load import LoadedMetric, full_reference

pytest.importorskip("torch")
pytest.importorskip("huggingface_hub")


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    load._load_reference.cache_clear()
    yield
    load._load_reference.cache_clear()


def picture(value: int) -> Picture:
    return Picture(np.full((8, 9, 3), value, np.uint16), exif=b"")


def pretend(monkeypatch: pytest.MonkeyPatch, create: Callable[..., object]) -> None:
    """Replace pyiqa with something quick."""
    monkeypatch.setattr(load, "find_spec", bool)
    monkeypatch.setitem(sys.modules, "pyiqa", SimpleNamespace(create_metric=create))


def test_a_metric_sees_both_pictures_from_0_to_1(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, lambda *_, **__: lambda result, truth: (result - truth).abs())
    assert full_reference("lpips", picture(65535), picture(0)) == pytest.approx(1)


def test_without_pyiqa_there_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "find_spec", lambda _name: None)
    assert full_reference("lpips", picture(1), picture(0)) is None


def test_without_weights_there_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, device: str) -> object:
        raise OSError(name, device)

    pretend(monkeypatch, create)
    monkeypatch.setattr(load, "failed_download", bool)
    assert full_reference("lpips", picture(1), picture(0)) is None


def test_damaged_weights_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, device: str) -> object:
        raise ValueError(f"{name} on {device} is damaged")

    pretend(monkeypatch, create)
    with pytest.raises(MetricError, match="lpips cannot be loaded"):
        full_reference("lpips", picture(1), picture(0))


def test_memory_that_runs_out_is_no_fault_of_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(*_: object) -> float:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 TB")

    metric = LoadedMetric(find_metric("niqe"), "cpu", compute)
    pretend(monkeypatch, lambda *_, **__: compute)
    with pytest.raises(MemoryExhaustedError, match="memory ran out"):
        full_reference("lpips", picture(1), picture(0))
    with pytest.raises(MemoryExhaustedError, match=r"night\.png: memory ran out in niqe"):
        metric.score(np.zeros((200, 200, 3), np.uint8), "night.png")
