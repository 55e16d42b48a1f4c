"""Adapt a network to the one photo that it restores, by self-supervised reblurring.

Source: Nah et al., Clean Images are Hard to Reblur, 2022, Section 3.3 and Algorithm 1. `tiles`
chooses what to look at, `optimise` (torch) changes the weights, `histogram` gives the result back
the colours of the unadapted one, `adaptation` runs them. Importing this package loads no torch.
"""

from pairfix.adapt.adaptation import adapt
from pairfix.adapt.choose import ADAPT, choose_adapting_runtime, find_reblur_module
from pairfix.adapt.histogram import match_histograms

__all__ = ["ADAPT", "adapt", "choose_adapting_runtime", "find_reblur_module", "match_histograms"]
