"""What a result says of how it was made: its photo's description, and an entry in its history."""

from dataclasses import replace
from datetime import datetime

from pairfix.errors import printable
from pairfix.formats import metadata, xmp
from pairfix.formats.agreement import agreeing
from pairfix.formats.description import read_description
from pairfix.image import Frame, FrameFacts
from pairfix.output.html.facts import settings_of
from pairfix.output.report import Restoration

__all__ = ["described", "how_restored", "undescribed"]


def described(reference: Frame, how: str, when: datetime) -> tuple[Frame, tuple[str, ...]]:
    """A result's reference with what is written about it and how it was made, and notes.

    Args:
        reference: The frame whose metadata the result has.
        how: What was done, for people.
        when: The result's time, with its offset from UTC.
    """
    found = read_description(reference.path)
    properties = xmp.parse(found.description.xmp) if found.description.xmp else {}
    made = xmp.packet(xmp.produced(properties, printable(how), when))
    exif = agreeing(metadata.parse(reference.exif), found.sidecars, properties)
    told = replace(
        reference,
        exif=metadata.assemble(exif),
        description=replace(found.description, xmp=made),
    )
    return told, tuple(f"{reference.path.name}: {note}" for note in found.notes)


def undescribed(reference: Frame) -> Frame:
    """A result's reference without what is known of the photo besides its pixels."""
    return replace(reference, exif=b"")


def how_restored(facts: Restoration) -> str:
    """Model, strength, mirror images, crop and photos, for people."""
    parts = [f"model {facts.model.name}", f"strength {facts.strength:g}"]
    if facts.ensemble > 1:
        parts.append(f"mean of {facts.ensemble} mirror images")
    if facts.adaptation:
        parts.append(f"adapted in {facts.adaptation.steps} steps")
    if crop := facts.crop:
        parts.append(f"a part of {crop.width} x {crop.height} pixels from {crop.left}, {crop.top}")
    parts += [f"{role} photo {_photo(frame)}" for role, frame in facts.scene.frames.items()]
    return "; ".join(parts)


def _photo(frame: FrameFacts) -> str:
    settings = settings_of(frame.exposure)
    return f"{frame.path.name} ({settings})" if settings else frame.path.name
