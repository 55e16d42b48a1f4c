from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pairfix.image import Bayer, Domain, Exposure, Frame, Pixels
from pairfix.light import (
    decode_planes,
    encode_planes,
    linear_to_srgb,
    mean_light,
    mosaic_from_planes,
    planes_from_frame,
    planes_from_mosaic,
    srgb_to_linear,
)

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")


def bayer(pattern: str) -> Bayer:
    return Bayer(pattern, (60.0, 62.0, 64.0, 66.0), 1023.0, (1.9, 1.0, 1.6))


def mosaic_of(colours: dict[str, int], pattern: str, size: tuple[int, int]) -> NDArray[np.uint16]:
    cell = np.array([colours[name] for name in pattern], np.uint16).reshape(2, 2)
    return np.tile(cell, (size[0] // 2 + 1, size[1] // 2 + 1))[: size[0], : size[1]]


@given(
    st.sampled_from(PATTERNS),
    st.tuples(st.integers(2, 17), st.integers(2, 17)),
    st.integers(0, 2**32 - 1),
)
def test_packing_and_unpacking_a_mosaic_gives_it_back(
    pattern: str, size: tuple[int, int], seed: int
) -> None:
    mosaic = np.random.default_rng(seed).integers(0, 1024, size, dtype=np.uint16)
    layout = Bayer(pattern, (64.0,) * 4, 1023.0, (1.9, 1.0, 1.6))
    restored = mosaic_from_planes(planes_from_mosaic(mosaic, layout), layout, size)
    np.testing.assert_allclose(restored * (1023 - 64) + 64, mosaic, atol=1e-3)


@pytest.mark.parametrize(("pattern", "size"), list(product(PATTERNS, [(8, 10), (7, 9)])))
def test_every_phase_gives_the_same_planes_for_the_same_colours(
    pattern: str, size: tuple[int, int]
) -> None:
    mosaic = mosaic_of({"R": 500, "G": 700, "B": 300}, pattern, size)
    planes = planes_from_mosaic(mosaic, Bayer(pattern, (0.0,) * 4, 1000.0, (2.0, 1.0, 1.5)))
    for plane, level in zip(planes, (1.0, 0.7, 0.7, 0.45), strict=True):
        np.testing.assert_allclose(plane, level, rtol=1e-6)


def test_each_channel_loses_its_own_black_level() -> None:
    mosaic = np.array([[60, 62], [64, 66]], np.uint16)
    assert not planes_from_mosaic(mosaic, bayer("RGGB")).any()


def test_values_below_black_stay_negative() -> None:
    mosaic = np.zeros((4, 4), np.uint16)
    assert (planes_from_mosaic(mosaic, bayer("RGGB")) < 0).all()


def test_white_is_one_in_green_and_the_white_balance_elsewhere() -> None:
    planes = planes_from_mosaic(np.full((2, 2), 1023, np.uint16), bayer("RGGB"))
    np.testing.assert_allclose(planes.ravel(), [1.9, 1.0, 1.0, 1.6], rtol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_srgb_encoding_is_undone_by_decoding(seed: int) -> None:
    linear = np.random.default_rng(seed).random(100, np.float32)
    np.testing.assert_allclose(srgb_to_linear(linear_to_srgb(linear)), linear, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rgb_pixels_become_linear_planes_whatever_their_depth(
    dtype: Any,  # noqa: ANN401
) -> None:
    peak = np.iinfo(dtype).max
    pixels: Pixels = np.array([[[0, peak, peak // 2]]], dtype)
    frame = Frame(Path("a.png"), pixels, None, Exposure(), None, None, 1, b"")
    planes = planes_from_frame(frame)
    assert planes.shape == (3, 1, 1)
    np.testing.assert_allclose(planes.ravel(), [0, 1, 0.2127], atol=2e-3)


def test_mean_light_of_a_mosaic_weighs_the_two_greens_as_one() -> None:
    planes = np.array([0.3, 0.5, 0.7, 0.9], np.float32).reshape(4, 1, 1)
    np.testing.assert_allclose(mean_light(planes), (0.3 + 0.6 + 0.9) / 3, rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["raw", "srgb"]))
def test_decoding_undoes_encoding(seed: int, domain: Domain) -> None:
    planes = np.random.default_rng(seed).random((3, 4, 5), np.float32)
    np.testing.assert_allclose(
        decode_planes(encode_planes(planes, domain), domain), planes, atol=1e-5
    )


def test_the_raw_domain_keeps_noise_below_black_and_cuts_at_one() -> None:
    encoded = encode_planes(np.array([[[-0.05, 0.0, 1.0, 3.0]]], np.float32), "raw")
    expected = np.arcsinh(np.array([-1, 0, 20, 20])) / np.arcsinh(20)
    np.testing.assert_allclose(encoded.ravel(), expected, rtol=1e-5)
