"""Making model folders: from training, from official checkpoints, as ONNX graphs (torch)."""
