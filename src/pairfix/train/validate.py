"""The quality of a network on pairs that it was not trained on (torch)."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pairfix.image import Domain
from pairfix.light import decode_planes, linear_to_srgb
from pairfix.metrics import psnr, ssim
from pairfix.synth.batch import PairBatch
from pairfix.train.log import Quality

__all__ = ["Validation"]

Restore = Callable[[Mapping[str, Tensor]], Tensor]
Display = NDArray[np.float32]

_SHOWN = 4
"""Pairs on a sheet of samples."""


class Validation:
    """A fixed set of pairs."""

    def __init__(self, batches: Sequence[PairBatch], domain: Domain) -> None:
        """Keep the pairs.

        Args:
            batches: The pairs; each batch is restored at once.
            domain: The domain of the pairs.
        """
        self._batches = batches
        self._domain = domain
        self._truth = [show(batch.truth, domain) for batch in batches]

    def noisy(self) -> Quality:
        """Quality of the short frames as they are."""
        return self._compare(show(batch.short, self._domain) for batch in self._batches)

    def measure(self, restore: Restore) -> Quality:
        """Quality of the restored pairs."""
        return self._compare(self._restored(restore))

    def samples(self, restore: Restore) -> bytes:
        """A PNG of some pairs, one per row: short, long, restored, truth."""
        batch = self._batches[0]
        columns = [
            show(planes[:_SHOWN], self._domain)
            for planes in (batch.short, batch.long, _run(restore, batch), batch.truth)
        ]
        sheet = np.concatenate([np.concatenate(column, axis=0) for column in columns], axis=1)
        pixels = np.rint(sheet[:, :, ::-1] * 255).astype(np.uint8)
        return cv2.imencode(".png", pixels)[1].tobytes()

    def _restored(self, restore: Restore) -> Iterator[Display]:
        for batch in self._batches:
            yield show(_run(restore, batch), self._domain)

    def _compare(self, pictures: Iterator[Display]) -> Quality:
        pairs = [
            pair
            for batch, truth in zip(pictures, self._truth, strict=True)
            for pair in zip(batch, truth, strict=True)
        ]
        return Quality(
            psnr=float(np.mean([psnr(picture, truth) for picture, truth in pairs])),
            ssim=float(np.mean([ssim(picture, truth) for picture, truth in pairs])),
        )


def show(planes: Tensor, domain: Domain) -> Display:
    """Display values of a network's planes: ``N x H x W x 3``, sRGB-encoded, 0 to 1.

    A mosaic is shown as R, the mean of both G, and B, in the camera's colours.
    """
    encoded = planes.detach().float().contiguous().cpu().numpy()
    light = decode_planes(encoded, domain)
    if domain == "raw":
        red, first, second, blue = light.swapaxes(0, 1)
        light = np.stack([red, (first + second) / 2, blue], axis=1)
    return linear_to_srgb(np.clip(light, 0, 1)).transpose(0, 2, 3, 1)


def _run(restore: Restore, batch: PairBatch) -> Tensor:
    with torch.no_grad():
        return restore(batch.sources)
