"""SelfIR's single-exposure baselines."""

from typing import Any

import pytest

from pairfix.networks import NETWORKS

SELFIR = NETWORKS["selfir"]

one_exposure = pytest.mark.parametrize("name", ["short", "long"])


def config(*inputs: str) -> Any:  # noqa: ANN401
    return SELFIR.config(channels=3, width=8, inputs=inputs)


@pytest.mark.parametrize(
    ("inputs", "parameters"),
    [(("short", "long"), 1_077_363), (("short",), 742_227), (("long",), 742_227)],
)
def test_size(inputs: tuple[str, ...], parameters: int) -> None:
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        module = SELFIR.modules(SELFIR.config(channels=3, inputs=inputs))["fusion"]
    assert sum(value.numel() for value in module.parameters()) == parameters


@one_exposure
def test_baseline_keeps_the_encoder_of_its_exposure(name: str) -> None:
    pytest.importorskip("torch")
    pair, single = (
        {key for key in SELFIR.modules(each)["fusion"].state_dict() if key.startswith("EB")}
        for each in (config("short", "long"), config(name))
    )
    assert single == {key for key in pair if ("_2." in key) == (name == "short")}


@one_exposure
def test_baseline_restores_from_one_exposure(name: str) -> None:
    torch = pytest.importorskip("torch")
    module = SELFIR.modules(config(name))["fusion"].eval()
    with torch.inference_mode():
        assert module(torch.rand(1, 3, 64, 96)).shape == (1, 3, 64, 96)
