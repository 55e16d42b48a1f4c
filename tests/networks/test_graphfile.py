"""Reading an exported graph; the contract reads those of every network."""

from pathlib import Path

import pytest

from pairfix.networks.graphfile import parameter_shapes


@pytest.mark.parametrize("content", [b"not a model", b"\x3a\xff\x01abc", b"\x3a"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not an ONNX model"):
        parameter_shapes(path)
