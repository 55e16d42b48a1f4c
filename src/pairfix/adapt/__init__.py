"""Adapt a network to the one photo that it restores, by self-supervised reblurring.

Source: Nah et al., Clean Images are Hard to Reblur, 2022, Section 3.3 and Algorithm 1. `tiles`
chooses what to look at, `optimise` (torch) changes the weights, `adaptation` runs both and gives
the result the colours of the unadapted one. Importing this package loads no torch.
"""

from pairfix.adapt.adaptation import adapt, match_histograms
from pairfix.adapt.choose import ADAPT, choose_adapting_runtime, find_reblur_module

__all__ = ["ADAPT", "adapt", "choose_adapting_runtime", "find_reblur_module", "match_histograms"]
