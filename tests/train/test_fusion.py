"""What is trained is what restores."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from pairfix.backends import OpenModel, Runtime  # noqa: E402
from pairfix.image import Planes  # noqa: E402
from pairfix.light import decode_planes, encode_planes  # noqa: E402
from pairfix.model import Model  # noqa: E402
from pairfix.networks import NETWORKS, Graph  # noqa: E402
from pairfix.stages.fuse import fuse  # noqa: E402
from pairfix.train.fusion import Fusion, average_areas  # noqa: E402
from tests.scenes import aligned, raw_frame, scene  # noqa: E402
from tests.train.fakes import small_fusion  # noqa: E402

if TYPE_CHECKING:
    from torch import nn


class ModuleSession:
    def __init__(self, module: "nn.Module") -> None:
        self.module = module

    def run(self, inputs: Sequence[Planes]) -> Planes:
        with torch.inference_mode():
            output = self.module(*(torch.from_numpy(planes.copy())[None] for planes in inputs))
        planes: Planes = output[0].numpy()
        return planes


@pytest.mark.parametrize(
    ("name", "fields", "size"),
    [
        ("selfir", {"width": 8}, (32, 64)),
        ("d2hnet", {"width": 8, "cap": 2, "reduction": 2}, (32, 48)),
        ("d2hnet", {"width": 8, "cap": 2, "reduction": 3}, (32, 48)),
        ("d2hnet", {"width": 8, "cap": 2, "resolution": (12, 44)}, (32, 48)),
    ],
)
def test_a_fusion_computes_what_fuse_does(
    name: str,
    fields: dict[str, Any],
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = NETWORKS[name]
    config = network.config(channels=4, **fields)
    fusion = small_fusion(name, **fields).eval()

    def opened(_model: Model, graph: Graph, _runtime: Runtime) -> ModuleSession:
        return ModuleSession(fusion.modules_by_graph[graph.name])

    monkeypatch.setattr("pairfix.backends.registry.open_session", opened)
    light = scene((2 * size[0], 2 * size[1]))
    pair = aligned(raw_frame(light), raw_frame(light * 0.9, name="long.dng"))
    model = Model("test", Path("test"), network, config, "raw", {})
    runtime = Runtime("torch", "cpu", "fp32", "test")
    fused, _ = fuse(pair, OpenModel(model, runtime))

    sources = {
        role: torch.from_numpy(encode_planes(planes, "raw"))[None]
        for role, planes in pair.sources.items()
    }
    with torch.inference_mode():
        found = decode_planes(fusion(sources)[0].numpy(), "raw")
    inside = fused.planes.max(axis=0) < 0.9
    assert inside.mean() > 0.5
    np.testing.assert_allclose(found[:, inside], fused.planes[:, inside], atol=1e-4)


@pytest.mark.parametrize("size", [(24, 32), (17, 48), (48, 31), (1, 1)])
def test_areas_are_averaged_as_opencv_does(size: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).random((2, 3, 48, 64), np.float32)
    found = average_areas(torch.from_numpy(planes), size).numpy()
    for batch, expected in zip(found, planes, strict=True):
        for plane, original in zip(batch, expected, strict=True):
            reduced = cv2.resize(original, size[::-1], interpolation=cv2.INTER_AREA)
            np.testing.assert_allclose(plane, reduced, atol=1e-5)


def test_norms_are_there_in_training_only_where_asked_for() -> None:
    network = NETWORKS["deblurmerger"]
    config = network.config(channels=3, **network.small)
    plain = Fusion(network, config, normalised=False).state_dict()
    assert len(Fusion(network, config).state_dict()) > len(plain)
