"""Fine-tune a model for one camera on its own pairs, without ground truth (torch)."""

from pairfix.tune.finetune import TRAIN, Tuned, Tuning
from pairfix.tune.plan import TuneRecipe

__all__ = ["TRAIN", "TuneRecipe", "Tuned", "Tuning"]
