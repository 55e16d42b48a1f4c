"""The contract of every network, which also covers a new one.

Networks come in their small version with seeded random weights. What needs exported graphs is
marked slow.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.networks.conftest import Build
from tests.networks.graphs import external_shapes
from tests.networks.seeded import (
    NETWORKS_AND_VARIANTS,
    photos,
    random_state,
    seeded_modules,
    small_config,
    state_of,
)
from tests.scenes import as_they_are, scene

from pairfix.backends import BACKENDS, Runtime, choose_runtime, open_session
from pairfix.cli import run
from pairfix.errors import ModelError
from pairfix.export.folder import State, build_model, load_strictly
from pairfix.export.importing import drop_unused
from pairfix.formats import decode
from pairfix.image import Domain, Planes
from pairfix.model import CHANNELS, Model, find_model
from pairfix.networks import NETWORKS, Graph, Network
from pairfix.stages.fuse import run_tiled
from pairfix.stages.tiling import smallest_tile

TOLERANCES = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 1e-1}
"""Greatest difference from ONNX Runtime in fp32, relative to the greatest value."""
LARGEST_GRAPH = 300_000
LARGEST_VALUE = 100

every_network = pytest.mark.parametrize(
    "network", NETWORKS_AND_VARIANTS.values(), ids=NETWORKS_AND_VARIANTS
)
every_restorer = pytest.mark.parametrize(
    ("network", "pair"),
    [
        pytest.param(network, pair, id=f"{pair}-{name}")
        for name, network in NETWORKS_AND_VARIANTS.items()
        for pair in ("raw", "rgb")
        if network.restores and (pair == "raw" or name in NETWORKS)
    ],
)
"""Variants differ in their inputs, which raw pairs show."""
both_domains = pytest.mark.parametrize("domain", CHANNELS)


@pytest.fixture
def torch() -> Any:  # noqa: ANN401
    pytest.importorskip("torchvision")
    return pytest.importorskip("torch")


def seeded(network: Network, domain: Domain) -> list[tuple[Graph, Any]]:
    """The graphs and their modules, ready to run."""
    config = small_config(network, domain)
    modules = seeded_modules(network, config)
    return [(graph, modules[graph.name]) for graph in network.graphs(config)]


def compute(module: Any, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:  # noqa: ANN401
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        output: NDArray[np.float32] = module(*map(torch.from_numpy, inputs)).numpy()
    return output


class Direct:
    """A session without a back end."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401
        self.module = module

    def run(self, inputs: Sequence[Planes]) -> Planes:
        return compute(self.module, [planes[None] for planes in inputs])[0]


def noisy_scenes(graph: Graph, size: tuple[int, int]) -> dict[str, Planes]:
    rng = np.random.default_rng(3)
    smooth = [scene(size, seed)[[0, 1, 1, 2]] for seed in range(len(graph.inputs))]
    noisy = [(planes + rng.normal(0, 0.05, planes.shape)).astype(np.float32) for planes in smooth]
    return dict(zip(graph.inputs, noisy, strict=True))


# What a network declares


def test_naming_the_graphs_of_every_network_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from pairfix.networks import NETWORKS; "
        "[n.graphs(n.config(channels=c, **n.small)) for n in NETWORKS.values() for c in (3, 4)]; "
        "print([name for name in ('torch', 'numpy', 'onnxruntime') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.strip() == b"[]"


@every_network
@both_domains
def test_inputs_are_exposures_or_earlier_graphs(network: Network, domain: Domain) -> None:
    known = {"short", "long", "short_noise", "long_noise"}
    for graph in network.graphs(small_config(network, domain)):
        assert graph.inputs
        assert set(graph.inputs) <= known
        known.add(graph.name)


@every_network
def test_only_the_last_graph_is_tiled(network: Network) -> None:
    *earlier, last = network.graphs(network.config())
    assert last.reduction is None
    assert all(graph.reduction for graph in earlier)
    assert last.tile >= smallest_tile(last.multiple, last.overlap)


@pytest.mark.usefixtures("torch")
@every_network
@both_domains
def test_no_module_holds_a_parameter_that_the_graph_calls_unused(
    network: Network, domain: Domain
) -> None:
    for graph, module in seeded(network, domain):
        names = {name: np.zeros(1, np.float32) for name in module.state_dict()}
        assert drop_unused(names, graph) == names


# What its modules compute


@pytest.mark.usefixtures("torch")
@every_network
@both_domains
def test_output_is_finite_and_as_large_as_the_inputs_at_any_multiple(
    network: Network, domain: Domain
) -> None:
    for graph, module in seeded(network, domain):
        for units in ((1, 1), (2, 3), (5, 2)):
            size = graph.multiple * units[0], graph.multiple * units[1]
            output = compute(module, photos(graph, CHANNELS[domain], size))
            assert output.shape == (1, CHANNELS[domain], *size)
            assert output.dtype == np.float32
            assert np.abs(output).max() < LARGEST_VALUE
            assert np.ptp(output) > 0


@pytest.mark.usefixtures("torch")
@every_network
@both_domains
def test_photos_of_a_batch_do_not_mix_and_a_second_run_equals_the_first(
    network: Network, domain: Domain
) -> None:
    for graph, module in seeded(network, domain):
        inputs = photos(graph, CHANNELS[domain], (graph.multiple * 2, graph.multiple * 2), batch=2)
        together = compute(module, inputs)
        alone = compute(module, [each[1:] for each in inputs])
        np.testing.assert_allclose(together[1:], alone, atol=1e-5, rtol=1e-5)
        np.testing.assert_array_equal(together, compute(module, inputs))


@pytest.mark.usefixtures("torch")
@every_network
@pytest.mark.parametrize("along", ["rows", "columns"])
def test_tiled_equals_untiled(network: Network, along: str) -> None:
    graph, module = seeded(network, "raw")[-1]
    tile = smallest_tile(graph.multiple, graph.overlap)
    size = tile + graph.multiple + 9, 2 * graph.multiple + 35
    sources = noisy_scenes(graph, size if along == "rows" else size[::-1])

    def restore(side: int) -> Planes:
        return run_tiled(
            Direct(module), graph, sources, as_they_are, tile=side, progress=lambda *_: None
        )

    whole, tiled = restore(10**6), restore(tile)
    difference = np.abs(tiled - whole) / max(1, np.abs(whole).max())
    assert difference.mean() < 1e-4
    assert difference.max() < 1e-2


# Its weights


def misfit(tensors: dict[str, Any], kind: str) -> str:
    """Spoil the weights; returns the name that the error must contain."""
    name = min(tensors)
    if kind == "missing":
        del tensors[name]
    elif kind == "extra":
        name = "strange.weight"
        tensors[name] = np.zeros(3, np.float32)
    else:
        tensors[name] = np.concatenate([tensors[name], tensors[name]])
    return name


@pytest.mark.usefixtures("torch")
@every_network
@pytest.mark.parametrize("kind", ["missing", "extra", "wrong shape"])
def test_weights_load_strictly(network: Network, kind: str) -> None:
    for module in network.modules(small_config(network)).values():
        tensors = dict(random_state(module).tensors)
        name = misfit(tensors, kind)
        with pytest.raises(ModelError, match=f"mine.pth.*{name}"):
            load_strictly(module, State("mine.pth", tensors))


# Its model folder


@pytest.mark.slow
@every_network
def test_a_written_folder_reads_back(network: Network, random_model: Build) -> None:
    model = find_model(random_model(network, "raw").folder)
    assert model.config == small_config(network)
    modules = seeded_modules(network, model.config)
    expected = {
        graph.prefix + name: value
        for graph in model.graphs
        for name, value in state_of(modules[graph.name]).tensors.items()
    }
    stored = model.tensors()
    assert stored.keys() == expected.keys()
    for name, value in stored.items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.slow
@every_network
def test_graphs_are_small_and_take_the_recorded_parameters(
    network: Network, random_model: Build
) -> None:
    model = random_model(network, "raw")
    modules = network.modules(model.config)
    for graph in model.graphs:
        path = model.graph_path(graph)
        state = modules[graph.name].state_dict()
        expected = {graph.prefix + name: tuple(value.shape) for name, value in state.items()}
        assert external_shapes(path) == expected
        assert expected.items() <= (model.parameters or {}).items()
        content = path.read_bytes()
        assert len(content) < LARGEST_GRAPH
        assert b".py" not in content
        assert str(Path.cwd()).encode() not in content


def random_pair() -> Any:  # noqa: ANN401
    import torch  # noqa: PLC0415

    from pairfix.synth.batch import PairBatch  # noqa: PLC0415

    generator = torch.Generator().manual_seed(3)
    planes = (torch.rand(1, 4, 128, 192, generator=generator) for _ in fields(PairBatch))
    return PairBatch(*planes)


@pytest.mark.slow
@every_network
def test_the_int8_form_of_every_graph_opens_and_restores(
    network: Network, random_model: Build, tmp_path: Path
) -> None:
    from pairfix.train.rounding import measure_activations  # noqa: PLC0415
    from pairfix.train.transfer import deployable, load_fusion  # noqa: PLC0415

    if not network.restores:
        pytest.skip("only what restores runs in int8")
    start = random_model(network, "raw")
    fusion = load_fusion(start)
    activations = measure_activations(fusion, [random_pair()])
    made = build_model(
        tmp_path / "int8",
        network,
        start.config,
        "raw",
        deployable(fusion, "the test"),
        "# Card\n",
        start=start,
        activations=activations,
    )
    assert made.runs_in_int8
    for graph in made.graphs:
        inputs = [each[0] for each in photos(graph, 4, (graph.multiple * 2, graph.multiple * 3))]
        exact, rounded = (
            open_session(made, graph, Runtime("onnx", "cpu", precision, "")).run(inputs)
            for precision in ("fp32", "int8")
        )
        assert np.abs(rounded - exact).max() < 0.2 * np.abs(exact).max()


@pytest.mark.slow
@every_network
@pytest.mark.parametrize("precision", TOLERANCES)
def test_both_back_ends_agree(network: Network, precision: Any, random_model: Build) -> None:  # noqa: ANN401
    model = random_model(network, "raw")
    runtime = choose_runtime("torch", "cpu", precision)
    for graph in model.graphs:
        one = open_session(model, graph, choose_runtime("onnx", "cpu"))
        other = open_session(model, graph, runtime)
        for units in ((2, 3), (3, 1)):
            size = graph.multiple * units[0], graph.multiple * units[1]
            inputs = [each[0] for each in photos(graph, 4, size)]
            expected, output = one.run(inputs), other.run(inputs)
            assert output.dtype == expected.dtype == np.float32
            tolerance = TOLERANCES[precision] * np.abs(expected).max()
            np.testing.assert_allclose(output, expected, atol=tolerance, rtol=0)


def restore(network: Network, model: Model, pair: tuple[Path, Path], folder: Path) -> list[Planes]:
    """The pictures that the command line writes with each back end."""
    (graph, *_) = network.graphs(model.config)
    sources = dict(zip(("long", "short"), pair, strict=True))
    given = [path for name, path in sources.items() if name in graph.inputs]
    pictures: list[Planes] = []
    for backend in BACKENDS:
        output = folder / f"{backend}.png"
        options = ["-o", output, "--model", model.folder, "--backend", backend, "--device", "cpu"]
        assert run(["restore", *map(str, [*given, *options]), "--precision", "fp32", "-q"]) == 0
        pictures.append((decode(output).pixels / 65535).astype(np.float32))
    return pictures


@pytest.mark.slow
@every_restorer
def test_it_restores_photos_through_both_back_ends(
    network: Network,
    pair: str,
    raw_pair: tuple[Path, Path],
    rgb_pair: tuple[Path, Path],
    tmp_path: Path,
    random_model: Build,
) -> None:
    chosen = {"raw": raw_pair, "rgb": rgb_pair}[pair]
    model = random_model(network, "srgb" if pair == "rgb" else "raw")
    one, other = restore(network, model, chosen, tmp_path)
    assert one.shape == other.shape == decode(chosen[0], "srgb").pixels.shape
    assert np.ptp(one) > 0
    assert np.abs(one - other).mean() < 1e-4
