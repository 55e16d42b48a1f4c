"""A restored photo in memory, and what it becomes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.image import DevelopSettings, Fused, Picture, Scene
from pairfix.output.report import Restoration
from pairfix.stages.develop import develop, source_mosaic

__all__ = ["Restored"]


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored photo in memory."""

    scene: Scene
    """What it was restored from."""
    fused: Fused
    """The photo in linear light; of a crop, the short frame with the crop restored in it."""
    develop: DevelopSettings
    """How it becomes a picture."""
    facts: Restoration
    """What was done."""

    def picture(self) -> Picture:
        """Develop the photo: upright, ``H x W x 3`` uint16.

        Mosaics, and pictures read from files, are in the recipe's colour space; frames of RGB
        made in memory stay in the space that their profile says.

        Raises:
            InputError: The raw file that the short frame came from is gone.
        """
        fused = self.fused
        return develop(
            fused.planes, fused.reference, self.develop, gain=fused.gain, crop=self.facts.crop
        )

    def mosaic(self) -> NDArray[np.float32]:
        """The restored mosaic, ``H x W``, at the short frame's own exposure; 0 black, 1 white.

        Raises:
            OutputError: The photo has no mosaic, or only a part of it is restored.
        """
        if self.facts.crop is not None:
            raise OutputError("a crop cannot be given as a mosaic", "restore the whole photo")
        return source_mosaic(self.fused)
