import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairfix.backends import OpenModel, Runtime
from pairfix.image import Planes
from pairfix.light import encode_planes
from pairfix.model import Model
from pairfix.networks import Graph, Network
from pairfix.progress import Stage, Timeline
from pairfix.stages import inputs
from pairfix.stages.fuse import fuse
from pairfix.stages.prepare import prepare_pair
from tests.scenes import aligned, raw_frame, scene

DOCS = Path(__file__).parents[1] / "docs"


def written(page: str) -> list[dict[str, Any]]:
    """The modules that a page shows, run."""
    text = (DOCS / page).read_text(encoding="utf-8")
    modules: list[dict[str, Any]] = []
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        modules.append({"__name__": f"{page}, module {len(modules)}"})
        exec(code, modules[-1])  # noqa: S102  (our own page)
    return modules


def test_the_network_of_the_page_on_adding_one_works() -> None:
    torch = pytest.importorskip("torch")
    (module,) = written("add-a-network.md")
    network = module["ONE_CONV"]
    assert isinstance(network, Network)
    config = network.config(channels=3)
    (graph,) = network.graphs(config)
    layers = network.modules(config)[graph.name]
    photos = [torch.rand(1, 3, 8, 9) for _ in graph.inputs]
    assert layers(*photos).shape == (1, 3, 8, 9)


def test_the_stage_of_the_page_on_adding_one_changes_the_pair() -> None:
    module, _ = written("add-a-stage.md")
    stage: Stage = module["DIM"]
    pair = prepare_pair(raw_frame(scene(), name="long.dng"), raw_frame(scene(), noise=0.01))
    timeline = Timeline()
    with timeline.run(stage):
        changed = module["dim_long"](pair)
    np.testing.assert_array_equal(changed.long_planes, pair.long_planes / 2)
    assert list(timeline.seconds) == ["dim"]


@dataclass(frozen=True, slots=True)
class Config:
    channels: int = 4


class Session:
    """Returns the last of its inputs."""

    def run(self, planes: Sequence[Planes]) -> Planes:
        return planes[-1]


def test_the_extra_planes_of_the_page_reach_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    _, module = written("add-a-stage.md")
    planes: Callable[..., Planes] = module["disagreement_planes"]
    monkeypatch.setattr(inputs, "EXTRA_PLANES", {**inputs.EXTRA_PLANES, "disagreement": planes})
    monkeypatch.setattr("pairfix.backends.registry.open_session", lambda *_: Session())
    graph = Graph("fusion", ("short", "long", "disagreement"), multiple=1, overlap=0)
    network = Network("test", "Test", "", Config, lambda _: (graph,), lambda _: {})
    model = Model("test", Path("test"), network, Config(), "raw", {})
    pair = aligned(raw_frame(scene(), noise=0.05), raw_frame(scene(), name="long.dng"))
    fused, _ = fuse(pair, OpenModel(model, Runtime("onnx", "cpu", "fp32", "test")))
    short, long = (encode_planes(each, "raw") for each in (pair.short_planes, pair.long_planes))
    np.testing.assert_allclose(encode_planes(fused.planes, "raw"), np.abs(short - long), atol=1e-5)


def test_training_can_share_the_function_of_the_page() -> None:
    torch = pytest.importorskip("torch")
    _, module = written("add-a-stage.md")
    short, long = torch.rand(2, 4, 8, 8), torch.rand(2, 4, 8, 8)
    assert torch.equal(module["disagreement"](short, long), (short - long).abs())
