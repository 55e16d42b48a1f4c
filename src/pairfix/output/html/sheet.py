"""A contact sheet: many restorations on one page."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from markupsafe import Markup

from pairfix._version import __version__
from pairfix.formats.encode import to_eight_bits
from pairfix.formats.orientation import turn_upright
from pairfix.image import Pixels
from pairfix.output.html.facts import Fact
from pairfix.output.html.view import asset, digest, environment

__all__ = ["GENERATOR", "Card", "Sheet", "render_sheet", "thumbnail"]

GENERATOR = '<meta name="generator" content="pairfix'
"""What tells pairfix's pages from other files."""

_SIDE = 300
"""Longest side of a thumbnail in pixels."""
_QUALITY = 78


@dataclass(frozen=True, slots=True)
class Card:
    """One pair."""

    name: str
    link: str
    """Where the result lies, relative to the page; empty if there is none."""
    thumbnails: Mapping[str, bytes]
    """JPEGs by what they show: ``before``, ``after``."""
    facts: Sequence[Fact] = ()
    notes: Sequence[str] = ()
    report: str = ""
    """Where the pair's own page lies, relative to the sheet; empty if there is none."""
    error: str = ""
    """Why it could not be restored; empty if it was."""

    @property
    def images(self) -> Mapping[str, str]:
        """The thumbnails as data URIs."""
        return {
            name: f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
            for name, data in self.thumbnails.items()
        }


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page's content."""

    title: str
    lead: str
    """The numbers in words."""
    cards: Sequence[Card]
    left_out: Sequence[Fact] = ()
    """Photos in no pair, and why."""
    version: str = __version__

    @property
    def failed(self) -> Sequence[Card]:
        """Pairs that could not be restored."""
        return [card for card in self.cards if card.error]

    @property
    def restored(self) -> Sequence[Card]:
        """All others."""
        return [card for card in self.cards if not card.error]


def thumbnail(pixels: Pixels, orientation: int = 1) -> bytes:
    """A small JPEG of a photo.

    Args:
        pixels: ``H x W x 3``, sRGB-encoded, uint8 or uint16, as stored.
        orientation: As EXIF counts.
    """
    height, width = pixels.shape[:2]
    scale = min(_SIDE / max(height, width), 1)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    if small.dtype == np.uint16:
        small = to_eight_bits(small.astype(np.uint16))
    upright = turn_upright(small.astype(np.uint8), orientation)
    parameters = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(upright, cv2.COLOR_RGB2BGR), parameters)
    return data.tobytes()


def render_sheet(sheet: Sheet) -> str:
    """Show many restorations on one page that loads nothing from elsewhere.

    Returns:
        HTML, to be written as UTF-8.
    """
    style = asset("page.css") + asset("sheet.css")
    return (
        environment()
        .get_template("sheet.html.jinja")
        .render(
            sheet=sheet,
            style=Markup(style),  # noqa: S704  (our own files)
            style_hash=digest(style),
        )
    )
