from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pairfix.image import (
    AlignedPair,
    Alignment,
    Bayer,
    Domain,
    Exposure,
    ExposureMatch,
    Frame,
    NoiseProfile,
    Planes,
    Scene,
    SingleFrame,
)
from pairfix.light import encode_planes, planes_from_frame
from pairfix.noise import LEVELS, affine_curve, noise_planes
from pairfix.stages.inputs import network_inputs
from tests.scenes import scene

SHOT, READ = 0.006, 2e-4
PROFILE: NoiseProfile = ((SHOT, READ),) * 3
GAINS = (2.0, 1.0, 1.0, 1.5)


def frame(noise_profile: NoiseProfile | None, *, mosaic: bool = True) -> Frame:
    bayer = Bayer("RGGB", (0.0, 0.0, 0.0, 0.0), 65535.0, (2.0, 1.0, 1.5)) if mosaic else None
    pixels = np.zeros((4, 4), np.uint16) if mosaic else np.zeros((4, 4, 3), np.uint8)
    return Frame(
        *(Path("a.dng"), pixels, bayer, Exposure(), None, None, 1, b""),
        noise_profile=noise_profile,
    )


def pair(short: Planes, long: Planes, of: Frame, gain: float = 1.0) -> AlignedPair:
    match = ExposureMatch(gain, 1.0, 1.0, None)
    return AlignedPair(of, of, short, long, match, Alignment("none", np.eye(3), 1, 1, sure=True))


def noise_maps(of: Scene, domain: Domain) -> dict[str, Planes]:
    """The maps of all photos of a scene, as a network takes them."""
    names = [f"{role}_noise" for role in of.sources]
    planes = network_inputs(of, names, domain).encoded()
    return {name: planes[name] for name in names}


def sensor_pair(of: Frame) -> AlignedPair:
    """A textured scene under noise that is affine in the sensor's light."""
    rng = np.random.default_rng(5)
    clean = scene((512, 512), 2)[[0, 1, 1, 2]] * 0.8
    gains = np.array(GAINS, np.float32)[:, None, None]
    noise = np.sqrt(gains * SHOT * clean + gains**2 * READ) * rng.standard_normal(clean.shape)
    return pair((clean + noise).astype(np.float32), clean, of)


def test_a_stated_noise_profile_is_told_with_white_balance_and_gain() -> None:
    dark = np.zeros((4, 32, 32), np.float32)
    told = noise_maps(pair(dark, dark, frame(PROFILE), gain=4.0), "raw")
    slope = encode_planes(np.full((1, 1, 1), 1e-5, np.float32), "raw").item() / 1e-5
    expected = [4 * gain * np.sqrt(READ) * slope for gain in GAINS]
    np.testing.assert_allclose(told["short_noise"][:, 16, 16], expected, rtol=1e-3)
    np.testing.assert_allclose(told["long_noise"][:, 16, 16], np.array(expected) / 4, rtol=1e-3)


def test_what_a_file_does_not_state_is_measured_in_the_pair() -> None:
    stated = noise_maps(sensor_pair(frame(PROFILE)), "raw")["short_noise"]
    measured = noise_maps(sensor_pair(frame(None)), "raw")["short_noise"]
    assert np.median(np.abs(measured / stated - 1)) < 0.1
    assert np.quantile(np.abs(measured / stated - 1), 0.9) < 0.3


def test_a_single_clean_photo_is_told_as_clean() -> None:
    smooth = np.linspace(0.1, 0.6, 256, dtype=np.float32) * np.ones((3, 256, 1), np.float32)
    told = noise_maps(SingleFrame(frame(None, mosaic=False), "long", smooth), "srgb")
    assert set(told) == {"long_noise"}
    assert told["long_noise"].max() < 1e-3


def test_a_pair_clipped_throughout_still_gets_finite_noise() -> None:
    white = np.ones((3, 64, 64), np.float32)
    for planes in noise_maps(pair(white, white, frame(None, mosaic=False)), "srgb").values():
        assert np.isfinite(planes).all()


def test_first_order_noise_of_the_encoding_agrees_with_simulation() -> None:
    rng = np.random.default_rng(0)
    shot, read = np.array([1e-3]), np.array([1e-6])
    for domain in ("raw", "srgb"):
        curve = affine_curve(shot, read, domain)[0]
        light = np.float32(0.2)
        samples = light + np.sqrt(shot * light + read) * rng.standard_normal(200_000)
        encoded = encode_planes(samples.astype(np.float32)[None, None], domain)
        level = encode_planes(np.full((1, 1, 1), light), domain).item()
        assert np.interp(level, LEVELS, curve) == pytest.approx(encoded.std(), rel=0.02)


def test_planes_follow_the_curve_at_the_local_brightness() -> None:
    photo = np.broadcast_to(np.linspace(0, 1, 101, dtype=np.float32), (2, 40, 101))
    curve = np.stack([LEVELS * 0.1, 0.2 - LEVELS * 0.1])
    told = noise_planes(np.ascontiguousarray(photo), curve)
    np.testing.assert_allclose(told[0, 20, 3:-3], photo[0, 20, 3:-3] * 0.1, atol=1e-3)
    np.testing.assert_allclose(told[1, 20, 3:-3], 0.2 - photo[0, 20, 3:-3] * 0.1, atol=1e-3)


def test_synthetic_pairs_get_the_same_noise_maps() -> None:
    torch = pytest.importorskip("torch")
    from pairfix.synth import noise_maps  # noqa: PLC0415

    scene_ = sensor_pair(frame(PROFILE))
    short = encode_planes(scene_.short_planes, "raw")
    gains = np.array(GAINS)
    curve = affine_curve(gains * SHOT, gains**2 * READ, "raw")
    theirs = noise_maps.affine_curve(
        torch.tensor(gains * SHOT)[None].float(), torch.tensor(gains**2 * READ)[None].float(), "raw"
    )
    np.testing.assert_allclose(theirs[0].numpy(), curve, rtol=1e-4)
    planes = noise_maps.noise_planes(torch.from_numpy(short)[None], theirs)[0].numpy()
    np.testing.assert_allclose(planes, noise_planes(short, curve), atol=2e-4)


def test_torch_measures_white_noise_as_it_is() -> None:
    torch = pytest.importorskip("torch")
    from pairfix.synth import noise_maps  # noqa: PLC0415

    generator = torch.Generator().manual_seed(0)
    clean = torch.linspace(0, 1, 256).expand(2, 3, 256, 256)
    noise = torch.randn(clean.shape, generator=generator) * (0.02 + 0.1 * clean)
    curve = noise_maps.measured_curve(clean + noise, clean)
    expected = 0.02 + 0.1 * torch.from_numpy(LEVELS)
    torch.testing.assert_close(curve, expected.expand_as(curve), rtol=0.2, atol=0)


def test_a_raw_without_a_profile_restores_like_one_with_it() -> None:
    """The estimate is near enough that what is told hardly differs on a whole file."""
    example = Path(__file__).parents[1] / "examples" / "neon"
    from pairfix.formats import decode  # noqa: PLC0415

    long, short = decode(example / "long.dng"), decode(example / "short.dng")
    planes = {"long": planes_from_frame(long), "short": planes_from_frame(short)}
    stated = replace(pair(planes["short"], planes["long"], short))
    silent = pair(planes["short"], planes["long"], replace(short, noise_profile=None))
    one = noise_maps(stated, "raw")["short_noise"]
    other = noise_maps(silent, "raw")["short_noise"]
    assert np.median(np.abs(other / one - 1)) < 0.15
