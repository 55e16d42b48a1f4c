"""How good, how quick and how light a model was measured to be: measured.json in its folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pairfix.errors import ModelError
from pairfix.jsonfile import read_json
from pairfix.model.config import DAMAGED

__all__ = ["MEASURED", "Measured", "measured_text", "read_measured"]

MEASURED = "measured.json"

_LARGEST = 1 << 16
"""Bytes; three pairs take 120."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What `scripts/measure_models.py` found."""

    psnr: Mapping[str, float]
    """PSNR in dB of the restored sRGB picture, by sample pair."""
    seconds: float
    """Of the whole command for a 12-megapixel raw pair on two CPU cores."""
    megabytes: float
    """The same command's peak memory."""

    @property
    def mean_psnr(self) -> float:
        """Over the sample pairs, in dB."""
        return sum(self.psnr.values()) / len(self.psnr)

    def summary(self) -> tuple[str, str]:
        """For tables: the mean PSNR; seconds and memory."""
        return f"{self.mean_psnr:.2f} dB", f"{self.seconds:.0f} s, {self.megabytes / 1e3:.1f} GB"


def read_measured(folder: Path) -> Measured | None:
    """What was measured of the model in a folder; None if nothing was.

    Raises:
        ModelError: The file cannot be read, or holds anything else.
    """
    path = folder / MEASURED
    try:
        content = read_json(path, _LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}", DAMAGED) from error
    try:
        psnr = {str(pair): _number(value) for pair, value in content["psnr"].items()}
        measured = Measured(psnr, _number(content["seconds"]), _number(content["megabytes"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"{path} does not hold what was measured", DAMAGED) from error
    if not measured.psnr:
        raise ModelError(f"{path} names no pair", DAMAGED)
    return measured


def measured_text(measured: Measured) -> str:
    """The file's text, to a hundredth."""
    content = asdict(measured)
    content["psnr"] = {pair: round(value, 2) for pair, value in measured.psnr.items()}
    content["seconds"] = round(measured.seconds, 1)
    content["megabytes"] = round(measured.megabytes)
    return json.dumps(content, indent=2) + "\n"


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
