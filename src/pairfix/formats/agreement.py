"""EXIF that says what XMP says of the same (MWG Guidelines for Handling Image Metadata 2.0).

Most programs believe EXIF before XMP. A sidecar cannot change EXIF, so what was written there later
(a place, a corrected time, a caption) would go unseen.
"""

import math
import re
from datetime import datetime, timedelta

from pairfix.formats import metadata
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.xmp import Properties, text, texts
from pairfix.formats.xmp_names import AUX, DC, EXIF, EXIF_EX, PHOTOSHOP

__all__ = ["agreeing"]

_TEXTS = {
    metadata.IMAGE_DESCRIPTION: f"{{{DC}}}description",
    metadata.ARTIST: f"{{{DC}}}creator",
    metadata.COPYRIGHT: f"{{{DC}}}rights",
}
_TIMES = (f"{{{EXIF}}}DateTimeOriginal", f"{{{PHOTOSHOP}}}DateCreated")
_LENSES = (f"{{{EXIF_EX}}}LensModel", f"{{{AUX}}}Lens")
_LATITUDE, _LONGITUDE = (1, "NS", 90), (3, "EW", 180)
"""GPS tag of the hemisphere (that of the angle follows), its letters, and the largest angle."""
_SAME_PLACE = 2e-5
"""Degrees, as programs round positions to four decimals of a minute."""
_ALTITUDE_REF, _ALTITUDE, _TIME, _DATUM, _DIRECTION_REF, _DIRECTION, _DATE = 5, 6, 7, 18, 16, 17, 29
_ANGLE = re.compile(
    r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])", re.ASCII
)
_NUMBER = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(?:/(\d{1,9}))?", re.ASCII)
_TIME_TEXT = re.compile(
    r"([1-9]\d{3})[-:](\d\d)[-:](\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)",
    re.ASCII,
)


def agreeing(exif: metadata.Exif, sidecars: Properties, everything: Properties) -> metadata.Exif:
    """The directories, changed to what sidecars say, and with gaps filled from all XMP.

    Args:
        exif: Of the photo.
        sidecars: What only sidecars say.
        everything: What they and the file say.
    """
    return _told(_told(exif, sidecars, replaces=True), everything, replaces=False)


def _told(exif: metadata.Exif, xmp: Properties, *, replaces: bool) -> metadata.Exif:
    main, photographic, gps = (directory.copy() for directory in exif)
    for tag, name in _TEXTS.items():
        said = "; ".join(texts(xmp.get(name))) if tag == metadata.ARTIST else text(xmp.get(name))
        if said and (replaces or tag not in main):
            main[tag] = Entry.text(said)
    lens = next((said for name in _LENSES if (said := text(xmp.get(name)))), "")
    if lens and metadata.LENS_MODEL not in photographic:
        photographic[metadata.LENS_MODEL] = Entry.text(lens)
    moments = (_moment(text(xmp.get(name))) for name in _TIMES)
    moment = next((each for each in moments if each), None)
    known = None if metadata.DATE_TIME_ORIGINAL not in photographic else metadata.moment(exif)
    if moment and (known is None or (replaces and not _is_same(moment, known))):
        photographic = _at(photographic, moment)
    place = _place(xmp)
    if place and (_position(gps) is None or (replaces and not _is_here(gps, place))):
        gps = place
    return main, photographic, gps


def _moment(said: str) -> datetime | None:
    """A time as XMP writes it, or as EXIF does (darktable); None if it is none, or only a day."""
    match = _TIME_TEXT.fullmatch(said)
    try:
        return datetime.fromisoformat("{}-{}-{}T{}".format(*match.groups())) if match else None
    except ValueError:
        return None


def _is_same(first: datetime, second: datetime) -> bool:
    """Whether a time that XMP tells is that of EXIF; as local times unless both have an offset.

    To the second; a full minute may lack its seconds, which XMP need not tell.
    """
    if first.tzinfo is None or second.tzinfo is None:
        first, second = first.replace(tzinfo=None), second.replace(tzinfo=None)
    finest = timedelta(seconds=1) if first.second else timedelta(minutes=1)
    return timedelta(0) <= second - first.replace(microsecond=0) < finest


def _at(photographic: dict[int, Entry], moment: datetime) -> dict[int, Entry]:
    """The directory with another time at which the photo was taken."""
    old = {metadata.OFFSET_TIME_ORIGINAL, metadata.SUB_SEC_TIME_ORIGINAL}
    changed = {tag: entry for tag, entry in photographic.items() if tag not in old}
    changed[metadata.DATE_TIME_ORIGINAL] = Entry.text(moment.strftime("%Y:%m:%d %H:%M:%S"))
    if moment.microsecond:
        digits = f"{moment.microsecond:06}".rstrip("0")
        changed[metadata.SUB_SEC_TIME_ORIGINAL] = Entry.text(digits)
    if moment.utcoffset() is not None:
        changed[metadata.OFFSET_TIME_ORIGINAL] = Entry.text(
            moment.isoformat(timespec="seconds")[-6:]
        )
    return changed


def _place(xmp: Properties) -> dict[int, Entry]:
    """The GPS directory of a position; empty if there is none."""

    def said(name: str) -> str:
        return text(xmp.get(f"{{{EXIF}}}GPS{name}"))

    gps: dict[int, Entry] = {}
    for name, (tag, letters, largest) in (("Latitude", _LATITUDE), ("Longitude", _LONGITUDE)):
        match = _ANGLE.fullmatch(said(name))
        if match is None or match[4] not in letters:
            return {}
        parts = [float(match[group] or 0) for group in (1, 2, 3)]
        if sum(part / 60**power for power, part in enumerate(parts)) > largest:
            return {}
        gps[tag] = Entry.text(match[4])
        gps[tag + 1] = Entry.of(Kind.RATIONAL, *parts)
    altitude, direction = _number(said("Altitude")), _number(said("ImgDirection"))
    if altitude is not None:
        gps[_ALTITUDE_REF] = Entry.of(Kind.BYTE, said("AltitudeRef") == "1")
        gps[_ALTITUDE] = Entry.of(Kind.RATIONAL, altitude)
    if direction is not None and direction < 360:  # noqa: PLR2004
        gps[_DIRECTION_REF] = Entry.text("M" if said("ImgDirectionRef") == "M" else "T")
        gps[_DIRECTION] = Entry.of(Kind.RATIONAL, direction)
    if said("MapDatum"):
        gps[_DATUM] = Entry.text(said("MapDatum"))
    return gps | _satellites(_moment(said("TimeStamp")))


def _position(gps: dict[int, Entry]) -> tuple[float, ...] | None:
    """Latitude and longitude in degrees; None if they are not known."""
    found = list[float]()
    for tag, letters, _ in (_LATITUDE, _LONGITUDE):
        parts = gps[tag + 1].values if tag in gps and tag + 1 in gps else ()
        angle = sum(part / 60**power for power, part in enumerate(parts))
        if not parts or not math.isfinite(angle):
            return None
        found.append(-angle if gps[tag].string == letters[1] else angle)
    return tuple(found)


def _is_here(gps: dict[int, Entry], place: dict[int, Entry]) -> bool:
    """Whether two GPS directories tell the same position, to two metres."""
    ours, theirs = _position(gps), _position(place)
    if ours is None or theirs is None:
        return False
    return all(abs(a - b) < _SAME_PLACE for a, b in zip(ours, theirs, strict=True))


def _satellites(moment: datetime | None) -> dict[int, Entry]:
    """GPS's time, which is UTC."""
    if moment is None or moment.utcoffset():
        return {}
    second = moment.second + moment.microsecond / 1e6
    return {
        _TIME: Entry.of(Kind.RATIONAL, moment.hour, moment.minute, second),
        _DATE: Entry.text(moment.strftime("%Y:%m:%d")),
    }


def _number(said: str) -> float | None:
    """An unsigned rational or decimal; None if it is none."""
    match = _NUMBER.fullmatch(said)
    below = int(match[2] or 1) if match else 0
    return float(match[1]) / below if match and below else None
