"""The training of DeblurMerger and DeblurRNN against a discriminator (torch).

Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019 (Section III-B,
Table I).
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.networks import Network
from pairfix.networks.layers import add_norms
from pairfix.networks.strided_unet import StridedUNetConfig
from pairfix.networks.strided_unet.architecture import DeblurRNN, Encoder
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import (
    dark_channel_loss,
    discriminator_loss,
    generator_loss,
    gradient_loss,
    l1,
)
from pairfix.train.modes import frozen
from pairfix.train.objectives.reblurring import Term, with_reblurring
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Phase
from pairfix.train.transfer import initialise_gaussian

__all__ = [
    "Adversarial",
    "DenoisedFirst",
    "Discriminator",
    "build_adversarial",
    "build_discriminator",
]

_LEARNING_RATE = 2e-4
_BETAS = 0.5, 0.999
"""The second is Adam's default: the paper states the first."""


class Discriminator(nn.Module):
    """The discriminator of DeblurMerger and DeblurRNN, plain form.

    Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019 (Section
    III-A1): blocks like those of the generator's encoder, "and its output is a scalar, followed
    by a sigmoid function". It sees the blurry exposure along with the picture (Equation 4). How
    the last features become a scalar is not stated: a linear map at each position, averaged over
    all, so that pictures of any size can be judged. Depth and widths are ours: 4 blocks of 64, 128,
    256 and 512 channels.

    Real and restored pictures pass as one batch. In separate batches, the normalisation would
    remove their overall difference, and the average what is left: such a discriminator could not
    distinguish noisy pictures from clean ones.
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
        """Judge how real pictures look.

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


class Adversarial:
    """A discriminator, and a generator that tries to deceive it (Equations 3 to 6)."""

    def __init__(
        self,
        generator: nn.Module,
        restore: Callable[[PairBatch], Tensor],
        discriminator: nn.Module,
        settings: ObjectiveSettings,
        term: Term,
    ) -> None:
        """Train a generator.

        Args:
            generator: The modules that learn to restore.
            restore: Restores a batch with them.
            discriminator: As `Discriminator`.
            settings: Weights of the terms.
            term: Adds to the generator's losses.
        """
        self._generator = generator
        self._restore = restore
        self._discriminator = discriminator
        self._settings = settings
        self._term = term

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The discriminator, then the generator."""
        return {"discriminator": self._discriminator, "generator": self._generator}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The discriminator's loss, or the generator's four."""
        del generator
        if player == "discriminator":
            return self._discern(batch)
        return self._deceive(batch)

    def _discern(self, batch: PairBatch) -> dict[str, Tensor]:
        with torch.no_grad():
            restored = self._restore(batch)
        real, fake = self._discriminator(batch.truth, restored, batch.long)
        return {"adversarial": self._settings.adversarial * discriminator_loss(real, fake)}

    def _deceive(self, batch: PairBatch) -> dict[str, Tensor]:
        settings, truth = self._settings, batch.truth
        restored = self._restore(batch)
        with frozen(self._discriminator):
            _, fake = self._discriminator(truth, restored, batch.long)
        return {
            "adversarial": settings.adversarial * generator_loss(fake),
            "content": settings.content * l1(restored, truth),
            "gradient": settings.gradient * gradient_loss(restored, truth),
            "dark_channel": settings.dark_channel * dark_channel_loss(restored, truth),
            **self._term(restored, truth),
        }


class DenoisedFirst:
    """DeblurRNN's order: its denoising net takes its turn before discriminator and generator.

    By Table I that net learns from its content loss only, so the generator is the deblurring net:
    what it receives from the other, including the state of the ConvLSTM, carries no gradient.
    """

    def __init__(
        self,
        network: DeblurRNN,
        discriminator: nn.Module,
        settings: ObjectiveSettings,
        term: Term,
    ) -> None:
        """Train a network; for the arguments see `Adversarial`."""
        self._network = network
        self._denoiser = nn.ModuleList(
            [network.denoise_encoder, network.denoise_lstm, network.denoise_decoder]
        )
        deblurrer = nn.ModuleList(
            [network.deblur_encoder, network.deblur_lstm, network.deblur_decoder]
        )
        self._content = settings.content
        self._deblurring = Adversarial(deblurrer, self._restore, discriminator, settings, term)

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The denoising net, the discriminator, the generator."""
        return {"denoiser": self._denoiser, **self._deblurring.players}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The content loss of the denoising net (Equation 7), or those of `Adversarial`."""
        if player != "denoiser":
            return self._deblurring.losses(player, batch, generator)
        denoised, _ = self._network.denoise(batch.short)
        return {"content": self._content * l1(denoised, batch.truth)}

    def _restore(self, batch: PairBatch) -> Tensor:
        with torch.no_grad():
            denoised, state = self._network.denoise(batch.short)
        return self._network.deblur(denoised, batch.long, state)


def build_adversarial(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """One phase; the order of turns is DeblurRNN's for that network, else DeblurMerger's."""
    device = next(fusion.parameters()).device
    discriminator = build_discriminator(config.channels, generator).to(device)
    module = fusion.modules_by_graph[network.graphs(config)[-1].name]

    def make(term: Term) -> Objective:
        if isinstance(module, DeblurRNN):
            return DenoisedFirst(module, discriminator, settings, term)
        return Adversarial(
            fusion, lambda batch: fusion(batch.sources), discriminator, settings, term
        )

    objective = with_reblurring(make, fusion, config, settings, generator, scale=settings.content)
    return (Phase("adversarial", objective, _LEARNING_RATE, _BETAS),)


def build_discriminator(channels: int, generator: torch.Generator) -> nn.Module:
    """A discriminator in the form that is trained, with weights drawn from a CPU generator."""
    network = add_norms(Discriminator(channels))
    initialise_gaussian(network, generator)
    return network
