"""The adversarial losses of DeblurMerger and DeblurRNN (torch).

Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019 (Equation 4).
They take the discriminator's scores before its sigmoid, from which log D and log(1 - D) come
without loss: ``log sigmoid(s) = -softplus(-s)``, ``log(1 - sigmoid(s)) = -softplus(s)``.
"""

from torch import Tensor
from torch.nn import functional

__all__ = ["discriminator_loss", "generator_loss"]


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises: ``-log D(real) - log(1 - D(fake))``, means over batches.

    Args:
        real: Scores of sharp pictures before the sigmoid, any shape.
        fake: Scores of restored ones.
    """
    return functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """What the generator minimises: ``log(1 - D(fake))``, the mean over the batch.

    It is the paper's second term as it stands, not the non-saturating ``-log D(fake)`` that is
    common elsewhere: it is at most 0, and its gradient vanishes where the discriminator is sure.

    Args:
        fake: Scores of restored pictures before the sigmoid, any shape.
    """
    return -functional.softplus(fake.float()).mean()
