"""The layers of DeblurMerger; no code was released, so parameter names are ours."""

import torch
from torch import Tensor, nn

from pairfix.networks.strided_unet import StridedUNetConfig
from pairfix.networks.strided_unet_layers import Decoder, Encoder

__all__ = ["DeblurMerger"]


class DeblurMerger(nn.Module):
    """The generator of DeblurMerger (Zhang et al., Section III-A2 and Figure 3), plain form.

    The text has the bottlenecks of both encoders concatenated and does not say whose features
    skip to the decoder: here those of both, for the short exposure has the edges and the long one
    the colours.
    """

    def __init__(self, config: StridedUNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        self.short_encoder = Encoder(config.channels, config)
        self.long_encoder = Encoder(config.channels, config)
        self.decoder = Decoder(2 * config.widths[-1], 2, config)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Restore a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of ``2**depth``.
            long: Blurry exposure, the same shape.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        dtype = self.decoder.output.weight.dtype
        *shorts, short = self.short_encoder(short.to(dtype))
        *longs, long = self.long_encoder(long.to(dtype))
        return self.decoder(torch.cat([short, long], 1), shorts, longs)
