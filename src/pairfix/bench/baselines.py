"""What a model must beat: the photos themselves, and denoisers of the short exposure alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np

from pairfix.bench.anscombe import expand, noise_of_short, stabilise
from pairfix.errors import MissingExtraError
from pairfix.image import AlignedPair, DevelopSettings, Picture, Planes
from pairfix.stages.develop import develop
from pairfix.stages.prepare import Preparation, prepare_pair

__all__ = ["BASELINES", "BM3D", "LONG", "PHOTOS", "SHORT", "Baseline", "bm3d_is_installed"]

SHORT, LONG, BM3D = "short", "long", "BM3D"
PHOTOS = (SHORT, LONG)
"""The baselines that take next to no time."""

_NLM_STRENGTH = 1.75
"""Ratio of OpenCV's ``h`` to the noise in the finest diagonal detail of a developed photo.

The best of 1, 1.25, 1.5, 1.75 and 2 on average over crops of wheel, neon and street (26.82 dB;
25.13 for 1, 26.65 for 2): a baseline deserves its best setting.
"""
_NLM_PATCH, _NLM_SEARCH = 7, 21
"""Sides in pixels, as OpenCV recommends."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A way to make a picture without a model."""

    name: str
    source: str
    """What it is, and its source."""
    picture: Callable[[AlignedPair], Picture]


def bm3d_is_installed() -> bool:
    """Whether the extra `bench` is installed."""
    return find_spec("bm3d") is not None


def _short(pair: AlignedPair) -> Picture:
    return _developed(pair.short_planes, pair)


def _long(pair: AlignedPair) -> Picture:
    return _developed(pair.long_planes, pair)


def _long_unaligned(pair: AlignedPair) -> Picture:
    unaligned = Preparation(align="none", keep_row_noise=True, keep_flicker=True)
    return _developed(prepare_pair(pair.long, pair.short, unaligned).long_planes, pair)


def _bm3d(pair: AlignedPair) -> Picture:
    """The short exposure, variance-stabilised, denoised by BM3D, and transformed back.

    A mosaic is denoised plane by plane; RGB as a colour picture, with blocks matched in luminance.
    """
    try:
        import bm3d  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise MissingExtraError("BM3D is not installed", "pip install 'pairfix[bench]'") from error

    planes, noises = pair.short_planes, noise_of_short(pair)
    stable = [stabilise(plane, noise) for plane, noise in zip(planes, noises, strict=True)]
    if pair.reference.bayer:
        clean = [bm3d.bm3d(plane, 1.0) for plane in stable]
    else:
        clean = list(bm3d.bm3d_rgb(np.stack(stable, axis=2), 1.0).transpose(2, 0, 1))
    restored = [expand(plane, noise) for plane, noise in zip(clean, noises, strict=True)]
    return _developed(np.stack(restored).astype(np.float32), pair)


def _nlm(pair: AlignedPair) -> Picture:
    """The developed short exposure, denoised by OpenCV's non-local means in CIE Lab."""
    eight_bits = np.rint(_short(pair).pixels / np.float32(257)).astype(np.uint8)
    noisy = cv2.cvtColor(eight_bits, cv2.COLOR_RGB2BGR)
    light, colour = _lab_noise(noisy)
    clean = cv2.fastNlMeansDenoisingColored(
        noisy,
        None,
        _NLM_STRENGTH * light,
        _NLM_STRENGTH * colour,
        _NLM_PATCH,
        _NLM_SEARCH,
    )
    return Picture(clean[:, :, ::-1].astype(np.uint16) * np.uint16(257), exif=b"")


BASELINES: Mapping[str, Baseline] = {
    baseline.name: baseline
    for baseline in (
        Baseline(SHORT, "the short exposure as it is, brightened where it is darker", _short),
        Baseline("long, unaligned", "the long exposure, not aligned", _long_unaligned),
        Baseline(LONG, "the long exposure, aligned onto the short one", _long),
        Baseline(
            "NLM",
            "OpenCV's fastNlMeansDenoisingColored of the developed short exposure, after Buades, "
            "Coll and Morel, Non-Local Means Denoising, IPOL 2011",
            _nlm,
        ),
        Baseline(
            BM3D,
            "the short exposure under the generalised Anscombe transform (Mäkitalo and Foi 2013) "
            "denoised by the bm3d package of Mäkinen, Azzari and Foi, Collaborative Filtering of "
            "Correlated Noise, IEEE TIP 2020, for non-commercial use",
            _bm3d,
        ),
    )
}
"""By name, in display order."""


def _developed(planes: Planes, pair: AlignedPair) -> Picture:
    return develop(planes, pair.reference, DevelopSettings(), gain=pair.gain)


def _lab_noise(bgr: cv2.typing.MatLike) -> tuple[float, float]:
    """Root mean square of the finest diagonal detail: of lightness, and of the two colour axes."""
    lab = cv2.cvtColor(bgr, cv2.COLOR_LBGR2Lab).astype(np.float32)
    diagonal = lab[:-1, :-1] - lab[1:, :-1] - lab[:-1, 1:] + lab[1:, 1:]
    light, first, second = np.sqrt(np.mean(np.square(diagonal / 2), axis=(0, 1)))
    return float(light), float((first + second) / 2)
