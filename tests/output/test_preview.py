import numpy as np
import pytest

from pairfix.image import Picture
from pairfix.output.preview import compare


def picture(size: tuple[int, int], value: int) -> Picture:
    return Picture(np.full((*size, 3), value, np.uint16), b"")


def sheets(size: tuple[int, int]) -> dict[str, Picture]:
    values = {"short": 1000, "long": 2000, "result": 3000}
    return {name: picture(size, value) for name, value in values.items()}


def test_short_long_and_result_stand_side_by_side_at_full_size() -> None:
    sheet = compare(sheets((600, 700)))
    row = sheet.pixels[300, :, 0].tolist()
    assert [row.count(value) for value in (1000, 2000, 3000)] == [480, 480, 480]


def test_the_crop_shows_where_long_and_result_differ() -> None:
    pixels = np.full((1200, 1400, 3), 1000, np.uint16)
    pixels[650:1100, 850:1300] = 9000
    long = Picture(pixels, b"")
    sheet = compare(
        {"short": picture((1200, 1400), 1000), "long": long, "result": picture((1200, 1400), 1000)}
    )
    column = sheet.pixels[40:520, 480 + 8 : 960 + 8]
    assert np.count_nonzero(column == 9000) == 450 * 450 * 3


@pytest.mark.parametrize("size", [(3, 5), (40, 900), (481, 481)])
def test_photos_smaller_than_a_crop_are_shown_whole(size: tuple[int, int]) -> None:
    sheet = compare(sheets(size))
    assert np.count_nonzero(sheet.pixels == 3000) >= 3 * min(*size, 480) ** 2
