import numpy as np
import pytest

from pairfix.image import AlignedPair, Planes
from pairfix.light import encode_planes
from pairfix.stages import inputs
from pairfix.stages.inputs import network_inputs
from tests.scenes import aligned, raw_frame, scene


@pytest.fixture
def pair() -> AlignedPair:
    light = scene((64, 64))
    return aligned(raw_frame(light, noise=0.02), raw_frame(light, name="long.dng"))


def test_photos_stay_in_linear_light_until_a_piece_is_needed(pair: AlignedPair) -> None:
    found = network_inputs(pair, ["short", "long"], "raw")
    assert found.planes["short"] is pair.short_planes
    piece = pair.short_planes[:, :8, :8]
    (encoded,) = found.encode({"short": piece}, ["short"])
    np.testing.assert_array_equal(encoded, encode_planes(piece, "raw"))


def test_noise_maps_are_there_where_a_network_names_them(pair: AlignedPair) -> None:
    assert set(network_inputs(pair, ["short", "long"], "raw").encoded()) == {"short", "long"}
    found = network_inputs(pair, ["short", "long", "short_noise"], "raw")
    assert set(found.planes) == {"short", "long"}, "memory holds no map"
    encoded = found.encoded()
    assert set(encoded) == {"short", "long", "short_noise"}
    assert encoded["short_noise"].shape == pair.short_planes.shape
    assert (encoded["short_noise"] > 0).all()


def test_a_noise_factor_scales_the_noise_maps_and_nothing_else(pair: AlignedPair) -> None:
    names = ["short", "long", "short_noise", "long_noise"]
    plain, doubled = (network_inputs(pair, names, "raw", each).encoded() for each in (1.0, 2.0))
    for name in names:
        factor = 2 if name in inputs.NOISE_MAPS else 1
        np.testing.assert_allclose(doubled[name], plain[name] * factor, rtol=1e-6)


def test_another_kind_of_extra_planes_is_a_function_and_a_name(
    pair: AlignedPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def difference(_scene: object, encoded: dict[str, Planes], _domain: str) -> Planes:
        return np.abs(encoded["short"] - encoded["long"])

    monkeypatch.setattr(inputs, "EXTRA_PLANES", {**inputs.EXTRA_PLANES, "difference": difference})
    found = network_inputs(pair, ["short", "long", "difference"], "raw").encoded()
    np.testing.assert_array_equal(found["difference"], np.abs(found["short"] - found["long"]))
