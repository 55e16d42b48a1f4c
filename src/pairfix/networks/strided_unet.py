"""The hyper-parameters that DeblurMerger and DeblurRNN share, without torch."""

from dataclasses import dataclass

__all__ = ["StridedUNetConfig"]

_CAP = 8


@dataclass(frozen=True, slots=True)
class StridedUNetConfig:
    """Hyper-parameters of the encoders and decoders of DeblurMerger and DeblurRNN.

    The paper gives the blocks (Zhang et al., Section III-A): 5 x 5 convolutions of stride 2 down,
    transposed ones up, with skip connections at every size. Depth, widths and the dropout's rate
    stand only in its figures or nowhere. Ours are: depth 5 and widths of 1, 2, 4, 8, 8 times
    `width`, which is 32 here and 64 at full size; dropout as in pix2pix (Isola et al., 2017),
    whose U-Net the paper takes up: after the three smallest decoder blocks, at a rate of 0.5.

    Raises:
        ValueError: A value makes no sense.
    """

    channels: int = 4
    """Planes per exposure: 4 for a mosaic, 3 for RGB."""
    width: int = 32
    """Channels at half size; they double at each smaller size, up to eightfold."""
    depth: int = 5
    """How often an encoder halves the size."""
    dropout: float = 0.5
    """Share of a decoder's features left out in training."""

    def __post_init__(self) -> None:
        if self.channels not in (3, 4):
            raise ValueError(f"channels must be 3 or 4, not {self.channels}")
        if self.width < 1:
            raise ValueError(f"width must be positive, not {self.width}")
        if self.depth < 1:
            raise ValueError(f"depth must be positive, not {self.depth}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {self.dropout}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of an encoder's features, from half size to the smallest."""
        return tuple(self.width * min(2**level, _CAP) for level in range(self.depth))

    @property
    def multiple(self) -> int:
        """What height and width must be multiples of: a pixel at the smallest size."""
        return 2**self.depth

    @property
    def reach(self) -> int:
        """Pixels that an output pixel sees to each side through one encoder and one decoder.

        A 5 x 5 kernel reaches 2 px at the larger of its two sizes, which is 1, 2, 4, ... pixels
        of the photo, on the way down and on the way up again.
        """
        return 4 * (self.multiple - 1)
