"""Synthetic restorations for tests of the report page."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pairfix.backends import Runtime
from pairfix.image import Alignment, Exposure, Frame, Picture, SingleFrame
from pairfix.light import planes_from_frame
from pairfix.model import Model
from pairfix.networks import NETWORKS
from pairfix.output.report import Restoration, SceneFacts
from tests.scenes import aligned, raw_frame, scene

SIZE = (360, 480)
RUNTIME = Runtime("onnx", "cpu", "fp32", "CPU (ONNX Runtime, fp32)", "no CUDA device")
MOVED = Alignment(
    "translation", np.array([[1.0, 0, 3], [0, 1, -4], [0, 0, 1]]), 0.8, 0.96, sure=True
)


def pictures(size: tuple[int, int] = SIZE) -> dict[str, Picture]:
    """A noisy, a blurred and a clean picture of one scene."""
    rng = np.random.default_rng(0)
    clean = (scene(size, radius=2).transpose(1, 2, 0) * 65535).astype(np.float32)
    noisy = np.clip(clean + rng.normal(0, 6000, clean.shape), 0, 65535)
    arrays = {"short": noisy, "long": cv2.blur(clean, (15, 3)), "result": clean}
    return {
        name: Picture(np.ascontiguousarray(array.astype(np.uint16)), b"")
        for name, array in arrays.items()
    }


def frames(short: str = "short.dng", long: str = "long.dng") -> tuple[Frame, Frame]:
    """A short and a long exposure, small, under the names given."""
    return (
        raw_frame(scene(), name=short, exposure=Exposure(1 / 60, 6400, 1.8)),
        raw_frame(scene(), name=long, exposure=Exposure(2.5, 100, 1.8)),
    )


def restoration(
    short: str = "short.dng",
    long: str = "long.dng",
    output: str = "out.png",
    alignment: Alignment = MOVED,
    remarks: tuple[str, ...] = (),
) -> Restoration:
    """A pair's; the long photo 4 stops brighter."""
    pair = aligned(*frames(short, long))
    match = replace(pair.match, short_gain=16.0, measured_ratio=16.0, recorded_ratio=2.34)
    return Restoration(
        SceneFacts.of(replace(pair, match=match, alignment=alignment)),
        {"decode": 0.1, "fuse": 2.5, "develop": 0.4},
        Path("folder") / output,
        remarks,
        model=_model("short", "long"),
        runtime=RUNTIME,
        tile=512,
    )


def single(output: str = "out.png") -> Restoration:
    """That of one photo alone."""
    _, long = frames()
    return Restoration(
        SceneFacts.of(SingleFrame(long, "long", planes_from_frame(long))),
        {"decode": 0.1, "fuse": 2.5},
        Path(output),
        model=_model("long"),
        runtime=RUNTIME,
        tile=512,
    )


def _model(*inputs: str) -> Model:
    network = NETWORKS["selfir"]
    return Model("mine", Path("mine"), network, network.config(inputs=inputs), "raw", {})
