import io

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

from pairfix.synth.jpeg import compress  # noqa: E402

SIZE = (100, 84)
QUALITIES = (30, 75, 95)


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """Colours, edges and texture, ``3 x H x W`` in 8-bit steps."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand((1, 3, 7, 6), generator=generator)
    smooth = functional.interpolate(coarse, SIZE, mode="bicubic", align_corners=False)[0]
    texture = 0.04 * torch.randn(SIZE, generator=generator)
    smooth[:, 30:60, 20:50] = 1 - smooth[:, 30:60, 20:50]
    return ((smooth + texture).clamp(0, 1) * 255).round() / 255


def by_pillow(picture: Tensor, quality: int, *, subsampled: bool) -> Tensor:
    pixels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=2 if subsampled else 0)
    return torch.from_numpy(np.array(Image.open(file), np.float32) / 255).permute(2, 0, 1)


def psnr(one: Tensor, other: Tensor) -> float:
    return float(-10 * (one - other).square().mean().log10())


@pytest.mark.parametrize("subsampled", [True, False])
@pytest.mark.parametrize("quality", QUALITIES)
def test_the_result_is_pillows(picture: Tensor, quality: int, *, subsampled: bool) -> None:
    expected = by_pillow(picture, quality, subsampled=subsampled)
    shape = (1, 1, 1, 1)
    result = compress(
        picture[None],
        torch.full(shape, float(quality)),
        subsampled=torch.full(shape, fill_value=subsampled),
    )[0]
    assert psnr(result, expected) > 45
    assert abs(psnr(result, picture) - psnr(expected, picture)) < 0.1


def test_each_picture_has_its_own_quality(picture: Tensor) -> None:
    quality = torch.tensor(QUALITIES).float().view(-1, 1, 1, 1)
    full = torch.zeros(3, 1, 1, 1, dtype=torch.bool)
    batch = compress(picture.expand(3, -1, -1, -1), quality, subsampled=full)
    errors = [psnr(each, picture) for each in batch]
    assert errors == sorted(errors)
    alone = compress(picture[None], quality[1:2], subsampled=full[:1])
    torch.testing.assert_close(batch[1:2], alone)
