"""What an exported graph holds."""

from pathlib import Path


def external_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that a graph takes from outside, by name."""
    import onnx  # noqa: PLC0415

    graph = onnx.load_model(path, load_external_data=False).graph
    return {
        tensor.name: tuple(tensor.dims)
        for tensor in graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    }
