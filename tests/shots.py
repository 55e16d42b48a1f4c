"""Photos as a camera writes them: small, with the EXIF by which pairs are found."""

from pathlib import Path

from PIL import Image

from pairfix.formats import metadata, shot
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.pairs import Found
from tests.formats.samples import make_dng, scene

DAY = "2026:05:01"


def shoot_raw(
    path: Path,
    *,
    shutter: float = 1 / 60,
    time: str = "21:10:01",
    sub_second: str = "",
    camera: str = "Bayer",
    size: tuple[int, int] = (48, 64),
) -> Path:
    """A DNG, `time` after DAY."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif: Directory = {**_exif(shutter, time, sub_second)}
    mosaic = scene()[: size[0], : size[1]]
    return make_dng(path, mosaic, extra={272: Entry.text(camera), 0x8769: exif})


def shoot_jpeg(
    path: Path,
    *,
    shutter: float = 1 / 60,
    time: str = "21:10:01",
    sub_second: str = "",
    offset: str = "",
    camera: str = "Bayer",
) -> Path:
    """A JPEG of 48 x 64 pixels."""
    main = {metadata.MAKE: Entry.text("Test"), metadata.MODEL: Entry.text(camera)}
    exif = _exif(shutter, time, sub_second)
    if offset:
        exif[metadata.OFFSET_TIME_ORIGINAL] = Entry.text(offset)
    path.parent.mkdir(parents=True, exist_ok=True)
    block = metadata.assemble((main, exif, {}))
    Image.new("RGB", (64, 48), (16, 16, 16)).save(path, exif=b"Exif\0\0" + block, quality=95)
    return path


def left_out(found: Found) -> dict[str, str]:
    """Reasons by file name."""
    return {each.path.name: each.reason for each in found.left_out}


def _exif(shutter: float, time: str, sub_second: str) -> dict[int, Entry]:
    exif = {
        shot.EXPOSURE_TIME: Entry.of(Kind.RATIONAL, shutter),
        shot.ISO: Entry.of(Kind.SHORT, 800),
        metadata.DATE_TIME_ORIGINAL: Entry.text(f"{DAY} {time}"),
    }
    if sub_second:
        exif[metadata.SUB_SEC_TIME_ORIGINAL] = Entry.text(sub_second)
    return exif
