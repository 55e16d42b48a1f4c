import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.synth.photos import photo_folder  # noqa: E402

from pairfix.errors import InputError, OutputError  # noqa: E402
from pairfix.formats import decode  # noqa: E402
from pairfix.light import planes_from_frame  # noqa: E402
from pairfix.progress import Stage  # noqa: E402
from pairfix.stages.align import align  # noqa: E402
from pairfix.stages.exposure import match_exposure  # noqa: E402
from pairfix.synth.folders import pairs_from_photos, pairs_from_video  # noqa: E402
from pairfix.synth.synth_recipe import (  # noqa: E402
    PairSettings,
    PictureFormat,
    SynthRecipe,
    VideoRecipe,
)
from pairfix.synth.write import check_pair_folder  # noqa: E402

RAW = SynthRecipe(blur=(0, 6), samples=3, objects=0, lights=0, row_noise=0, hot_pixels=0)
SRGB = SynthRecipe(domain="srgb", blur=(0, 6), samples=3, noise=("gaussian",))


@pytest.fixture(scope="module")
def raw_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    photos = photo_folder(folder / "photos")
    pairs_from_photos(photos, folder / "pairs", PairSettings(RAW, count=4, displacement=3))
    return folder / "pairs"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_pair_is_two_raws_and_their_truth(raw_pairs: Path) -> None:
    assert sorted(path.name for path in raw_pairs.iterdir()) == [f"{n:04}" for n in range(4)]
    patterns = set()
    for folder in raw_pairs.iterdir():
        about = json.loads((folder / "pair.json").read_text())
        long, short, truth = (decode(folder / f"{name}.dng") for name in ("long", "short", "gt"))
        assert long.size == short.size == truth.size
        assert long.bayer == short.bayer
        assert short.bayer is not None
        assert truth.bayer is not None
        assert truth.bayer.pattern == short.bayer.pattern == about["camera"]["pattern"]
        assert long.notes == short.notes == ()
        assert truth.noise_profile is None
        patterns.add(short.bayer.pattern)
    assert len(patterns) > 1


def test_the_noise_is_what_the_profile_says(raw_pairs: Path) -> None:
    for folder in raw_pairs.iterdir():
        about = json.loads((folder / "pair.json").read_text())
        short, truth = decode(folder / "short.dng"), decode(folder / "gt.dng")
        assert short.bayer is not None
        assert short.noise_profile is not None
        noisy = planes_from_frame(short)
        clean = planes_from_frame(truth) / about["short_darker_by"]
        for plane, channel in enumerate((0, 1, 1, 2)):
            gain = short.bayer.gains[plane]
            shot, read = short.noise_profile[channel]
            level = clean[plane] / gain
            expected = np.sqrt(shot * level + read + 1 / 12 / (short.bayer.white * 15 / 16) ** 2)
            usable = level < 0.7
            measured = ((noisy[plane] - clean[plane]) / gain / expected)[usable]
            assert measured.std() == pytest.approx(1, abs=0.05)
            assert measured.mean() == pytest.approx(0, abs=0.05)


def test_the_exposures_recorded_are_those_seen(raw_pairs: Path) -> None:
    errors = []
    for folder in raw_pairs.iterdir():
        about = json.loads((folder / "pair.json").read_text())
        long, short = decode(folder / "long.dng"), decode(folder / "short.dng")
        pair = match_exposure(long, short)
        assert pair.match.recorded_ratio == pytest.approx(about["short_darker_by"], rel=0.03)
        assert pair.match.measured_ratio is not None
        errors.append(abs(np.log2(pair.match.measured_ratio / about["short_darker_by"])))
        assert long.exposure.shutter is not None
        assert short.exposure.shutter is not None
        ratio = long.exposure.shutter / short.exposure.shutter
        assert ratio == pytest.approx(about["exposure_ratio"], rel=1e-3)
        assert 1.99 <= ratio <= 16.01
    assert np.median(errors) < 0.15


def test_the_displacement_recorded_is_the_one_to_undo(raw_pairs: Path) -> None:
    residuals = []
    for folder in raw_pairs.iterdir():
        about = json.loads((folder / "pair.json").read_text())
        pair = match_exposure(decode(folder / "long.dng"), decode(folder / "short.dng"))
        centre = np.array([s / 2 for s in pair.short.size[::-1]] + [1])
        ours, theirs = (
            (matrix @ centre)[:2] / (matrix @ centre)[2]
            for matrix in (align(pair).alignment.matrix, np.array(about["alignment"]))
        )
        residuals.append(float(np.linalg.norm(ours - theirs)))
    assert np.median(residuals) < 1.5


def test_a_seed_repeats_pairs_each_by_itself(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos", 2)
    for name, count, seed in (("a", 2, 1), ("b", 1, 1), ("c", 1, 2)):
        settings = PairSettings(RAW, count, size=(64, 80), seed=seed)
        pairs_from_photos(photos, tmp_path / name, settings)
    first, again, other = (files(tmp_path / name) for name in "abc")
    assert again.items() <= first.items()
    assert len(first) == 8
    assert other["0000/short.dng"] != first["0000/short.dng"]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_display_pair_is_two_pictures_and_their_truth(tmp_path: Path, suffix: str) -> None:
    settings = PairSettings(SRGB, 1, size=(96, 128), pictures=PictureFormat(suffix, 8, 90))
    (about,) = pairs_from_photos(photo_folder(tmp_path / "photos"), tmp_path / "pairs", settings)
    folder = tmp_path / "pairs" / "0000"
    lossless = ".png" if suffix == ".jpg" else suffix
    long, short, truth = (
        decode(folder / name).pixels
        for name in (f"long{suffix}", f"short{suffix}", f"gt{lossless}")
    )
    assert long.shape == short.shape == truth.shape == (96, 128, 3)
    assert [str(each.dtype) for each in (long, short, truth)] == ["uint8", "uint8", "uint16"]
    noise = (short / 255 - truth / 65535).std()
    assert noise == pytest.approx(about["short"]["noise"], rel=0.5)


def test_frames_of_a_video_make_pairs(tmp_path: Path) -> None:
    video = photo_folder(tmp_path / "frames", 8, (80, 96))
    settings = PairSettings(RAW, size=(64, 64))
    found = pairs_from_video(video, tmp_path / "pairs", settings, VideoRecipe((3, 3), (0, 0)))
    assert [each["first_frame"] for each in found] == [0, 4]
    assert decode(tmp_path / "pairs" / "0001" / "short.dng").size == (64, 64)
    with pytest.raises(InputError, match="smaller than the pairs"):
        pairs_from_video(
            video, tmp_path / "large", PairSettings(RAW, size=(80, 96)), VideoRecipe((3, 3))
        )


def test_photos_that_will_not_do_are_left_out_or_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = photo_folder(tmp_path / "photos", 1)
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    found = pairs_from_photos(photos, tmp_path / "pairs", PairSettings(RAW, 3, size=(64, 64)))
    assert {each["photo"] for each in found} == {"0.png"}
    assert "broken.png" in caplog.text
    with pytest.raises(InputError, match="no photo is large enough"):
        pairs_from_photos(photos, tmp_path / "large", PairSettings(RAW, 1, size=(400, 400)))


def test_what_exists_is_replaced_only_as_a_pair_and_if_asked(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos", 1)
    settings = PairSettings(RAW, 1, size=(64, 64))
    pairs_from_photos(photos, tmp_path / "pairs", settings)
    before = files(tmp_path / "pairs")
    with pytest.raises(OutputError, match="exists already"):
        pairs_from_photos(photos, tmp_path / "pairs", settings)
    pairs_from_photos(photos, tmp_path / "pairs", replace(settings, seed=5, overwrite=True))
    assert files(tmp_path / "pairs").keys() == before.keys()
    assert files(tmp_path / "pairs") != before
    folder = tmp_path / "pairs" / "0000"
    (folder / "notes.txt").touch()
    with pytest.raises(OutputError, match=r"notes\.txt, which is not part of a pair"):
        check_pair_folder(folder, overwrite=True)
    with pytest.raises(OutputError, match="is not a folder"):
        check_pair_folder(folder / "notes.txt", overwrite=True)


def test_an_interrupt_leaves_only_whole_pairs(tmp_path: Path) -> None:
    def interrupt(_stage: Stage, done: int, _total: int) -> None:
        if done == 1:
            original = np.rint

            def raising(*_: object) -> None:
                np.rint = original
                raise KeyboardInterrupt

            np.rint = raising  # type: ignore[assignment]

    photos = photo_folder(tmp_path / "photos", 1)
    with pytest.raises(KeyboardInterrupt):
        pairs_from_photos(
            photos, tmp_path / "pairs", PairSettings(RAW, 3, size=(64, 64)), progress=interrupt
        )
    assert [path.name for path in (tmp_path / "pairs").iterdir()] == ["0000"]
    assert len(files(tmp_path / "pairs")) == 4


def test_short_pictures_are_as_dark_as_they_were_taken(tmp_path: Path) -> None:
    recipe = SynthRecipe(domain="srgb", ratio=(8, 8), blur=(0, 6), samples=3, objects=0, lights=0)
    photos = photo_folder(tmp_path / "photos")
    pairs_from_photos(photos, tmp_path / "pairs", PairSettings(recipe, count=8, displacement=0))
    found = []
    for folder in sorted((tmp_path / "pairs").iterdir()):
        about = json.loads((folder / "pair.json").read_text())
        short, truth = (planes_from_frame(decode(folder / f"{n}.png")) for n in ("short", "gt"))
        found.append((about["short_darker_by"], truth.mean() / short.mean()))
    dark = [(stated, seen) for stated, seen in found if stated > 1.5]
    assert len(dark) >= 2
    assert np.median([seen / stated for stated, seen in dark]) == pytest.approx(1, abs=0.2)
    assert max(seen for stated, seen in found if stated == 1) < 1.5
