"""What was done, in words and numbers for photographers."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pairfix.errors import printable
from pairfix.image import Alignment, Box, Exposure, ExposureMatch, FrameFacts
from pairfix.output.report import Adaptation, Restoration

__all__ = [
    "Fact",
    "alignment_facts",
    "exposure_facts",
    "frame_facts",
    "result_facts",
    "settings_of",
    "sharp_long_facts",
    "stops",
]

_SLOWEST_FRACTION = 0.3
"""Exposure time in seconds from which decimals are customary instead of 1/n."""
_SAME = 0.005
"""Stops below which a difference is shown as none."""


class Fact(NamedTuple):
    """One line of a table."""

    label: str
    value: str


def settings_of(exposure: Exposure) -> str:
    """Shutter, aperture and ISO on one line; empty if none is known."""
    parts = [
        _shutter(exposure.shutter) if exposure.shutter else "",
        f"f/{exposure.aperture:.2g}" if exposure.aperture else "",
        f"ISO {exposure.iso:g}" if exposure.iso else "",
    ]
    return " · ".join(part for part in parts if part)


def stops(ratio: float) -> str:
    """A brightness ratio in exposure values, with sign."""
    value = math.log2(ratio)
    return f"{value:+.2f} EV".replace("-", "−") if abs(value) >= _SAME else "0 EV"


def frame_facts(frame: FrameFacts) -> list[Fact]:
    """Camera, settings and time of a photo; what the file does not state is left out."""
    height, width = frame.size
    kind = "raw" if frame.domain == "raw" else "developed raw" if frame.developed else "RGB"
    return _facts(
        ("Camera", frame.camera or ""),
        ("Shutter", _shutter(frame.exposure.shutter) if frame.exposure.shutter else ""),
        ("Aperture", f"f/{frame.exposure.aperture:.2g}" if frame.exposure.aperture else ""),
        ("ISO", f"{frame.exposure.iso:g}" if frame.exposure.iso else ""),
        ("Taken", f"{frame.taken:%d %B %Y, %H:%M:%S}" if frame.taken else ""),
        ("Stored", f"{width} × {height}, {kind}, {frame.bits} bits"),
    )


def exposure_facts(match: ExposureMatch) -> list[Fact]:
    """How much brighter the long photo was, and which photo was brightened."""
    gains = {"short": match.short_gain, "long": match.long_gain}
    brightened = ", ".join(
        f"the {role} photo by {stops(gain)}" for role, gain in gains.items() if gain > 1
    )
    return _facts(
        ("Long over short, measured", _ratio(match.measured_ratio)),
        ("As the camera recorded it", _ratio(match.recorded_ratio)),
        ("Brightened", brightened or "neither: they were equal"),
    )


def alignment_facts(alignment: Alignment, size: tuple[int, int]) -> list[Fact]:
    """How the long photo was moved onto the short one (height, width), and how well they agree."""
    facts = [("Motion", alignment.kind.replace("none", "none applied"))]
    if alignment.kind != "none":
        centre, corner = _shifts(alignment, size)
        facts += [
            ("Shift at the centre", f"{centre:.1f} px"),
            ("Largest, at a corner", f"{corner:.1f} px"),
        ]
    return _facts(
        *facts,
        ("Agreement before", f"{alignment.score_before:.3f}"),
        ("Agreement after", f"{alignment.score_after:.3f}"),
        ("Verdict", "sure" if alignment.sure else "not sure: check the result"),
    )


def sharp_long_facts(share: float) -> list[Fact]:
    """How much of the result is the long photo's own."""
    return _facts(("Share of the result", f"{share:.0%}".replace("%", " %")))


def result_facts(restoration: Restoration, size: tuple[int, int]) -> list[Fact]:
    """The result's size (width, height), the model, and what it ran on."""
    model, runtime = restoration.model, restoration.runtime
    width, height = size
    return _facts(
        ("Size", f"{width} × {height}"),
        ("Part of the photo", _part(restoration.crop)),
        ("Model", model.name),
        ("Network", f"{model.network.title}, {model.domain}"),
        ("Restored from", " and ".join(sorted(model.roles, reverse=True))),
        ("Ran on", runtime.description),
        ("Strength", f"{restoration.strength:g}"),
        ("Mirror images", "" if restoration.ensemble == 1 else f"mean of {restoration.ensemble}"),
        ("Why the CPU", runtime.reason),
        *_adaptation(restoration.adaptation),
        ("Tiles", f"up to {restoration.tile} × {restoration.tile}"),
    )


def _part(crop: Box | None) -> str:
    return "" if crop is None else f"from {crop.left}, {crop.top}"


def _adaptation(adaptation: Adaptation | None) -> list[tuple[str, str]]:
    if adaptation is None:
        return []
    before, after = adaptation.loss_before, adaptation.loss_after
    return [
        ("Adapted to the photo", f"{adaptation.steps} steps, {adaptation.module}"),
        ("Reblurring loss", f"{before:.3g}, then {after:.3g}"),
        ("Against the unadapted", f"{adaptation.psnr:.1f} dB"),
    ]


def _facts(*facts: tuple[str, str]) -> list[Fact]:
    return [Fact(label, printable(value)) for label, value in facts if value]


def _shutter(seconds: float) -> str:
    if seconds < _SLOWEST_FRACTION:
        return f"1/{1 / seconds:.0f} s"
    return f"{seconds:.3g} s"


def _ratio(ratio: float | None) -> str:
    return "not known" if ratio is None else f"{stops(ratio)} ({ratio:.3g}\N{NO-BREAK SPACE}×)"


def _shifts(alignment: Alignment, size: tuple[int, int]) -> tuple[float, float]:
    """Pixels by which the long photo was moved at the centre, and the most at any corner."""
    height, width = size
    bottom, right = height - 1.0, width - 1.0
    corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)]
    ((centre,), moves) = (
        _displacements(alignment, points) for points in ([(right / 2, bottom / 2)], corners)
    )
    return centre, max(moves)


def _displacements(alignment: Alignment, points: Iterable[tuple[float, float]]) -> list[float]:
    there = np.array([(x, y, 1.0) for x, y in points])
    here = there @ alignment.matrix.T
    moved = here[:, :2] / here[:, 2:] - there[:, :2]
    return [float(length) for length in np.hypot(moved[:, 0], moved[:, 1])]
