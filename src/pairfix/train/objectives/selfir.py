"""SelfIR's objective in linear light, for real pairs without truth (torch).

Source: Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022
(Section 3, Equations 7 to 12).

**The short exposure.** Its linear light is t = x + n, the scene x and noise n of mean zero. The
network's result on g1's pixels, y in linear light, is independent of the noise of g2's. So is any
weight w >= 0 that depends only on the long exposure and the camera, and

    E[w (y - t)^2] = w (y - x)^2 - 2 w (y - x) E[n] + w E[n^2] = w (y - x)^2 + constant:

L_rec has its minimum at the clean x, in every channel.

**Encoded values do not have it there.** Towards f(t), f the encoding, the minimum lies at
E[f(x + n)], which is f(x) + f''(x) Var(n) / 2 to the second order. Both encodings are concave
(f'' < 0), most so in shadows: y ends up darker than x by about -f'' Var(n) / (2 f'). White balance
amplifies the noise of red and blue, so that these darken more than green, and shadows turn green.

**L_reg** compares with t + d, where d = g1(x^) - g2(x^) and x^ is the restored whole, without
gradient. Both terms together have their minimum at x + lambda / (1 + lambda) E[d]. As x^ approaches
the scene, d approaches the difference between g1's position and g2's, which L_rec alone would
keep.

**The weight** is the inverse variance of n, as for the most likely x under normal noise: from the
camera's curve at the brightness of the long exposure, whose noise is independent. The short one's
brightness would give less weight to pixels whose noise was positive, and that of x^ depends on t.
It is scaled by the mean square of the curve, so that w = f'^2 for noise equal at all encoded
levels, and the loss is the paper's to first order: lambdas and learning rates keep their meaning.
L_aux, which has no such noise, is weighted alike, so that lambda_aux keeps its meaning too.

**Clipping** by the encoding at 1, and for srgb at 0, shifts the noise's mean from zero. Pixels
whose long exposure is nearer to such a limit than twice the noise have no weight; where it shows
the scene's own brightness, normal noise is then shifted by at most 0.0085 of its deviation.
"""

from typing import Any

import torch
from torch import Tensor

from pairfix import light
from pairfix.image import Domain
from pairfix.model import CHANNELS
from pairfix.networks import Network
from pairfix.noise import LEVELS
from pairfix.synth.light import decode_planes
from pairfix.synth.noise_maps import noise_planes
from pairfix.train.fusion import Fusion
from pairfix.train.objectives.self_supervised import LEARNING_RATES, co_learning
from pairfix.train.objectives.spec import ObjectiveSettings, Phase

__all__ = ["LinearLight", "build_selfir"]

_USUAL_NOISE = 0.1
"""By default: the middle of the paper's range, 5/255 to 50/255 (Section 4.1)."""
_MARGIN = 2.0
"""Standard deviations between a pixel that has weight and the limits of the encoding."""
_DOMAINS: dict[int, Domain] = {channels: domain for domain, channels in CHANNELS.items()}


class LinearLight:
    """Compares linear light, weighted by the inverse variance of the short exposure's noise."""

    def __init__(self, curve: Tensor, domain: Domain) -> None:
        """Prepare for one camera.

        Args:
            curve: ``C x K``, positive, on the batches' device: the short exposure's noise curve
                (`pairfix.noise`).
            domain: The domain of the pairs.
        """
        levels = light.decode_planes(LEVELS, domain)
        slope = torch.from_numpy(light.encoding_slope(levels, domain)).to(curve)
        self._domain: Domain = domain
        self._curve = curve[None]
        self._weights = curve.square().mean() * (slope / curve).square()[None]

    def values(self, encoded: Tensor) -> Tensor:
        """Linear light, not clipped; the same shape."""
        return decode_planes(encoded, self._domain)

    def weight(self, long: Tensor) -> Tensor:
        """The weights, 0 where the short exposure's noise may be clipped.

        Args:
            long: ``N x C x H x W``, encoded.
        """
        count = len(long)
        margin = _MARGIN * noise_planes(long, self._curve.expand(count, -1, -1))
        whole = long + margin <= 1
        if self._domain == "srgb":
            whole &= long >= margin
        return whole * noise_planes(long, self._weights.expand(count, -1, -1))


def build_selfir(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """One phase of all three terms at the learning rate for real pairs (Section 4.1).

    L_aux needs no separate phase: no patch counts as sharp before the network restores well.

    Raises:
        ValueError: The settings include the reblurring loss, or their curve does not fit.
    """
    del network, generator
    device = next(fusion.parameters()).device
    measure = LinearLight(_curve(settings, config.channels).to(device), _DOMAINS[config.channels])
    objective = co_learning(fusion, config, settings, measure, auxiliary=settings.auxiliary)
    return (Phase("selfir", objective, LEARNING_RATES[1]),)


def _curve(settings: ObjectiveSettings, channels: int) -> Tensor:
    """The curve that was given, ``C x K``; else the same noise at all encoded levels."""
    given = settings.noise_curve
    if given is None:
        return torch.full((channels, len(LEVELS)), _USUAL_NOISE)
    if [len(row) for row in given] != channels * [len(LEVELS)]:
        raise ValueError(f"it needs a noise curve of {channels} x {len(LEVELS)} values")
    curve = torch.tensor(given)
    if not (curve.isfinite() & (curve > 0)).all():
        raise ValueError("it needs a noise curve of positive values")
    return curve
