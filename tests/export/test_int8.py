"""A graph's int8 form computes what the network computes with rounded activations."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from pairfix.backends import Runtime, open_session  # noqa: E402
from pairfix.backends.cpu import multiplies_int8  # noqa: E402
from pairfix.backends.onnx_graph import check_graph  # noqa: E402
from pairfix.errors import ModelError  # noqa: E402
from pairfix.export.folder import build_model  # noqa: E402
from pairfix.export.int8 import Activations  # noqa: E402
from pairfix.model import Model, find_model, shipped_models  # noqa: E402
from pairfix.model.storage import scale_by_output  # noqa: E402
from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.train.rounding import measure_activations, round_activations  # noqa: E402
from pairfix.train.transfer import deployable, load_fusion  # noqa: E402
from tests.networks.seeded import random_state  # noqa: E402

CONFIGS: dict[str, dict[str, Any]] = {
    "selfir": {"width": 8},
    "pairnet": {"widths": (8, 16), "blocks": (1, 2)},
}
PLANES = ("short", "long", "truth", "short_noise", "long_noise")


def batch(seed: int) -> PairBatch:
    rng = np.random.default_rng(seed)
    return PairBatch(
        **{name: torch.from_numpy(rng.random((1, 4, 64, 96), dtype=np.float32)) for name in PLANES}
    )


@pytest.fixture(scope="module", params=CONFIGS)
def floats(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Model:
    network = NETWORKS[request.param]
    config = network.config(channels=4, noise=True, **CONFIGS[network.name])
    states = {"fusion": random_state(network.modules(config)["fusion"])}
    folder = tmp_path_factory.mktemp("models") / "floats"
    return build_model(folder, network, config, "raw", states, "# Card\n")


@pytest.fixture(scope="module")
def activations(floats: Model) -> dict[str, Activations]:
    return measure_activations(load_fusion(floats), map(batch, range(3)))


@pytest.fixture(scope="module")
def rounded(floats: Model, activations: dict[str, Activations]) -> Model:
    states = deployable(load_fusion(floats), "the test")
    folder = floats.folder.with_name("rounded")
    options: dict[str, Any] = {"start": floats, "activations": activations}
    return build_model(folder, floats.network, floats.config, "raw", states, "# Card\n", **options)


def graph(model: Model) -> Any:  # noqa: ANN401
    return onnx.load_from_string(model.graph_path(model.graphs[0], int8=True).read_bytes())


def test_only_a_model_with_the_int8_form_of_every_graph_runs_in_int8(
    floats: Model, rounded: Model
) -> None:
    assert not floats.runs_in_int8
    assert rounded.runs_in_int8


def test_hidden_convolutions_take_integers_and_the_fine_ones_floats(rounded: Model) -> None:
    proto = graph(rounded).graph
    given = {name: node.op_type for node in proto.node for name in node.output}
    taken = Counter(
        given.get(node.input[1], "floats") for node in proto.node if node.op_type == "Conv"
    )
    integers = {"selfir": 22, "pairnet": 10}[rounded.network.name]
    floats = {"selfir": 3, "pairnet": 2}[rounded.network.name]
    assert taken == {"DequantizeLinear": integers, "floats": floats}


def test_weights_are_in_the_file_once_as_integers(
    rounded: Model, activations: dict[str, Activations]
) -> None:
    stored = [each.name for each in graph(rounded).graph.initializer]
    for name in activations:
        assert sum(each.endswith(f"{name}.quantised") for each in stored) == 1
        assert name not in stored
    tail = {"selfir": "DB5.conv3.weight", "pairnet": "tail.weight"}[rounded.network.name]
    assert tail in stored


@pytest.mark.parametrize(
    "model", [each for each in shipped_models() if each.runs_in_int8], ids=lambda each: each.name
)
def test_shipped_int8_forms_hold_the_shipped_weights(model: Model) -> None:
    values = {
        each.name.partition(".")[2]: onnx.numpy_helper.to_array(each)
        for each in graph(model).graph.initializer
    }
    tensors = model.tensors()
    names = [name.removesuffix(".scale") for name in values if name.endswith(".weight.scale")]
    assert names
    for name in names:
        scale = values[f"{name}.scale"][:, None, None, None]
        restored = values[f"{name}.quantised"] * scale
        assert np.all(np.abs(restored - tensors[name]) <= 0.51 * scale)


def test_the_file_is_one_that_opens_safely(rounded: Model) -> None:
    check_graph(rounded.graph_path(rounded.graphs[0], int8=True).read_bytes(), ())


@pytest.mark.skipif(not multiplies_int8(), reason="sums saturate on this CPU")
def test_int8_computes_what_the_rounded_network_does(
    rounded: Model, activations: dict[str, Activations]
) -> None:
    fusion = load_fusion(rounded).eval()
    sources = batch(9).sources
    with torch.no_grad():
        exact = fusion(sources).numpy()[0]
        round_activations(fusion, activations)
        for name, weight in fusion.modules_by_graph["fusion"].named_parameters():
            if name in activations:
                scale = torch.from_numpy(scale_by_output(weight.numpy(), output=0))
                weight.copy_((weight / scale).round() * scale)
        expected = fusion(sources).numpy()[0]
    session = open_session(rounded, rounded.graphs[0], Runtime("onnx", "cpu", "int8", ""))
    found = session.run([sources[name][0].numpy() for name in rounded.graphs[0].inputs])
    lost, simulated = (float(np.abs(each - exact).mean()) for each in (found, expected))
    assert 0 < simulated < 0.03 * exact.std()
    assert lost < 1.5 * simulated
    assert np.abs(found - expected).mean() < lost


def test_a_damaged_int8_form_is_refused(rounded: Model, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(rounded.folder, copy)
    (copy / "fusion.int8.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"fusion\.int8\.onnx does not match"):
        open_session(find_model(copy), rounded.graphs[0], Runtime("onnx", "cpu", "int8", ""))
