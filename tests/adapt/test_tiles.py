from dataclasses import replace

import numpy as np
import pytest

from pairfix.adapt.tiles import choose_tiles
from pairfix.image import AlignedPair, Domain, SingleFrame
from pairfix.light import encode_planes
from pairfix.model import Model
from tests.adapt.models import small_model
from tests.scenes import aligned, rgb_frame, scene


def test_tiles_hold_every_input_of_the_network_at_one_size(
    pair: AlignedPair, deblurrer: Model
) -> None:
    tiles = choose_tiles(pair, pair.reference_planes, deblurrer)
    (graph,) = deblurrer.graphs
    assert len(tiles) >= 1
    assert all(set(tile) == set(graph.inputs) for tile in tiles)
    (shape,) = {planes.shape for tile in tiles for planes in tile.values()}
    assert shape[0] == deblurrer.config.channels
    assert all(side % graph.multiple == 0 for side in shape[1:])


def test_tiles_are_in_the_range_of_the_network(pair: AlignedPair, deblurrer: Model) -> None:
    encoded = encode_planes(pair.long_planes, deblurrer.domain)
    for tile in choose_tiles(pair, pair.reference_planes, deblurrer):
        assert encoded.min() <= tile["long"].min() <= tile["long"].max() <= encoded.max()


@pytest.mark.parametrize("domain", ["srgb"], indirect=True)
def test_blurred_places_are_taken_and_large_photos_take_no_more_tiles(deblurrer: Model) -> None:
    light = scene((640, 1600), radius=8)
    pair = aligned(rgb_frame(light), rgb_frame(light, name="long.png"))
    long = pair.long_planes.copy()
    long[:, 200:300, 1000:1100] = 1
    tiles = choose_tiles(replace(pair, long_planes=long), pair.reference_planes, deblurrer)
    assert len(tiles) == 8
    assert (tiles[0]["long"] > 0.999).sum() == 3 * 100 * 100
    assert {tile["long"].shape for tile in tiles} == {(3, 192, 192)}


@pytest.mark.parametrize("domain", ["srgb"], indirect=True)
@pytest.mark.parametrize("size", [(1, 1), (20, 300), (193, 191)])
def test_small_photos_have_tiles_too(deblurrer: Model, size: tuple[int, int]) -> None:
    frame = rgb_frame(np.full((3, *size), 0.3, np.float32))
    pair = aligned(frame, frame)
    tiles = choose_tiles(pair, pair.reference_planes, deblurrer)
    assert 1 <= len(tiles) <= 8
    assert all(side % 32 == 0 for side in tiles[0]["long"].shape[1:])


@pytest.mark.parametrize("domain", ["srgb"], indirect=True)
def test_a_single_long_exposure_will_do(pair: AlignedPair, domain: Domain) -> None:
    model = small_model("selfir", domain, inputs=("long",), noise=True)
    frame = SingleFrame(pair.long, "long", pair.long_planes)
    tiles = choose_tiles(frame, pair.reference_planes, model)
    assert set(tiles[0]) == {"long", "long_noise"}
    told_twice = choose_tiles(frame, pair.reference_planes, model, noise_factor=2.0)
    np.testing.assert_allclose(told_twice[0]["long_noise"], 2 * tiles[0]["long_noise"], rtol=1e-6)
