from collections.abc import Callable, Sequence

import numpy as np
import pytest

from pairfix.image import Planes
from pairfix.light import CELL
from pairfix.stages.ensemble import Ensemble


class Seen:
    """A session that keeps what it is given."""

    def __init__(self, function: Callable[[Planes], Planes] = np.copy) -> None:
        self.function = function
        self.inputs: list[Planes] = []

    def run(self, inputs: Sequence[Planes]) -> Planes:
        self.inputs.append(inputs[0])
        return self.function(inputs[0])


def noise(channels: int, seed: int = 0) -> Planes:
    return np.random.default_rng(seed).normal(size=(channels, 12, 20)).astype(np.float32)


def mosaic(planes: Planes) -> Planes:
    whole = np.empty((2 * planes.shape[1], 2 * planes.shape[2]), np.float32)
    for plane, (row, column) in zip(planes, CELL, strict=True):
        whole[row::2, column::2] = plane
    return whole


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("count", range(1, 8 + 1))
def test_mirror_images_come_back_in_their_places(channels: int, count: int) -> None:
    session, planes = Seen(), noise(channels)
    result = Ensemble(session, count).run([planes, noise(channels, seed=1)])
    np.testing.assert_allclose(result, planes, atol=1e-6)
    assert len(session.inputs) == count


@pytest.mark.parametrize("channels", [3, 4])
def test_no_mirror_image_is_restored_twice(channels: int) -> None:
    session = Seen()
    Ensemble(session, 8).run([noise(channels)])
    assert len({each.tobytes() for each in session.inputs}) == 8


def test_a_mirrored_mosaic_has_its_colours_in_their_places() -> None:
    session = Seen()
    colours = np.arange(4, dtype=np.float32)[[0, 1, 1, 3], None, None] * np.ones((4, 12, 20))
    Ensemble(session, 8).run([colours.astype(np.float32)])
    for each in session.inputs:
        for plane, colour in zip(each, (0, 1, 1, 3), strict=True):
            assert np.all(plane == colour)


def test_a_mirrored_mosaic_is_the_same_scene_sampled_anew() -> None:
    rows, columns = np.mgrid[:24, :40].astype(np.float32)
    ramp = 3 * rows + columns
    planes = np.stack([ramp[row::2, column::2] for row, column in CELL])
    session = Seen()
    Ensemble(session, 8).run([planes])
    for each in session.inputs:
        inner = mosaic(each)[:-1, :-1]  # without lines that are repeated
        down, across = np.diff(inner, axis=0), np.diff(inner, axis=1)
        assert {abs(down[0, 0]), abs(across[0, 0])} == {1.0, 3.0}
        assert np.all(down == down[0, 0])
        assert np.all(across == across[0, 0])


@pytest.mark.parametrize("channels", [3, 4])
def test_errors_that_do_not_depend_on_each_other_average_out(channels: int) -> None:
    rng = np.random.default_rng(2)
    session = Seen(lambda planes: planes + rng.normal(size=planes.shape).astype(np.float32))
    left = Ensemble(session, 8).run([noise(channels)]) - noise(channels)
    assert left[:, :-1, :-1].std() == pytest.approx(8**-0.5, rel=0.1)
