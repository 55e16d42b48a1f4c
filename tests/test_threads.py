"""What `pairfix.threads` promises."""

import threading

import pytest

from pairfix import threads
from pairfix.threads import in_threads


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_limit", 0)


def test_results_come_in_the_order_of_the_arguments() -> None:
    assert in_threads(pow, range(20), [2] * 20) == [each**2 for each in range(20)]


def test_calls_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_limit", 2)
    both = threading.Barrier(2, timeout=20)

    in_threads(lambda _: both.wait(), range(2))


def test_a_process_with_one_thread_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_limit", 1)

    assert (
        in_threads(lambda _: threading.current_thread(), range(3))
        == [threading.current_thread()] * 3
    )


def test_the_first_failure_in_order_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_limit", 2)
    later = threading.Event()

    def fail(name: str) -> None:
        if name == "first":
            later.wait(20)
        later.set()
        raise ValueError(name)

    with pytest.raises(ValueError, match="first"):
        in_threads(fail, ["first", "second"])


def test_nothing_to_do_gives_nothing() -> None:
    assert in_threads(abs, []) == []


def test_arguments_of_different_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        in_threads(pow, [1, 2], [3])
