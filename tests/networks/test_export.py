"""Exported graphs."""

from pathlib import Path

import pytest

from pairfix.networks import NETWORKS
from pairfix.networks.graphfile import parameter_shapes

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pairfix.networks.export import export_graphs  # noqa: PLC0415

    network = NETWORKS["selfir"]
    config = network.config(channels=3, width=8)
    folder = tmp_path_factory.mktemp("graphs")
    (path,) = export_graphs(network, config, network.modules(config), folder)
    return path


def test_a_graph_wants_the_parameters_of_its_module(exported: Path) -> None:
    network = NETWORKS["selfir"]
    module = network.modules(network.config(channels=3, width=8))["fusion"]
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert parameter_shapes(exported) == expected


def test_a_graph_is_small_and_tells_nothing_of_the_machine(exported: Path) -> None:
    content = exported.read_bytes()
    assert len(content) < 100_000
    assert str(Path.cwd()).encode() not in content
    assert b".py" not in content


def test_nothing_else_is_left_in_the_folder(exported: Path) -> None:
    assert list(exported.parent.iterdir()) == [exported]


@pytest.mark.parametrize("content", [b"not a model", b"\x3a\xff\x01abc", b"\x3a"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not an ONNX model"):
        parameter_shapes(path)
