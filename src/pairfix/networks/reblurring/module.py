"""The reblurring module, M_R."""

from torch import Tensor, nn

from pairfix.networks.layers import convolve_exactly
from pairfix.networks.reblurring import ReblurModuleConfig
from pairfix.networks.reblurring.blocks import convolution, residual

__all__ = ["ReblurModule"]


class ReblurModule(nn.Module):
    """Amplifies the blur that is left in a deblurred picture (Sec. 3.1, Table S3, Figure S1).

    A sharp picture ought to come out as it went in. Nothing is strided, so that no artefacts of
    upsampling enter the loss (Sec. S1); the quartered size of the table's ResBlocks is a slip.
    """

    def __init__(self, config: ReblurModuleConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        self.input = convolution(config.channels, config.width, 5)
        self.blocks = residual(config.width, 5, config.blocks)
        self.output = convolution(config.width, config.channels, 5)

    def forward(self, picture: Tensor) -> Tensor:
        """Reblur a picture.

        Args:
            picture: Deblurred or sharp, ``N x C x H x W`` of any size.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped.
        """
        x = self.input(picture.to(self.output.weight.dtype))
        return convolve_exactly(self.blocks(x), self.output)
