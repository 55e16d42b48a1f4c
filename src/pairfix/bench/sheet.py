"""Crops of several pictures of one scene side by side, at 100 %, under their names."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pairfix.crops import cut, differing_places
from pairfix.formats.atomic import replacing
from pairfix.image import Picture

__all__ = ["SIDE", "contact_sheet", "stack", "write_sheet"]

SIDE = 256
"""Side of a crop in pixels."""
_GAP = 6
_LINE = 26
"""Height of a line of text."""
_TEXT = 15
_BACKGROUND, _INK, _FAINT = (24, 24, 24), (235, 235, 235), (160, 160, 160)
_QUALITY = 88
"""JPEG quality."""


def contact_sheet(
    title: str,
    pictures: Mapping[str, Picture],
    compared: tuple[Picture, Picture],
    captions: Mapping[str, str],
    *,
    count: int = 2,
) -> Image.Image:
    """Show one scene: one column per picture, one row per place.

    Args:
        title: The heading.
        pictures: By name; all of one size.
        compared: Two pictures; the places are those where they differ most.
        captions: A second line under some of the names.
        count: Number of places.
    """
    side = min(SIDE, *compared[0].pixels.shape[:2])
    places = differing_places(*compared, side, count)
    pitch, top = side + _GAP, (3 if captions else 2) * _LINE + _GAP
    size = len(pictures) * pitch + _GAP, top + len(places) * pitch
    sheet = Image.new("RGB", size, _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_TEXT)
    draw.text((_GAP, _LINE // 5), title, _INK, ImageFont.load_default(_TEXT + 3))
    for column, (name, picture) in enumerate(pictures.items()):
        left = _GAP + column * pitch
        draw.text((left, _LINE + 4), _fitting(name, font, side), _INK, font)
        draw.text((left, 2 * _LINE), _fitting(captions.get(name, ""), font, side), _FAINT, font)
        for row, place in enumerate(places):
            sheet.paste(_image(picture, place, side), (left, top + row * pitch))
    return sheet


def stack(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets one below the other, flush left."""
    height = sum(sheet.height + 2 * _GAP for sheet in sheets)
    whole = Image.new("RGB", (max(sheet.width for sheet in sheets), height), _BACKGROUND)
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height + 2 * _GAP
    return whole


def write_sheet(sheet: Image.Image, path: Path, *, overwrite: bool) -> None:
    """Write a sheet as PNG or JPEG.

    Raises:
        OutputError: It cannot be written.
    """
    encoded = io.BytesIO()
    if path.suffix.lower() == ".png":
        sheet.save(encoded, "PNG", optimize=True)
    else:
        sheet.save(encoded, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    with replacing(path, overwrite=overwrite) as file:
        file.write(encoded.getvalue())


def _image(picture: Picture, place: tuple[int, int], side: int) -> Image.Image:
    pixels = np.rint(cut(picture, place, side) / np.float32(257)).astype(np.uint8)
    return Image.fromarray(pixels)


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, shortened to a column's width."""
    while text and font.getlength(text) > width:
        text = text[:-1]
    return text
