"""A camera's noise as a value, stored as JSON."""

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

from pairfix.errors import InputError
from pairfix.image import Domain
from pairfix.jsonfile import read_json
from pairfix.light import CELL

__all__ = ["PLANES_BY_COLOUR", "CameraProfile", "FrameFit", "Setting"]

_LARGEST = 1 << 22
"""Bytes; a setting takes 3000."""
_WIDEST = 31
"""Side of the largest table of correlations."""
_GREATEST = 1e9
"""Above all that is stored, ISO values and numbers of blocks included; float32 holds its square."""

Numbers = tuple[float, ...]
Table = tuple[Numbers, ...]
_Profile = TypeVar("_Profile", bound="CameraProfile")

PLANES_BY_COLOUR = {len(CELL): ((0,), (1, 2), (3,)), 3: ((0,), (1,), (2,))}
"""The planes that show R, G and B and share their noise, by the number of all planes."""


@dataclass(frozen=True, slots=True)
class FrameFit:
    """The noise of one exposure, as fractions of its saturation and before white balance.

    The units are those of a DNG's NoiseProfile: linear light, 0 is black, 1 is white.
    """

    shot: Numbers
    """By plane (R, G1, G2, B of a mosaic; R, G, B): variance per unit of light."""
    read: Numbers
    """By plane: variance in the dark, without that of rows and columns."""
    correlation: Table
    """Autocorrelation of the pixels' noise, of the mosaic or of one channel: an odd square, 1 in
    its middle."""
    channels: Table
    """Correlation of the channels' noise at one place: the unit matrix of a mosaic."""
    rows: float
    """Standard deviation of an offset common to a sensor row, after row noise was removed."""
    columns: float
    """The same of columns."""
    told_shot: Numbers
    """In noise maps instead of `shot`: as the files state it, else as measured in one pair
    (`pairfix.noise`)."""
    told_read: Numbers
    """The same instead of `read`."""

    @property
    def strongest_correlation(self) -> float:
        """The strongest correlation of a pixel's noise with a near one's; 0 without any."""
        values = [value for row in self.correlation for value in row]
        del values[len(values) // 2]
        return max(values, key=abs, default=0.0)


@dataclass(frozen=True, slots=True)
class Setting:
    """The camera's noise at one pair of ISO values and ratio of the exposures."""

    iso: float | None
    """Of the short exposure."""
    pairs: int
    """How many pairs were taken with it."""
    blocks: int
    """Flat and still blocks of pixels in which the noise was measured."""
    brightening: float
    """Factor by which the short frame is brightened to match the long one; 1 or more."""
    short: FrameFit
    long: FrameFit
    offset: Numbers
    """By plane: the short frame's black minus the long one's, as a fraction of saturation."""
    removed_rows: float
    """Standard deviation of the row noise that `pairfix.stages.rownoise` takes out."""
    stated: Table
    """Shot and read noise of R, G and B by the short files' NoiseProfile; empty without one."""

    @property
    def rows(self) -> float:
        """Standard deviation of the offsets of the short frame's rows, as the file holds them."""
        return math.hypot(self.removed_rows, self.short.rows)

    def planes_of(self, colour: int) -> tuple[int, ...]:
        """The planes that show a colour (0, 1, 2: R, G, B); green has two in a mosaic."""
        return PLANES_BY_COLOUR[len(self.offset)][colour]


@dataclass(frozen=True, slots=True)
class CameraProfile:
    """The noise of one camera."""

    camera: str | None
    domain: Domain
    white_balances: Table
    """Multipliers of R, G and B that the pairs have; only of mosaics."""
    settings: tuple[Setting, ...]
    """By rising ISO."""

    def as_json(self) -> str:
        """The file's text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `as_json` returned.

        Raises:
            InputError: The file is missing, damaged, or not a calibration.
        """
        try:
            stored = read_json(path, _LARGEST)
            settings = tuple(
                _build(
                    Setting,
                    each | {role: _build(FrameFit, each[role]) for role in ("short", "long")},
                )
                for each in stored["settings"]
            )
            return _checked(_build(cls, stored | {"settings": settings}))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{path} is not a camera's calibration", "make one with 'pairfix calibrate'"
            ) from error


def _checked(profile: _Profile) -> _Profile:
    """The same profile.

    Raises:
        TypeError, ValueError: Something in it is missing, of another type or no camera's.
    """
    _require(profile.domain in ("raw", "srgb"))
    _require(profile.camera is None or isinstance(profile.camera, str))
    _require(_size(profile.white_balances)[1:] in ((), (3,)) and len(profile.settings) > 0)
    _require(all(0 < gain < _GREATEST for gains in profile.white_balances for gain in gains))
    planes = len(CELL) if profile.domain == "raw" else 3
    for each in profile.settings:
        _require(_size((each.offset,)) == (1, planes) and _size(each.stated) in ((0,), (3, 2)))
        _require(all(0 <= value < _GREATEST for row in each.stated for value in row))
        _require(each.iso is None or isinstance(each.iso, int | float))
        _require(each.pairs >= 1 and each.blocks >= 1 and each.brightening > 0)
        for fit in (each.short, each.long):
            variances = (fit.shot, fit.read, fit.told_shot, fit.told_read)
            deviations = (fit.rows, fit.columns, each.removed_rows, each.iso or 0.0)
            _require(_size(variances) == (len(variances), planes))
            _require(min(map(min, (*variances, deviations))) >= 0)
            _require(_size(fit.channels) in ((1, 1), (planes, planes)))
            side = len(fit.correlation)
            _require(side <= _WIDEST and side % 2 == 1 and _size(fit.correlation) == (side, side))
            numbers = (*variances, deviations, *fit.correlation, *fit.channels, each.offset)
            facts = (each.brightening, float(each.pairs), float(each.blocks))
            _require(max(abs(value) for row in (*numbers, facts) for value in row) < _GREATEST)
    return profile


def _size(table: Table) -> tuple[int, ...]:
    """Rows and columns; of an empty table, 0."""
    columns = {len(row) for row in table}
    _require(
        len(columns) <= 1 and all(isinstance(each, int | float) for row in table for each in row)
    )
    return (len(table), *columns)


def _require(fulfilled: bool) -> None:  # noqa: FBT001
    if not fulfilled:
        raise ValueError("no camera has such noise")


def _build(kind: type[Any], stored: dict[str, Any]) -> Any:  # noqa: ANN401
    return kind(**{each.name: _frozen(stored[each.name]) for each in fields(kind)})


def _frozen(value: Any) -> Any:  # noqa: ANN401
    """Lists as tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
