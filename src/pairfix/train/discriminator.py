"""What tells restored pictures from real ones in adversarial training (torch)."""

import torch
from torch import Tensor, nn

from pairfix.networks.norms import add_norms
from pairfix.networks.strided_unet import StridedUNetConfig
from pairfix.networks.strided_unet_layers import Encoder
from pairfix.train.initialise import initialise_gaussian

__all__ = ["Discriminator", "build_discriminator"]


class Discriminator(nn.Module):
    """The discriminator of DeblurMerger and DeblurRNN, plain form.

    Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019 (Section
    III-A1): blocks like those of the generator's encoder, "and its output is a scalar, followed
    by a sigmoid function". It sees the blurry exposure along with the picture (Equation 4). How
    the last features become a scalar stands nowhere: a linear map at each place, averaged over
    all, so that pictures of any size can be told. Depth and widths are ours: 4 blocks of 64, 128,
    256 and 512 channels.

    Real and restored pictures pass as one batch. In batches of their own, the normalisation would
    take away what they differ by on the whole, and the average what is left: such a
    discriminator told noisy pictures from clean ones no better than a coin.
    """

    def __init__(self, channels: int, width: int = 64, depth: int = 4) -> None:
        """Build the network, freshly initialised.

        Args:
            channels: Planes of a picture.
            width: Channels of the first block; they double with each.
            depth: How many blocks halve the size.
        """
        super().__init__()
        config = StridedUNetConfig(channels, width, depth)
        self.encoder = Encoder(2 * channels, config)
        self.score = nn.Conv2d(config.widths[-1], 1, 1)

    def forward(self, real: Tensor, restored: Tensor, blurry: Tensor) -> tuple[Tensor, Tensor]:
        """Tell how real pictures seem.

        Args:
            real: Sharp pictures, ``N x C x H x W``; H and W are multiples of ``2**depth``.
            restored: Pictures of the same scenes and shape.
            blurry: The long exposures, the same shape.

        Returns:
            ``N`` scores of the real ones and ``N`` of the restored, before the sigmoid.
        """
        pictures = torch.cat([real, restored])
        features = self.encoder(torch.cat([pictures, blurry.repeat(2, 1, 1, 1)], 1))[-1]
        scores = self.score(features).mean(dim=(1, 2, 3))
        return scores[: len(real)], scores[len(real) :]


def build_discriminator(channels: int, generator: torch.Generator) -> nn.Module:
    """A discriminator in the form that is trained, with weights drawn from a CPU generator."""
    network = add_norms(Discriminator(channels))
    initialise_gaussian(network, generator)
    return network
