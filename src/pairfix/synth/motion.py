"""Paths of the camera, as one homography per moment (torch).

Coordinates are those of the sharp frame: x to the right, y downwards, the crop's centre at 0 and
its edges at -1 and 1. A homography maps them to where the photo is read. Motion within one
exposure is small, so it enters to first order: ``H(t) = I + A(t)``, A linear in the pose.
"""

import math

import torch
from torch import Tensor

from pairfix.synth.draw import Draw

__all__ = ["INSTANTS", "camera_path", "compose", "path_length", "sample_times", "smooth_paths"]

INSTANTS = 33
"""Instants from the exposure's start to its end at which a path's length is measured."""

_WAVES = 5
"""Waves of a path, each of about one more cycle per exposure than the one before."""
_LOWEST = (0.3, 0.8)
"""Cycles per exposure of the first wave."""
_AMPLITUDE = 0.25
"""Amplitude of a wave of one cycle per exposure, over the drift."""
_ROUGHNESS = 1.5
"""Power by which amplitudes fall with frequency: hands are slow, and tremble a little."""
_FOCAL = (2.0, 10.0)
"""Focal length over half the crop's side: a crop is a piece of a photo."""
_TILT = 0.3
"""Deviation of the scene plane's slopes."""
_SHARED = math.sqrt(5)
"""Five terms of a misalignment add up at a corner."""
_PROBES = 3
"""Points, across and down, at which the length of the camera's path is measured."""


def sample_times(moments: int, device: torch.device) -> Tensor:
    """The `INSTANTS` from 0 to 1, then the centres of `moments` equal parts of the exposure."""
    instants = torch.linspace(0, 1, INSTANTS, device=device)
    centres = (torch.arange(moments, device=device) + 0.5) / moments
    return torch.cat([instants, centres])


def smooth_paths(times: Tensor, channels: int, draw: Draw, *, waves: float = 1.0) -> Tensor:
    """Random smooth functions of time: a drift, and waves that are smaller the faster they are.

    Args:
        times: ``N x T``, the exposure's duration being 1.
        channels: Functions per sample, C.
        draw: Randomness.
        waves: Amplitude of the waves over that of a hand-held camera.

    Returns:
        ``N x T x C``.
    """
    count = len(times)
    lowest, highest = _LOWEST
    cycles = torch.arange(_WAVES, device=times.device) + draw.uniform(
        count, 1, channels, _WAVES, low=lowest, high=highest
    )
    amplitude = draw.normal(count, 1, channels, _WAVES, deviation=waves * _AMPLITUDE)
    phase = draw.uniform(count, 1, channels, _WAVES)
    angle = 2 * math.pi * (times[:, :, None, None] * cycles + phase)
    drift = draw.normal(count, 1, channels) * times[:, :, None]
    return drift + (amplitude * cycles**-_ROUGHNESS * angle.sin()).sum(dim=-1)


def camera_path(
    moments: int, length: Tensor, misalignment: Tensor, size: int, draw: Draw
) -> Tensor:
    """A camera's shake with 6 degrees of freedom, as alignment leaves it.

    The exposure's mean position is moved onto the sharp frame's, as aligning a blurred frame by one
    homography does; then a small error is added.

    Args:
        moments: Moments of the exposure, S.
        length: Mean length of the path over the crop, in pixels, N.
        misalignment: Standard deviation of that error at the crop's corners, in pixels, N.
        size: The crop's side in pixels.
        draw: Randomness.

    Returns:
        ``N x S x 3 x 3``: one homography per moment.
    """
    count = len(length)
    times = sample_times(moments, length.device).expand(count, -1)
    change = _homographies(smooth_paths(times, 6, draw), draw)
    drawn_length = path_length(_flow(change[:, :INSTANTS])) * size / 2
    path = change[:, INSTANTS:] * (length / drawn_length)[:, None, None, None]
    error = draw.normal(count, 1, 9, deviation=2 / size / _SHARED) * misalignment[:, None, None]
    error[..., 8] = 0
    identity = torch.eye(3, device=length.device)
    return identity + path - path.mean(dim=1, keepdim=True) + error.view(count, 1, 3, 3)


def path_length(places: Tensor) -> Tensor:
    """Mean length of the paths of k points, ``N x T x k x 2``."""
    return places.diff(dim=1).norm(dim=-1).sum(dim=1).mean(dim=-1)


def compose(after: Tensor, before: Tensor) -> Tensor:
    """Products of two batches of homographies, in full precision on every device."""
    return (after[..., :, :, None] * before[..., None, :, :]).sum(dim=-2)


def _homographies(pose: Tensor, draw: Draw) -> Tensor:
    """``K ([omega]x + t n^T / d) K^-1`` of small poses (omega, t / d), ``N x T x 6``."""
    count = len(pose)
    pitch, yaw, roll, right, down, forth = pose.unbind(dim=-1)
    zero = torch.zeros_like(pitch)
    turn = torch.stack([zero, -roll, yaw, roll, zero, -pitch, -yaw, pitch, zero], dim=-1)
    normal = torch.cat([draw.normal(count, 2, deviation=_TILT), torch.ones_like(pose[:, 0, :1])], 1)
    shift = torch.stack([right, down, forth], dim=-1)[..., None] * normal[:, None, None]
    focal = draw.log_uniform(count, 1, low=_FOCAL[0], high=_FOCAL[1])
    lens = torch.cat([focal, focal, torch.ones_like(focal)], dim=1)[:, None]
    return (turn.view_as(shift) + shift) * lens[..., None] / lens[:, :, None]


def _flow(change: Tensor) -> Tensor:
    """How far homographies, less the identity, move the probes: ``N x T x k x 2``."""
    probes = torch.linspace(-1, 1, _PROBES, device=change.device)
    places = torch.cartesian_prod(probes, probes)
    points = torch.cat([places, torch.ones_like(places[:, :1])], dim=1)
    moved = (change[:, :, None] * points[:, None]).sum(dim=-1)
    return moved[..., :2] - places * moved[..., 2:]
