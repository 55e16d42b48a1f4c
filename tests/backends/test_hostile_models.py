"""Whatever stands in a stranger's model: it runs, or is refused in one line within two seconds."""

import hashlib
import json
import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.numpy
from onnx import TensorProto, helper

from pairfix.backends import OpenModel, choose_runtime
from pairfix.backends.onnx_graph import check_graph
from pairfix.cli import run
from pairfix.errors import ModelError
from pairfix.model import find_model, shipped_models
from pairfix.model.measured import MEASURED, read_measured

Edit = Callable[[Any], object]
_SECONDS = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(find_model("reblur-raw").folder, tmp_path / "mine")
    return tmp_path / "mine"


@contextmanager
def refused_at_once(match: str) -> Iterator[None]:
    begun = time.process_time()
    with pytest.raises(ModelError, match=match):
        yield
    assert time.process_time() - begun < _SECONDS


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Write a file of the model, and its checksum."""
    (folder / name).write_bytes(content)
    path = folder / "config.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["sha256"][name] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(about), encoding="utf-8")


def run_model(folder: Path, backend: str = "onnx") -> None:
    model = find_model(folder)
    (graph,) = model.graphs
    session = OpenModel(model, choose_runtime(backend, "cpu")).session(graph)
    session.run([np.zeros((4, 16, 24), np.float32)])


def edit_graph(folder: Path, edit: Edit) -> None:
    proto = onnx.load_model(folder / "reblur.onnx", load_external_data=False)
    edit(proto)
    replace_file(folder, "reblur.onnx", proto.SerializeToString())


def test_every_shipped_graph_is_what_a_graph_may_be() -> None:
    for model in shipped_models():
        names = model.tensors().keys()
        for graph in model.graphs:
            check_graph(model.graph_path(graph).read_bytes(), names)


def _with_file(proto: Any) -> None:  # noqa: ANN401
    tensor = proto.graph.initializer.add(name="stolen", dims=[4], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _with_constant_from_file(proto: Any) -> None:  # noqa: ANN401
    tensor = TensorProto(name="stolen", dims=[4], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    proto.graph.node.append(helper.make_node("Constant", [], ["stolen"], value=tensor))


def _with_loop(proto: Any) -> None:  # noqa: ANN401
    body = helper.make_graph([], "body", [], [])
    proto.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def _with_body(proto: Any) -> None:  # noqa: ANN401
    body = helper.make_graph([], "body", [], [])
    proto.graph.node[0].attribute.append(helper.make_attribute("body", body))


def _with_function(proto: Any) -> None:  # noqa: ANN401
    proto.functions.append(helper.make_function("a", "f", [], [], [], proto.opset_import))


def _rename_input(proto: Any) -> None:  # noqa: ANN401
    proto.graph.input[0].name = proto.graph.node[0].input[0] = "short"
    for node in proto.graph.node:
        node.input[:] = ["short" if name == "long" else name for name in node.input]


def _fix_size(proto: Any) -> None:  # noqa: ANN401
    for dimension in proto.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.Clear()
        dimension.dim_value = 7


def _add_output(proto: Any) -> None:  # noqa: ANN401
    proto.graph.output.add().CopyFrom(proto.graph.input[0])


def _make_double(proto: Any) -> None:  # noqa: ANN401
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def _shrink(proto: Any) -> None:  # noqa: ANN401
    name = proto.graph.output[0].name
    last = next(node for node in proto.graph.node if name in node.output)
    last.output[:] = ["whole"]
    pool = helper.make_node("MaxPool", ["whole"], [name], kernel_shape=[2, 2], strides=[2, 2])
    proto.graph.node.append(pool)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_with_file, "stolen is not among the weights"),
        (_with_constant_from_file, "Constant is more than an operation"),
        (_with_loop, "needs its operation Loop"),
        (_with_body, "more than an operation"),
        (_with_function, "holds functions"),
        (_rename_input, "does not take long"),
        (_fix_size, "cannot be run"),
        (_add_output, "several pictures"),
        (_make_double, "cannot be loaded"),
        (_shrink, r"gives \(1, 4, 8, 12\), not a photo"),
        (lambda proto: proto.graph.node.pop(), "cannot be loaded"),
        (lambda proto: proto.graph.ClearField("node"), "not the graph of a network"),
        (lambda proto: setattr(proto.opset_import[0], "version", 99), "cannot be loaded"),
        (lambda proto: setattr(proto.graph.node[0], "domain", "other"), "needs its operation"),
        (lambda proto: setattr(proto, "ir_version", 1 << 40), "cannot be loaded"),
    ],
)
def test_a_graph_that_is_none_of_a_network(folder: Path, edit: Edit, message: str) -> None:
    edit_graph(folder, edit)
    with refused_at_once(message):
        run_model(folder)


def _message(key: bytes, content: bytes) -> bytes:
    assert len(content) < 128
    return key + bytes([len(content)]) + content


@pytest.mark.parametrize(
    "graph",
    [
        _message(b"\x3a", _message(b"\x0a", b"\x22\x04Loop" + b"\x21Identity")),
        _message(b"\xba\x80\x80\x80\x70", _message(b"\x0a", b"\x22\x04Loop")),
    ],
    ids=["a name in another encoding", "a key beyond 32 bits"],
)
def test_what_protocol_buffers_reads_otherwise_hides_nothing(folder: Path, graph: bytes) -> None:
    whole = (folder / "reblur.onnx").read_bytes()
    names = find_model(folder).tensors().keys()
    check_graph(whole, names)
    with pytest.raises(ValueError, match=r"Loop|damaged"):
        check_graph(whole + graph, names)


def test_a_graph_is_never_taken_for_onnx_runtimes_own_format(folder: Path) -> None:
    """That is told by four letters, which are an unknown field here."""
    whole = (folder / "reblur.onnx").read_bytes()
    replace_file(folder, "reblur.onnx", b"\x0a\x06\0\0ORTM" + whole)
    run_model(folder)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\x3a", b"\x3a\x00", b"\x3a\xff\xff\xff\xff\x7f", b"\x3a\x80" + b"\xff" * 12),
        *(bytes([each]) * (1 << 20) for each in (0x00, 0x01, 0x08, 0x0B, 0x0A, 0x3A, 0x80, 0xFF)),
        b"\x08\x0a" * (1 << 20),
    ],
    ids=lambda content: f"{len(content)} from {content[:2].hex()}",
)
def test_a_graph_of_nonsense(folder: Path, content: bytes) -> None:
    replace_file(folder, "reblur.onnx", content)
    with refused_at_once(r"reblur\.onnx cannot be loaded"):
        run_model(folder)


def test_a_truncated_graph(folder: Path) -> None:
    whole = (folder / "reblur.onnx").read_bytes()
    for length in range(0, len(whole), 97):
        replace_file(folder, "reblur.onnx", whole[:length])
        with refused_at_once(r"reblur\.onnx cannot be loaded"):
            run_model(folder)


def _safetensors(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _one(kind: str, shape: list[int], length: int) -> bytes:
    return _safetensors(
        {"a": {"dtype": kind, "shape": shape, "data_offsets": [0, length]}}, bytes(length)
    )


@pytest.mark.parametrize(
    "content",
    [
        *(_one(kind, [8], 16) for kind in ("BF16", "I16", "U16")),
        *(_one(kind, [8], 8) for kind in ("F8_E5M2", "F8_E4M3", "F8_E8M0", "BOOL", "U8")),
        *(_one("F4", [8], 4), _one("C64", [8], 64), _one("I64", [8], 64), _one("I8", [8], 8)),
        *(_one("F32", [0, 1 << 62], 0), _one("F32", [1 << 63, 2], 0), _one("F32", [1] * 99, 4)),
        _safetensors(
            {each: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for each in "ab"}, b"1234"
        ),
        *(_safetensors(each * (1 << 18)) for each in (b" ", b"[", b"{", b'"', b"1", b'{"a":')),
        struct.pack("<Q", 1 << 63) + b"{}",
    ],
)
def test_weights_of_nonsense(folder: Path, content: bytes) -> None:
    replace_file(folder, "weights.safetensors", content)
    with refused_at_once("weights"):
        find_model(folder).tensors()


@pytest.mark.parametrize("value", [1e300, np.nan, -np.inf])
@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_weights_that_float32_cannot_hold(folder: Path, value: float, kind: type[Any]) -> None:
    tensors = safetensors.numpy.load_file(folder / "weights.safetensors")
    name = min(tensors)
    with np.errstate(over="ignore"):
        tensors[name] = np.full(tensors[name].shape, value, kind)
    replace_file(folder, "weights.safetensors", safetensors.numpy.save(tensors))
    with refused_at_once("not finite"):
        run_model(folder)


def test_a_file_larger_than_any_networks_is_not_read(folder: Path) -> None:
    with (folder / "weights.safetensors").open("r+b") as file:
        file.truncate(1 << 40)  # sparse
    with refused_at_once("larger than any network's"):
        find_model(folder).tensors()


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_network_that_its_weights_do_not_fill_takes_no_memory(folder: Path, backend: str) -> None:
    path = folder / "config.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["config"] |= {"width": 4096}
    path.write_text(json.dumps(about), encoding="utf-8")
    if backend == "torch":
        with pytest.raises(ModelError, match="do not fit"):
            run_model(folder, backend)
    else:
        run_model(folder, backend)  # the graph, not config.json, says how wide it is


@pytest.mark.parametrize(
    ("name", "value"), [("width", 4097), ("width", 10**17), ("blocks", 1 << 59)]
)
def test_a_network_beyond_reason(folder: Path, name: str, value: int) -> None:
    path = folder / "config.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["config"][name] = value
    path.write_text(json.dumps(about), encoding="utf-8")
    with refused_at_once(f"{name} is beyond 4096"):
        find_model(folder)


@pytest.mark.parametrize("name", ["config.json", MEASURED])
@pytest.mark.parametrize(
    "content",
    [
        *(b"[" * (1 << 16), b'{"a":' * 3000, b"1" * 5000, b'{"a": 1e999}', b'{"a": -Infinity}'),
        *(b'{"a": 1' + b"0" * 400 + b"}", b" " * (1 << 23), b'"\\ud800"', b"\xed\xa0\x80"),
    ],
    ids=lambda content: repr(content[:8]),
)
def test_json_of_nonsense(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with refused_at_once(name.replace(".", r"\.")):
        find_model(folder) if name == "config.json" else read_measured(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_in_place_of_what_was_measured(folder: Path) -> None:
    os.mkfifo(folder / MEASURED)
    with refused_at_once("not a regular file"):
        read_measured(folder)


@pytest.mark.parametrize("text", ["[", "[](", "> ", "* ", "`", "\u202e"])
def test_a_card_of_a_million_characters(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "README.md").write_text(text * (1_000_000 // len(text)), encoding="utf-8")
    begun = time.process_time()
    assert run(["models", "show", str(folder)]) == 0
    assert time.process_time() - begun < _SECONDS
    assert "\u202e" not in capsys.readouterr().out
