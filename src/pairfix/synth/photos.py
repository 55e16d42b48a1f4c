"""Sharp photos kept on the device, and random crops of them (torch)."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pairfix.errors import InputError, PairfixError
from pairfix.formats.bitmap import decode_bitmap
from pairfix.paths import reaching
from pairfix.synth.synth_recipe import Part

__all__ = ["HOLDOUT", "LONGEST", "Part", "PhotoStore", "list_photos", "read_photo"]

_log = logging.getLogger(__name__)

HOLDOUT = 16
"""One photo in this many is kept for validation."""
LONGEST = 2048
"""Side in pixels to which larger photos are averaged down: pixels of a camera's full resolution
were interpolated from a mosaic and are softer than what a network should learn to restore."""

_TIFF = {".tif", ".tiff"}
_SUFFIXES = {".avif", ".jpeg", ".jpg", ".png", ".webp"} | _TIFF
_WANTED = "add AVIF, JPEG, PNG, TIFF or WebP files"
_DECODERS = 4
"""Threads that decode."""


@dataclass(frozen=True, slots=True)
class PhotoStore:
    """Photos of different sizes in one buffer, from which a batch of crops is gathered at once."""

    paths: tuple[Path, ...]
    """Where the photos came from."""
    pixels: Tensor
    """All pixels, photo after photo and row by row: ``P x 3`` uint8, sRGB-encoded."""
    starts: Tensor
    """Index of every photo's first pixel."""
    sizes: Tensor
    """Height and width of every photo, ``n x 2``."""
    shortest: int
    """Shortest side of all: the largest crop."""

    @classmethod
    def load(
        cls,
        folder: Path,
        device: torch.device,
        *,
        smallest: int,
        part: Part = "train",
        holdout: int = HOLDOUT,
        longest: int = LONGEST,
        further: Sequence[Path] = (),
    ) -> "PhotoStore":
        """Decode the photos of a folder and its subfolders.

        The split depends only on the files' names, so that it is the same for every size of crops.
        Photos that are damaged or too small are left out with a warning.

        Args:
            folder: Where the photos are: AVIF, JPEG, PNG, TIFF or WebP.
            device: Where to keep them.
            smallest: Side of the crops to be drawn.
            part: Which part of the split.
            holdout: One photo in this many, in the order of their names, is for validation.
            longest: Photos are averaged down so that no side exceeds it.
            further: More folders, whose photos are all added.

        Raises:
            InputError: The folder is missing, or has no photo for this part.
        """
        paths = list_photos(folder, part, holdout=holdout)
        paths += [path for each in further for path in list_photos(each)]
        return cls.from_photos(_decode(paths, smallest, longest), device, source=folder)

    @classmethod
    def from_photos(
        cls, photos: Iterable[tuple[Path, NDArray[np.uint8]]], device: torch.device, *, source: Path
    ) -> "PhotoStore":
        """Keep decoded photos, ``H x W x 3`` uint8 each.

        Raises:
            InputError: There are none; the message names `source`.
        """
        kept = [*photos]
        if not kept:
            raise InputError(
                f"{source} has no undamaged photo that is large enough",
                "give larger photos, or train on smaller crops",
            )
        sizes = np.array([pixels.shape[:2] for _, pixels in kept], np.int64)
        counts = sizes.prod(axis=1)
        flat = np.concatenate([pixels.reshape(-1, 3) for _, pixels in kept])
        return cls(
            paths=tuple(path for path, _ in kept),
            pixels=torch.from_numpy(flat).to(device),
            starts=torch.from_numpy(counts.cumsum() - counts).to(device),
            sizes=torch.from_numpy(sizes).to(device),
            shortest=int(sizes.min()),
        )

    def __len__(self) -> int:
        return len(self.paths)

    def crops(self, count: int, size: int, generator: torch.Generator) -> Tensor:
        """Random crops of random photos, flipped and transposed at random.

        Args:
            count: How many, N.
            size: Their side in pixels.
            generator: On the photos' device.

        Returns:
            ``N x 3 x size x size`` float32 in 0 to 1, sRGB-encoded.

        Raises:
            ValueError: A photo is smaller than `size`.
        """
        if size > self.shortest:
            raise ValueError(f"crops of {size} pixels from photos of {self.shortest}")
        draw = partial(torch.rand, generator=generator, device=self.pixels.device)
        photo = _below(draw(count), torch.full_like(self.starts[:1], len(self)))
        sides = self.sizes[photo]
        corner = _below(draw(count, 2), sides - size + 1)
        flipped = draw(count, 2).round().long()
        steps = torch.stack([sides[:, 1], torch.ones_like(photo)], dim=1)
        first = self.starts[photo] + ((corner + flipped * (size - 1)) * steps).sum(dim=1)
        steps = steps * (1 - 2 * flipped)
        transposed = draw(count, 1).round().bool()
        down, right = torch.where(transposed, steps.flip(1), steps).unbind(dim=1)
        ramp = torch.arange(size, device=photo.device)
        rows = first[:, None] + down[:, None] * ramp
        index = rows[:, :, None] + (right[:, None] * ramp)[:, None, :]
        return (self.pixels[index].permute(0, 3, 1, 2).float() / 255).contiguous()


def list_photos(folder: Path, part: Part | None = None, *, holdout: int = HOLDOUT) -> list[Path]:
    """The photos of one part of the split, or all of them, sorted by name.

    Raises:
        InputError: The folder is missing, may not be read, or has no photo for this part.
    """
    with reaching(folder, InputError):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder", "name one that holds sharp photos")
        next(folder.iterdir(), None)  # rglob passes over what it may not read
        photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not photos:
        raise InputError(f"{folder} holds no photos", _WANTED)
    if part is None:
        return photos
    wanted = [
        path
        for index, path in enumerate(photos)
        if (index % holdout == 0) == (part == "validation")
    ]
    if not wanted:
        raise InputError(f"{folder} holds too few photos for {part}: {len(photos)}", _WANTED)
    return wanted


def _below(draw: Tensor, bound: Tensor) -> Tensor:
    """Whole numbers from 0 to below `bound`; the largest draws would round up to it."""
    return torch.minimum((draw * bound).long(), bound - 1)


def _decode(
    paths: Iterable[Path], smallest: int, longest: int
) -> Iterator[tuple[Path, NDArray[np.uint8]]]:
    def attempt(path: Path) -> tuple[Path, NDArray[np.uint8] | PairfixError]:
        try:
            return path, read_photo(path, smallest, longest)
        except PairfixError as error:
            return path, error

    with ThreadPoolExecutor(_DECODERS) as threads:
        for path, result in threads.map(attempt, paths):
            if isinstance(result, PairfixError):
                _log.warning("left out: %s", result)
            else:
                yield path, result


def read_photo(path: Path, smallest: int, longest: int) -> NDArray[np.uint8]:
    """A photo as ``H x W x 3`` uint8, averaged down where it is larger than `longest`.

    Raises:
        PairfixError: It cannot be read, or is then smaller than `smallest`.
    """
    decoded = decode_bitmap(path, tiff=path.suffix.lower() in _TIFF).pixels
    pixels = np.asarray(decoded if decoded.dtype == np.uint8 else decoded >> 8, np.uint8)
    height, width, _ = pixels.shape
    scale = min(longest / max(height, width), 1)
    size = round(height * scale), round(width * scale)
    if min(size) < smallest:
        raise InputError(
            f"{path} is too small: {width} x {height} pixels; reduced to {longest} at most, "
            f"its shorter side must have {smallest}"
        )
    if scale == 1:
        return pixels
    return np.asarray(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
