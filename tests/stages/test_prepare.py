from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairfix.errors import PairError
from pairfix.formats import decode
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.image import Frame
from pairfix.progress import Timeline
from pairfix.stages.prepare import Preparation, decode_photos, prepare_pair
from tests.formats.samples import make_dng
from tests.formats.samples import scene as mosaic
from tests.scenes import raw_frame, rgb_frame, scene

NEON = Path(__file__).parents[2] / "examples" / "neon"
LONG, SHORT = NEON / "long.dng", NEON / "short.dng"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """Files as they are decoded, with the domain that was asked for."""
    found: list[tuple[Path, str]] = []

    def recording(path: Path, domain: Any, *others: Any) -> Frame:  # noqa: ANN401
        found.append((path, domain))
        return decode(path, domain, *others)

    monkeypatch.setattr("pairfix.stages.prepare.decode", recording)
    return found


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture as large as the example pair's developed raws."""
    import cv2  # noqa: PLC0415

    path = tmp_path / "long.png"
    cv2.imwrite(str(path), decode(LONG, "srgb").pixels[:, :, ::-1])
    return path


def test_a_raw_beside_a_picture_is_developed_and_each_is_read_once(
    picture: Path, reads: list[tuple[Path, str]]
) -> None:
    frames = decode_photos([picture, SHORT])
    assert [frame.domain for frame in frames] == ["srgb", "srgb"]
    assert reads == [(SHORT, "srgb"), (picture, "srgb")]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_raw_is_cut_to_the_picture_that_the_camera_made_of_it(
    tmp_path: Path, orientation: int
) -> None:
    crop: Directory = {
        50719: Entry.of(Kind.LONG, 6, 4),
        50720: Entry.of(Kind.LONG, 48, 40),
    }
    path = make_dng(tmp_path / "short.dng", mosaic(), orientation=orientation, extra=crop)
    whole = decode(path, "srgb").pixels
    shown = np.zeros(mosaic().shape, bool)
    shown[4:44, 6:54] = True
    quarters = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    rows, columns = np.nonzero(np.rot90(shown, quarters))
    part = whole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    picture = Frame(tmp_path / "long.jpg", np.zeros_like(part))
    _, cut = decode_photos([picture, path])
    np.testing.assert_array_equal(cut.pixels, part)


def test_frames_in_memory_are_not_read_again(reads: list[tuple[Path, str]]) -> None:
    frames = decode(LONG), decode(SHORT)
    timeline = Timeline()
    pair = prepare_pair(*frames, timeline=timeline)
    assert pair.short is frames[1]
    assert not reads
    assert list(timeline.seconds) == ["match", "align", "flicker", "clean"]


def test_tones_are_matched_where_noise_may_be_cut_off_at_black() -> None:
    timeline = Timeline()
    light = scene((240, 320)) / 10
    long, short = rgb_frame(light, name="long.png"), rgb_frame(light / 8, noise=0.004)
    pair = prepare_pair(long, short, timeline=timeline)
    assert list(timeline.seconds) == ["match", "align", "tones", "flicker"]
    assert any("tones and colours" in note for note in pair.match.notes)


def test_tones_are_matched_where_the_short_frame_stands_in_for_the_long_one_too() -> None:
    shift = 40
    smooth = scene((480, 640 + shift), seed=3, radius=16)
    light = 0.0005 + 0.6 * (smooth / smooth.max()) ** 5
    short = rgb_frame(light[:, :, :-shift] / 8, noise=0.004)
    pair = prepare_pair(rgb_frame(light[:, :, shift:], name="long.png"), short)
    for long_plane, short_plane in zip(pair.long_planes, pair.short_planes, strict=True):
        shown, expected = (each[:, 4 : shift - 8].mean() for each in (long_plane, short_plane))
        assert shown == pytest.approx(expected, rel=0.02)


def test_a_mosaic_in_memory_beside_a_picture_is_developed_from_its_file(picture: Path) -> None:
    frames = decode_photos([decode(picture), decode(SHORT)])
    assert frames[1].developed
    assert frames[1].pixels.shape[2] == 3


def test_every_stage_is_timed_in_order() -> None:
    timeline = Timeline()
    pair = prepare_pair(LONG, SHORT, timeline=timeline)
    assert list(timeline.seconds) == ["decode", "match", "align", "flicker", "clean"]
    assert pair.row_noise > 0


def test_row_noise_is_kept_on_request() -> None:
    kept = prepare_pair(LONG, SHORT, Preparation(keep_row_noise=True))
    cleaned = prepare_pair(LONG, SHORT)
    assert kept.row_noise == 0
    difference = kept.short_planes - cleaned.short_planes
    assert np.ptp(difference[1], axis=1).max() < 1e-5  # the same along a row
    assert difference.std() > 0


def test_a_pair_of_the_other_domain_is_refused() -> None:
    pictures = rgb_frame(scene()), rgb_frame(scene(), name="long.png")
    with pytest.raises(PairError, match="is not a raw photo"):
        decode_photos(pictures, Preparation(domain="raw"))


@pytest.mark.parametrize(
    ("preparation", "reason"),
    [
        (Preparation(least_side=1000), r"too small: .*; 1000 x 1000 are needed"),
        (Preparation(refuse_doubtful=True, align="none"), "cannot be aligned reliably"),
    ],
)
def test_what_a_pair_must_be_is_an_argument(preparation: Preparation, reason: str) -> None:
    long, short = raw_frame(scene(), name="long.dng"), raw_frame(scene(seed=1), noise=1e-3)
    assert prepare_pair(long, short, Preparation(align="none"))
    with pytest.raises(PairError, match=reason):
        prepare_pair(long, short, preparation)
