"""How good the planes are that a network gives, without the stages after it."""

from collections.abc import Iterator
from pathlib import Path

from pairfix.backends import OpenModel
from pairfix.formats import decode
from pairfix.image import AlignedPair, Planes
from pairfix.light import encode_planes, planes_from_frame
from pairfix.metrics import psnr
from pairfix.stages.fuse import fuse
from pairfix.stages.prepare import prepare_pair


def pairs_with_truth(pairs: Path) -> Iterator[tuple[str, AlignedPair, Planes]]:
    """Prepare pairs, each with its name and its truth.

    Args:
        pairs: A folder of folders with ``long.*``, ``short.*`` and ``gt.*``.
    """
    for truth in sorted(pairs.glob("*/gt.*")):
        long, short = (_photo(truth.parent, role) for role in ("long", "short"))
        yield truth.parent.name, prepare_pair(long, short), planes_from_frame(decode(truth))


def network_psnr(
    opened: OpenModel, pair: AlignedPair, truth: Planes, noise_factor: float = 1.0
) -> float:
    """PSNR in dB, in sRGB terms.

    Args:
        opened: The model.
        pair: What it restores.
        truth: What the pair shows, in the short exposure's geometry.
        noise_factor: As `pairfix.stages.fuse.fuse` takes it.
    """
    fused, _ = fuse(pair, opened, noise_factor=noise_factor)
    return psnr(encode_planes(fused.planes, "srgb"), encode_planes(truth, "srgb"))


def _photo(folder: Path, role: str) -> Path:
    (photo,) = folder.glob(f"{role}.*")
    return photo
