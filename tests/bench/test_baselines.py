from dataclasses import replace

import numpy as np
import pytest

from pairfix.bench.baselines import BASELINES, BM3D
from pairfix.image import AlignedPair, DevelopSettings, Frame, Picture, Planes
from pairfix.metrics import psnr
from tests.scenes import aligned, raw_frame, rgb_frame, scene


@pytest.fixture
def without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show planes directly: mosaics of tests have no file that LibRaw could develop."""

    def develop(planes: Planes, frame: Frame, _s: DevelopSettings, *, gain: float) -> Picture:
        assert (frame.bayer is not None, gain) == (True, 1.0)
        rgb = np.clip(planes[[0, 1, 3]].transpose(1, 2, 0), 0, 1)
        return Picture(np.rint(rgb * 65535).astype(np.uint16), exif=b"")

    monkeypatch.setattr("pairfix.bench.baselines.develop", develop)


def quality(name: str, pair: AlignedPair, reference: AlignedPair) -> float:
    pictures = BASELINES[name].picture(pair), BASELINES["short"].picture(reference)
    result, expected = (each.pixels.astype(np.float32) / np.float32(65535) for each in pictures)
    return psnr(result, expected)


@pytest.mark.parametrize("name", ["NLM", BM3D])
def test_denoisers_bring_an_rgb_photo_closer_to_the_truth(name: str) -> None:
    if name == BM3D:
        pytest.importorskip("bm3d")
    light = scene((64, 72), radius=4)
    noisy, clean = (aligned(rgb_frame(light, noise=n), rgb_frame(light / 2)) for n in (0.05, 0))
    assert quality(name, noisy, clean) > quality("short", noisy, clean) + 2


@pytest.mark.usefixtures("without_files")
def test_bm3d_denoises_a_mosaic_plane_by_plane() -> None:
    pytest.importorskip("bm3d")
    light = scene((64, 64), radius=6)
    short = replace(raw_frame(light, noise=0.05), noise_profile=((1e-5, 0.05**2),) * 3)
    noisy, clean = aligned(short, raw_frame(light)), aligned(raw_frame(light), raw_frame(light))
    assert quality(BM3D, noisy, clean) > quality("short", noisy, clean) + 4


def test_the_long_photo_is_shown_aligned_and_unaligned() -> None:
    light = scene((64, 72), radius=4)
    pair = aligned(rgb_frame(light, noise=0.02), rgb_frame(light))
    moved = replace(pair, long_planes=np.roll(pair.long_planes, 3, axis=2))
    long = BASELINES["long"].picture(pair).pixels
    unaligned, shown = (
        BASELINES[name].picture(moved).pixels for name in ("long, unaligned", "long")
    )
    np.testing.assert_array_equal(unaligned, long)
    np.testing.assert_array_equal(shown, np.roll(long, 3, axis=1))
