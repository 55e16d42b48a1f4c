"""Make a model better for one camera, from pairs that it took and nobody has labelled (torch)."""

from pairfix.tune.finetune import TRAIN, Tuned, Tuning
from pairfix.tune.plan import TuneRecipe

__all__ = ["TRAIN", "TuneRecipe", "Tuned", "Tuning"]
