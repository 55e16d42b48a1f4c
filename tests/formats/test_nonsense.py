"""Metadata may say anything; it is checked before it is computed with, reported or written."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.errors import InputError
from pairfix.formats import decode, encode_dng, read_facts
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.light import planes_from_frame
from pairfix.pairs import find_pairs
from tests.formats.samples import make_dng, scene

_DOUBLES = (0.0, -1.0, 1e-200, 5e-324, 1e300, math.inf, -math.inf, math.nan)
_WHOLE = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_VALUES = {
    **{f"double {value}": Entry.of(Kind.DOUBLE, *[value] * 6) for value in _DOUBLES},
    **{
        f"rational {top}/{bottom}": Entry(
            Kind.RATIONAL, (top.to_bytes(4, "little") + bottom.to_bytes(4, "little")) * 9
        )
        for top in _WHOLE
        for bottom in _WHOLE
    },
    "one rational": Entry.of(Kind.SRATIONAL, -1e9),
    "long": Entry.of(Kind.LONG, *[0xFFFFFFFF] * 4),
    "nothing": Entry(Kind.LONG, b""),
    "text": Entry.text("10007:13:45 99:99:99"),
}
_MAIN = (274, 306, 50714, 50717, 50719, 50720, 50721, 50728, 50730, 51041)
"""Orientation, time, black and white level, crop, matrix, neutral, baseline exposure, noise."""
_PHOTOGRAPHIC = (0x829A, 0x829D, 0x8827, 0x8830, 0x8832, 0x8833, 0x9003, 0x9011, 0x9201, 0x920A)


def _dng(path: Path, tag: int, value: Entry) -> Path:
    extra: Directory = {tag: value} if tag in _MAIN else {0x8769: {tag: value}}
    return make_dng(path, scene(), extra=extra)


@pytest.mark.parametrize("tag", [*_MAIN, *_PHOTOGRAPHIC])
def test_any_value_of_a_tag_is_a_photo_or_a_refusal(tmp_path: Path, tag: int) -> None:
    usable = 0
    for name, value in _VALUES.items():
        path = _dng(tmp_path / "nonsense.dng", tag, value)
        try:
            frame, facts = decode(path), read_facts(path)
        except InputError:
            continue
        for exposure in (frame.exposure, facts.exposure):
            json.dumps(asdict(exposure), allow_nan=False)
            assert exposure.over(exposure) in (None, pytest.approx(1))
        assert np.isfinite(planes_from_frame(frame)).all(), name
        mosaic = np.full(frame.size, 0.5, np.float32)
        encode_dng(frame, mosaic, 0.5, tmp_path / "out.dng", overwrite=True)
        usable += 1
    assert usable > len(_VALUES) // 2


@pytest.mark.parametrize("name", ["year.dng", "baseline.dng", "fnumber.dng"])
def test_photos_that_once_ended_a_run(shared: Path, tmp_path: Path, name: str) -> None:
    frame = decode(shared / "cases" / name)
    assert frame.exposure.over(frame.exposure) in (None, pytest.approx(1))
    encode_dng(frame, np.zeros(frame.size, np.float32), 0.0, tmp_path / "out.dng")
    read_facts(shared / "cases" / name)


def test_one_photo_of_an_impossible_time_does_not_end_a_search(tmp_path: Path) -> None:
    make_dng(tmp_path / "a_long.dng", scene())
    make_dng(tmp_path / "a_short.dng", scene())
    _dng(tmp_path / "b.dng", 0x9003, Entry.text("10007:01:01 00:00:00"))
    assert len(find_pairs(tmp_path).pairs) == 1


@given(st.floats(), st.sampled_from([kind for kind in Kind if kind is not Kind.FLOAT]))
def test_any_number_can_be_written(value: float, kind: Kind) -> None:
    assert Entry.of(kind, value).count == 1
