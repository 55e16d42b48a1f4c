"""The chain from two photos to the aligned pair that is restored, measured or learnt from.

Decode, match the exposure, align, match the tones, take out flicker and row noise. What a pair must
be is an argument.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pairfix.errors import PairError
from pairfix.formats import decode
from pairfix.formats.detect import detect
from pairfix.formats.raw import as_camera_shows
from pairfix.image import AlignedPair, AlignmentMode, DevelopSettings, Domain, Frame, MatchedPair
from pairfix.progress import Stage, Timeline
from pairfix.stages.align import ALIGN, align, aligned_by
from pairfix.stages.exposure import MATCH, match_exposure
from pairfix.stages.flicker import FLICKER, remove_flicker
from pairfix.stages.rownoise import ROW_NOISE, remove_row_noise
from pairfix.stages.tones import TONES, match_tones
from pairfix.stages.turns import turned_alike

__all__ = ["DECODE", "Photo", "Preparation", "decode_photos", "prepare_pair"]

DECODE = Stage("decode", "Reading the photos")

Photo = Path | Frame
"""A file, or a photo that is decoded already; a raw one is read again if it must be developed."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How pairs are prepared, and which are refused."""

    domain: Domain | None = None
    """What the pair must be; raws are developed for srgb. None: raw if both photos are."""
    develop: DevelopSettings = field(default_factory=DevelopSettings)
    """How raws are developed if they must be."""
    align: AlignmentMode = "auto"
    keep_row_noise: bool = False
    keep_flicker: bool = False
    least_side: int = 0
    """Pixels that the shorter side must have."""
    refuse_doubtful: bool = False
    """Whether an alignment that is not sure is an error."""


_AS_THEY_ARE = Preparation()


def decode_photos(
    photos: Sequence[Photo],
    preparation: Preparation = _AS_THEY_ARE,
    timeline: Timeline | None = None,
) -> tuple[Frame, ...]:
    """The photos in one domain: of a raw and a picture, the raw is developed.

    Args:
        photos: Files to be read, or frames.
        preparation: The domain that is asked for, and how raws are developed.
        timeline: Records the stage if there is anything to read.

    Raises:
        InputError: A photo is missing, damaged or of an unknown type.
        PairError: They are not of the domain that is asked for.
        MemoryExhaustedError: One is too large.
    """
    timeline = timeline or Timeline()
    reading = any(isinstance(photo, Path) for photo in photos)
    with timeline.run(DECODE) if reading else nullcontext():
        frames = _in_one_domain(photos, preparation)
    if preparation.domain is not None and frames[0].domain != preparation.domain:
        raise PairError(
            f"{frames[0].path} is not a {preparation.domain} photo",
            "give raw photos under a 2 x 2 Bayer filter",
        )
    return tuple(frames)


def prepare_pair(
    long: Photo,
    short: Photo,
    preparation: Preparation = _AS_THEY_ARE,
    timeline: Timeline | None = None,
) -> AlignedPair:
    """Decode, match, align and clean one pair.

    Args:
        long: The long exposure.
        short: The short exposure, whose geometry the pair has.
        preparation: How, and what is refused.
        timeline: Records the stages.

    Raises:
        InputError, MemoryExhaustedError: As `decode_photos`.
        PairError: The photos make no pair, or not one that may be used.
        AlignmentError: They do not show the same scene.
    """
    timeline = timeline or Timeline()
    frames = decode_photos([long, short], preparation, timeline)
    _check_size(frames[-1], preparation.least_side)
    with timeline.run(MATCH):
        matched = match_exposure(*frames)
    with timeline.run(ALIGN):
        pair = align(matched, preparation.align)
    if pair.reference.domain == "srgb":
        with timeline.run(TONES):
            pair = match_tones(pair)
            if pair.short_planes is not matched.short_planes:
                # Where the long frame does not reach, the short one stands in: with these tones.
                matched = replace(matched, short_planes=pair.short_planes, match=pair.match)
                alignment = pair.alignment
                del pair  # the long planes, for the sake of memory
                pair = aligned_by(matched, alignment)
    if not preparation.keep_flicker:
        with timeline.run(FLICKER):
            pair = _steady(matched, pair, preparation.align)
    del matched  # the long planes as they were, for the sake of memory
    if preparation.refuse_doubtful and not pair.alignment.sure:
        raise PairError(
            f"{frames[0].path} and {frames[1].path} cannot be aligned reliably",
            "leave the pair out",
        )
    if not preparation.keep_row_noise and pair.short.bayer is not None:
        with timeline.run(ROW_NOISE):
            pair = remove_row_noise(pair)
    return pair


def _steady(matched: MatchedPair, pair: AlignedPair, mode: AlignmentMode) -> AlignedPair:
    """The pair without flicker; aligned once more if there was any, since bands mislead that."""
    steady = remove_flicker(pair)
    if steady.short_planes is pair.short_planes:
        return steady
    changed = replace(matched, short_planes=steady.short_planes, match=steady.match)
    return replace(align(changed, mode), flicker=steady.flicker)


def _in_one_domain(photos: Sequence[Photo], preparation: Preparation) -> list[Frame]:
    """The files' kinds tell whether raws must be developed, so that each file is read once.

    Only two raws of which one has no Bayer filter are read twice: decoding tells. A raw holds more
    than the picture that the camera makes of it, and is cut to that if the sizes differ.
    """
    mixed = len({_is_raw(photo) for photo in photos}) > 1
    domain: Literal["auto", "srgb"] = "srgb" if mixed or preparation.domain == "srgb" else "auto"
    frames = _decoded(photos, domain, preparation.develop)
    if len({frame.domain for frame in frames}) > 1:
        frames = _decoded(frames, "srgb", preparation.develop)
    frames = turned_alike(frames)
    if len({frame.size for frame in frames}) > 1:
        frames = [as_camera_shows(frame) if frame.developed else frame for frame in frames]
    return frames


def _is_raw(photo: Photo) -> bool:
    return photo.domain == "raw" if isinstance(photo, Frame) else detect(photo) == "raw"


def _decoded(
    photos: Sequence[Photo], domain: Literal["auto", "srgb"], settings: DevelopSettings
) -> list[Frame]:
    """The photos in the colours of the last one, whose geometry the result has."""
    *others, last = photos
    reference = _frame(last, domain, settings, None)
    profile = reference.profile if reference.bayer is None else None
    return [*(_frame(each, domain, settings, profile) for each in others), reference]


def _frame(
    photo: Photo, domain: Literal["auto", "srgb"], settings: DevelopSettings, profile: bytes | None
) -> Frame:
    if isinstance(photo, Path):
        return decode(photo, domain, settings, profile)
    if domain == "srgb" and photo.domain == "raw":
        return decode(photo.path, domain, settings, profile)
    return photo


def _check_size(frame: Frame, least: int) -> None:
    height, width = frame.size
    if min(height, width) < least:
        raise PairError(
            f"{frame.path} is too small: {width} x {height} pixels",
            f"{least} x {least} are needed; give the camera's photos uncropped",
        )
