import numpy as np
import pytest

from pairfix.crops import cut, differing_places
from pairfix.image import Picture


def flat(size: tuple[int, int] = (300, 400), value: int = 20000) -> Picture:
    return Picture(np.full((*size, 3), value, np.uint16), b"")


def with_patches(*corners: tuple[int, int], side: int = 60) -> Picture:
    """Flat but for squares, the first one the most different."""
    picture = flat()
    for rank, (top, left) in enumerate(corners):
        picture.pixels[top : top + side, left : left + side] = 60000 - 10000 * rank
    return picture


def test_places_come_in_the_order_of_their_difference() -> None:
    places = differing_places(flat(), with_patches((200, 300), (10, 20)), 100, 2)
    for (top, left), (row, column) in zip(places, [(200, 300), (10, 20)], strict=True):
        assert top <= row <= top + 40
        assert left <= column <= left + 40


def test_places_do_not_overlap() -> None:
    places = differing_places(flat(), with_patches((100, 100), side=200), 100, 6)
    for index, (top, left) in enumerate(places):
        for row, column in places[:index]:
            assert abs(top - row) >= 100 or abs(left - column) >= 100


def test_noise_counts_for_less_than_blur() -> None:
    rng = np.random.default_rng(0)
    noisy = flat()
    noise = rng.normal(0, 6000, (300, 200, 3))
    noisy.pixels[:, :200] = np.clip(noisy.pixels[:, :200] + noise, 0, 65535)
    noisy.pixels[100:200, 290:310] += 8000
    ((_, left),) = differing_places(flat(), noisy, 60, 1)
    assert 230 <= left <= 310


@pytest.mark.parametrize(("size", "count"), [((100, 100), 1), ((100, 250), 2), ((1, 1), 1)])
def test_there_are_only_as_many_places_as_fit(size: tuple[int, int], count: int) -> None:
    side = min(100, *size)
    assert len(differing_places(flat(size), flat(size), side, 3)) == count


def test_a_crop_is_what_lies_at_its_place() -> None:
    picture = with_patches((30, 40))
    assert (cut(picture, (30, 40), 60) == 60000).all()
