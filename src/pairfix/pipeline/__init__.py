"""Restoring photos: the stages in order, in memory or from files to files."""

from pairfix.pipeline.files import align_pair, restore
from pairfix.pipeline.restored import Restored
from pairfix.pipeline.restorer import Restorer
from pairfix.recipe import Recipe

__all__ = ["Recipe", "Restored", "Restorer", "align_pair", "restore"]
