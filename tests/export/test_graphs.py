"""Graphs that leave pairfix."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from pairfix.backends import choose_runtime, open_session
from pairfix.errors import MissingExtraError, ModelError, OutputError
from pairfix.export import graphs
from pairfix.export.graphs import check_graphs, export_model
from pairfix.image import Planes
from pairfix.model import Model, find_model, shipped_models
from tests.networks.graphs import external_shapes

pytest.importorskip("torchvision")
pytest.importorskip("onnxscript")


@pytest.fixture
def model() -> Model:
    return find_model("selfir-srgb")


def inputs(model: Model, size: tuple[int, int]) -> dict[str, Planes]:
    rng = np.random.default_rng(5)
    return {name: rng.random((3, *size), dtype=np.float32) for name in model.graphs[0].inputs}


def run(session: ort.InferenceSession, planes: dict[str, Planes]) -> Planes:
    output: Planes = session.run(None, {name: each[None] for name, each in planes.items()})[0][0]
    return output


@pytest.mark.parametrize("model", shipped_models(), ids=lambda model: model.name)
def test_shipped_graphs_compute_what_pytorch_does(model: Model) -> None:
    check_graphs(model)


@pytest.mark.parametrize("with_weights", [True, False])
def test_an_exported_graph_runs_at_any_size(
    model: Model,
    with_weights: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    (path,) = export_model(model, tmp_path / "model.onnx", with_weights=with_weights)
    options = ort.SessionOptions()
    if not with_weights:
        tensors = model.tensors()
        values = [ort.OrtValue.ortvalue_from_numpy(value) for value in tensors.values()]
        options.add_external_initializers(list(tensors), values)
        session = ort.InferenceSession(path.read_bytes(), options)
        assert len(path.read_bytes()) < 100_000
        assert external_shapes(path) == {key: value.shape for key, value in tensors.items()}
    else:
        session = ort.InferenceSession(path)
        assert not external_shapes(path)
    expected = open_session(model, model.graphs[0], choose_runtime("onnx", "cpu"))
    for size in ((32, 96), (64, 32)):
        planes = inputs(model, size)
        output = expected.run(list(planes.values()))
        np.testing.assert_allclose(run(session, planes), output, atol=1e-6)


@pytest.mark.slow
def test_a_model_of_several_graphs_becomes_as_many_files(tmp_path: Path) -> None:
    paths = export_model(find_model("d2hnet-s-raw"), tmp_path / "mine.onnx", with_weights=True)
    assert [path.name for path in paths] == ["mine-deblur.onnx", "mine-enhance.onnx"]
    assert sorted(paths) == sorted(tmp_path.iterdir())
    for path in paths:
        ort.InferenceSession(path)


def test_a_graph_that_computes_something_else_is_not_exported(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match=r"fusion\.onnx differs from PyTorch by"):
        export_model(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_refused_and_kept(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match="--overwrite"):
        export_model(model, path)
    assert path.read_bytes() == b"precious"
    export_model(model, path, overwrite=True)
    assert external_shapes(path)


def test_a_name_without_onnx_is_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"end it in \.onnx"):
        export_model(model, tmp_path / "model.pt")


def test_without_pytorch_the_error_says_what_to_install(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pairfix\[torch\]'"):
        export_model(model, tmp_path / "model.onnx")
