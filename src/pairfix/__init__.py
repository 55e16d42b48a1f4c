"""One sharp, clean photo from a long (blurred) and a short (noisy) exposure of the same scene.

    from pathlib import Path
    from pairfix import restore

    restoration = restore(Path("long.dng"), Path("short.dng"), Path("out.png"))
    print(restoration.runtime.description, restoration.seconds)

Importing pairfix loads none of the libraries that it depends on; using one of its names does.
It disables the telemetry of ONNX Runtime, huggingface_hub and Ray by environment variables, which
they read when they are first imported.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pairfix._version import __version__

os.environ |= {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}

if TYPE_CHECKING:
    from pairfix.backends import Runtime, choose_runtime
    from pairfix.errors import (
        AdaptationError,
        AlignmentError,
        ClusterError,
        DeviceError,
        InputError,
        MemoryExhaustedError,
        MetricError,
        MissingExtraError,
        ModelError,
        NotImprovedError,
        OutputError,
        PairError,
        PairfixError,
        WeightsMissingError,
    )
    from pairfix.formats import decode
    from pairfix.image import Alignment, Bayer, DevelopSettings, Exposure, Frame
    from pairfix.model import Model, find_model, shipped_models
    from pairfix.output.report import Report, Restoration
    from pairfix.pipeline import Recipe, Restored, Restorer, align_pair, restore
    from pairfix.progress import Stage, Timeline

__all__ = [
    "AdaptationError",
    "Alignment",
    "AlignmentError",
    "Bayer",
    "ClusterError",
    "DevelopSettings",
    "DeviceError",
    "Exposure",
    "Frame",
    "InputError",
    "MemoryExhaustedError",
    "MetricError",
    "MissingExtraError",
    "Model",
    "ModelError",
    "NotImprovedError",
    "OutputError",
    "PairError",
    "PairfixError",
    "Recipe",
    "Report",
    "Restoration",
    "Restored",
    "Restorer",
    "Runtime",
    "Stage",
    "Timeline",
    "WeightsMissingError",
    "__version__",
    "align_pair",
    "choose_runtime",
    "decode",
    "find_model",
    "restore",
    "shipped_models",
]

_HOMES = {
    "pairfix.backends": ("Runtime", "choose_runtime"),
    "pairfix.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "pairfix.formats": ("decode",),
    "pairfix.image": ("Alignment", "Bayer", "DevelopSettings", "Exposure", "Frame"),
    "pairfix.pipeline": ("Recipe", "Restored", "Restorer", "align_pair", "restore"),
    "pairfix.output.report": ("Report", "Restoration"),
    "pairfix.progress": ("Stage", "Timeline"),
    "pairfix.model": ("Model", "find_model", "shipped_models"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pairfix' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
