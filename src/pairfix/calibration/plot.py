"""A plot of a camera's noise (matplotlib, of the extra `torch`)."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pairfix.calibration.calibrate import Calibrated
from pairfix.calibration.evidence import Evidence, by_setting
from pairfix.calibration.profile import FrameFit, Setting
from pairfix.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_noise", "require_matplotlib"]

_COLOURS = {"R": "tab:red", "G": "tab:green", "B": "tab:blue"}
_PANEL = 3.2
"""Side of one diagram in inches, at 100 pixels each."""
_TOP = 0.995
"""Share of the blocks, by variance, that the diagram shows."""


def require_matplotlib() -> None:
    """Check that `draw_noise` can draw.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError(
            "this needs matplotlib, which is not installed", "pip install 'pairfix[torch]'"
        )


def draw_noise(calibrated: Calibrated) -> bytes:
    """A PNG of the short exposures' noise: a row of diagrams for each setting.

    Blocks' variances over brightness, colour by colour, with the fitted line and the one that the
    DNGs state; then the correlation of neighbours.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    settings = calibrated.profile.settings
    groups, _ = by_setting(calibrated.evidence)
    across = len(_COLOURS) + 1
    figure = Figure(figsize=(across * _PANEL, len(settings) * _PANEL), layout="constrained")
    panels = figure.subplots(len(settings), across, squeeze=False)
    for row, setting, group in zip(panels, settings, groups, strict=True):
        for axes, colour in zip(row, _COLOURS, strict=False):
            _draw_variance(axes, colour, setting, group)
        row[0].set_ylabel(f"variance, {_title(setting)}")
        _draw_correlation(row[-1], setting.short)
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _title(setting: Setting) -> str:
    return "ISO not known" if setting.iso is None else f"ISO {setting.iso:.0f}"


def _draw_variance(axes: "Axes", colour: str, setting: Setting, group: Sequence[Evidence]) -> None:
    index = [*_COLOURS].index(colour)
    planes = setting.planes_of(index)
    points = [_own_variance(each, plane, setting.long) for each in group for plane in planes]
    level = np.concatenate([levels for levels, _ in points])
    variance = np.concatenate([variances for _, variances in points])
    axes.plot(level, variance, ".", markersize=2, color="silver", label="blocks")
    ends = np.array([0.0, max(float(level.max()), 0.0)])
    fit = setting.short
    lines = fit.rows**2 + fit.columns**2
    measured = fit.shot[planes[0]] * ends + fit.read[planes[0]] + lines
    axes.plot(ends, measured, color=_COLOURS[colour], label="measured")
    top = max(float(np.quantile(variance, _TOP)), float(measured[-1]))
    if setting.stated:
        shot, read = setting.stated[index]
        stated = shot * ends + read
        axes.plot(ends, stated, "--", color="black", label="stated")
        top = max(top, float(stated[-1]))
    axes.set_ylim(0, 1.05 * top)
    axes.set_title(f"{colour}, over brightness", fontsize="medium")
    axes.ticklabel_format(axis="y", scilimits=(0, 0))
    axes.legend(fontsize="small", loc="upper left")


def _own_variance(
    pair: Evidence, plane: int, long: FrameFit
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Brightness and variance of a plane's blocks, without the long frame's share."""
    blocks = pair.blocks
    level, long_level = blocks.level[plane], blocks.long_level[plane]
    added = np.float32(blocks.scale**2) * (
        np.float32(long.shot[plane]) * long_level + np.float32(long.read[plane])
    )
    return level, blocks.variance[plane] - added


def _draw_correlation(axes: "Axes", fit: FrameFit) -> None:
    table = np.array(fit.correlation)
    reach = len(table) // 2
    axes.imshow(table, vmin=-1, vmax=1, cmap="RdBu_r", extent=(-reach - 0.5, reach + 0.5) * 2)
    axes.set_title("correlation by distance (px)", fontsize="medium")
    if reach:
        for row, column in np.argwhere(table != 0):
            place = (column - reach, reach - row)
            axes.text(*place, f"{table[row, column]:.2f}", ha="center", va="center", fontsize=7)
