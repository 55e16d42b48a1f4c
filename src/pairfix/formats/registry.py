"""The formats that results can have, and whether a file can be written in one."""

from dataclasses import dataclass
from pathlib import Path

from pairfix.errors import OutputError
from pairfix.formats.atomic import check_target

__all__ = ["FORMATS", "Format", "check_writable", "depth_of", "output_format"]


@dataclass(frozen=True, slots=True)
class Format:
    """A file type for results."""

    name: str
    bits: tuple[int, ...]
    """Supported bits per channel, the default first."""
    mosaic: bool = False
    """Whether it holds a raw mosaic instead of a finished picture."""
    lossy: bool = False
    """Whether a quality applies."""
    readable: bool = True
    """Whether pairfix reads it again."""

    @property
    def depths(self) -> str:
        """The supported bits in words."""
        *others, last = map(str, self.bits)
        return " or ".join((", ".join(others), last)) if others else last


FORMATS: dict[str, Format] = {
    ".png": Format("PNG", (16, 8)),
    ".tif": Format("TIFF", (16, 8)),
    ".tiff": Format("TIFF", (16, 8)),
    ".jpg": Format("JPEG", (8,), lossy=True),
    ".jpeg": Format("JPEG", (8,), lossy=True),
    ".avif": Format("AVIF", (10, 12, 8), lossy=True),
    ".jxl": Format("JPEG XL", (16, 8)),
    ".exr": Format("OpenEXR", (16,), readable=False),
    ".dng": Format("DNG", (16,), mosaic=True),
}
"""Output formats by file extension."""


def output_format(path: Path, *, mosaic: bool = True) -> Format:
    """The format of a path's extension.

    Args:
        path: The file; it need not exist.
        mosaic: Whether a format for mosaics is allowed; otherwise only those for pictures are.

    Raises:
        OutputError: There is none, or it is not allowed; the hint lists those that are.
    """
    chosen = FORMATS.get(path.suffix.lower())
    if chosen is None and path.is_dir():
        raise OutputError(f"{path} is a folder", "name a file in it")
    if chosen is None:
        raise OutputError(
            f"{path} does not have the extension of a format that pairfix writes", _known(mosaic)
        )
    if chosen.mosaic and not mosaic:
        message = f"{path}: {chosen.name} holds a mosaic, not a finished picture"
        raise OutputError(message, _known(mosaic))
    return chosen


def check_writable(
    path: Path, *, bits: int | None = None, overwrite: bool = False, mosaic: bool = True
) -> Format:
    """Check before a long computation that its result can be written.

    Args:
        path: The file to write.
        bits: Bits per channel; None for the format's default.
        overwrite: Whether an existing file may be replaced.
        mosaic: Whether the result may be a mosaic; otherwise it is a finished picture.

    Raises:
        OutputError: The extension is unknown, a format for mosaics is named for a picture, the
            format lacks these bits, the file exists, or its folder is missing or not writable.
    """
    chosen = output_format(path, mosaic=mosaic)
    depth_of(path, chosen, bits)
    check_target(path, overwrite=overwrite)
    return chosen


def depth_of(path: Path, chosen: Format, bits: int | None) -> int:
    """The bits per channel that a file gets; the format's default for None.

    Raises:
        OutputError: The format lacks these bits.
    """
    if bits is None:
        return chosen.bits[0]
    if bits not in chosen.bits:
        message = f"{path}: {chosen.name} cannot hold {bits} bits per channel"
        raise OutputError(message, f"use {chosen.depths}")
    return bits


def _known(mosaic: bool) -> str:  # noqa: FBT001
    fitting = (extension for extension, chosen in FORMATS.items() if mosaic or not chosen.mosaic)
    return "use " + ", ".join(fitting)
