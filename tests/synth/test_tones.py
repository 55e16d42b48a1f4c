"""Tones of synthetic short frames."""

from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from pairfix.synth.light import encode_planes  # noqa: E402
from pairfix.synth.tones import matched_tones  # noqa: E402

if TYPE_CHECKING:
    from torch import Generator, Tensor

SIDE = 96


def lifted(level: float, generator: "Generator") -> "tuple[Tensor, Tensor]":
    """A dark scene with a bright half, and the same with noise that was cut off at black."""
    truth = torch.full((1, 3, SIDE, SIDE), level)
    truth[..., SIDE // 2 :] = 0.3
    noise = 0.05 * torch.randn(truth.shape, generator=generator)
    return (truth + noise).clamp_min(0), truth


def test_shadows_lifted_by_noise_that_was_cut_off_come_back_to_their_brightness() -> None:
    short, truth = lifted(0.004, torch.Generator().manual_seed(1))
    dark = (slice(None), slice(None), slice(None), slice(0, SIDE // 2 - 16))
    wanted = encode_planes(truth, "srgb")[dark]
    before = encode_planes(short, "srgb")[dark].mean() - wanted.mean()
    after = matched_tones(short, truth)[dark].mean() - wanted.mean()
    assert before > 0.05
    assert after.abs() < 0.5 * before


def test_frames_that_agree_stay_as_they_are() -> None:
    _, truth = lifted(0.1, torch.Generator().manual_seed(1))
    matched = matched_tones(truth, truth)
    torch.testing.assert_close(matched, encode_planes(truth, "srgb"), atol=1e-4, rtol=0)


def test_noise_keeps_its_amplitude() -> None:
    generator = torch.Generator().manual_seed(2)
    truth = torch.full((1, 3, SIDE, SIDE), 0.2)
    short = 0.8 * truth + 0.02 * torch.randn(truth.shape, generator=generator)
    matched = matched_tones(short, truth)
    wanted = encode_planes(truth, "srgb")
    torch.testing.assert_close(matched.mean(), wanted.mean(), atol=0.01, rtol=0)
    torch.testing.assert_close(matched.std(), encode_planes(short, "srgb").std(), rtol=0.1, atol=0)
