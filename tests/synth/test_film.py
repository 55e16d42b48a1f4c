"""Videos are read as FFmpeg's own programs read them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.errors import InputError, MissingExtraError
from pairfix.synth.film import film_frames

pytest.importorskip("av")
HEIGHT, WIDTH = 64, 96

pytestmark = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg and ffprobe"
)


def ffmpeg(*arguments: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def film(path: Path, *options: str, filters: str = "null") -> Path:
    """Write twenty frames of a moving test picture."""
    source = f"testsrc=size={WIDTH}x{HEIGHT}:rate=30,trim=end_frame=20,{filters}"
    ffmpeg("-f", "lavfi", "-i", source, *options, str(path))
    return path


def read(path: Path) -> NDArray[np.generic]:
    return np.stack([frame.pixels for frame in film_frames(path)])


def probed(path: Path) -> dict[str, Any]:
    """What ffprobe says of the pictures; it decodes all frames to count them."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-show_streams"]
    output = subprocess.run(
        [*command, "-of", "json", str(path)], check=True, capture_output=True, timeout=60
    ).stdout
    (stream,) = json.loads(output)["streams"]
    return stream


def counted(path: Path) -> int:
    return int(probed(path)["nb_read_frames"])


def rotation_of(path: Path) -> int:
    sides = probed(path).get("side_data_list", [])
    return next((each["rotation"] for each in sides if "rotation" in each), 0) % 360


def shown(path: Path, depth: int) -> NDArray[np.generic]:
    """What ffmpeg makes of it: upright, every frame once."""
    rgb, sample = ("rgb24", np.uint8) if depth == 8 else ("rgb48le", np.uint16)
    raw = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", rgb, "-")
    size = (WIDTH, HEIGHT) if rotation_of(path) % 180 else (HEIGHT, WIDTH)
    return np.frombuffer(ffmpeg("-i", str(path), *raw), sample).reshape(-1, *size, 3)


X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2")
KINDS = {  # of HEVC, versions of FFmpeg place subsampled chroma differently
    "h264.mp4": X264,
    "mpeg4.avi": ("-c:v", "mpeg4", "-q:v", "2"),
    "ffv1.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuv444p"),
    "prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"),
    "hevc10.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv444p10le"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p"),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_read_once_and_as_ffmpeg_shows_it(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, *KINDS[name])
    depth = 16 if "10" in " ".join(KINDS[name][-1:]) else 8
    pixels = read(path)
    assert pixels.dtype.itemsize * 8 == depth
    assert len(pixels) == counted(path) == 20
    unit = 1 << (depth - 8)
    difference = np.abs(pixels.astype(np.int64) - shown(path, depth).astype(np.int64)) / unit
    assert difference.mean() < 2


def test_ten_bits_are_not_cut_to_eight(tmp_path: Path) -> None:
    grey = f"nullsrc=size={WIDTH}x{HEIGHT}:rate=5,trim=end_frame=2"
    ramp = "format=yuv444p10le,geq=lum='400+X':cb=512:cr=512"
    path = tmp_path / "ramp.mkv"
    ffmpeg("-f", "lavfi", "-i", f"{grey},{ramp}", "-c:v", "ffv1", str(path))
    assert len(np.unique(read(path)[0, 0, :, 1])) == WIDTH


def test_a_variable_frame_rate_neither_repeats_nor_drops_frames(tmp_path: Path) -> None:
    filters = "select='lt(n,5)+not(mod(n,4))'"
    path = film(tmp_path / "vfr.mp4", *X264, "-fps_mode", "vfr", filters=filters)
    pixels = read(path)
    assert len(pixels) == counted(path) == 8
    steady = read(film(tmp_path / "steady.mp4", *X264))
    for frame, number in zip(pixels, (0, 1, 2, 3, 4, 8, 12, 16), strict=True):
        assert np.abs(frame.astype(int) - steady[number]).mean() < 3


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotation_tag_is_followed(tmp_path: Path, rotation: int) -> None:
    stored = film(tmp_path / "stored.mp4", *X264)
    path = tmp_path / "turned.mp4"
    tag = ("-metadata:s:v:0", f"rotate={rotation}")
    ffmpeg("-i", str(stored), "-c", "copy", *tag, str(path))
    if not rotation_of(path):
        pytest.skip("this ffmpeg writes a rotation by another option")
    pixels, expected = read(path), shown(path, 8)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < 2
    assert np.abs(pixels[:, ::-1, ::-1].astype(int) - expected).mean() > 20


@pytest.mark.parametrize(("transfer", "name"), [("smpte2084", "PQ"), ("arib-std-b67", "HLG")])
def test_hdr_is_refused_by_its_name(tmp_path: Path, transfer: str, name: str) -> None:
    tags = ("-color_trc", transfer, "-color_primaries", "bt2020", "-colorspace", "bt2020nc")
    path = film(tmp_path / "hdr.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p10le", *tags)
    with pytest.raises(InputError, match=rf"HDR video \({name}\)"):
        read(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", str(path))
    with pytest.raises(InputError, match="cannot be read as a video"):
        read(path)


def test_a_video_without_pyav_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film(tmp_path / "a.mp4", *X264)
    monkeypatch.setattr("pairfix.synth.film.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="videos need PyAV"):
        read(path)
