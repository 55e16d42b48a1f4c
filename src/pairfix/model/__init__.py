"""Models: a folder with trained weights, the graphs that take them, and what they are for.

A folder holds ``config.json``, ``weights.safetensors`` (floats, or int8 with scales:
`pairfix.model.storage`), one ``<graph>.onnx`` per graph (without weights), and the model card
``README.md``. A model that may run in int8 also has one ``<graph>.int8.onnx`` per graph, weights
included. An error in any of them is a `ModelError` that names the file.
"""

from pairfix.model.find import (
    CHANNELS,
    default_model,
    default_reblur_module,
    find_model,
    is_default,
    shipped_models,
    untrained_networks,
)
from pairfix.model.folder import CONFIG, WEIGHTS, Model, check_tensors, graph_file

__all__ = [
    "CHANNELS",
    "CONFIG",
    "WEIGHTS",
    "Model",
    "check_tensors",
    "default_model",
    "default_reblur_module",
    "find_model",
    "graph_file",
    "is_default",
    "shipped_models",
    "untrained_networks",
]
